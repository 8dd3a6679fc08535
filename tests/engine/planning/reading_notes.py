"""Readings in short: what a prompt is read as, written as `readings.py` writes it."""

from keyfill_extension.engine.planning.actions import Action
from keyfill_extension.engine.planning.reading import read_prompt
from keyfill_extension.engine.planning.timing import groups_of
from keyfill_extension.engine.planning.wording import plain_prompt


def note_of(prompt: str) -> str:
    """Return what a prompt asks for, in short."""
    actions = read_prompt(plain_prompt(prompt))
    groups = groups_of(actions)
    return " > ".join(" & ".join(_action_note(actions[i]) for i in group) for group in groups)


def _action_note(action: Action) -> str:
    side = f":{action.side}" if action.side else ""
    count = f"*{action.count}" if action.count else ""
    name = action.kind.name if action.kind else "?"
    return f"{name}{side}{count}{'~' if action.is_repeated else ''}{'!' if action.is_held else ''}"
