"""What other words for the same action lose: by subject, by action and by spelling.

It knows no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..prompts.spellings import MANNERS, PLAIN, SPELLINGS
from ..prompts.subjects import ACTIONS, NEUTRAL, SUBJECTS

Verdicts = Mapping[str, Sequence[bool]]
"""Whether each take of a prompt passes, by the prompt's text."""


def lost_by_subject(verdicts: Verdicts) -> dict[str, Any]:
    """Return pass rates of the subjects against "a person" in the same actions.

    Returns:
        "plain": of "a person"; "others": of all subjects; "lost_points": the difference in
        percentage points, above zero where subjects do worse; "by": lost points of each subject;
        "by_action": of each action.
    """
    actions = [action for action, _, _ in ACTIONS]
    plain = _rate(verdicts, [f"{NEUTRAL} {action}" for action in actions])
    all_texts = [f"{subject} {action}" for subject in SUBJECTS for action in actions]
    return {
        "plain": plain,
        "others": _rate(verdicts, all_texts),
        "lost_points": 100 * (plain - _rate(verdicts, all_texts)),
        "by": {
            subject: 100 * (plain - _rate(verdicts, [f"{subject} {each}" for each in actions]))
            for subject in SUBJECTS
        },
        "by_action": {
            action: 100 * (
                _rate(verdicts, [f"{NEUTRAL} {action}"])
                - _rate(verdicts, [f"{subject} {action}" for subject in SUBJECTS])
            )
            for action in actions
        },
    }  # fmt: skip


def lost_by_spelling(verdicts: Verdicts) -> dict[str, Any]:
    """Return pass rates of the further spellings against the prompt as it stands.

    Each manner is compared on the prompts that have it, so that a manner which few have is not
    judged by others' difficulty.

    Returns:
        as `lost_by_subject`: "by" holds the manners, "by_action" the prompts.
    """
    pairs = [
        (plain, manner, text)
        for _, _, (plain, further) in SPELLINGS
        for manner, text in further.items()
    ]
    by = {manner: _lost(verdicts, [pair for pair in pairs if pair[1] == manner])
          for manner in MANNERS}  # fmt: skip
    by_action = {
        plain: _lost(verdicts, [pair for pair in pairs if pair[0] == plain])
        for _, _, (plain, _) in SPELLINGS
    }
    return {
        "plain": _rate(verdicts, [plain for plain, _, _ in pairs]),
        "others": _rate(verdicts, [text for _, _, text in pairs]),
        "lost_points": _lost(verdicts, pairs),
        "by": by,
        "by_action": by_action,
    }


def _lost(verdicts: Verdicts, pairs: Sequence[tuple[str, str, str]]) -> float:
    plain = _rate(verdicts, [plain for plain, _, _ in pairs])
    return 100 * (plain - _rate(verdicts, [text for _, _, text in pairs]))


def _rate(verdicts: Verdicts, texts: Sequence[str]) -> float:
    rates = [sum(verdicts[text]) / max(1, len(verdicts[text])) for text in texts]
    return sum(rates) / max(1, len(rates))


def lost_table(set_name: str, own: Mapping[str, Any], others: Mapping[str, Any]) -> str:
    """Return what is lost as a Markdown table: the model's, beside the other sources' totals.

    Args:
        set_name: "subjects" or "spellings".
        own: the model's.
        others: totals by the source's name, each as `own`.
    """
    plain = NEUTRAL if set_name == "subjects" else PLAIN
    rows = [
        f"## Lost against {plain}, in percentage points",
        "",
        f"| who | {plain} | {set_name} | lost |",
        "|---|---|---|---|",
    ]
    rows += [
        f"| {name} | {each['plain']:.0%} | {each['others']:.0%} | {each['lost_points']:+.1f} |"
        for name, each in {"model": own, **others}.items()
    ]
    for key in ("by", "by_action"):
        told = "; ".join(f"{name} {lost:+.0f}" for name, lost in own[key].items())
        rows += ["", f"Model, {key.replace('_', ' ')}: {told}."]
    return "\n".join(rows)
