"""What bone mapping hands on: guesses for joints, twist bones, fingers, and the root.

It knows neither how guesses are made nor any rig.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from ..skeleton import JOINTS

SPINE_JOINTS: Final = ("spine1", "spine2", "spine3")

SIDES: Final = ("left", "right")

REQUIRED_JOINTS: Final = (
    "pelvis", "left_hip", "right_hip", "left_knee", "right_knee",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
)  # fmt: skip
"""Without these an armature is no humanoid that a motion can be put on."""

HIGH_CONFIDENCE: Final = 0.8
"""From this confidence on a guess needs no second look; below it the animator should check."""

LEAST_CONFIDENCE: Final = 0.6
"""A map with a required joint below this is not used before an animator has looked at it."""


@dataclass(frozen=True, slots=True)
class Guess:
    """One joint and the bone that plays it."""

    joint: str
    """Canonical name, one of JOINTS."""

    bone: str
    """The rig's name for it."""

    confidence: float
    """0 to 1."""

    reason: str
    """Why, in words for the animator."""


@dataclass(frozen=True, slots=True)
class Twist:
    """A bone that rolls about a limb's length with a share of the limb's twist."""

    bone: str
    """The rig's name for it."""

    joint: str
    """The limb bone's joint that it lies along, such as `left_elbow` for the forearm."""

    share: float
    """0 to 1: where it lies along the limb bone, from its head to its end."""


@dataclass(frozen=True, slots=True)
class Finger:
    """A finger's bone."""

    bone: str
    """The rig's name for it."""

    side: str
    """`left` or `right`."""

    digit: int
    """0 the thumb to 4 the little finger."""

    segment: int
    """0 nearest the palm (metacarpals are left out), 1, 2."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A bone that lies at a limb and hangs elsewhere: it is moved as if the limb carried it."""

    bone: str
    """The rig's name for it: a foot, a hand, a pole, or what a constraint follows."""

    carrier: str
    """The bone that it keeps its place to; empty where its place does not matter."""

    way: tuple[float, ...] | None = None
    """From the carrier's head to its own, in the carrier's axes; None is as at rest."""

    turner: str = ""
    """The bone that it turns with; empty where its turn does not matter or it plays a joint."""

    turn: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0)
    """Its orientation in the turner's axes, a quaternion."""

    is_parent: bool = False
    """What it turns with counts its channels from it: those stay at rest."""


@dataclass(frozen=True)
class BoneMap:
    """The bones that play canonical joints; every joint and every bone at most once."""

    guesses: tuple[Guess, ...]
    """In the order of JOINTS."""

    twists: tuple[Twist, ...] = ()
    """Twist bones of arms and legs."""

    fingers: tuple[Finger, ...] = ()
    """Bones of fingers."""

    root: str = ""
    """The bone above the pelvis that is meant to carry a character about; empty without one."""

    carried: tuple[Carried, ...] = ()
    """Bones that hang on the root and belong to a limb, a carrier before what it carries."""

    @cached_property
    def bones(self) -> Mapping[str, str]:
        """Bone name by joint name, in the order of JOINTS."""
        return {guess.joint: guess.bone for guess in self.guesses}

    @property
    def missing(self) -> tuple[str, ...]:
        """The joints that no bone plays."""
        return tuple(joint for joint in JOINTS if joint not in self.bones)
