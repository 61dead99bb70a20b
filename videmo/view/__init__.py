"""Serve pages on this machine only: of movies, to look, correct and extract; of a live session.

gate      who is answered at all
shelf     the movies: what is shown of each, and its corrections
overview  all movies: what their moments come to, and the best of them
stream    movies converted while they play
jobs      extraction, with progress
app       what is asked, and what is answered
serve     the port, the address, the browser
watch     the page of a live session
"""

from videmo.view.serve import answer, listen

__all__ = ["answer", "listen"]
