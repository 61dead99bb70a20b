"""Who is who from look to look, by overlap, and which emotion each face holds, for run_live.py."""

NEAR = 0.3  # of the area of two boxes together, what they must share to be one face


class Held:
    """Remembers faces. An emotion is held once it was seen in so many looks in a row."""

    def __init__(self, repeat, gap):
        self.repeat, self.gap = repeat, gap
        self.tracks = {}
        self.count = 0

    def look(self, at, faces):
        """At a time in seconds: faces, each (x, y, w, h, label, score), with the numbers of their
        tracks; and what began and ended."""
        events, free, numbered = [], dict(self.tracks), []
        pairs = [
            (overlap(track["box"], face[:4]), number, index)
            for number, track in free.items()
            for index, face in enumerate(faces)
        ]
        of_face = {}
        for near, number, index in sorted(pairs, reverse=True):
            if near >= NEAR and number in free and index not in of_face:
                of_face[index] = number
                del free[number]
        for index, face in enumerate(faces):
            if index not in of_face:
                self.count += 1
                of_face[index] = self.count
                self.tracks[self.count] = {"run": None}
            number = of_face[index]
            track = self.tracks[number]
            track["box"], track["last"] = face[:4], at
            events += self._count(number, track, at, face[4], face[5])
            numbered.append((number, face))
        for number in free:
            if at - self.tracks[number]["last"] > self.gap:
                track = self.tracks.pop(number)
                events += self._end(number, track, track["last"])
        return numbered, events

    def stop(self, at):
        """What ends with all."""
        events = []
        for number, track in sorted(self.tracks.items()):
            events += self._end(number, track, at)
        self.tracks = {}
        return events

    def _count(self, number, track, at, label, score):
        events = []
        if track["run"] is not None and track["run"]["emotion"] != label:
            events += self._end(number, track, at)
        run = track["run"]
        if run is None:
            run = track["run"] = {"emotion": label, "start": at, "frames": 0, "sum": 0.0}
        run["frames"] += 1
        run["sum"] += score
        if run["frames"] == self.repeat:
            events.append(self._event("start", number, run, run["start"]))
        return events

    def _end(self, number, track, at):
        run, track["run"] = track["run"], None
        if run is None or run["frames"] < self.repeat:
            return []
        return [self._event("end", number, run, at)]

    def _event(self, kind, number, run, at):
        score = round(run["sum"] / run["frames"], 4)
        named = {"event": kind, "emotion": run["emotion"], "track": number, "person": ""}
        times = {"time": round(at, 3), "start": round(run["start"], 3), "frames": run["frames"]}
        return dict(named, score=score, **times)


def overlap(one, other):
    """Of two boxes (x, y, w, h), what they share, as a part of both together."""
    across, down = (
        min(one[i] + one[i + 2], other[i] + other[i + 2]) - max(one[i], other[i]) for i in (0, 1)
    )
    shared = max(0, across) * max(0, down)
    return shared / float(one[2] * one[3] + other[2] * other[3] - shared)
