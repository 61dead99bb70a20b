"""Serve the pages of movies on this machine only, to look, correct and extract.

gate      who is answered at all
shelf     the movies: what is shown of each, and its corrections
stream    movies converted while they play
jobs      extraction, with progress
app       what is asked, and what is answered
serve     the port, the address, the browser
"""

from videmo.view.serve import serve

__all__ = ["serve"]
