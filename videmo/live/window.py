"""Show what is captured in a window, with what was last seen: where OpenCV can open one."""

from __future__ import annotations

import re

import cv2

from videmo.draw import Spots, colours_of, draw_faces
from videmo.errors import SetupError
from videmo.live.session import Live

TITLE = "videmo live"
WAIT = 0.2
"""Seconds to wait for a picture, before is looked whether a key was pressed."""
CLOSING = (27, ord("q"))


def check_window() -> None:
    """See whether this OpenCV opens windows at all.

    Raises:
        SetupError: it does not, as that of videmo does not.
    """
    found = re.search(r"^\s*GUI:\s*(\S+)", cv2.getBuildInformation(), re.MULTILINE)
    if found is None or found[1] == "NONE":
        raise SetupError(
            "--window: this OpenCV opens no windows; run: pip uninstall opencv-python-headless, "
            "then: pip install opencv-python"
        )


def show(live: Live) -> None:
    """Show pictures until the session ends, or Escape, Q, or the window's own button is pressed.

    To be called in the main thread.

    Raises:
        SetupError: there is no screen.
    """
    colours, spots = colours_of(live.labels), Spots()
    number = 0
    try:
        cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL)
        while not live.over:
            found = live.shown(number, WAIT)
            if found is not None:
                number, (shot, look) = found
                picture = shot.ordinary.copy()
                faces = look.marked() if look is not None else []
                spots = draw_faces(picture, faces, colours=colours, before=spots)
                cv2.imshow(TITLE, picture)
            if cv2.waitKey(1) & 0xFF in CLOSING or not cv2.getWindowProperty(
                TITLE, cv2.WND_PROP_VISIBLE
            ):
                return
        cv2.destroyAllWindows()
    except cv2.error as error:
        raise SetupError("--window: there is no screen to open it on; leave it out") from error
