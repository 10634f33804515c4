"""What `python -m art2mus.train` runs: one loop, and a task for each stage of a model."""
