"""Training examples that make parts and time composable.

Plain clips; arms of one clip on the legs of another with both captions; clips
stitched one after another. In part of them the prompt describes only the cells
that are masked, for that is what an edit is. Everything stays within the split.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..motion.skeleton import FRAMES_PER_STEP, PARTS
from ..planning.wording import AT_ONCE, join_at_once, join_in_order
from ..retrieval.memory import MotionMemory, Remembered, spread_slots
from ..tokenizer.grid import GridTokenizer
from .joining import IN_ORDER, blend, chain, find_donors, pick, rows_of
from .tokens import TokenBank
from .windows import whole_steps

LONGEST_STEPS = 105
"""14 seconds."""

SPLICED, STITCHED = 0.32, 0.1
"""Shares of the examples."""

OWN_CHANCE, OWN_CHANCE_SPLICED = 0.3, 0.5
"""How often a clip is remembered for itself. More where two clips are joined: the
parts of the memory must be found for both."""

CROPPED = 0.3
"""Share of plain examples that lack some of their first steps."""

@dataclass(frozen=True, slots=True)
class Example:
    """One clip, real or composed, before masking."""

    codes: Tensor
    """(S, P, Q) int16."""
    prompt: int | str
    """Index of a caption, or a new text."""
    has_part: Tensor
    """(P,) parts that may teach."""
    remembered: Remembered
    region: Tensor | None = None
    """(S, P) the cells that the prompt describes; None if it describes all."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an example will be made of."""

    steps: int
    clips: tuple[int, ...]
    stitched: Stitched | None = None


class Composer:
    """Draws examples from a bank (torch's global generator)."""

    def __init__(
        self,
        bank: TokenBank,
        memory: MotionMemory,
        neighbours: list[list[list[int]]],
        stitched: list[Stitched],
    ) -> None:
        self.bank, self.memory, self.neighbours, self.stitched = bank, memory, neighbours, stitched
        self.donors = find_donors(bank.features, bank.captions, bank.texts.captions)

    def draw(self) -> Example:
        """Draw one example."""
        return self.compose(self.plan())

    def plan(self) -> Plan:
        """Choose what to compose: a third spliced, a tenth stitched (long!), the rest plain."""
        choice = float(torch.rand(()))
        lengths = self.bank.codes
        donors = self.donors
        if choice < SPLICED and len(donors.arms) and len(donors.legs):
            legs = int(donors.legs[pick(len(donors.legs))])
            arms = int(donors.arms[pick(len(donors.arms))])
            return Plan(min(len(lengths[legs]), len(lengths[arms])), (legs, arms))
        if choice < SPLICED + STITCHED and self.stitched:
            chosen = self.stitched[pick(len(self.stitched))]
            return Plan(len(chosen.codes), chosen.clips, chosen)
        clip = int(torch.multinomial(self.bank.features.weights, 1))
        return Plan(len(lengths[clip]), (clip,))

    def compose(self, plan: Plan) -> Example:
        """Make the example of a plan."""
        if plan.stitched is not None:
            return self._stitched(plan.stitched)
        return self._plain(*plan.clips) if len(plan.clips) == 1 else self._spliced(*plan.clips)

    def _plain(self, clip: int) -> Example:
        caption = pick(len(self.bank.captions[clip]))
        codes = self.bank.codes[clip]
        # What is remembered need not begin where the example begins.
        start = pick(len(codes) // 4 + 1) if float(torch.rand(())) < CROPPED else 0
        return Example(
            codes[start:],
            self.bank.captions[clip][caption],
            self.bank.features.has_part[clip],
            self._recall([(clip, caption)], OWN_CHANCE),
        )

    def _spliced(self, legs: int, arms: int) -> Example:
        """Put the busy arms of a standing clip on the legs of a moving one."""
        moved = self.donors.moved(arms)
        codes, donor = self.bank.codes[legs].clone(), self.bank.codes[arms]
        steps = min(len(codes), len(donor))
        codes, shift = codes[:steps].clone(), pick(len(donor) - steps + 1)
        for arm in moved:
            codes[:, arm] = donor[shift : shift + steps, arm]
        leg_caption = pick(len(self.bank.captions[legs]))
        arm_caption = pick(len(self.bank.captions[arms]))
        leg_text, arm_text = (
            self.bank.captions[legs][leg_caption], self.bank.captions[arms][arm_caption]
        )
        region = torch.zeros(steps, len(PARTS), dtype=torch.bool)
        region[:, moved] = True
        kind = float(torch.rand(()))
        has_part = self.bank.features.has_part[legs]
        if kind < 0.25:
            recalled = self._recall([(arms, arm_caption)], OWN_CHANCE)
            return Example(codes, arm_text, has_part, recalled, region)
        if kind < 0.35:
            recalled = self._recall([(legs, leg_caption)], OWN_CHANCE)
            return Example(codes, leg_text, has_part, recalled, ~region)
        texts, choice = self.bank.texts.captions, pick(AT_ONCE)
        # Clips are remembered in the order in which the prompt names the actions.
        picks = [(legs, leg_caption), (arms, arm_caption)]
        picks = picks[::-1] if choice == AT_ONCE - 1 else picks
        return Example(
            codes,
            join_at_once(texts[leg_text], texts[arm_text], choice),
            has_part,
            self._recall(picks, OWN_CHANCE_SPLICED),
        )

    def _stitched(self, chosen: Stitched) -> Example:
        picks = [(clip, pick(len(self.bank.captions[clip]))) for clip in chosen.clips]
        texts = [self.bank.captions[clip][caption] for clip, caption in picks]
        has_part = self.bank.features.has_part[list(chosen.clips)].all(0)
        if float(torch.rand(())) < 0.5:
            which = pick(len(picks))
            region = torch.zeros(len(chosen.codes), len(PARTS), dtype=torch.bool)
            region[chosen.borders[which] : chosen.borders[which + 1]] = True
            recalled = self._recall([picks[which]], OWN_CHANCE)
            return Example(chosen.codes, texts[which], has_part, recalled, region)
        words = [self.bank.texts.captions[text] for text in texts]
        return Example(
            chosen.codes,
            join_in_order(words, pick(IN_ORDER)),
            has_part,
            self._recall(picks, OWN_CHANCE),
        )

    def _recall(self, picks: list[tuple[int, int]], own_chance: float) -> Remembered:
        """Return clips near each (clip, caption), drawn from its neighbours, nearest likelier.

        Now and then the clip itself is among them: so copying from the memory is
        learnt, part by part and step by step, and when it can be trusted.
        """
        clips: list[int] = []
        for (clip, caption), count in zip(picks, spread_slots(len(picks)), strict=False):
            near = self.neighbours[clip][caption]
            chosen: list[int] = []
            if near:
                odds = torch.arange(len(near), dtype=torch.float).mul(-0.4).exp()
                drawn = torch.multinomial(odds, min(count, len(near))).sort().values
                chosen = [near[i] for i in drawn.tolist()]
            if float(torch.rand(())) < own_chance:
                chosen.insert(int(torch.rand(2).prod() * count), clip)
            clips += chosen[:count]
        return self.memory.remember(clips)


@dataclass(frozen=True, slots=True)
class Stitched:
    """Clips one after another, blended and encoded anew."""

    codes: Tensor
    """(S, P, Q) int16."""
    clips: tuple[int, ...]
    borders: tuple[int, ...]
    """First step of each clip, and the end."""


def stitch_pool(bank: TokenBank, tokenizer: GridTokenizer, count: int, seed: int) -> list[Stitched]:
    """Stitch two or three clips, each next one chosen because it starts near the last pose."""
    torch.manual_seed(seed)
    pool = []
    for _ in range(count):
        clips = chain(bank.features, bank.groups)
        while sum(len(bank.codes[c]) for c in clips) > LONGEST_STEPS and len(clips) > 2:
            clips.pop()
        stitched = _stitch(bank, tokenizer, clips)
        if len(stitched.codes) <= LONGEST_STEPS:
            pool.append(stitched)
    return pool


@torch.no_grad()
def _stitch(bank: TokenBank, tokenizer: GridTokenizer, clips: list[int]) -> Stitched:
    rows, borders = [], [0]
    for clip in clips:
        rows.append(whole_steps(rows_of(bank.features, clip), FRAMES_PER_STEP))
        borders.append(borders[-1] + len(rows[-1]) // FRAMES_PER_STEP)
    joined = rows[0]
    for row in rows[1:]:
        joined = blend(joined, row)
    codes = tokenizer.encode(joined[None])[0].to(torch.int16)
    return Stitched(codes, tuple(clips), tuple(borders))
