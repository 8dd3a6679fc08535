"""What takes are asked for, and how each answer is judged: the tuning set and the frozen set."""
