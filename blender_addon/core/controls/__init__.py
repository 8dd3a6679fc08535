"""Control rigs as data: families by their bones' names, and solving controls for a pose."""
