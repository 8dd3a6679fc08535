"""BVH in and out."""

from pathlib import Path

import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip, ClipError
from keyfill_extension.engine.motion.files.bvh import BvhError, read_bvh, write_bvh
from keyfill_extension.engine.motion.files.bvh_writing import rotations_to_zxy
from keyfill_extension.engine.motion.skeleton import JOINTS

SMALL = """HIERARCHY
ROOT Hips
{
  OFFSET 0 10 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Bip01 L Thigh
  {
    OFFSET 1 -4 0
    CHANNELS 3 Yrotation Zrotation Xrotation
    End Site
    {
      OFFSET 0 -4 1
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.0333333
1 12 3 0 0 90 0 0 0
1 12 3 90 0 0 0 90 90
"""


def random_clip(frames, seed=0):
    random = np.random.default_rng(seed)
    steps = random.normal(size=(frames, len(JOINTS), 3)).cumsum(axis=0) * 0.2
    angle = np.linalg.norm(steps, axis=-1)
    axis = steps / np.maximum(angle[..., None], 1e-9)
    rot = quaternions.axis_angle_to_quaternion(axis, angle)
    return Clip(random.normal(size=(frames, 3)), rot)


def written(tmp_path, text):
    path = tmp_path / "motion.bvh"
    path.write_bytes(text.encode())
    return path


def euler_matrix(order, degrees):
    """The slow, obvious twin: matrices multiplied in the order in which they are listed."""
    product = np.eye(3)
    for axis, angle in zip(order, np.radians(degrees), strict=True):
        c, s = np.cos(angle), np.sin(angle)
        product = (
            product
            @ {
                "X": np.array([[1, 0, 0], [0, c, -s], [0, s, c]]),
                "Y": np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]),
                "Z": np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]),
            }[axis]
        )
    return product


@pytest.mark.parametrize("frames", [1, 2, 90])
def test_round_trip_keeps_the_joints(tmp_path, frames):
    clip = random_clip(frames)
    path = tmp_path / "clip.bvh"
    write_bvh(clip, path)
    motion = read_bvh(path)
    order = [JOINTS.index(name) for name in motion.rig.names]
    assert sorted(order) == list(range(len(JOINTS)))
    assert motion.fps == clip.fps
    assert np.abs(motion.pose.heads - clip.joints()[:, order]).max() < 1e-5


def test_clip_without_frames_is_not_written(tmp_path):
    with pytest.raises(ClipError):
        write_bvh(random_clip(0), tmp_path / "clip.bvh")
    assert not list(tmp_path.iterdir())


def test_failed_write_keeps_the_older_file(tmp_path):
    path = tmp_path / "clip.bvh"
    path.mkdir()
    with pytest.raises(OSError):
        write_bvh(random_clip(3), path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["clip.bvh"]


def test_euler_curves_are_exact_and_do_not_jump():
    angles = np.linspace(0, 4 * np.pi, 200)
    turns = quaternions.axis_angle_to_quaternion(np.array([1.0, 0.0, 0.0]), angles)
    tilt = quaternions.axis_angle_to_quaternion(np.array([0.0, 0.6, 0.8]), np.full(200, 0.3))
    rotations = quaternions.multiply(turns, tilt)
    zxy = rotations_to_zxy(rotations)
    for frame in range(0, 200, 7):
        expected = quaternions.quaternion_to_matrix(rotations[frame])
        assert np.allclose(euler_matrix("ZXY", np.degrees(zxy[frame])), expected, atol=1e-9)
    assert np.abs(np.diff(zxy, axis=0)).max() < 0.5


def test_euler_at_the_singular_angle_is_exact():
    rotation = quaternions.multiply(
        quaternions.axis_angle_to_quaternion(np.array([0.0, 0.0, 1.0]), np.array(0.7)),
        quaternions.axis_angle_to_quaternion(np.array([1.0, 0.0, 0.0]), np.array(np.pi / 2)),
    )
    zxy = rotations_to_zxy(rotation[None])[0]
    expected = quaternions.quaternion_to_matrix(rotation)
    assert np.allclose(euler_matrix("ZXY", np.degrees(zxy)), expected, atol=1e-7)


def test_positions_replace_offsets_and_orders_are_kept(tmp_path):
    motion = read_bvh(written(tmp_path, SMALL))
    assert motion.fps == 30
    assert motion.rig.names == ("Hips", "Bip01 L Thigh")
    assert np.allclose(motion.rig.heads, [[0, 10, 0], [1, 6, 0]])
    assert np.allclose(motion.rig.tails[1], [1, 2, 1])
    assert np.allclose(motion.pose.heads[:, 0], [[1, 12, 3], [1, 12, 3]])
    for frame, angles in enumerate(([0, 0, 90], [90, 0, 0])):
        hips = euler_matrix("ZXY", angles)
        assert np.allclose(motion.pose.heads[frame, 1], [1, 12, 3] + hips @ [1, -4, 0])
    thigh = euler_matrix("ZXY", [90, 0, 0]) @ euler_matrix("YZX", [0, 90, 90])
    read = quaternions.quaternion_to_matrix(motion.pose.rotations[1, 1])
    assert np.allclose(read, thigh)


def test_white_space_case_and_byte_order_mark_do_not_matter(tmp_path):
    odd = "\ufeff" + SMALL.replace("  ", "\t").replace("\n", " \r\n")
    odd = odd.replace("OFFSET ", "offset\t ").replace("Frames: 2", "Frames:\t2")
    odd = odd.replace("{ \r\n", "{").replace("End Site", "END  Site")
    plain, strange = read_bvh(written(tmp_path, SMALL)), read_bvh(written(tmp_path, odd))
    assert np.array_equal(plain.pose.heads, strange.pose.heads)
    assert plain.rig.names == strange.rig.names


def test_six_channel_joints_with_empty_positions_keep_their_offsets(tmp_path):
    text = SMALL.replace("3 Yrotation", "6 Xposition Yposition Zposition Yrotation")
    text = text.replace("90 0 0 0\n", "90 0 0 0 0 0 0\n")
    text = text.replace("90 0 0 0 90 90", "90 0 0 0 0 0 0 90 90")
    empty = read_bvh(written(tmp_path, text))
    assert np.allclose(empty.pose.heads, read_bvh(written(tmp_path, SMALL)).pose.heads)
    text = text.replace("90 0 0 0 0 0 0 90 90", "90 0 0 2 0 0 0 90 90")
    filled = read_bvh(written(tmp_path, text))
    assert np.allclose(filled.pose.heads[1, 1], [1, 14, 3])


def test_two_joints_of_one_name_get_different_names(tmp_path):
    motion = read_bvh(written(tmp_path, SMALL.replace("Bip01 L Thigh", "Hips")))
    assert motion.rig.names == ("Hips", "Hips.001")


@pytest.mark.parametrize(
    ("seconds", "fps"),
    [
        ("0.0333333", 30.0), ("0.033333", 30.0), ("0.0333", 30.0), ("0.033", 30.0),
        ("0.041708", 24000 / 1001), ("0.041667", 24.0), ("0.0417", 24.0), ("0.04", 25.0),
        ("0.00833333", 120.0), ("0.016667", 60.0), ("1.0", 1.0), ("0.0571428", 1 / 0.0571428),
        ("3.333333e-02", 30.0), ("3.33333E-2", 30.0), ("8.333333e-03", 120.0), ("4e-2", 25.0),
        ("0.017", 60.0), (".0333333", 30.0), ("41.7083e-3", 24000 / 1001),
    ],
)  # fmt: skip
def test_frame_times_become_the_rate_they_stand_for(tmp_path, seconds, fps):
    motion = read_bvh(written(tmp_path, SMALL.replace("0.0333333", seconds)))
    assert motion.fps == pytest.approx(fps, rel=1e-9)
    assert motion.notes == ()


@pytest.mark.parametrize(
    ("seconds", "fps", "unit"),
    [
        ("33.3333", 30.0, "milliseconds"), ("33.333333", 30.0, "milliseconds"),
        ("33", 30.0, "milliseconds"), ("16.6667", 60.0, "milliseconds"),
        ("17", 60.0, "milliseconds"), ("8.33333", 120.0, "milliseconds"),
        ("41.7083", 24000 / 1001, "milliseconds"), ("10", 100.0, "milliseconds"),
        ("40", 25.0, "milliseconds"), ("3.333333e+01", 30.0, "milliseconds"),
        ("30", 30.0, "frames a second"), ("30.0", 30.0, "frames a second"),
        ("30.000000", 30.0, "frames a second"), ("24", 24.0, "frames a second"),
        ("25", 25.0, "frames a second"), ("60", 60.0, "frames a second"),
        ("120", 120.0, "frames a second"), ("29.97", 30000 / 1001, "frames a second"),
        ("23.976", 24000 / 1001, "frames a second"),
    ],
)  # fmt: skip
def test_milliseconds_and_rates_are_read_as_meant_and_told(tmp_path, seconds, fps, unit):
    motion = read_bvh(written(tmp_path, SMALL.replace("0.0333333", seconds)))
    assert motion.fps == pytest.approx(fps, rel=1e-9)
    assert len(motion.notes) == 1
    assert f'"{seconds}" was read as {unit}' in motion.notes[0]
    assert float(motion.text.seconds) == pytest.approx(1.0 / fps, abs=1e-8)


@pytest.mark.parametrize("end", ["\x1a", "\n\x1a", "\x1a\r\n", "\x1a\x1a", "\0\0"])
def test_an_end_of_file_mark_is_left_out_and_told(tmp_path, end):
    plain = read_bvh(written(tmp_path, SMALL))
    motion = read_bvh(written(tmp_path, SMALL + end))
    assert np.array_equal(motion.pose.heads, plain.pose.heads)
    assert len(motion.notes) == 1 and "end-of-file mark" in motion.notes[0]


def test_carriage_returns_alone_are_line_ends(tmp_path):
    plain = read_bvh(written(tmp_path, SMALL))
    motion = read_bvh(written(tmp_path, SMALL.replace("\n", "\r")))
    assert motion.rig.names == plain.rig.names
    assert np.array_equal(motion.pose.heads, plain.pose.heads)
    assert len(motion.notes) == 1 and "carriage returns" in motion.notes[0]
    assert read_bvh(written(tmp_path, SMALL.replace("\n", "\r\n"))).notes == ()


def test_names_of_an_older_western_encoding_keep_their_letters(tmp_path):
    path = tmp_path / "motion.bvh"
    path.write_bytes(SMALL.replace("Hips", "H\u00fcfte").encode("latin-1"))
    motion = read_bvh(path)
    assert motion.rig.names[0] == "H\u00fcfte"
    assert motion.text.encoding == "latin-1"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("90 90\n", "90\n", "cut off after frame 1 of 2"),
        ("1 12 3 90 0 0 0 90 90\n", "", "cut off after frame 1 of 2"),
        ("MOTION\nFrames: 2", "", "MOTION"),
        ("Frames: 2", "Frames: 0", "no frames"),
        ("Frames: 2", "Frames: 1", "more numbers"),
        ("Frames: 2", "Frames: many", "frame count"),
        ("CHANNELS 3 Yrotation Zrotation", "CHANNELS 3 Zrotation", "declares 3 channels"),
        ("CHANNELS 3 Yrotation Zrotation", "CHANNELS 2 Zrotation", "9 numbers a frame"),
        ("Xrotation\n    End", "Xscale\n    End", "channel Xscale"),
        ("90 90\n", "90 nan\n", "not finite in frame 1, at Bip01 L Thigh"),
        ("90 90\n", "90 0,5\n", '"0,5" where a number'),
        ("OFFSET 1 -4 0", "OFFSET 1 -4 inf", "offset"),
        ("Frame Time: 0.0333333", "Frame Time: 0", "frame time"),
        ("HIERARCHY", "HELLO", "does not start with HIERARCHY"),
        ("    }\n  }\n}", "    }\n  }\n", "braces"),
        ("JOINT Bip01", "JOIN Bip01", "near line 6"),
    ],
)
def test_bad_files_are_named_with_a_cure(tmp_path, old, new, message):
    assert old in SMALL
    with pytest.raises(BvhError, match=message) as error:
        read_bvh(written(tmp_path, SMALL.replace(old, new)))
    assert error.value.message.startswith("motion.bvh ")
    assert error.value.remedy


def test_missing_file_is_named():
    with pytest.raises(BvhError, match="cannot be read"):
        read_bvh(Path("no-such-file.bvh"))


def test_real_files_are_read(shared):
    files = sorted((shared / "rigs").glob("*.bvh"))
    assert files
    for path in files:
        motion = read_bvh(path)
        assert motion.fps in (60.0, 120.0)
        lengths = np.linalg.norm(motion.pose.heads[:, 1:] - motion.pose.heads[:, :1], axis=-1)
        assert np.isfinite(lengths).all()
        for bone, parent in enumerate(motion.rig.parents):
            if parent >= 0:  # no bone of these files is moved: lengths stay as at rest
                rest = np.linalg.norm(motion.rig.heads[bone] - motion.rig.heads[parent])
                posed = motion.pose.heads[:, bone] - motion.pose.heads[:, parent]
                assert np.allclose(np.linalg.norm(posed, axis=-1), rest, atol=1e-4)


def long_file(frames, joints):
    """Return the text of a BVH file: a chain of joints whose angles repeat from row to row."""
    lines = ["HIERARCHY"]
    for joint in range(joints):
        channels = "6 Xposition Yposition Zposition" if joint == 0 else "3"
        lines += [
            f"{'JOINT' if joint else 'ROOT'} bone{joint}", "{", "OFFSET 0 1 0",
            f"CHANNELS {channels} Zrotation Xrotation Yrotation",
        ]  # fmt: skip
    lines += ["End Site", "{", "OFFSET 0 1 0", "}", *["}"] * joints]
    lines += ["MOTION", f"Frames: {frames}", "Frame Time: 0.0083333"]
    row = " ".join(f"{number % 90:.6f}" for number in range(3 * joints + 3))
    return "\n".join([*lines, *[row] * frames])


@pytest.mark.slow
def test_ten_thousand_frames_are_read(tmp_path):
    motion = read_bvh(written(tmp_path, long_file(10000, 60)))
    assert motion.pose.heads.shape == (10000, 60, 3)
