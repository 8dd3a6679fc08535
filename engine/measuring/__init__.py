"""Metrics, reconstruction errors and the evaluator: what trainings and reports share."""
