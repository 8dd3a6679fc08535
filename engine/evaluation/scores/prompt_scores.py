"""Does the model do what the prompt says? Pass rates beside nearest captions' and retrieval's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..checks.measures import Body
from ..checks.wider_table import WIDER_CHECKS
from ..prompts.prompt import Prompt, checks_told
from .baseline import CaptionBaseline


def score_prompts(
    prompts: Sequence[Prompt],
    takes: Mapping[str, Sequence[Body]],
    baseline: CaptionBaseline,
    played: Mapping[str, Sequence[Body]] | None = None,
) -> dict[str, Any]:
    """Score takes, the nearest captions' clips and what is played back on the same checks.

    Args:
        prompts: the prompts of one kind.
        takes: the model's takes by the prompt's text.
        baseline: the nearest captions; its clips are scored as they are, uncut.
        played: what retrieval alone gives, by the prompt's text; None where there is none.

    Returns:
        "rows", one a prompt; "pass_rate", "baseline_pass_rate" and "played_pass_rate" (None
        where nothing is played) over all takes;
        "failures": the texts of the prompts that no take passed, and "partly": some takes.
    """
    rows = [_score(prompt, takes[prompt.text], baseline) for prompt in prompts]
    if played is not None:
        for prompt, row in zip(prompts, rows, strict=True):
            row["played"] = [prompt.is_followed_by(body) for body in played[prompt.text]]
    return {
        "rows": rows,
        "pass_rate": _rate(rows, "takes"),
        "baseline_pass_rate": _rate(rows, "baseline"),
        "played_pass_rate": None if played is None else _rate(rows, "played"),
        "failures": [row["prompt"] for row in rows if not any(row["takes"])],
        "partly": [row["prompt"] for row in rows if any(row["takes"]) and not all(row["takes"])],
    }


def _rate(rows: Sequence[dict[str, Any]], who: str) -> float:
    verdicts: list[bool] = [verdict for row in rows for verdict in row[who]]
    return sum(verdicts) / max(1, len(verdicts))


def _score(prompt: Prompt, takes: Sequence[Body], baseline: CaptionBaseline) -> dict[str, Any]:
    nearest = baseline.nearest(prompt.text)
    return {
        "prompt": prompt.text,
        "seconds": prompt.seconds,
        "kind": prompt.kind,
        "checks": list(prompt.checks),
        "takes": [prompt.is_followed_by(body) for body in takes],
        "takes_by_check": {
            name: [WIDER_CHECKS[name](body) for body in takes] for name in prompt.checks
        },
        "baseline": [prompt.is_followed_by(clip.body) for clip in nearest],
        "baseline_clips": [clip.entry.id for clip in nearest],
    }


def _columns(scores: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the sources' names, and the keys of their verdicts and of their rates."""
    columns = [("model", "takes", "pass_rate"),
               ("nearest caption", "baseline", "baseline_pass_rate")]  # fmt: skip
    if scores["played_pass_rate"] is not None:
        columns.append(("retrieval, played back", "played", "played_pass_rate"))
    return columns


def totals_told(scores: Mapping[str, Any]) -> str:
    """Return the sources' pass rates as a line."""
    told = (f"{name} {scores[rate]:.0%}" for name, _, rate in _columns(scores))
    return ", ".join(told).capitalize()


def scores_table(title: str, scores: dict[str, Any]) -> str:
    """Return the scores as a Markdown table with the failures below it."""
    columns = _columns(scores)
    lines = [
        f"## {title}",
        "",
        totals_told(scores),
        "",
        f"| prompt | checks | {' | '.join(name for name, _, _ in columns)} |",
        "|---" * (len(columns) + 2) + "|",
    ]
    lines += [
        f"| {row['prompt']} | {checks_told(row['kind'], row['checks'])} "
        f"| {' | '.join(_count(row[who]) for _, who, _ in columns)} |"
        for row in scores["rows"]
    ]
    failures = "; ".join(scores["failures"]) or "none"
    return "\n".join([*lines, "", f"Never passed: {failures}."])


def _count(verdicts: Sequence[bool]) -> str:
    return f"{sum(verdicts)}/{len(verdicts)}"
