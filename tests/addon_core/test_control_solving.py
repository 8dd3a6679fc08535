"""Where bones of a control rig lie before Blender is asked: along a line, and carried by a root."""

import numpy as np
import pytest
from keyfill_extension.blender_addon.core.controls.solving import (
    Targets,
    carried_along,
    end_of_line,
)
from keyfill_extension.blender_addon.core.rigs.posed import BoneKeys, Posed
from keyfill_extension.engine.motion import quaternions

Z_AXIS = np.array([0.0, 0.0, 1.0])


def quarter(count=1):
    """A quarter of a turn about Z, (count, 4)."""
    return quaternions.axis_angle_to_quaternion(Z_AXIS, np.full(count, np.pi / 2))


def at_rest(**heads):
    """One frame of bones that start at some places, without rotation."""
    matrices = np.tile(np.eye(4), (1, len(heads), 1, 1))
    matrices[0, :, :3, 3] = list(heads.values())
    bases = np.tile(np.eye(4), (1, len(heads), 1, 1))
    return Posed({name: column for column, name in enumerate(heads)}, matrices, bases)


def test_a_line_of_bones_bends_as_its_targets_say():
    base = at_rest(pelvis=(0, 0, 1), spine=(1, 0, 1), arm=(3, 0, 1))
    targets = Targets(
        {"pelvis": np.array([quaternions.IDENTITY]), "spine": quarter()},
        "pelvis",
        np.array([[5.0, 0.0, 1.0]]),
    )
    assert end_of_line(["pelvis"], targets, base) == pytest.approx(targets.heads)
    found = end_of_line(["pelvis", "spine", "arm"], targets, base)
    assert found == pytest.approx(np.array([[6.0, 2.0, 1.0]]))


def test_a_root_carries_all_bones_along():
    base = at_rest(root=(0, 0, 0), pelvis=(1, 0, 1))
    keys = BoneKeys({"root": quarter(2)}, {"root": np.array([[0.0, 0, 0], [0, 5, 0]])})
    found = carried_along(base, keys)
    assert found.heads("pelvis") == pytest.approx(np.array([[0.0, 1, 1], [0, 6, 1]]))
    assert found.rotations("pelvis") == pytest.approx(quarter(2))
    assert found.channels("root") == pytest.approx(quarter(2))
    assert found.channels("pelvis") == pytest.approx(np.tile(quaternions.IDENTITY, (2, 1)))


def test_a_root_that_is_posed_already_is_no_step_aside():
    base = at_rest(root=(0, 0, 0), pelvis=(1, 0, 1))
    keys = BoneKeys({"root": quarter()}, {"root": np.array([[2.0, 0, 0]])})
    moved = carried_along(base, keys)
    assert carried_along(moved, keys).matrices == pytest.approx(moved.matrices)


def test_without_a_root_a_pose_stays():
    base = at_rest(pelvis=(1, 0, 1))
    assert carried_along(base, BoneKeys()) is base
