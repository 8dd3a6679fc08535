"""Feet that stand: clean-up of generated motion, and the leg solvers beneath it."""
