"""Facts of a motion, measured: channels a token step and events, small enough to store.

A window's facts are cut from a clip's; conditions and natural windows read them.
NumPy only. It knows no caption and no code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...motion.clip import Array, Clip
from ...motion.skeleton import FPS, FRAMES_PER_STEP, JOINT_INDEX, PARTS
from ...motion.tracks import STATES
from .kinematics.arm_events import arm_events, extensions
from .kinematics.body_events import body_events
from .kinematics.cycles import cycle_events
from .kinematics.event_rows import KIND_INDEX, KINDS, SIDE_NAMES, Rows, to_rows
from .kinematics.leg_events import leg_events
from .kinematics.signals import SIDES, Signals, joint_pair, measure_signals
from .kinematics.states import STATE_INDEX, States, frame_states

STEP_SECONDS = FRAMES_PER_STEP / FPS
"""Seconds that a token step lasts."""

CHANNEL_SCALES: dict[str, float] = {
    "state": 1.0,
    "speed_ahead": 0.06,
    "speed_left": 0.06,
    "yaw_rate": 0.1,
    "pelvis_height": 0.02,
    "vertical_speed": 0.05,
    "support_height": 0.03,
    **{f"{side}_hand_above_shoulder": 0.01 for side in SIDES},
    **{f"{side}_hand_above_pelvis": 0.01 for side in SIDES},
    **{f"{side}_hand_to_face": 0.01 for side in SIDES},
    **{f"{side}_hand_to_hip": 0.01 for side in SIDES},
    **{f"{side}_hand_to_chest": 0.01 for side in SIDES},
    **{f"{side}_hand_to_other_elbow": 0.01 for side in SIDES},
    **{f"{side}_hand_ahead": 0.01 for side in SIDES},
    **{f"{side}_hand_out": 0.01 for side in SIDES},
    **{f"{side}_arm_extension": 0.01 for side in SIDES},
    "hand_to_hand": 0.01,
    **{f"{side}_foot_height": 0.02 for side in SIDES},
    **{f"{side}_heel_raise": 0.01 for side in SIDES},
    **{f"{side}_foot_carries": 0.01 for side in SIDES},
    **{f"{side}_knee_bend": 1.5 for side in SIDES},
    "lean": 1.5,
    "lean_ahead": 1.5,
    "lean_left": 1.5,
    "faces_up": 0.01,
    **{f"{part.lower()}_liveliness": 0.03 for part in PARTS},
}
"""Channel -> what one step of its int8 is worth; the names' units are below.

Metres, metres a second, radians a second (`yaw_rate`, left is positive), degrees
(`*_knee_bend`, `lean*`). `pelvis_height`, `*_foot_height` are above the support,
`support_height` above y = 0. `*_hand_ahead` is in front of the chest's middle,
`*_hand_out` from its own shoulder to its own side. `*_hand_to_hip` reaches to the
waist above the hip. `*_arm_extension` is 1 for a straight arm. `*_heel_raise` is
the ankle's height above the toe's, 0 on a flat foot. `*_foot_carries` is the
share of the step. `faces_up` is 1 on the back and -1 on the belly.
`*_liveliness` is the mean speed of the part's joints relative to the pelvis.
"""

CHANNELS = tuple(CHANNEL_SCALES)
"""Names of the C channels, in their order."""

_INDEX = {name: index for index, name in enumerate(CHANNELS)}
_SCALES = np.array(list(CHANNEL_SCALES.values()))

Packed = dict[str, NDArray[Any]]
"""Facts of many clips: `facts` (all steps, C) int8, `events` (all events, 6) int16,
`event_counts` (clips,) int16."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens once."""

    kind: str
    """One of KINDS."""

    side: str
    """`left`, `right` or `both`."""

    start: int
    """First frame (30 fps, from the facts' first step)."""

    peak: int
    """Frame at which it happens most: the top of a jump, the hit of a clap."""

    end: int
    """Frame behind its last."""

    amount: int
    """Degrees of a turn (left is positive) or bow; cm of a jump's rise, of a kick's or low hand's
    height, of a step, a hand swing, a clap's gap, a squat; cm/s of a strike or throw; frames of a
    cycle's period; 0 of the others."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was measured on a clip or on a window of it."""

    values: NDArray[np.int8]
    """(S, C) channels in steps of their scales."""

    rows: Rows
    """(E, 6) events: COLUMNS."""

    @property
    def steps(self) -> int:
        """S."""
        return len(self.values)

    @property
    def seconds(self) -> float:
        """Length."""
        return self.steps * STEP_SECONDS

    def channel(self, name: str) -> Array:
        """Return one of CHANNELS, (S,) in its unit."""
        index = _INDEX[name]
        return np.asarray(self.values[:, index] * _SCALES[index])

    def hands(self, name: str) -> Array:
        """Return a channel of both sides (S, 2), left first, such as `hand_to_face`."""
        return np.stack([self.channel(f"{side}_{name}") for side in SIDES], 1)

    @property
    def states(self) -> States:
        """(S,) numbers of STATES."""
        return self.values[:, 0]

    @property
    def start_state(self) -> str:
        """State of the first step; `standing` of no steps."""
        return STATES[int(self.states[0])] if self.steps else STATES[0]

    @property
    def end_state(self) -> str:
        """State of the last step."""
        return STATES[int(self.states[-1])] if self.steps else STATES[0]

    def share(self, *states: str) -> float:
        """Return the share of the steps that are in one of some states."""
        numbers = [STATE_INDEX[name] for name in states]
        return float(np.isin(self.states, numbers).mean()) if self.steps else 0.0

    @property
    def travel(self) -> tuple[float, float, float]:
        """Metres ahead, to the left and up from the first step's heading and place."""
        yaw = self.turned
        ahead, left = self.channel("speed_ahead"), self.channel("speed_left")
        cosine, sine = np.cos(yaw), np.sin(yaw)
        forward = float((cosine * ahead - sine * left).sum()) * STEP_SECONDS
        sideways = float((sine * ahead + cosine * left).sum()) * STEP_SECONDS
        height = self.channel("support_height")
        return forward, sideways, float(height[-1] - height[0]) if self.steps else 0.0

    @property
    def turned(self) -> Array:
        """(S,) radians that the middle of each step is turned from the first frame; left is +."""
        rate = self.channel("yaw_rate") * STEP_SECONDS
        return np.asarray(np.cumsum(rate) - rate / 2.0)

    @property
    def turn_degrees(self) -> float:
        """Total turn; left is positive."""
        return float(np.degrees(self.channel("yaw_rate").sum() * STEP_SECONDS))

    @property
    def period(self) -> int:
        """Frames of a cycle; 0 if the motion does not repeat itself."""
        return max((event.amount for event in self.events("cycle")), default=0)

    def events(self, kind: str, side: str = "") -> list[Event]:
        """Return the events of a kind, in order; of one side only if it is named."""
        rows = self.rows[self.rows[:, 0] == KIND_INDEX[kind]].tolist()
        found = [Event(KINDS[r[0]], SIDE_NAMES[r[1]], r[2], r[3], r[4], r[5]) for r in rows]
        return [event for event in found if side in ("", event.side)]

    def cut(self, start: int, end: int) -> Facts:
        """Return the facts of the steps [start, end): events are those with their peaks inside.

        Their frames count from the window's start and end with it; the degrees of a turn
        are those that are left of it.
        """
        start, end = max(0, start), min(end, self.steps)
        first, last = start * FRAMES_PER_STEP, max(start, end) * FRAMES_PER_STEP
        rows = self.rows[(self.rows[:, 3] >= first) & (self.rows[:, 3] < last)].copy()
        whole = np.maximum(rows[:, 4] - rows[:, 2], 1)
        rows[:, 2:5] = np.clip(rows[:, 2:5], first, last) - first
        is_turn = rows[:, 0] == KIND_INDEX["turn"]
        left = rows[:, 5] * ((rows[:, 4] - rows[:, 2]) / whole)
        rows[is_turn, 5] = np.round(left[is_turn])
        return Facts(self.values[start:end], rows)


def measure_facts(clip: Clip) -> Facts:
    """Measure a clip of at least one frame; S is its frames at 30 fps // 4, at least 1."""
    signals = measure_signals(clip)
    states = frame_states(signals)
    events = [
        *leg_events(signals),
        *arm_events(signals),
        *body_events(signals, states),
        *cycle_events(signals),
    ]
    rows = to_rows(events)
    values = _channels(signals, states)
    return Facts(values, rows[rows[:, 3] < FRAMES_PER_STEP * len(values)])


def _channels(signals: Signals, states: States) -> NDArray[np.int8]:
    """Return the channels (S, C): means of the steps' frames, of the states the most frequent."""
    columns = [states.astype(float), *_body_columns(signals), *_hand_columns(signals)]
    columns += _leg_columns(signals)
    columns += [*signals.lean.T, signals.faces_up, *signals.liveliness.T]
    frames = np.stack(columns, 1)
    steps = max(1, len(frames) // FRAMES_PER_STEP)
    rows = np.minimum(np.arange(steps * FRAMES_PER_STEP), len(frames) - 1)
    grouped = frames[rows].reshape(steps, FRAMES_PER_STEP, -1)
    values = grouped.mean(1) / _SCALES
    counts = (grouped[:, :, :1] == np.arange(len(STATES))).sum(1)
    values[:, 0] = counts.argmax(1)
    return np.asarray(np.clip(np.round(values), -127, 127), dtype=np.int8)


def _body_columns(signals: Signals) -> list[Array]:
    rate = np.gradient(signals.yaw) * FPS if signals.frames > 1 else np.zeros(1)
    return [
        signals.speed[:, 2],
        signals.speed[:, 0],
        rate,
        signals.pelvis_height,
        signals.speed[:, 1],
        signals.support,
    ]


def _hand_columns(signals: Signals) -> list[Array]:
    """Return the columns from `*_hand_above_shoulder` to `hand_to_hand`."""
    local, hands = signals.local, signals.hands
    shoulders, elbows = local[:, joint_pair("shoulder")], local[:, joint_pair("elbow")]
    chest = (local[:, JOINT_INDEX["spine3"]] + local[:, JOINT_INDEX["neck"]])[:, None] / 2.0
    outward = np.array([1.0, -1.0])
    face = local[:, JOINT_INDEX["head"]][:, None] + np.array([0.0, 0.04, 0.05])
    waist = np.array([[0.15, 0.04, 0.0], [-0.15, 0.04, 0.0]])
    pairs = [
        hands[..., 1] - shoulders[..., 1],
        hands[..., 1],
        np.linalg.norm(hands - face, axis=-1),
        np.linalg.norm(local[:, joint_pair("wrist")] - waist, axis=-1),
        np.linalg.norm(hands - chest, axis=-1),
        np.linalg.norm(hands - elbows[:, ::-1], axis=-1),
        hands[..., 2] - chest[..., 2],
        (hands[..., 0] - shoulders[..., 0]) * outward,
        extensions(signals),
    ]
    columns = [pair[:, side] for pair in pairs for side in (0, 1)]
    return [*columns, np.linalg.norm(hands[:, 0] - hands[:, 1], axis=-1)]


def _leg_columns(signals: Signals) -> list[Array]:
    ankles, toes = (signals.joints[:, joint_pair(name), 1] for name in ("ankle", "foot"))
    pairs = [
        signals.soles - signals.support[:, None],
        ankles - toes - 0.055,
        signals.carries.astype(float),
        signals.knees,
    ]
    return [pair[:, side] for pair in pairs for side in (0, 1)]


def pack_facts(clips: Sequence[Facts]) -> Packed:
    """Return the facts of many clips as three arrays; nothing is lost."""
    no_values, no_rows = np.zeros((0, len(CHANNELS)), np.int8), to_rows([])
    return {
        "facts": np.concatenate([no_values, *(facts.values for facts in clips)]),
        "events": np.concatenate([no_rows, *(facts.rows for facts in clips)]),
        "event_counts": np.array([len(facts.rows) for facts in clips], dtype=np.int16),
    }


def unpack_facts(packed: Packed, lengths: Sequence[int] | NDArray[Any]) -> list[Facts]:
    """Return the facts of each clip from what `pack_facts` made.

    Args:
        packed: its arrays.
        lengths: steps of each clip.

    Raises:
        ValueError: if the arrays do not fit the lengths or these channels.
    """
    values, rows, counts = packed["facts"], packed["events"], packed["event_counts"]
    if values.ndim != 2 or values.shape[1] != len(CHANNELS):
        raise ValueError(f"facts need {len(CHANNELS)} channels, not the shape {values.shape}")
    if len(values) != int(np.sum(lengths)) or len(counts) != len(lengths):
        raise ValueError(
            f"facts of {len(counts)} clips and {len(values)} steps do not fit "
            f"{len(lengths)} clips of {int(np.sum(lengths))} steps"
        )
    steps = np.cumsum([0, *np.asarray(lengths, dtype=np.int64).tolist()])
    ends = np.cumsum([0, *counts.astype(np.int64).tolist()])
    return [
        Facts(values[steps[i] : steps[i + 1]], rows[ends[i] : ends[i + 1]])
        for i in range(len(counts))
    ]
