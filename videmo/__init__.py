"""Find and cut every moment of a movie at which somebody looks happy (angry, sad, ...)."""

__version__ = "0.1.0"
