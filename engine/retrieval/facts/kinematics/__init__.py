"""What the joints of a clip do, frame by frame: signals, states, events. NumPy only."""
