"""Memories of a few clips: facts of hand-made motions, or made up, and codes that tell rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from keyfill_extension.engine.motion.tracks import STATES
from keyfill_extension.engine.planning.actions import Action
from keyfill_extension.engine.planning.reading import read_prompt
from keyfill_extension.engine.retrieval.clip_index import Wanted, caption_of, kinds_named
from keyfill_extension.engine.retrieval.facts import CHANNELS, Facts, measure_facts
from keyfill_extension.engine.retrieval.facts.clip_facts import CHANNEL_SCALES
from keyfill_extension.engine.retrieval.facts.conditions import CONDITIONS, rate_condition
from keyfill_extension.engine.retrieval.facts.kinematics.event_rows import event_row, to_rows
from keyfill_extension.engine.retrieval.measured import Measured
from keyfill_extension.engine.retrieval.memory import MotionMemory
from keyfill_extension.engine.text_encoder import FakeTextEncoder

STAGES = 2


class WordEncoder(FakeTextEncoder):
    """Gives each word an axis of its own: no two words are alike by accident."""

    def __init__(self, width: int = 256) -> None:
        super().__init__(width, limit=24)
        self._axes: dict[str, int] = {}

    def _word_vector(self, word: str) -> torch.Tensor:
        vector = torch.zeros(self.width)
        vector[self._axes.setdefault(word, len(self._axes))] = 1.0
        return vector


ENCODER = WordEncoder()


def facts_of(puppet) -> Facts:
    """Measure a puppet's clip."""
    return measure_facts(puppet.clip())


def made_up(states: Sequence[str], events: Sequence[tuple] = (), **channels) -> Facts:
    """Return facts of so many steps: their states, (kind, frames, side) events, channels in units.

    All else is 0: nobody moves.
    """
    values = np.zeros((len(states), len(CHANNELS)), np.int8)
    values[:, 0] = [STATES.index(state) for state in states]
    for name, value in channels.items():
        values[:, CHANNELS.index(name)] = np.round(np.asarray(value) / CHANNEL_SCALES[name])
    rows = [event_row(kind, frames, 200, side) for kind, frames, side in events]
    return Facts(values, to_rows(rows))


def lively(steps: int, *spells: tuple[int, int]) -> dict[str, np.ndarray]:
    """Return channels of limbs that move in some spells [first, last) of steps, and rest else."""
    moves = np.zeros(steps)
    for first, last in spells:
        moves[first:last] = 1.0
    parts = ("lower_body", "torso", "left_arm", "right_arm")
    return {f"{part}_liveliness": moves for part in parts}


def memory_of(clips: Sequence[tuple[str | Sequence[str], Facts]], is_measured=True) -> MotionMemory:
    """Return a memory of clips with one or several captions each.

    Row r of the memory has the base code r in all its parts and r + 1 in the stage above.
    """
    captions, owners = [], []
    for clip, (texts, _) in enumerate(clips):
        for text in [texts] if isinstance(texts, str) else texts:
            captions.append(text)
            owners.append(clip)
    starts = torch.tensor([0, *(facts.steps for _, facts in clips)]).cumsum(0)
    codes = torch.arange(int(starts[-1]))[:, None, None].repeat(1, 4, STAGES).to(torch.int16)
    codes[..., 1] += 1
    memory = MotionMemory(
        captions, torch.tensor(owners), ENCODER.encode(captions).sentence, codes, starts
    )
    if not is_measured:
        return memory
    facts = tuple(each for _, each in clips)
    ratings = np.array(
        [[round(255 * rate_condition(name, each)) for name in CONDITIONS] for each in facts],
        np.uint8,
    )
    kinds = tuple(kinds_named(caption) for caption in captions)
    return memory.with_measured(Measured(facts, ratings, tuple(CONDITIONS), kinds))


def action_of(prompt: str) -> Action:
    """Return the only action of a prompt."""
    (action,) = read_prompt(prompt)
    return action


def wanted_of(prompt: str) -> Wanted:
    """Return the only action of a prompt with its vectors."""
    action = action_of(prompt)
    texts = [caption_of(action), f"{action.who} {action.text}".strip()]
    return Wanted(action, *ENCODER.encode(texts).sentence)


def rows_shown(codes: torch.Tensor) -> list[list[int]]:
    """Return the memory's row that each cell (S, P) of codes was copied from; -1 of others."""
    is_copied = codes[..., 1] == codes[..., 0] + 1
    return codes[..., 0].where(is_copied, -1).tolist()
