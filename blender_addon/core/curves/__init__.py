"""F-curves as arrays: Bezier splits, spans, keys, rotation modes."""
