"""Loaded once by the server that processes are forked from: what each would else load anew."""

from __future__ import annotations

from contextlib import suppress

from videmo.errors import SetupError
from videmo.faces.cascades import cascade
from videmo.faces.eyes import CASCADE as EYES
from videmo.faces.haar import CASCADE as FACES

for name in (FACES, EYES):
    with suppress(SetupError):  # whoever looks for faces says so
        cascade(name)
