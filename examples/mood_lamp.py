"""A lamp that follows the mood: Philips Hue, by its bridge's own interface in the local network.

    python examples/mood_lamp.py SOURCE http://BRIDGE/api/KEY/lights/1

SOURCE is what `videmo live` takes: a camera (0), a movie, an address. How to get a KEY stands in
Hue's guide for developers; the address may be any that takes such JSON by PUT.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Callable

import videmo
from videmo.live import Event

HUES = {"angry": 0, "happy": 8500, "disgust": 25500, "sad": 46000, "fear": 50000, "surprise": 56000}
"""Hue's colours, 0 to 65535 (red, warm yellow, green, blue, violet, pink); others are white."""
LIMIT = 3.0
"""Seconds that the bridge has to answer."""


def light_of(event: Event) -> dict[str, object]:
    """What the lamp is to do: the emotion's colour while it holds, white afterwards."""
    if event.event == "end" or event.emotion not in HUES:
        return {"on": True, "sat": 0, "bri": 120}
    bright = round(100 + 154 * event.score)
    return {"on": True, "hue": HUES[event.emotion], "sat": 254, "bri": bright}


def lamp(address: str) -> Callable[[Event], None]:
    """What is called with each event: it runs in a thread of its own, and holds up nothing."""

    def follow(event: Event) -> None:
        content = json.dumps(light_of(event)).encode()
        request = urllib.request.Request(f"{address}/state", content, method="PUT")
        with urllib.request.urlopen(request, timeout=LIMIT):
            pass

    return follow


def main(source: str, address: str) -> None:
    live = videmo.Live(source)
    live.on(None, lamp(address))
    with live:
        for event in live.events():
            print(event)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
