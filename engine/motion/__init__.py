"""Motion as arrays: skeleton, clips, rigs, retargeting, BVH. NumPy only; Blender may import it."""
