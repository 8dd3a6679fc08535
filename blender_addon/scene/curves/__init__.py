"""F-curves: their keys in bulk, and which channels of a character may get keys."""
