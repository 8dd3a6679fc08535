"""Retrieval played back: what the model is compared with beside clips of the nearest caption."""
