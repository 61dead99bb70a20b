"""Draw what a table says into its movie, and what is seen in pictures into them."""

from __future__ import annotations

from collections.abc import Iterable

from videmo.errors import RequestError

LAYERS = {
    "bars": "the scores of all emotions, beside each face",
    "timeline": "the whole movie's emotions over time, under the picture",
    "eyes": "eyes, nose and mouth, or the eyes that haar found",
}
"""What is drawn besides the faces' boxes and labels."""

DEFAULT_LAYERS = ("bars", "timeline")

MOVIE_SUFFIX = ".annotated.mp4"
PICTURE_SUFFIX = ".annotated.jpg"


def check_layers(layers: Iterable[str]) -> None:
    """See whether all of `layers` exist.

    Raises:
        RequestError: one does not.
    """
    for layer in layers:
        if layer not in LAYERS:
            raise RequestError(f"{layer}: cannot be drawn; choose from {', '.join(LAYERS)}")
