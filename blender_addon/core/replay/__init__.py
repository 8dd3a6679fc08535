"""A second Blender that plays keys on the double of a rig."""
