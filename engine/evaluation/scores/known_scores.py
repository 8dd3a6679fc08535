"""Is `known` honest? What it says before a take against whether the take passes its check.

`known` is any function from a prompt to 0 to 1; an engine's own is looked up by its name. A
prompt that nothing in the corpus serves counts as not passed, whatever is made. It knows no
model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import numpy as np

from ..charts.plots import Chart, Line
from ..checks.measures import Body
from ..prompts.known import FAR_MISSES, NEAR_MISSES, SERVED

SEEDS: Final = 3
"""Takes of each prompt that is served."""

BINS: Final = 10
"""Rows of the reliability table."""

ENGINE_NAME: Final = "known"
"""What an engine calls its own function of a prompt."""


class Known(Protocol):
    """How well a prompt is known, 0 to 1, before anything is made."""

    def __call__(self, prompt: str) -> float:
        """Return 0 for a prompt that cannot be served, 1 for one that surely can."""


def known_of(engine: object) -> Known | None:
    """Return an engine's own `known`; None where it has none."""
    own = getattr(engine, ENGINE_NAME, None)
    return own if callable(own) else None


def area_under_curve(values: Sequence[float], passed: Sequence[bool]) -> float | None:
    """Return the chance that a passed one has a higher value than one that did not pass.

    Equal values count half. None where all passed or none did.
    """
    own, is_passed = np.asarray(values, dtype=float), np.asarray(passed, dtype=bool)
    high, low = own[is_passed], own[~is_passed]
    if not len(high) or not len(low):
        return None
    above = (high[:, None] > low[None, :]).mean()
    equal = (high[:, None] == low[None, :]).mean()
    return float(above + 0.5 * equal)


def reliability(values: Sequence[float], passed: Sequence[bool]) -> list[dict[str, float]]:
    """Return rows of equal width from 0 to 1: how many values, their mean, the share passed.

    Values outside of 0 to 1 count in the first and the last row; rows without values are left
    out.
    """
    own, is_passed = np.asarray(values, dtype=float), np.asarray(passed, dtype=bool)
    row = np.clip((own * BINS).astype(int), 0, BINS - 1)
    return [
        {
            "from": each / BINS,
            "to": (each + 1) / BINS,
            "count": int((row == each).sum()),
            "mean": float(own[row == each].mean()),
            "passed": float(is_passed[row == each].mean()),
        }
        for each in range(BINS)
        if (row == each).any()
    ]


def score_known(
    functions: Mapping[str, Known], takes: Mapping[str, Sequence[Body]]
) -> dict[str, Any]:
    """Compare what functions say of the known set's prompts with what its takes do.

    Args:
        functions: by name, such as "known" and "cosine".
        takes: those of the served prompts, by the prompt's text.

    Returns:
        "pass_rate" of the served; "functions": of each "auc" (over all takes, the unserved
        prompts as many times as a served one has takes), "auc_near" and "auc_far" (against one
        half of the unserved) and "reliability"; "rows": each prompt with its values.
    """
    verdicts = {
        prompt.text: [prompt.is_followed_by(body) for body in takes[prompt.text]]
        for prompt in SERVED
    }
    each = len(next(iter(verdicts.values())))
    near = {text: [False] * each for text, _ in NEAR_MISSES}
    far = {text: [False] * each for text, _ in FAR_MISSES}
    everything = {**verdicts, **near, **far}
    said = {name: {text: float(known(text)) for text in everything}
            for name, known in functions.items()}  # fmt: skip
    return {
        "pass_rate": sum(map(sum, verdicts.values())) / max(1, each * len(verdicts)),
        "functions": {
            name: {
                "auc": _area(own, everything),
                "auc_near": _area(own, {**verdicts, **near}),
                "auc_far": _area(own, {**verdicts, **far}),
                "auc_served": area_under_curve(
                    [own[text] for text in everything], [text in verdicts for text in everything]
                ),
                "reliability": reliability(*_flat(own, everything)),
            }
            for name, own in said.items()
        },
        "rows": [
            {
                "prompt": text,
                "kind": "served" if text in verdicts else "near" if text in near else "far",
                "takes": passed,
                **{name: own[text] for name, own in said.items()},
            }
            for text, passed in everything.items()
        ],
    }


def _flat(
    own: Mapping[str, float], verdicts: Mapping[str, Sequence[bool]]
) -> tuple[list[float], list[bool]]:
    values = [own[text] for text, passed in verdicts.items() for _ in passed]
    return values, [verdict for passed in verdicts.values() for verdict in passed]


def _area(own: Mapping[str, float], verdicts: Mapping[str, Sequence[bool]]) -> float | None:
    return area_under_curve(*_flat(own, verdicts))


def known_table(scores: Mapping[str, Any]) -> str:
    """Return the areas and the reliability as Markdown tables."""
    lines = [
        "## Known against passing",
        "",
        f"Of the served prompts' takes {scores['pass_rate']:.0%} pass.",
        "",
        "| area under the curve | all | near misses | far misses | served from unserved |",
        "|---|---|---|---|---|",
    ]
    for name, own in scores["functions"].items():
        cells = [own[key] for key in ("auc", "auc_near", "auc_far", "auc_served")]
        told = " | ".join("–" if cell is None else f"{cell:.2f}" for cell in cells)
        lines.append(f"| {name} | {told} |")
    for name, own in scores["functions"].items():
        lines += ["", f"| {name} | takes | mean | passed |", "|---|---|---|---|"]
        lines += [
            f"| {row['from']:.1f} – {row['to']:.1f} | {row['count']} | {row['mean']:.2f} "
            f"| {row['passed']:.0%} |"
            for row in own["reliability"]
        ]
    return "\n".join(lines)


def reliability_chart(scores: Mapping[str, Any]) -> Chart:
    """Return the share of takes that pass over what was said of them before."""
    lines = [Line("as good as its word", ((0.0, 0.0), (1.0, 1.0)), 6, is_dashed=True)]
    for colour, (name, own) in enumerate(scores["functions"].items()):
        points = tuple((row["mean"], row["passed"]) for row in own["reliability"])
        lines.append(Line(name, points, colour))
    return Chart(
        "Known against passing", "said before the take", "share of takes that pass",
        tuple(lines), top=(1.0, 1.0),
    )  # fmt: skip
