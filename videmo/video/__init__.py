"""Open movies and decode their frames, and read their sound: the only room that does.

Times are exact: a frame's time is its own timestamp minus that of the movie's first frame. Pictures
are upright (turned as the file says), with square pixels, and all of the size of the first.

A movie whose timestamps can be trusted (`Movie.timed`) can be cut into chunks and sought in. In any
other (none, wrong ones, two recordings joined) frames are read from the beginning on, one after the
other, and their times are made to rise.

Who encodes a movie finds here what all encoding needs: see `encoded_path`.
"""

from videmo.video.cameras import Camera, cameras, with_modes
from videmo.video.colours import BT601, BT709, usual_matrix
from videmo.video.encode import (
    AacEncoder,
    add_aac,
    decoding_time,
    encoded_path,
    file_url,
    say_colours,
    to_encode,
)
from videmo.video.feed import (
    Arrival,
    BrokenSourceError,
    Connection,
    SoundPiece,
)
from videmo.video.frame import Frame
from videmo.video.gaps import Pace, pace
from videmo.video.identity import Identity, fingerprint, identity
from videmo.video.memory import out_of_memory
from videmo.video.movie import READ_OPTIONS, Movie, Turn
from videmo.video.opening import Wish
from videmo.video.places import MOVIE, Place, find_place
from videmo.video.probe import probe
from videmo.video.reader import TIME_TOLERANCE, Reader, open_movie
from videmo.video.series import holds_series, pictures_in, series_in
from videmo.video.sound import Sound, open_sound
from videmo.video.streams import sound_taken, with_sound
from videmo.video.survey import Survey, plan_chunks, survey

__all__ = [
    "BT601",
    "BT709",
    "MOVIE",
    "READ_OPTIONS",
    "TIME_TOLERANCE",
    "AacEncoder",
    "Arrival",
    "BrokenSourceError",
    "Camera",
    "Connection",
    "Frame",
    "Identity",
    "Movie",
    "Pace",
    "Place",
    "Reader",
    "Sound",
    "SoundPiece",
    "Survey",
    "Turn",
    "Wish",
    "add_aac",
    "cameras",
    "decoding_time",
    "encoded_path",
    "file_url",
    "find_place",
    "fingerprint",
    "holds_series",
    "identity",
    "open_movie",
    "open_sound",
    "out_of_memory",
    "pace",
    "pictures_in",
    "plan_chunks",
    "probe",
    "say_colours",
    "series_in",
    "sound_taken",
    "survey",
    "to_encode",
    "usual_matrix",
    "with_modes",
    "with_sound",
]
