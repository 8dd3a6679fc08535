"""The list of prompts of a long take as text. It knows no Blender."""

from __future__ import annotations

import re

from ....engine.motion.request import RequestError

Beats = tuple[tuple[str, float], ...]

_BEAT = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*s?\s*:\s*(\S.*?)\s*")


def parse_beats(text: str) -> Beats:
    """Read prompts with their seconds, `4: a person walks`, one a line or between semicolons.

    Raises:
        RequestError: naming the line that cannot be read.
    """
    beats = []
    for line in re.split(r"[\n;]", text):
        if not line.strip():
            continue
        found = _BEAT.fullmatch(line)
        if found is None:
            raise RequestError(
                f'The beat "{line.strip()}" has no seconds or no prompt.',
                "Write each as seconds, colon, prompt: 4: a person walks.",
            )
        beats.append((" ".join(found[2].split()), float(found[1].replace(",", "."))))
    if not beats:
        raise RequestError(
            "There are no beats.", "Write each as seconds, colon, prompt: 4: a person walks."
        )
    return tuple(beats)
