"""Starting the worker in Blender's own Python, loading the engine there, telling what lacks."""
