"""What is asked for: requests, edit plans, the choice of a model, the history of takes."""
