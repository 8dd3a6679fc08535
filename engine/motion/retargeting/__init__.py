"""A clip onto a rig and back: rest poses, root, feet, hands, twists, fingers."""
