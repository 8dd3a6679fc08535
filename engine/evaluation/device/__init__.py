"""Whether a graphics card computes what the CPU does, and how fast."""
