"""One folder a system, assembled from the parts; each declares the masks it can fill."""
