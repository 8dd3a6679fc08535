"""What the add-on knows without Blender: errors, jobs, requests, axes. NumPy only."""
