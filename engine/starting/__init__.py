"""Starting the worker in Blender's own Python, and loading the engine there or telling what lacks."""
