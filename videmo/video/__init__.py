"""Open movies and decode their frames, and read their sound: the only room that does.

Times are exact: a frame's time is its own timestamp minus that of the movie's first frame. Pictures
are upright (turned as the file says), with square pixels.

A movie whose timestamps can be trusted (`Movie.timed`) can be cut into chunks and sought in. In any
other (none, wrong ones, two recordings joined) frames are read from the beginning on, one after the
other, and their times are made to rise.

Who encodes a movie finds here what all encoding needs: see `encoded_path`.
"""

from videmo.video.encode import decoding_time, encoded_path
from videmo.video.frame import Frame
from videmo.video.gaps import Pace, pace
from videmo.video.memory import out_of_memory
from videmo.video.movie import READ_OPTIONS, Movie, Turn
from videmo.video.probe import probe
from videmo.video.reader import TIME_TOLERANCE, Reader, open_movie
from videmo.video.sound import Sound, open_sound
from videmo.video.survey import Survey, plan_chunks, survey

__all__ = [
    "READ_OPTIONS",
    "TIME_TOLERANCE",
    "Frame",
    "Movie",
    "Pace",
    "Reader",
    "Sound",
    "Survey",
    "Turn",
    "decoding_time",
    "encoded_path",
    "open_movie",
    "open_sound",
    "out_of_memory",
    "pace",
    "plan_chunks",
    "probe",
    "survey",
]
