"""Scores of takes and edits on frozen prompts, motion quality, novelty, and their baselines."""
