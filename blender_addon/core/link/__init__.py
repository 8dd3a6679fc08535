"""What the link to the worker needs: jobs and the worker's settings."""
