"""The only readers and writers of Blender's data: armatures, keys, time, the mannequin."""
