"""Networks over codes: masked (base stage), residual (the other stages), length."""
