"""Files of motion: BVH, and HumanML3D's published feature rows."""
