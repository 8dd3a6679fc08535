"""What buttons start: reading a character, writing takes, edits; the scene and the engine meet."""
