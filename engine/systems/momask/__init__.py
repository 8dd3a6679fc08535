"""MoMask."""
