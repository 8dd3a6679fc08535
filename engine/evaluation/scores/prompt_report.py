"""A set's whole report: pass rates by kind, complete takes, and what other words lose.

It knows no model: the takes are given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...systems.grid.generator import CANDIDATES
from ..checks.measures import Body
from ..prompts.prompt import Prompt, PromptSet
from .baseline import CaptionBaseline
from .completeness import completeness_table, score_completeness, seeds_differ
from .losses import lost_by_spelling, lost_by_subject, lost_table
from .positives import thin_out
from .prompt_scores import score_prompts, scores_table, totals_told

TITLES: Final = {
    "singles": "Single actions",
    "pairs": "Two actions at once",
    "sequences": "Actions one after another",
}

LOSSES: Final = {"subjects": lost_by_subject, "spellings": lost_by_spelling}
"""Sets that compare wordings: their prompts are not listed, what they lose is."""

DIFFERING_PROMPTS: Final = 5
"""Prompts of a set, evenly chosen, whose seeds are compared."""

Takes = Mapping[str, Sequence[Body]]
"""Bodies by the prompt's text."""

PLAYED_BACK: Final = (
    f"Retrieval, played back: the clips that the model remembers for a prompt. Of {CANDIDATES} "
    "candidates, drawn with the take's own seed, the one whose captions are nearest; no network "
    "chooses or fills. Of a clip longer than the take the busiest stretch; a shorter one ends "
    "early. Two actions at once: legs and torso of one, arms of the other; where both need the "
    "legs, and of actions in order: one after another, in equal shares of the time."
)
"""What the column is, for reports."""


@dataclass(frozen=True, slots=True)
class SetTakes:
    """What answers a set's prompts."""

    model: Takes
    played: Takes | None
    """What retrieval alone gives; None for a system that has none."""

    many_seeds: Takes
    """Takes of `prompts_of_many_seeds`, `completeness.SEEDS` each; may be empty."""


def prompts_of_many_seeds(chosen: PromptSet) -> list[Prompt]:
    """Return the prompts of a set whose seeds are compared."""
    return list(thin_out(list(chosen), DIFFERING_PROMPTS))


def report_set(
    chosen: PromptSet, takes: SetTakes, baseline: CaptionBaseline
) -> tuple[dict[str, Any], str]:
    """Return a set's figures, as JSON holds them, and as Markdown."""
    report: dict[str, Any] = {}
    tables = []
    for group, prompts in chosen.groups.items():
        report[group] = score_prompts(prompts, takes.model, baseline, takes.played)
        if chosen.name in LOSSES:
            tables.append(f"## {TITLES[group]}\n\n{totals_told(report[group])}")
        else:
            tables.append(scores_table(TITLES[group], report[group]))
    if chosen.name in LOSSES:
        report["lost"] = _losses(chosen.name, report["singles"]["rows"])
        own = report["lost"]["takes"]
        others = {_TOLD[who]: lost for who, lost in report["lost"].items() if who != "takes"}
        tables.append(lost_table(chosen.name, own, others))
    report["completeness"] = score_completeness(list(chosen), takes.model)
    differing = {text: seeds_differ(bodies) for text, bodies in takes.many_seeds.items()}
    report["completeness"]["seeds_differ"] = differing
    tables.append(completeness_table(report["completeness"], differing))
    if takes.played is not None:
        report["played_back"] = PLAYED_BACK
        report["completeness_played"] = score_completeness(list(chosen), takes.played)
        tables.append(PLAYED_BACK)
    return report, "\n\n".join(tables)


_TOLD: Final = {"baseline": "nearest caption", "played": "retrieval, played back"}


def _losses(set_name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    sources = [who for who in ("takes", "baseline", "played") if who in rows[0]]
    return {
        who: LOSSES[set_name]({row["prompt"]: row[who] for row in rows}) for who in sources
    }
