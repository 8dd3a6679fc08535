"""The last prompts as text that is saved with a scene, and examples by theme."""

from __future__ import annotations

import json

MOST_PROMPTS = 20

PLACEHOLDER = "a person walks and waves"
"""What an empty prompt field shows."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "Walk and Run": (
        "a person walks forward",
        "a person walks fast, as if late",
        "a person jogs forward",
        "a person walks backward",
    ),
    "Turn": (
        "a person walks in a circle",
        "a person spins once around to the left",
        "a person turns around to the right",
        "a person walks forward and turns around",
    ),
    "Jump and Climb": (
        "a person jumps forward",
        "a person jumps up as high as they can",
        "a person leaps over a ditch",
        "a person climbs up a few steps",
    ),
    "Fight": (
        "a person boxes with both fists",
        "a person kicks with the right leg",
        "a person punches with the right hand",
        "a person ducks and stands up again",
    ),
    "Gestures": (
        "a person waves with the right hand",
        "a person raises the left hand",
        "a person claps their hands",
        "a person bows",
    ),
    "Sit, Kneel, Exercise": (
        "a person sits down on a chair",
        "a person goes down on one knee",
        "a person does push-ups",
        "a person does jumping jacks",
    ),
}
"""Prompts by theme, in words that the model has seen much of."""

Prompts = tuple[str, ...]


def remember_prompt(last: Prompts, prompt: str) -> Prompts:
    """Return the last prompts with one more in front, each once; the oldest falls out."""
    return (prompt, *(one for one in last if one != prompt))[:MOST_PROMPTS]


def prompts_to_text(last: Prompts) -> str:
    """Return prompts as JSON."""
    return json.dumps(last)


def text_to_prompts(text: str) -> Prompts:
    """Read prompts; what is none is left out."""
    try:
        rows = json.loads(text) if text else []
    except ValueError:
        return ()
    return tuple(row for row in rows if isinstance(row, str)) if isinstance(rows, list) else ()
