"""The counted set: 24 prompts that say how many times, each judged by an exact count.

Data only. The wordings were written without a look at the corpus's captions, and before any
model or retrieval had been tried on them; a test holds the SHA-256.
"""

from __future__ import annotations

from typing import Final

from .asked import asked
from .prompt import PromptSet

SINGLES: Final = (
    asked("jumps once", 4.0, "jumps_exactly_1", ends="standing"),
    asked("a girl jumps twice", 5.0, "jumps_exactly_2", ends="standing"),
    asked("three jumps on the spot", 6.0, "jumps_exactly_3", ends="standing"),
    asked("he jumps 4 times", 6.0, "jumps_exactly_4", ends="standing"),
    asked("kicks once", 4.0, "kicks_exactly_1", ends="standing"),
    asked("two kicks with the right leg", 5.0, "kicks_exactly_2", ends="standing"),
    asked("a fighter kicks three times", 6.0, "kicks_exactly_3", ends="standing"),
    asked("claps her hands twice", 4.0, "claps_exactly_2", ends="standing"),
    asked("claps three times", 4.0, "claps_exactly_3", ends="standing"),
    asked("the coach gives five claps", 5.0, "claps_exactly_5", ends="standing"),
    asked("waves twice with the right hand", 4.0, "waves_exactly_2", ends="standing"),
    asked("someone waves three times", 4.0, "waves_exactly_3", ends="standing"),
    asked("squats once and gets back up", 4.0, "squats_exactly_1", ends="standing"),
    asked("does two squats", 5.0, "squats_exactly_2", ends="standing"),
    asked("3 squats", 6.0, "squats_exactly_3", ends="standing"),
    asked("takes two steps forward and stops", 4.0, "steps_exactly_2", ends="standing"),
    asked("takes three steps forward, then stands still", 5.0, "steps_exactly_3",
          ends="standing"),
    asked("four steps back", 5.0, "steps_exactly_4", ends="standing"),
    asked("punches once", 3.0, "punches_exactly_1", ends="standing"),
    asked("throws two punches", 4.0, "punches_exactly_2", ends="standing"),
    asked("jabs three times", 5.0, "punches_exactly_3", ends="standing"),
    asked("spins round twice", 5.0, "spins_exactly_2", ends="standing"),
    asked("bows twice", 6.0, "bows_exactly_2", ends="standing"),
    asked("does three push-ups", 6.0, "push_ups_exactly_3"),
)
"""One action each."""

COUNTED: Final = PromptSet("counted", SINGLES, ())
