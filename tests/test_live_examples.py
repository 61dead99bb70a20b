"""The examples of live sessions work without the things that they are for."""

from __future__ import annotations

import importlib.util
import socket
import struct
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.live import http_server
from tests.movies import still
from videmo.demo import make_movie


@pytest.fixture
def happy(tmp_path: Path) -> Path:
    make_movie(tmp_path / "happy.mp4", still(1.5))
    return tmp_path / "happy.mp4"


def example(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_lamp_is_yellow_while_somebody_is_happy_and_white_again(happy: Path) -> None:
    module = example("mood_lamp")
    with http_server() as bridge:
        module.main(str(happy), bridge.url.replace("/mood", "/api/key/lights/1"))
    assert set(bridge.requests) == {("PUT", "/api/key/lights/1/state")}
    first, last = bridge.posts
    assert first["hue"] == module.HUES["happy"] and first["sat"] == 254
    assert last["sat"] == 0


def heard(packet: bytes) -> tuple[str, list[object]]:
    """A message of OSC 1.0, read as its specification says."""

    def text() -> str:
        nonlocal packet
        end = packet.index(b"\0")
        found, packet = packet[:end].decode(), packet[(end // 4 + 1) * 4 :]
        return found

    address, kinds = text(), text()
    values: list[object] = []
    for kind in kinds[1:]:
        if kind == "s":
            values.append(text())
        else:
            values.append(struct.unpack_from(">" + kind, packet)[0])
            packet = packet[4:]
    assert not packet
    return address, values


def test_the_mood_is_heard_as_osc(happy: Path) -> None:
    module = example("mood_osc")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hearer:
        hearer.bind(("127.0.0.1", 0))
        hearer.settimeout(10)
        module.main(str(happy), f"127.0.0.1:{hearer.getsockname()[1]}")
        told = [heard(hearer.recv(4096)) for _ in range(8)]
    assert told[0] == ("/videmo/face", [1, "happy"])
    scores = {address: values[1] for address, values in told[1:]}
    assert len(scores) == 7 and max(scores, key=lambda a: float(str(scores[a]))) == "/videmo/happy"
    assert sum(float(str(value)) for value in scores.values()) == pytest.approx(1, abs=0.01)
