"""Reads armatures, their rest poses and settings."""
