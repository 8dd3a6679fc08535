"""Captioned motion for training: reading, augmentation, batching. Left out of the add-on's zip."""
