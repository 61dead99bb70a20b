"""Which emotion somebody means who writes a word that no model knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from videmo.errors import RequestError
from videmo.files import shown

NEAR_WORDS = {
    "angry": ("anger", "mad", "furious", "rage"),
    "disgust": ("disgusted", "disgusting", "revulsion"),
    "fear": ("afraid", "scared", "frightened", "fearful", "terror"),
    "happy": ("happiness", "joy", "joyful", "smile", "smiling", "laugh", "glad"),
    "sad": ("sadness", "cry", "crying", "sorrow", "unhappy"),
    "surprise": ("surprised", "astonished", "shock", "shocked"),
    "neutral": ("calm", "none", "nothing"),
}
"""What people say for the seven emotions, among them the words of FER+, AffectNet and others."""
ALIKE = 0.8
"""How alike two words are, 0 to 1, of which one is a slip of the pen for the other."""


def meant_by(word: str, known: Iterable[str]) -> str:
    """The one of `known` that somebody means by `word`: the same in other letters, nearly the same,
    or a common word for it; empty: none."""
    plain = {one.casefold(): one for one in known}
    said = word.casefold().strip()
    said = next((label for label, words in NEAR_WORDS.items() if said in words), said)
    near = get_close_matches(said, plain, n=1, cutoff=ALIKE)
    return plain[near[0]] if near else ""


def no_such_emotion(unknown: Sequence[str], known: Iterable[str], where: str = "") -> RequestError:
    """What is said to somebody who wants emotions that are `unknown`, and none of the `known`."""
    there = tuple(known)
    meant = {one: near for one in unknown if (near := meant_by(one, there))}
    if len(meant) == len(unknown):
        hint = f"did you mean {', '.join(dict.fromkeys(meant.values()))}?"
    else:
        hint = f"choose from {', '.join(there[:-1])}, or {there[-1]}"
    return RequestError(f"{where}{shown(', '.join(unknown))}: no such emotion; {hint}")
