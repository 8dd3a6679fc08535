"""T2M-HiFiGPT."""
