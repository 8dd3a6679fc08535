"""Sheets of stick figures: poses stand on the floor and go nowhere; a line a take."""

from __future__ import annotations

import struct

import numpy as np
from keyfill_extension.engine.evaluation.charts.poses import Row, draw_sheet, seen_from_aside
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX

from ..small_corpus import swinging_clip

CLIP = swinging_clip(40, 1.0, 0.3)


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG")
    return struct.unpack(">II", png[16:24])


def test_a_pose_stays_in_the_middle_of_its_picture_however_far_it_walks():
    seen = seen_from_aside(CLIP.joints())
    np.testing.assert_allclose(seen[:, 0], np.tile([0.0, 0.95], (40, 1)), atol=1e-6)
    assert np.linalg.norm(CLIP.root_pos[-1] - CLIP.root_pos[0]) > 1.0


def test_who_faces_the_viewer_has_the_left_hand_to_the_right():
    seen = seen_from_aside(swinging_clip(1, 0.0, 0.0).joints())[0]
    left, right = (seen[JOINT_INDEX[f"{side}_shoulder"], 0] for side in ("left", "right"))
    assert left > 0 > right


def test_a_sheet_grows_by_a_line_a_take_and_is_the_same_again():
    one, two = (draw_sheet("walks", [Row("a walk", CLIP)] * count, poses=6) for count in (1, 2))
    assert size_of(two)[0] == size_of(one)[0]
    assert size_of(two)[1] - size_of(one)[1] == 92
    assert draw_sheet("walks", [Row("a walk", CLIP)], poses=6) == one
