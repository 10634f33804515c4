"""Music for artworks: from a painting to sound."""

__version__ = "0.1.0"
