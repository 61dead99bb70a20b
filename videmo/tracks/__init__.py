"""Who is who from frame to frame: tracklets in a chunk, tracks in a movie. Pure.

Looking at a whole picture costs time, so it is done now and then only. What lies between two looks
is found in one of two ways, as the detector allows: faces are followed near their places
(`FaceFollower`), or interpolated (`FaceInterpolator`). Both say which face is which: their
tracklets. A movie's chunks are scanned apart; `TrackJoiner` makes tracks of their tracklets.
"""

from videmo.tracks.follow import FaceFollower
from videmo.tracks.interpolate import FaceInterpolator
from videmo.tracks.join import TrackJoiner
from videmo.tracks.match import Tracked

__all__ = ["FaceFollower", "FaceInterpolator", "TrackJoiner", "Tracked"]
