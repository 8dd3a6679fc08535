"""Does the model do what the prompt says? Pass rates beside the nearest captions'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..checks.measures import Body
from ..checks.table import passes
from .baseline import CaptionBaseline
from .prompts import Prompt


def score_prompts(
    prompts: Sequence[Prompt], takes: Mapping[str, Sequence[Body]], baseline: CaptionBaseline
) -> dict[str, Any]:
    """Score takes and the nearest captions' clips on the same checks.

    Args:
        prompts: the frozen prompts.
        takes: the model's takes by the prompt's text.
        baseline: the nearest captions; its clips are scored as they are, uncut.

    Returns:
        "rows", one a prompt; "pass_rate" and "baseline_pass_rate" over all takes;
        "failures": the texts of the prompts that no take passed, and "partly": some takes.
    """
    rows = [_score(prompt, takes[prompt.text], baseline) for prompt in prompts]
    asked = sum(len(row["takes"]) for row in rows)
    offered = sum(len(row["baseline"]) for row in rows)
    return {
        "rows": rows,
        "pass_rate": sum(sum(row["takes"]) for row in rows) / max(1, asked),
        "baseline_pass_rate": sum(sum(row["baseline"]) for row in rows) / max(1, offered),
        "failures": [row["prompt"] for row in rows if not any(row["takes"])],
        "partly": [row["prompt"] for row in rows if any(row["takes"]) and not all(row["takes"])],
    }


def _score(prompt: Prompt, takes: Sequence[Body], baseline: CaptionBaseline) -> dict[str, Any]:
    nearest = baseline.nearest(prompt.text)
    return {
        "prompt": prompt.text,
        "seconds": prompt.seconds,
        "checks": list(prompt.checks),
        "takes": [passes(prompt.checks, body) for body in takes],
        "takes_by_check": {
            name: [passes((name,), body) for body in takes] for name in prompt.checks
        },
        "baseline": [passes(prompt.checks, clip.body) for clip in nearest],
        "baseline_clips": [clip.entry.id for clip in nearest],
    }


def scores_table(title: str, scores: dict[str, Any]) -> str:
    """Return the scores as a Markdown table with the failures below it."""
    lines = [
        f"## {title}",
        "",
        f"Model {scores['pass_rate']:.0%}, nearest caption {scores['baseline_pass_rate']:.0%}",
        "",
        "| prompt | checks | model | nearest caption |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row['prompt']} | {' + '.join(row['checks'])} | {_count(row['takes'])} "
        f"| {_count(row['baseline'])} |"
        for row in scores["rows"]
    ]
    failures = "; ".join(scores["failures"]) or "none"
    return "\n".join([*lines, "", f"Never passed: {failures}."])


def _count(verdicts: Sequence[bool]) -> str:
    return f"{sum(verdicts)}/{len(verdicts)}"
