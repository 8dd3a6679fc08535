"""One reader of BVH: whatever a program writes, the clip stands upright on the floor."""

import numpy as np
import pytest
from keyfill_extension.engine.data.bvh_clips import bvh_to_clip
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.files.bvh import write_bvh
from keyfill_extension.engine.motion.files.bvh_clips import read_bvh_clip
from keyfill_extension.engine.motion.files.clip_files import read_motion
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX
from keyfill_extension.tests.motion.toy_bvh import (
    BvhStyle,
    bvh_text,
    limb_degrees,
    with_standing_start,
)

STYLES = {
    "centimetres": BvhStyle(),
    "inches, other orders": BvhStyle(units=39.37, order="yxz"),
    "X first": BvhStyle(order="xyz"),
    "six channels": BvhStyle(has_six_channels=True),
    "rest along X": BvhStyle(is_lying=True),
    "Z up": BvhStyle(is_z_up=True),
    "rest along X, Z up": BvhStyle(is_lying=True, is_z_up=True),
    "hips at the origin": BvhStyle(above_floor=-0.95),
    "hips at the origin, Z up": BvhStyle(above_floor=-0.95, is_z_up=True),
    "on a stage, rest along X": BvhStyle(above_floor=2.5, is_lying=True),
}


def walking(frames=40, fps=30.0):
    """A clip whose limbs swing while it walks along Z and turns; it begins in a T-pose."""
    time = np.arange(frames) / fps
    rot = np.tile(quaternions.IDENTITY, (frames, 22, 1))
    swing = np.sin(4.0 * time)
    across, ahead = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])
    for hip, knee, side in ((1, 4, 1.0), (2, 5, -1.0)):
        rot[:, hip] = quaternions.axis_angle_to_quaternion(across, 0.4 * side * swing)
        rot[:, knee] = quaternions.axis_angle_to_quaternion(across, 0.2 * np.abs(swing))
    for shoulder, side in ((16, -1.0), (17, 1.0)):
        rot[:, shoulder] = quaternions.axis_angle_to_quaternion(ahead, side * (0.8 + 0.3 * swing))
    rot[:, 3] = quaternions.axis_angle_to_quaternion(across, 0.1 * swing)
    rot[:, 0] = quaternions.yaw_to_quaternion(0.3 * time)
    root_pos = np.stack([0.2 * time, 0.93 + 0.01 * swing, 0.8 * time], axis=-1)
    return with_standing_start(Clip(root_pos, rot, fps))


def written(tmp_path, text, name="motion.bvh"):
    path = tmp_path / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
def test_every_style_is_read_as_the_same_motion(tmp_path, style):
    clip = walking()
    path = written(tmp_path, bvh_text(clip, style))
    read = read_motion(path)
    assert read.frames == 40 and read.fps == 30
    # The floor is found to a centimetre or two where the file says nothing of it.
    assert np.abs(read.joints() - clip.joints()).max() < 0.04
    assert np.abs((read.joints() - clip.joints())[..., [0, 2]]).max() < 0.01
    assert limb_degrees(read, clip).max() < 0.5
    corpus = bvh_to_clip(path)
    assert limb_degrees(corpus, read).max() < 1e-4
    assert np.abs(corpus.root_pos - read.root_pos).max() < 0.05


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
def test_what_was_taken_as_the_rest_pose_is_told(tmp_path, style):
    notes = read_bvh_clip(written(tmp_path, bvh_text(walking(), style))).notes
    if style.is_lying:
        assert len(notes) == 1
        assert "no standing body; frame 0 was taken" in notes[0]
    else:
        assert notes == ()


def test_without_a_t_pose_the_best_standing_frame_is_taken(tmp_path):
    clip = walking().cut(10, 40)
    bent = np.array(clip.rot)
    across = np.array([1.0, 0.0, 0.0])
    for joint, angle in ((1, -1.6), (2, -1.6), (4, 1.6), (5, 1.6)):
        bent[:12, joint] = quaternions.axis_angle_to_quaternion(across, np.array(angle))
    clip = Clip(clip.root_pos, bent)
    read = read_bvh_clip(written(tmp_path, bvh_text(clip, BvhStyle(is_lying=True))))
    assert "No frame stands upright" not in read.notes[0]
    taken = int(read.notes[0].split("frame ")[1].split()[0])
    assert taken >= 12
    assert limb_degrees(read.clip, clip).max() < 12  # that frame's own lean of torso and hips
    head = read.clip.joints()[:, 15] - read.clip.joints()[:, 0]
    head = head / np.linalg.norm(head, axis=-1, keepdims=True)
    assert head[:, 1].min() > np.cos(np.radians(15))


def test_where_no_frame_stands_the_cure_is_named(tmp_path):
    clip = walking().cut(10, 20)
    bent = np.array(clip.rot)
    for joint, angle in ((1, -1.6), (2, -1.6), (4, 1.6), (5, 1.6)):
        turn = quaternions.axis_angle_to_quaternion(np.array([1.0, 0.0, 0.0]), np.array(angle))
        bent[:, joint] = turn
    text = bvh_text(Clip(clip.root_pos, bent), BvhStyle(is_lying=True))
    notes = read_bvh_clip(written(tmp_path, text)).notes
    assert "No frame stands upright" in notes[0]
    assert "begin the file with a standing T-pose" in notes[0]


def test_a_body_on_its_hands_keeps_the_floor_of_its_file(tmp_path):
    clip = walking(20)
    turn = quaternions.axis_angle_to_quaternion(np.array([1.0, 0.0, 0.0]), np.array(np.pi))
    rot = np.array(clip.rot)
    rot[:, 0] = turn
    up = quaternions.axis_angle_to_quaternion(np.array([0.0, 0.0, 1.0]), np.array(np.pi / 2))
    rot[:, 16], rot[:, 17] = up, quaternions.conjugate(up)
    still = Clip(np.zeros((20, 3)), rot)
    lift = 0.05 - still.joints()[..., 1].min()
    upside_down = still.moved(0.0, np.array([0.0, lift, 0.0]))
    write_bvh(upside_down, tmp_path / "hands.bvh")
    read = read_motion(tmp_path / "hands.bvh")
    assert np.abs(read.joints() - upside_down.joints()).max() < 0.01


def test_the_last_frame_of_a_rate_in_powers_of_ten_is_read(tmp_path):
    style = BvhStyle(seconds="3.333333e-02")
    assert read_motion(written(tmp_path, bvh_text(walking(), style))).frames == 40


@pytest.mark.parametrize("seconds", ["33.3333", "30"])
def test_milliseconds_and_rates_keep_the_length(tmp_path, seconds):
    read = read_bvh_clip(written(tmp_path, bvh_text(walking(), BvhStyle(seconds=seconds))))
    assert read.clip.frames == 40
    assert f'"{seconds}"' in read.notes[0]


@pytest.mark.parametrize("name", ["rokoko_40.bvh", "mocapnet_wave.bvh"])
def test_files_that_went_wrong_stand_on_the_floor(shared, name):
    path = shared / "cases" / name
    if not path.is_file():
        pytest.skip(f"needs {path}, which is not there")
    read = read_bvh_clip(path)
    joints = read.clip.joints()
    feet = joints[:, [7, 8, 10, 11], 1].min(axis=1)
    assert -0.02 < feet.min() < 0.06 and feet.max() < 0.2
    assert np.median(joints[:, 15, 1]) > 1.3
    # The torso stands: the file's own line from the hips to the neck is nearly upright, too.
    spine = joints[:, 12] - joints[:, 0]
    spine = spine / np.linalg.norm(spine, axis=-1, keepdims=True)
    assert spine[:, 1].min() > np.cos(np.radians(20))
    # Limbs point where the file's own do.
    bones, bone_map = read.track.rig.index, read.track.bone_map.bones
    for side in ("left", "right"):
        for start, end in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"),
                           ("elbow", "wrist")):  # fmt: skip
            ends = [bones[bone_map[f"{side}_{joint}"]] for joint in (start, end)]
            times = np.round(np.arange(read.clip.frames) * read.track.fps / 30.0).astype(int)
            own = np.diff(read.motion.pose.heads[times][:, ends], axis=1)[:, 0]
            rows = [JOINT_INDEX[f"{side}_{joint}"] for joint in (start, end)]
            shown = np.diff(joints[:, rows], axis=1)[:, 0]
            cosine = np.sum(own * shown, -1) / np.linalg.norm(own, axis=-1)
            cosine = cosine / np.linalg.norm(shown, axis=-1)
            assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).max() < 6.0, (side, start)
