"""Training examples that make parts and time composable.

Plain clips; arms of one clip on the legs of another with both captions; clips
stitched one after another. In part of them the prompt describes only the cells
that are masked, for that is what an edit is. Everything stays within the split.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch
from torch import Tensor

from ..features import CONTACTS, ROOT_WIDTH, features_to_clip
from ..motion.skeleton import FRAMES_PER_STEP, JOINT_INDEX, PARTS
from ..planning.wording import AT_ONCE, join_at_once, join_in_order
from ..retrieval.memory import MotionMemory, Remembered, spread_slots
from ..rotations import matrix_to_six, six_to_matrix
from ..tokenizer.grid import GridTokenizer
from .tokens import TokenBank
from .windows import whole_steps

LONGEST_STEPS = 105
"""14 seconds."""

BLEND_FRAMES = 8

BUSY = 0.35
"""Metres a second of the wrist from which on an arm does something."""
_ARM_WORDS = re.compile(r"\b(?:hands?|arms?|fists?)\b")

SPLICED, STITCHED = 0.32, 0.1
"""Shares of the examples."""

OWN_CHANCE, OWN_CHANCE_SPLICED = 0.3, 0.5
"""How often a clip is remembered for itself. More where two clips are joined: the
parts of the memory must be found for both."""

CROPPED = 0.3
"""Share of plain examples that lack some of their first steps."""

ARMS = (PARTS.index("LEFT_ARM"), PARTS.index("RIGHT_ARM"))


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
class Activity:
    """How much the hands and feet of each clip move."""

    arms: Tensor
    """(C, 2) mean speed of the left and right wrist seen from the chest, metres a second."""
    legs: Tensor
    """(C,) mean speed of the ankles in the world."""


def measure_activity(bank: TokenBank) -> Activity:
    """Measure every clip of the bank."""
    arms, legs = [], []
    feature = bank.features
    for start, length in zip(feature.starts.tolist(), feature.lengths.tolist(), strict=True):
        clip = features_to_clip(feature.features[start : start + length])
        joints = torch.from_numpy(clip.joints())
        chest = joints[:, JOINT_INDEX["spine3"]]
        wrists = joints[:, [JOINT_INDEX["left_wrist"], JOINT_INDEX["right_wrist"]]] - chest[:, None]
        ankles = joints[:, [JOINT_INDEX["left_ankle"], JOINT_INDEX["right_ankle"]]]
        arms.append(wrists.diff(dim=0).norm(dim=-1).mean(0) * 30)
        legs.append(ankles.diff(dim=0).norm(dim=-1).mean() * 30)
    return Activity(torch.stack(arms).float(), torch.stack(legs).float())


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
        activity = measure_activity(bank)
        whole, texts = bank.features.has_part.all(1), bank.texts.captions
        self.arm_activity = activity.arms
        busy = activity.arms.max(1).values
        # Arms that only hold something ("hands on the hips") are worth lending if they are named.
        named = [any(_ARM_WORDS.search(texts[row]) for row in rows) for rows in bank.captions]
        lends = (busy > BUSY) | torch.tensor(named)
        self.arm_donors = torch.nonzero(lends & (activity.legs < 0.25)).flatten()
        self.leg_donors = torch.nonzero((activity.legs > 0.3) & whole).flatten()

    def draw(self) -> Example:
        """Draw one example."""
        return self.compose(self.plan())

    def plan(self) -> Plan:
        """Choose what to compose: a third spliced, a tenth stitched (long!), the rest plain."""
        choice = float(torch.rand(()))
        lengths = self.bank.codes
        if choice < SPLICED and len(self.arm_donors) and len(self.leg_donors):
            legs = int(self.leg_donors[_pick(len(self.leg_donors))])
            arms = int(self.arm_donors[_pick(len(self.arm_donors))])
            return Plan(min(len(lengths[legs]), len(lengths[arms])), (legs, arms))
        if choice < SPLICED + STITCHED and self.stitched:
            chosen = self.stitched[_pick(len(self.stitched))]
            return Plan(len(chosen.codes), chosen.clips, chosen)
        clip = int(torch.multinomial(self.bank.features.weights, 1))
        return Plan(len(lengths[clip]), (clip,))

    def compose(self, plan: Plan) -> Example:
        """Make the example of a plan."""
        if plan.stitched is not None:
            return self._stitched(plan.stitched)
        return self._plain(*plan.clips) if len(plan.clips) == 1 else self._spliced(*plan.clips)

    def _plain(self, clip: int) -> Example:
        caption = _pick(len(self.bank.captions[clip]))
        codes = self.bank.codes[clip]
        # What is remembered need not begin where the example begins.
        start = _pick(len(codes) // 4 + 1) if float(torch.rand(())) < CROPPED else 0
        return Example(
            codes[start:],
            self.bank.captions[clip][caption],
            self.bank.features.has_part[clip],
            self._recall([(clip, caption)], OWN_CHANCE),
        )

    def _spliced(self, legs: int, arms: int) -> Example:
        """Put the busy arms of a standing clip on the legs of a moving one."""
        speed = self.arm_activity[arms]
        least = 0.4 * float(speed.max()) if speed.max() > BUSY else 0.0
        moved = [arm for side, arm in enumerate(ARMS) if speed[side] >= least]
        codes, donor = self.bank.codes[legs].clone(), self.bank.codes[arms]
        steps = min(len(codes), len(donor))
        codes, shift = codes[:steps].clone(), _pick(len(donor) - steps + 1)
        for arm in moved:
            codes[:, arm] = donor[shift : shift + steps, arm]
        leg_caption = _pick(len(self.bank.captions[legs]))
        arm_caption = _pick(len(self.bank.captions[arms]))
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
        texts, choice = self.bank.texts.captions, _pick(AT_ONCE)
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
        picks = [(clip, _pick(len(self.bank.captions[clip]))) for clip in chosen.clips]
        texts = [self.bank.captions[clip][caption] for clip, caption in picks]
        has_part = self.bank.features.has_part[list(chosen.clips)].all(0)
        if float(torch.rand(())) < 0.5:
            which = _pick(len(picks))
            region = torch.zeros(len(chosen.codes), len(PARTS), dtype=torch.bool)
            region[chosen.borders[which] : chosen.borders[which + 1]] = True
            recalled = self._recall([picks[which]], OWN_CHANCE)
            return Example(chosen.codes, texts[which], has_part, recalled, region)
        words = [self.bank.texts.captions[text] for text in texts]
        return Example(
            chosen.codes,
            join_in_order(words, _pick(4)),
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


def _pick(count: int) -> int:
    return int(torch.randint(count, ()))


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
    feature = bank.features
    ends = feature.features[feature.starts + feature.lengths - 1]
    begins = feature.features[feature.starts]
    pool = []
    for _ in range(count):
        clips = [_pick(len(bank.codes))]
        wanted = 3 if float(torch.rand(())) < 0.3 else 2
        while len(clips) < wanted:
            others = torch.randint(len(bank.codes), (64,))
            others = others[bank.groups[others] != bank.groups[clips[-1]]]
            distance = (begins[others] - ends[clips[-1]])[:, ROOT_WIDTH - 1 :].square().sum(1)
            clips.append(int(others[distance.argmin()]))
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
        start, length = int(bank.features.starts[clip]), int(bank.features.lengths[clip])
        rows.append(whole_steps(bank.features.features[start : start + length], FRAMES_PER_STEP))
        borders.append(borders[-1] + len(rows[-1]) // FRAMES_PER_STEP)
    joined = rows[0]
    for row in rows[1:]:
        joined = blend(joined, row)
    codes = tokenizer.encode(joined[None])[0].to(torch.int16)
    return Stitched(codes, tuple(clips), tuple(borders))


def blend(first: Tensor, second: Tensor) -> Tensor:
    """Join features (T1, WIDTH) and (T2, WIDTH): the jump of the pose fades to both sides."""
    first, second = first.clone(), second.clone()
    jump = second[0] - first[-1]
    jump[: ROOT_WIDTH - 1] = 0.0  # speeds need no blending: they are integrated
    jump[CONTACTS] = 0.0
    for rows, sign in ((first.flip(0), 0.5), (second, -0.5)):
        reach = min(BLEND_FRAMES, len(rows))
        fade = torch.linspace(1, 0, reach + 1)[:-1].square()[:, None]
        rows[:reach] += sign * fade * jump
        if sign > 0:
            first = rows.flip(0)
    joined = torch.cat([first, second])
    for columns in (slice(ROOT_WIDTH, CONTACTS.start), slice(CONTACTS.stop, None)):
        six = joined[:, columns].unflatten(1, (-1, 6))
        joined[:, columns] = matrix_to_six(six_to_matrix(six)).flatten(1)
    return joined
