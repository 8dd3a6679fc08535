"""From feature vectors to codes and back: codebooks, residual quantization, the grid."""
