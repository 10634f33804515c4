"""What the latents stand for: mel spectrograms, or scores and how they are performed."""
