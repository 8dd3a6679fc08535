"""The memory of training clips: captions looked up, codes copied, gaps bridged."""
