"""Control rigs: which they are, and keys on their controls."""
