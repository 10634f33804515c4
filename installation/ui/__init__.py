"""What the visitor sees: the painting on its wall, its label, and the music made visible."""
