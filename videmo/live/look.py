"""Look at one picture after the other, not knowing the next one: faces, tracks, emotions."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from videmo.draw import Marked
from videmo.emotions import classifier, find_model
from videmo.errors import RequestError
from videmo.faces import Sightings, detector_of
from videmo.live.naming import Names
from videmo.live.repeater import Event, Repeater, Rule, Seen
from videmo.live.shot import Shot
from videmo.scan import Settings
from videmo.scan.chunk import detector_config
from videmo.scan.classify import lit, sampler_of
from videmo.schema import ALIGNED_EYES, FRAME, Alignment, Detection, Face
from videmo.shots import CutWatch, thumbnail
from videmo.tracks import TrackJoiner

AT_ONCE = 1
"""Faces that are classified at a time: in most pictures there is one."""


class LiveFace(NamedTuple):
    """A face in a picture, and what is known of it by now."""

    key: int
    """Which track it belongs to, before it is known whether that is a face at all."""
    track: int
    """The number of its track; 0: not believed yet to be a face."""
    face: Face
    emotion: str
    score: float
    person: str = ""
    held: str = ""
    """The emotion that has held long enough to count; empty: none."""
    frames: int = 0
    """For how many frames."""
    naming: bool = False
    """Whether it is just being found out who it is."""

    @property
    def aligned(self) -> bool:
        return self.face.alignment.eyes in (None, ALIGNED_EYES)


@dataclass(frozen=True)
class Look:
    """What was seen in a picture."""

    shot: Shot
    seen: tuple[LiveFace, ...]
    """All faces, and some that may be none."""
    events: tuple[Event, ...]
    """What began and ended with it."""
    cut: bool
    """Whether another shot begins."""
    done: float
    """When all this was known, by `time.monotonic`."""

    @property
    def faces(self) -> tuple[LiveFace, ...]:
        """Those that are believed."""
        return tuple(face for face in self.seen if face.track)

    @property
    def lag(self) -> float:
        """Seconds from the picture's capture to its labels."""
        return self.done - self.shot.arrived

    def marked(self) -> list[Marked]:
        """The faces, to be drawn."""
        return [
            Marked(one.track, one.face.box, one.aligned, one.emotion, one.face.scores, one.person)
            for one in self.faces
        ]


@dataclass
class _Track:
    """What is known of a track so far."""

    frames: int = 0
    aligned: bool = False
    confidence: float = 0.0
    number: int = 0
    """0: not believed to be a face."""
    last: float = 0.0
    alignment: Alignment | None = None


class Looker:
    """Looks at pictures in their order. Remembers tracks and runs."""

    def __init__(self, settings: Settings, rule: Rule, names: Names | None = None) -> None:
        """Load what is needed.

        Raises:
            RequestError, SetupError: detector or model are not there, or not what they should be,
                or there are no faces to be named.
        """
        cv2.setNumThreads(1)  # the other cores capture, show and record
        model = find_model(settings.model)
        if names is not None and model.crop == FRAME:
            raise RequestError("this model looks at whole pictures: there are no faces to be named")
        self.labels = model.labels
        self._detector = detector_of(detector_config(settings, model))
        self._sample, self._classify = sampler_of(model), classifier(model, AT_ONCE)
        self._gap = settings.gap
        self._names = names
        self._joiner = TrackJoiner(settings.gap)
        self._repeater = Repeater(rule)
        self._tracks: dict[int, _Track] = {}
        self._believed = 0
        self._cuts = CutWatch()

    def look(self, shot: Shot) -> Look:
        """What is in a picture, captured after all that were looked at before."""
        cut = self._cuts.is_cut(thumbnail(shot.grey))
        found = self._detector.detect(shot, ())
        self._joiner.begin_chunk()  # each detection is one of its own, until it is joined
        boxes = [one.box for one in found]
        keys = self._joiner.join(shot.time, boxes, range(1, len(found) + 1), cut)
        faces = self._faces(shot, found, keys)
        self._forget(shot.time)
        known = {
            one.track: Seen(one.emotion, one.score, one.person, one.naming)
            for one in faces
            if one.track and one.aligned
        }
        events = tuple(self._repeater.see(shot.time, known))
        seen = tuple(self._with_run(one) for one in faces)
        return Look(shot, seen, events, cut, time.monotonic())

    def stop(self, time: float) -> list[Event]:
        """What ends because the source does, or pauses: who comes then is somebody new."""
        self._joiner.join(time, [], [], cut=True)
        self._tracks.clear()
        return self._repeater.stop(time)

    def _faces(self, shot: Shot, found: Sequence[Detection], keys: Sequence[int]) -> list[LiveFace]:
        alignments = [
            self._detector.align(shot, one, self._alignment_before(key, shot.time))
            for one, key in zip(found, keys, strict=True)
        ]
        samples = [self._sample(shot, one) for one in found]
        scores = self._scores(samples)
        faces = {
            key: lit(Face(one, alignments[n], tuple(scores[n].tolist()), key), samples[n])
            for n, (one, key) in enumerate(zip(found, keys, strict=True))
        }
        if self._names is not None:
            self._names.see(shot, faces)
        looked = [self._face(shot, key, face) for key, face in faces.items()]
        for key, alignment in zip(keys, alignments, strict=True):
            self._tracks[key].alignment = alignment  # in the dark, too
        return looked

    def _face(self, shot: Shot, key: int, face: Face) -> LiveFace:
        score = max(face.scores)
        number = self._seen(key, shot, face).number
        person, naming = self._names.who(key, shot.time) if self._names else ("", False)
        emotion = self.labels[face.scores.index(score)]
        return LiveFace(key, number, face, emotion, score, person, naming=naming)

    def _scores(self, samples: list[np.ndarray]) -> np.ndarray:
        """(faces, labels), with the four digits that tables keep."""
        if not samples:
            return np.zeros((0, len(self.labels)))
        return np.asarray(np.round(self._classify(samples).astype(np.float64), 4))

    def _alignment_before(self, key: int, time: float) -> Alignment | None:
        track = self._tracks.get(key)
        return track.alignment if track is not None and time - track.last <= self._gap else None

    def _seen(self, key: int, shot: Shot, face: Face) -> _Track:
        track = self._tracks.setdefault(key, _Track())
        track.frames += 1
        track.aligned |= face.alignment.eyes in (None, ALIGNED_EYES)
        track.confidence = max(track.confidence, face.detection.confidence)
        track.last = shot.time
        if not track.number and self._is_face(track):
            self._believed += 1
            track.number = self._believed
        return track

    def _is_face(self, track: _Track) -> bool:
        frames, aligned = np.array([track.frames]), np.array([track.aligned])
        sightings = Sightings(frames, frames, aligned, np.array([track.confidence]))
        return bool(self._detector.trusted(sightings)[0])

    def _with_run(self, one: LiveFace) -> LiveFace:
        held, frames = self._repeater.held(one.track) if one.track else ("", 0)
        return one._replace(held=held, frames=frames)

    def _forget(self, time: float) -> None:
        """Tracks that have ended never come back."""
        for key in [k for k, one in self._tracks.items() if time - one.last > 2 * self._gap + 1]:
            del self._tracks[key]
