"""The page's server: open the folder and the source, be ready to answer, and close both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from videmo.collect.labels import find_labels
from videmo.errors import RequestError
from videmo.files import shown
from videmo.schema import DEFAULT_DETECTOR, DEFAULT_GOAL, FACE
from videmo.video import Wish
from videmo.view.serve import Listening, check_extra, listen_for


@contextmanager
def listening(
    labels: Sequence[str],
    folder: Path,
    *,
    source: str = "0",
    movie: Path | None = None,
    crop: str = FACE,
    goal: int = DEFAULT_GOAL,
    detector: str = DEFAULT_DETECTOR,
    wish: Wish | None = None,
    port: int = 0,
) -> Iterator[tuple[Listening, Callable[[], list[str]]]]:
    """A server of the page on which pictures of `labels` are collected into `folder`, and what
    tells what still lacks before a training can go, a line each; all is closed with the block.

    Args:
        source: a camera, a stream or a pipe, as `videmo.Live` takes it.
        movie: instead of it, a movie in which one goes to and fro.
        crop: faces, or whole pictures.
        goal: pictures of each label.

    Raises:
        VidemoError: bad labels, no such source, no such folder, or the extra is not installed.
    """
    check_extra("videmo collect")
    from videmo.collect.app import make_app
    from videmo.collect.session import Session
    from videmo.collect.source import LiveSource, MovieSource
    from videmo.collect.store import Store
    from videmo.faces import DetectorConfig

    chosen = find_labels(labels, folder)
    config = DetectorConfig(detector)
    if movie is not None and not movie.exists():
        raise RequestError(f"{shown(movie)}: no such movie; check the name")
    # In this order nothing is left in the folder where there is no source.
    opened: LiveSource | MovieSource = (
        LiveSource(source, wish or Wish(), config) if movie is None else MovieSource(movie, config)
    )
    try:
        store = Store(folder, chosen)
    except BaseException:
        opened.close()
        raise
    session = Session(store, opened, crop, goal)
    try:
        yield (
            listen_for(lambda token, number: make_app(session, token, number), port),
            store.lacking,
        )
    finally:
        session.close()
