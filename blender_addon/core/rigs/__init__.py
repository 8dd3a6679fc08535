"""Rigs as data: rows of the bone map, rest references, presets, the mannequin."""
