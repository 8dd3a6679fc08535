"""Which bone is which joint: by name, by shape and by the tree, with a reason for each."""
