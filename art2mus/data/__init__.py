"""What the models learn from: scores, pictures and pairs of the two."""
