"""Which emotion somebody means who says it in words of his own, or slips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

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


def no_such_emotion(unknown: Sequence[str], known: Sequence[str]) -> str:
    """What is said of emotions that none of the `known` ones are: which are meant, or exist."""
    meant = dict.fromkeys(meant_by(word, known) for word in unknown)
    hint = (
        f"choose from {', '.join(known[:-1])}, or {known[-1]}"
        if len(known) > 1
        else f"there is only {known[0]}"
    )
    if all(meant):
        hint = f"did you mean {', '.join(meant)}?"
    return f"{', '.join(unknown)}: no such emotion; {hint}"
