"""What the papers leave open, one change at a time: `python -m engine ablate`."""
