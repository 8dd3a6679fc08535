"""The grid model."""
