"""The subjects set: 12 subjects and "a person", each in 12 actions.

Data only. Who does it must not decide what is done: what the subjects lose against "a person"
in the same actions is the figure. Written without a look at the corpus's captions, and before
any model or retrieval had been tried on them; a test holds the SHA-256.
"""

from __future__ import annotations

from typing import Final

from .asked import asked
from .prompt import PromptSet

NEUTRAL: Final = "a person"

SUBJECTS: Final = (
    "a soldier", "a zombie", "a robot", "an old man", "a child", "a ninja", "a dancer", "a drunk",
    "a knight", "a monster", "a businesswoman", "a cowboy",
)  # fmt: skip

ACTIONS: Final = (
    ("waves", 4.0, ("waves",)),
    ("claps", 4.0, ("claps",)),
    ("walks backwards", 4.0, ("walks_backward",)),
    ("runs", 3.0, ("runs_forward",)),
    ("jumps up high", 3.0, ("jumps_up",)),
    ("sits down", 4.0, ("sits_down",)),
    ("squats", 4.0, ("squats",)),
    ("bows", 4.0, ("bows",)),
    ("crawls", 5.0, ("crawls",)),
    ("kicks with the right leg", 3.0, ("kicks_right",)),
    ("throws a ball with the right hand", 3.0, ("throws_right",)),
    ("picks something up off the ground", 4.0, ("picks_up",)),
)
"""What is done, how long the take is, and its checks."""

SINGLES: Final = tuple(
    asked(f"{subject} {action}", seconds, *checks)
    for subject in (NEUTRAL, *SUBJECTS)
    for action, seconds, checks in ACTIONS
)

SUBJECTS_SET: Final = PromptSet("subjects", SINGLES, ())
