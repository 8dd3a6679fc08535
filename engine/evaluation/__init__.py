"""Measures a trained model: prompts, motion, novelty, tokenizer. Only in the repository."""
