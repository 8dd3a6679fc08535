"""The one catalogue of model folders: what lies in them, and what is wrong."""
