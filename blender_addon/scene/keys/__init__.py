"""Writes keys: whole takes, masked spans, joins; takes under review."""
