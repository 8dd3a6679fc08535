"""Kinematic checks of what a prompt asks for, and which captions show it."""
