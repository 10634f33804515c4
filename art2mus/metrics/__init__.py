"""How good the music is, how it feels, and how near it is to what it was learned from."""
