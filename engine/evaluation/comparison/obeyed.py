"""How often takes do what simple prompts ask for, judged by kinematics beside the evaluator.

The prompts are the frozen set, no captions of the split. It knows no network and no evaluator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...motion.running import Engine
from ..checks.measures import Body
from ..prompts.frozen import FROZEN
from ..prompts.prompt import Prompt
from ..prompts.sets import set_digest
from ..scores.baseline import CaptionBaseline
from ..scores.takes import measure_takes
from .cache import StepCache
from .samples import watch

KINDS = {
    "singles": "single actions", "pairs": "two at once", "sequences": "one after another",
}  # fmt: skip


def obeyed_by_model(engine: Engine, name: str, takes: int, cache: StepCache) -> dict[str, Any]:
    """Return what a model obeys; its takes have the seeds from 0 on.

    Args:
        engine: makes the takes.
        name: of the row.
        takes: of each prompt.
        cache: of the row.
    """

    def answer(prompt: Prompt) -> Sequence[Body]:
        return measure_takes(engine, prompt.text, prompt.seconds, takes)

    return cache.step(_step(takes), lambda: _score(answer, name))


def obeyed_by_nearest(baseline: Callable[[], CaptionBaseline], cache: StepCache) -> dict[str, Any]:
    """Return what the clips of the nearest captions obey, as they are."""

    def answer(prompt: Prompt) -> Sequence[Body]:
        return [clip.body for clip in baseline().nearest(prompt.text)]

    return cache.step(_step(0), lambda: _score(answer, "nearest captions"))


def _step(takes: int) -> str:
    return f"obeyed-{takes}-{set_digest(FROZEN.name)[:12]}"


def _score(answer: Callable[[Prompt], Sequence[Body]], name: str) -> dict[str, Any]:
    """Return for each kind of prompt the share of takes that obey, and how many there are."""
    found = {}
    for kind, prompts in FROZEN.groups.items():
        verdicts = [
            prompt.is_followed_by(body)
            for prompt in watch(prompts, f"{name}, {KINDS[kind]}")
            for body in answer(prompt)
        ]
        found[kind] = {"share": sum(verdicts) / max(1, len(verdicts)), "takes": len(verdicts)}
    return found


def obeyed_table(rows: dict[str, Any]) -> str:
    """Return the shares of rows that have some as Markdown."""
    lines = [
        "## Prompts obeyed", "",
        "Share of takes that pass kinematic checks on the frozen set, in per cent; in brackets how "
        "many takes there are (three clips of the nearest captions). The evaluator has no part in "
        "it.",
        "", f"| row | {' | '.join(KINDS.values())} |", "|---" * (len(KINDS) + 1) + "|",
    ]  # fmt: skip
    for name, row in rows.items():
        if found := row.get("obeyed"):
            cells = [f"{100 * found[kind]['share']:.0f} ({found[kind]['takes']})" for kind in KINDS]
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)
