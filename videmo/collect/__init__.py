"""Collect pictures of one's own emotions or gestures, to train on them.

labels    which there are
variety   what makes pictures unlike each other, and what to ask for
plan      into which split a burst goes
folder    the files, and the lists that name them
opening   what is in a folder already
store     what was collected: added, labelled anew, taken away, undone
source    pictures of a camera or a movie, with the faces in them
session   bursts, with a count-down
app       what the page asks, and what it is answered
serve     the page's server
"""

from videmo.collect.serve import listening

__all__ = ["listening"]
