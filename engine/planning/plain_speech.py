"""Says a prompt plainly: without idioms, words of whoever asks, and words that order says already.

It knows no kind of action.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

IDIOMS: Final = Path(__file__).parent / "lexicon" / "idioms.toml"

_ASKED: Final = re.compile(
    r"^(?:please\s+|(?:i|we)\s+(?:want|need|would\s+like)\s+(?:to\s+see\s+)?|"
    r"(?:show|give)\s+me\s+|(?:make|let|have)\s+(?:him|her|them|it)\s+|"
    r"(?:(?:create|generate|animate|make)\s+)?(?:a|an|the)?\s*(?:animation|motion|clip|take)\s+"
    r"(?:of|where|in\s+which)\s+)+"
)
"""Words of whoever asks, before what is asked for."""

_LATER: Final = re.compile(
    r"(?:^|[,;.]\s*|\band\s+)(?:next(?!\s+to\b)|finally|lastly|at\s+last|in\s+the\s+end|eventually|"
    r"afterwards|after\s+which|to\s+finish)\b,?\s*(?=\w)"
)
"""Words at the beginning of a clause that mean "then"."""

_STEADY: Final = re.compile(
    r"\b(?<!\bthe\s)(?<!\ba\s)(?<!\bhis\s)(?<!\bher\s)(?:first|firstly|finally|at\s+first|"
    r"next(?!\s+to\b)|in\s+the\s+end|at\s+last|lastly|afterwards|"
    r"meanwhile|eventually|to\s+begin\s+with|to\s+finish)\b,?\s*",
    re.IGNORECASE,
)
"""Words that order says already."""

_PLAINER: Final = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"\b(hands?|arms?|fists?)\s+(?:stay(?:ing)?|kept|rest(?:ing|ed)|remain(?:ing)?|always|"
         r"still)\s+(?=on|over|above|behind|at|up|out|raised|stretched|folded|crossed|down|high)",
         r"\1 "),
        (r",?\s*(?:\band\s+)?\b(?:follow(?:s|ing|ed)?(?:\s+(?:it|that|this))?(?:\s+up)?\s+(?:with|by)|"
         r"(?:finish(?:es|ing)?(?:\s+off)?|end(?:s|ing)?)\s+with)\s+(?=\w)", ", then does "),
        (r"\b((?:walk|run|jog|sprint|march|skip|strid|pac|sneak|trot|danc|back)\w*(?:\s+\w+)?)\s+to\s+"
         r"a\s+(?:\w+\s+)?(?:stop|halt|standstill)\b", r"\1, then stops"),
        (r"\bover\s+(?:the|his|her|their)\s+heads?\s+for\s+(?:cover|protection)\b", "on the head"),
        (r"\s+on\s+foot\b", ""),
        (r"\bonce(?:,\s*|\s+)(?:and\s+then|and|then)\s+(?:once\s+)?"
         r"(?:again|(?:for\s+)?a\s+second\s+time|more|another\s+time)\b", "twice"),
        (r"\bwho(?:'s|\s+is|\s+was|\s+ha[sd]\s+been)\s+\w+ing(?:\s+(?:around|about|there|still))?"
         r"\s+(?=\w+s\b)", ""),
    )
)  # fmt: skip
"""What is said in more words than it needs: "hands staying on", "once and then again"."""


@cache
def load_idioms() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return idioms with what they mean, and who does which kind when named alone."""
    table = tomllib.loads(IDIOMS.read_text(encoding="utf-8"))
    return table["idioms"], table["who"]


@cache
def _idioms_by_first_word() -> Mapping[str, Sequence[str]]:
    """Return the idioms that begin with each word, the longest first.

    One pattern of all of them would take a fifth of a second to compile.
    """
    found: dict[str, list[str]] = {}
    for idiom in sorted(load_idioms()[0], key=len, reverse=True):
        found.setdefault(re.split(r"\W", idiom, maxsplit=1)[0], []).append(idiom)
    return found


def without_idioms(prompt: str) -> str:
    """Return a prompt in which idioms are said plainly."""
    plain, done = "", 0
    for word in re.finditer(r"\w+", prompt):
        start = word.start()
        for idiom in _idioms_by_first_word().get(word.group(), ()) if start >= done else ():
            end = start + len(idiom)
            if prompt.startswith(idiom, start) and not re.match(r"\w", prompt[end:]):
                plain += prompt[done:start] + load_idioms()[0][idiom]
                done = end
                break
    return plain + prompt[done:]


def plainly_said(prompt: str) -> str:
    """Return a prompt without idioms, words of whoever asks, and words that order says already."""
    plain = without_idioms(_ASKED.sub("", prompt))
    for pattern, words in _PLAINER:
        plain = pattern.sub(words, plain)
    plain = _STEADY.sub("", _LATER.sub(", then ", plain))
    return re.sub(r"^[\s,;.]+(?:then\s+)?|[\s,;.]+$", "", plain) or prompt
