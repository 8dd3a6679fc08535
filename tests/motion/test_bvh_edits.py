"""Edits of a BVH go back into it: same skeleton, units, place and rate, kept numbers as printed."""

import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.edits import close_loop, extend, in_between, open_loop
from keyfill_extension.engine.motion.files.bvh import read_bvh
from keyfill_extension.engine.motion.files.bvh_clips import read_bvh_clip
from keyfill_extension.engine.motion.files.bvh_edits import (
    BvhEdit,
    changed_cells,
    closing_rate,
    write_edit,
)
from keyfill_extension.engine.motion.files.bvh_writing import rotations_to_angles
from keyfill_extension.engine.motion.skeleton import PART_JOINTS, PARTS
from keyfill_extension.engine.motion.smooth_sampling import sample_smoothly
from keyfill_extension.tests.motion.test_bvh import euler_matrix
from keyfill_extension.tests.motion.test_bvh_clips import STYLES, walking, written
from keyfill_extension.tests.motion.toy_bvh import BvhStyle, bvh_text, limb_degrees
from keyfill_extension.tests.motion.toy_rigs import wild_clip
from keyfill_extension.tests.motion.toy_tracks import span

LEFT_ARM = ("LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand")
CASES = ("rokoko_40.bvh", "mocapnet_wave.bvh")


def rows_of(path):
    """The printed numbers (F, C), and the columns of each joint."""
    text = read_bvh(path).text
    words = text.numbers.split()
    owners = [joint.name for joint in text.joints for _ in joint.channels]
    width = len(owners)
    return np.array(words).reshape(-1, width), np.array(owners)


def flying(clip: Clip, mask, amount=0.5) -> Clip:
    """The clip with other motion on the masked cells that begins and ends at rest."""
    other = wild_clip(clip.frames, 9, amount)
    rot, root_pos = np.array(clip.rot), np.array(clip.root_pos)
    for column, part in enumerate(PARTS):
        rows = np.flatnonzero(mask[:, column])
        weight = np.sin(np.linspace(0, np.pi, len(rows) + 2))[1:-1] ** 2
        for joint in PART_JOINTS[part]:
            turned = quaternions.multiply(rot[rows, joint], other.rot[rows, joint])
            rot[rows, joint] = quaternions.slerp(rot[rows, joint], turned, weight)
        if part == "LOWER_BODY":
            root_pos[rows] += 0.2 * weight[:, None]
    return Clip(root_pos, rot, clip.fps)


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
def test_outside_the_mask_stand_the_printed_numbers(tmp_path, style):
    path = written(tmp_path, bvh_text(walking(), style))
    read = read_bvh_clip(path)
    mask = span(read.clip, 10, 30)
    out = tmp_path / "out.bvh"
    assert write_edit(BvhEdit(read), flying(read.clip, mask), mask, out) == ()
    before, owners = rows_of(path)
    after, _ = rows_of(out)
    assert (before[:10] == after[:10]).all() and (before[30:] == after[30:]).all()
    moved = (before[10:30] != after[10:30]).any(axis=0)
    assert set(owners[moved]) == set(owners)
    assert read_bvh(out).text.header == read_bvh(path).text.header


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
def test_inside_the_mask_the_file_shows_the_made_clip(tmp_path, style):
    path = written(tmp_path, bvh_text(walking(), style))
    read = read_bvh_clip(path)
    mask = span(read.clip, 10, 30)
    made = flying(read.clip, mask)
    assert limb_degrees(made, read.clip).max() > 15
    write_edit(BvhEdit(read), made, mask, tmp_path / "out.bvh")
    again = read_bvh_clip(tmp_path / "out.bvh")
    assert limb_degrees(again.clip, made).max() < 0.5
    assert np.abs(again.clip.joints() - made.joints()).max() < 0.02


def test_one_part_leaves_the_other_joints_as_printed(tmp_path):
    path = written(tmp_path, bvh_text(walking(), BvhStyle()))
    read = read_bvh_clip(path)
    mask = span(read.clip, 5, 40, ("LEFT_ARM",))
    write_edit(BvhEdit(read), flying(read.clip, mask), mask, tmp_path / "out.bvh")
    before, owners = rows_of(path)
    after, _ = rows_of(tmp_path / "out.bvh")
    assert set(owners[(before != after).any(axis=0)]) == set(LEFT_ARM)


@pytest.mark.parametrize(
    ("fps", "seconds"),
    [(24.0, "0.0416667"), (25.0, "0.04"), (60.0, "0.0166667"), (100.0, "0.010000"),
     (120.0, "0.0083333")],
)  # fmt: skip
def test_other_rates_keep_their_frames_and_follow_the_clip(tmp_path, fps, seconds):
    style = BvhStyle(fps=fps, seconds=seconds)
    path = written(tmp_path, bvh_text(walking(round(fps * 1.5), fps), style))
    read = read_bvh_clip(path)
    mask = span(read.clip, 10, 35)
    made = flying(read.clip, mask)
    write_edit(BvhEdit(read), made, mask, tmp_path / "out.bvh")
    before, _ = rows_of(path)
    after, _ = rows_of(tmp_path / "out.bvh")
    assert before.shape == after.shape
    times = np.arange(len(before)) * 30.0 / fps
    outside = (times <= 9 + 1e-6) | (times >= 35 - 1e-6)
    assert (before[outside] == after[outside]).all()
    again = read_bvh_clip(tmp_path / "out.bvh")
    assert again.motion.fps == pytest.approx(fps)
    assert limb_degrees(again.clip, made).max() < 3.0


@pytest.mark.parametrize("fps", [24.0, 25.0, 30.0, 100.0])
@pytest.mark.parametrize("where", ["start", "end"])
def test_an_extension_goes_on_in_the_file(tmp_path, fps, where):
    style = BvhStyle(fps=fps, seconds=f"{1 / fps:.7f}", above_floor=-0.95)
    walk = walking(round(fps) + 1, fps).cut(1, round(fps) + 1)  # without the T-pose's jump
    path = written(tmp_path, bvh_text(walk, style))
    read = read_bvh_clip(path)
    canvas = extend(read.clip, 0.9, where)
    made = flying(canvas.clip, canvas.mask)
    write_edit(BvhEdit(read, canvas.first), made, canvas.mask, tmp_path / "out.bvh")
    before, _ = rows_of(path)
    after, _ = rows_of(tmp_path / "out.bvh")
    first = len(after) - len(before) if where == "start" else 0
    assert (after[first : first + len(before)] == before).all()
    assert abs((len(after) - len(before)) / fps - 0.9) < 1 / 30 + 1 / fps
    again = read_bvh_clip(tmp_path / "out.bvh").clip
    places = np.arange(again.frames) + canvas.first - first * 30.0 / fps
    rows = np.flatnonzero((places >= 0) & (places <= made.frames - 1))
    assert len(rows) > 50
    shown = again.cut(rows[0], rows[-1] + 1)
    # Below 30 a second, the clip frame behind the last kept row is between two of the file's.
    limit = 3.0 if fps >= 30 else 6.0
    assert limb_degrees(shown, sample_smoothly(made, places[rows], 30.0)).max() < limit


def test_a_loop_goes_back_and_closes(tmp_path):
    path = written(tmp_path, bvh_text(walking(50, 25.0), BvhStyle(seconds="0.04")))
    read = closing_rate(read_bvh_clip(path))
    loop = open_loop(read.clip, True)
    made = close_loop(loop, flying(loop.canvas.clip, loop.canvas.mask))
    mask = changed_cells(read.clip, made)
    write_edit(BvhEdit(read), made, mask, tmp_path / "out.bvh")
    after = np.array(rows_of(tmp_path / "out.bvh")[0], dtype=float)
    assert len(after) == 50
    motion = read_bvh(tmp_path / "out.bvh")
    assert motion.fps == 25
    turned = quaternions.angle_between(motion.pose.rotations[0], motion.pose.rotations[-1])
    assert np.degrees(turned).max() < 0.1
    assert np.abs(motion.pose.heads[0] - motion.pose.heads[-1]).max() < 0.1  # centimetres


@pytest.mark.parametrize("other", [BvhStyle(), BvhStyle(units=1.0, order="xyz", is_z_up=True)])
def test_two_files_are_joined_on_the_first_ones_skeleton(tmp_path, other):
    one = written(tmp_path, bvh_text(walking(30), BvhStyle()), "one.bvh")
    two = written(tmp_path, bvh_text(walking(40), other), "two.bvh")
    read, after = read_bvh_clip(one), read_bvh_clip(two)
    canvas = in_between(read.clip, after.clip, 0.5)
    edit = BvhEdit(read, joined=45, after=after)
    write_edit(edit, canvas.clip, canvas.mask, tmp_path / "out.bvh")
    rows, _ = rows_of(tmp_path / "out.bvh")
    assert len(rows) == 85
    assert (rows[:30] == rows_of(one)[0]).all()
    if other == BvhStyle():
        assert (rows[45:] == rows_of(two)[0]).all()
    again = read_bvh_clip(tmp_path / "out.bvh").clip
    assert limb_degrees(again, canvas.clip).max() < 1.0


def test_bones_without_a_joint_and_their_words_stay(tmp_path):
    """Fingers are not in a clip: their numbers stay, and so do names and decimals."""
    text = bvh_text(walking(), BvhStyle(decimals=3)).replace("JOINT Head\n", "JOINT Kopf Head\n")
    path = written(tmp_path, text)
    read = read_bvh_clip(path)
    mask = span(read.clip, 10, 30)
    write_edit(BvhEdit(read), flying(read.clip, mask), mask, tmp_path / "out.bvh")
    assert "JOINT Kopf Head" in (tmp_path / "out.bvh").read_text()
    after, _ = rows_of(tmp_path / "out.bvh")
    assert {len(word.partition(".")[2]) for word in after[20]} == {4}


def test_a_joint_that_cannot_turn_as_made_is_told(tmp_path):
    text = bvh_text(walking(), BvhStyle())
    rows = text.split("Frame Time: 0.0333333\n")
    column = rows_of(written(tmp_path, text))[1].tolist().index("LeftForeArm")
    lines = []
    for line in rows[1].splitlines():
        words = line.split()
        lines.append(" ".join(words[: column + 1] + words[column + 3 :]))
    header = rows[0].split("JOINT LeftForeArm", 1)
    hinge = header[1].replace("CHANNELS 3 Zrotation Xrotation Yrotation", "CHANNELS 1 Zrotation", 1)
    text = f"{header[0]}JOINT LeftForeArm{hinge}Frame Time: 0.0333333\n" + "\n".join(lines) + "\n"
    read = read_bvh_clip(written(tmp_path, text))
    mask = span(read.clip, 5, 40)
    notes = write_edit(BvhEdit(read), flying(read.clip, mask), mask, tmp_path / "out.bvh")
    assert len(notes) == 1
    assert "LeftForeArm has 1 rotation channels" in notes[0]


@pytest.mark.parametrize("order", ["xyz", "xzy", "yxz", "yzx", "zxy", "zyx"])
def test_angles_of_every_order_are_exact_and_do_not_jump(order):
    angles = np.linspace(0, 4 * np.pi, 200)
    turns = quaternions.axis_angle_to_quaternion(np.array([1.0, 0.0, 0.0]), angles)
    tilt = quaternions.axis_angle_to_quaternion(np.array([0.0, 0.6, 0.8]), np.full(200, 0.3))
    rotations = quaternions.multiply(turns, tilt)
    found = rotations_to_angles(rotations, order)
    for frame in range(0, 200, 7):
        expected = quaternions.quaternion_to_matrix(rotations[frame])
        shown = euler_matrix(order.upper(), np.degrees(found[frame]))
        assert np.allclose(shown, expected, atol=1e-9)
    assert np.abs(np.diff(found, axis=0)).max() < 0.5
    behind = rotations_to_angles(rotations[1:], order, found[0])
    assert np.allclose(behind, found[1:])


@pytest.mark.parametrize("order", ["xyz", "xzy", "yxz", "yzx", "zxy", "zyx"])
def test_angles_of_every_order_are_exact_where_two_axes_meet(order):
    axes = {"x": [1.0, 0, 0], "y": [0, 1.0, 0], "z": [0, 0, 1.0]}
    rotation = quaternions.IDENTITY
    for axis, angle in zip(order, (0.7, np.pi / 2, 0.4), strict=True):
        turn = quaternions.axis_angle_to_quaternion(np.array(axes[axis]), np.array(angle))
        rotation = quaternions.multiply(rotation, turn)
    found = np.degrees(rotations_to_angles(rotation[None], order)[0])
    expected = quaternions.quaternion_to_matrix(rotation)
    assert np.allclose(euler_matrix(order.upper(), found), expected, atol=1e-7)


@pytest.mark.parametrize("name", CASES)
def test_files_that_went_wrong_go_there_and_back(shared, tmp_path, name):
    path = shared / "cases" / name
    if not path.is_file():
        pytest.skip(f"needs {path}, which is not there")
    read = read_bvh_clip(path)
    frames = read.clip.frames
    mask = span(read.clip, 2, frames - 2)
    made = flying(read.clip, mask, 0.2)
    assert limb_degrees(made, read.clip).max() > 10
    assert write_edit(BvhEdit(read), made, mask, tmp_path / "out.bvh") == ()
    before, _ = rows_of(path)
    after, _ = rows_of(tmp_path / "out.bvh")
    times = np.arange(len(before)) * 30.0 / read.motion.fps
    outside = (times <= 1 + 1e-6) | (times >= frames - 2 - 1e-6)
    assert (before[outside] == after[outside]).all() and (before != after).any()
    assert limb_degrees(read_bvh_clip(tmp_path / "out.bvh").clip, made).max() < 3.0
