"""Scores of takes and edits on prompts, motion quality, novelty, and their baselines."""
