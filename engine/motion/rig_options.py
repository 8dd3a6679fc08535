"""What an animator wishes for one character: root motion, controls, fingers, thinning.

Plain values that presets save; it knows no rig and no Blender.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HIPS: Final = "HIPS"
ROOT_BONE: Final = "ROOT_BONE"
OBJECT: Final = "OBJECT"
ROOT_MOTIONS: Final = (HIPS, ROOT_BONE, OBJECT)
"""What carries the path: the hips, a bone above them, or the armature object."""

FK: Final = "FK"
IK: Final = "IK"
LIMB_CONTROLS: Final = (FK, IK)


@dataclass(frozen=True, slots=True)
class RigOptions:
    """How motion is put on one character."""

    root_motion: str = HIPS
    """One of ROOT_MOTIONS. The heading goes along with the path on a root bone or the object."""

    in_place: bool = False
    """The path over the ground is left out; height and heading are kept."""

    limb_controls: str = FK
    """One of LIMB_CONTROLS; matters on control rigs only."""

    relax_fingers: bool = True
    """Fingers without keys take a relaxed pose."""

    keep_hand_contacts: bool = False
    """Hands that touch each other or the body in the clip touch on wide shoulders, too."""

    thin: bool = False
    """Keys are thinned to the tolerances below."""

    thin_degrees: float = 0.5
    """Largest error of a bone's rotation after thinning."""

    thin_millimetres: float = 2.0
    """Largest error of the path after thinning, in canonical millimetres."""

    def __post_init__(self) -> None:
        if self.root_motion not in ROOT_MOTIONS:
            raise ValueError(f"root_motion must be one of {ROOT_MOTIONS}, not {self.root_motion}")
        if self.limb_controls not in LIMB_CONTROLS:
            raise ValueError(
                f"limb_controls must be one of {LIMB_CONTROLS}, not {self.limb_controls}"
            )
