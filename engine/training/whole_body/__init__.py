"""Trainings of the published systems, whose codes hold whole bodies or halves."""
