"""Models side by side on one held-out split: `python -m engine evaluate --model all`."""
