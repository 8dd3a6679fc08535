"""Whoever plays keys on the double of a rig: this Blender, or a second one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from ..link.jobs import Task
from ..rigs.double_bones import DoubleBones, Property
from ..rigs.posed import BoneKeys, Posed


class Player(Protocol):
    """Whoever plays keys on a double, here or in a process of its own."""

    @property
    def bones(self) -> DoubleBones:
        """The double's bones."""

    def replay(
        self, frames: Sequence[int], keys: BoneKeys | None = None, watched: Iterable[Property] = ()
    ) -> Task[Posed]:
        """Evaluate whole scene frames.

        Args:
            frames: F scene frames.
            keys: channels, a row for each frame, in place of those of the action.
            watched: custom properties to read.
        """
