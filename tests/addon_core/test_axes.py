"""The engine's axes and Blender's, against each other."""

import numpy as np
from keyfill_extension.blender_addon.core import axes
from keyfill_extension.engine.motion import quaternions

RANDOM = np.random.default_rng(0)


def test_axes_mean_the_same_directions():
    up, forward, left = np.eye(3)[1], np.eye(3)[2], np.eye(3)[0]
    assert axes.vectors_to_blender(up).tolist() == [0, 0, 1]
    assert axes.vectors_to_blender(forward).tolist() == [0, -1, 0]
    assert axes.vectors_to_blender(left).tolist() == [1, 0, 0]


def test_there_and_back():
    vectors, rotations = RANDOM.normal(size=(5, 7, 3)), RANDOM.normal(size=(5, 7, 4))
    rotations = quaternions.normalize(rotations)
    assert np.allclose(axes.vectors_to_engine(axes.vectors_to_blender(vectors)), vectors)
    assert np.allclose(
        axes.orientations_to_blender(axes.orientations_to_engine(rotations)), rotations
    )


def test_orientations_and_turns_agree_with_vectors():
    vectors = RANDOM.normal(size=(9, 3))
    rotations = quaternions.normalize(RANDOM.normal(size=(9, 4)))
    in_blender = quaternions.rotate(rotations, vectors)
    oriented = quaternions.rotate(axes.orientations_to_engine(rotations), vectors)
    assert np.allclose(oriented, axes.vectors_to_engine(in_blender))
    turned = quaternions.rotate(axes.turns_to_engine(rotations), axes.vectors_to_engine(vectors))
    assert np.allclose(turned, axes.vectors_to_engine(in_blender))
