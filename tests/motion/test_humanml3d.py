"""The 263 numbers: a slow twin of their definition, the way back, and the twist of limbs."""

from __future__ import annotations

import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import forward_kinematics
from keyfill_extension.engine.motion.files import humanml3d
from keyfill_extension.engine.motion.joint_rotations import carried_twist, positions_to_rotations
from keyfill_extension.engine.motion.resampling import resample_clip
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX, PARENTS
from keyfill_extension.tests.engine.small_corpus import swinging_clip

CHAINS = (
    (0, 2, 5, 8, 11), (0, 1, 4, 7, 10), (0, 3, 6, 9, 12, 15), (9, 14, 17, 19, 21),
    (9, 13, 16, 18, 20),
)  # fmt: skip
RAW = {1: (1, 0, 0), 2: (-1, 0, 0), 3: (0, 1, 0), 6: (0, 1, 0), 9: (0, 1, 0), 10: (0, 0, 1),
       11: (0, 0, 1), 12: (0, 1, 0), 13: (1, 0, 0), 14: (-1, 0, 0), 15: (0, 0, 1)}  # fmt: skip


def world_joints(clip):
    """Return positions at 20 fps on the data set's skeleton, anywhere."""
    slow = resample_clip(clip, 20)
    return forward_kinematics(slow.root_pos, slow.rot, humanml3d.REST_OFFSETS)[0]


def turned_by(before, after):
    """Return the shortest rotation, one frame, straight from its definition."""
    cosine = before @ after / np.linalg.norm(before) / np.linalg.norm(after)
    axis = np.cross(before, after)
    length = np.linalg.norm(axis)
    if length < 1e-12:
        return np.array([1.0, 0, 0, 0])
    return quaternions.axis_angle_to_quaternion(axis / length, np.arccos(np.clip(cosine, -1, 1)))


def slow_features(joints):
    """Return the features frame by frame and joint by joint, as the data set's script says."""
    count = len(joints)
    forward = np.empty((count, 3))
    for t, pose in enumerate(joints):
        across = (pose[2] - pose[1]) + (pose[17] - pose[16])
        forward[t] = np.cross([0, 1, 0], across / np.linalg.norm(across))
    weight = np.exp(-np.arange(-80, 81) ** 2 / 800.0)
    smooth = np.array(
        [
            sum(
                w * forward[min(max(t + k, 0), count - 1)]
                for k, w in zip(range(-80, 81), weight, strict=True)
            )
            for t in range(count)
        ]
    )
    root = [turned_by(direction, np.array([0.0, 0, 1])) for direction in smooth]
    root[0] = np.array([1.0, 0, 0, 0])
    rows = []
    for t in range(count - 1):
        relative = quaternions.multiply(root[t + 1], quaternions.conjugate(root[t]))
        yaw = np.arcsin(relative[2]) * np.sign(relative[0])
        velocity = quaternions.rotate(root[t + 1], joints[t + 1, 0] - joints[t, 0])
        local = quaternions.rotate(root[t], joints[t] - joints[t, 0] * [1, 0, 1])
        rotations = np.zeros((22, 4))
        for chain in CHAINS:
            outer = root[t]
            for parent, joint in zip(chain, chain[1:], strict=False):
                raw = np.array(RAW.get(joint, (0, -1, 0)), dtype=float)
                swing = turned_by(raw, joints[t, joint] - joints[t, parent])
                own = quaternions.multiply(quaternions.conjugate(outer), swing)
                rotations[joint], outer = own, quaternions.multiply(outer, own)
        six = quaternions.quaternion_to_matrix(rotations[1:])[..., :2]
        step = joints[t + 1] - joints[t]
        stands = np.square(step[[7, 10, 8, 11]]).sum(-1) < 0.002
        rows.append(
            [
                yaw, velocity[0], velocity[2], joints[t, 0, 1], *local[1:].ravel(),
                *np.swapaxes(six, 1, 2).ravel(), *quaternions.rotate(root[t], step).ravel(),
                *stands.astype(float),
            ]
        )  # fmt: skip
    return np.array(rows).reshape(-1, 263)


@pytest.mark.parametrize("turn", [0.0, 0.7, -2.5])
def test_features_are_those_of_the_slow_definition(turn):
    joints = humanml3d.on_floor(
        humanml3d.facing_forward(world_joints(swinging_clip(70, 1.2, turn, seed=3)))
    )
    features = humanml3d.joints_to_features(joints)
    assert features.shape == (len(joints) - 1, 263)
    np.testing.assert_allclose(features, slow_features(joints), atol=1e-7)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_t_frames_give_t_minus_one_rows(frames):
    joints = world_joints(swinging_clip(30, 1.0, 0.3))[:frames]
    assert humanml3d.joints_to_features(joints).shape == (frames - 1, 263)


def test_no_frame_gives_no_features():
    with pytest.raises(ValueError, match="at least one frame"):
        humanml3d.joints_to_features(np.zeros((0, 22, 3)))


def test_a_steady_turn_has_half_its_angle_as_yaw_velocity():
    features = humanml3d.clip_to_features(swinging_clip(400, 0.5, turn=0.8))
    middle = features[100:160, 0]  # far from the ends, where the filter sees only the turn
    np.testing.assert_allclose(middle, -0.8 / 20 / 2, atol=1e-6)


def test_turning_past_straight_behind_turns_on():
    features = humanml3d.clip_to_features(swinging_clip(400, 0.5, turn=1.5))
    np.testing.assert_allclose(features[100:160, 0], -1.5 / 20 / 2, atol=1e-6)


def test_positions_come_back_from_features():
    joints = humanml3d.facing_forward(world_joints(swinging_clip(90, 1.0, 0.9, seed=5)))
    back = humanml3d.features_to_joints(humanml3d.joints_to_features(joints))
    np.testing.assert_allclose(back, joints[:-1], atol=1e-9)


def test_published_bones_keep_directions_and_have_the_data_sets_lengths():
    joints = swinging_clip(20, 1.0, 0.2).joints()
    put = humanml3d.with_published_bones(joints)
    for joint in range(1, 22):
        before = joints[:, joint] - joints[:, PARENTS[joint]]
        after = put[:, joint] - put[:, PARENTS[joint]]
        length = np.linalg.norm(humanml3d.REST_OFFSETS[joint])
        np.testing.assert_allclose(np.linalg.norm(after, axis=-1), length)
        np.testing.assert_allclose(
            after / length, before / np.linalg.norm(before, axis=-1, keepdims=True), atol=1e-12
        )
    legs = np.linalg.norm(humanml3d.REST_OFFSETS[[5, 8]], axis=-1).sum()
    np.testing.assert_allclose(put[:, 0], joints[:, 0] * legs / 0.8)


def test_on_the_floor_the_lowest_joint_touches_it():
    moved = humanml3d.on_floor(world_joints(swinging_clip(20, 1.0, 0.2)) + [0, 3.0, 0])
    assert moved[..., 1].min() == 0.0


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 31, 90])
def test_a_clip_comes_back_with_its_length_and_place(frames):
    clip = swinging_clip(frames, 1.0, 0.4)
    facing = clip.moved(0.0, -clip.root_pos[0] * [1, 0, 1])
    back = humanml3d.features_to_clip(humanml3d.clip_to_features(facing), frames)
    assert back.frames == frames and back.fps == 30
    trunk = [0, 3, 9]
    np.testing.assert_allclose(back.joints()[:, trunk], facing.joints()[:, trunk], atol=0.01)
    np.testing.assert_allclose(back.root_pos, facing.root_pos, atol=0.01)


def test_rotations_put_every_bone_where_it_was():
    rng = np.random.default_rng(2)
    rot = quaternions.normalize(rng.normal(size=(40, 22, 4)) + [3, 0, 0, 0])
    joints = forward_kinematics(np.zeros((40, 3)), rot, humanml3d.REST_OFFSETS)[0]
    found = positions_to_rotations(joints, humanml3d.REST_OFFSETS)
    again = forward_kinematics(np.zeros((40, 3)), found, humanml3d.REST_OFFSETS)[0]
    np.testing.assert_allclose(again, joints, atol=1e-9)


def test_the_rest_pose_comes_back_as_no_rotation():
    joints = np.tile(
        forward_kinematics(
            np.zeros(3), np.tile(quaternions.IDENTITY, (22, 1)), humanml3d.REST_OFFSETS
        )[0],
        (5, 1, 1),
    )
    found = positions_to_rotations(joints, humanml3d.REST_OFFSETS)
    assert np.degrees(quaternions.angle_between(found, quaternions.IDENTITY)).max() < 10.0
    still = [JOINT_INDEX[name] for name in ("pelvis", "spine1", "spine3", "neck", "left_collar")]
    np.testing.assert_allclose(found[:, still, 0], 1.0, atol=1e-6)


def posed(**angles):
    """Return positions of 30 frames; each joint turns about an axis: name=(x, y, z)."""
    rot = np.tile(quaternions.IDENTITY, (30, 22, 1))
    for name, vector in angles.items():
        rot[:, JOINT_INDEX[name]] = quaternions.vectors_to_quaternions(np.array(vector, float))
    return rot, forward_kinematics(np.zeros((30, 3)), rot, humanml3d.REST_OFFSETS)[0]


@pytest.mark.parametrize("twist", [-0.8, -0.3, 0.5, 0.9])
@pytest.mark.parametrize(
    ("upper", "axis", "lower", "bend"),
    [
        ("left_shoulder", (1, 0, 0), "left_elbow", (0, -1.3, 0.39)),
        ("right_shoulder", (1, 0, 0), "right_elbow", (0, 1.3, -0.39)),
        ("left_hip", (0, 1, 0), "left_knee", (1.2, 0, -0.06)),
        ("right_hip", (0, 1, 0), "right_knee", (1.2, 0, 0.06)),
    ],
)
def test_a_bent_limb_keeps_its_twist(upper, axis, lower, bend, twist):
    rot, joints = posed(**{upper: np.multiply(axis, twist), lower: bend})
    found = positions_to_rotations(joints, humanml3d.REST_OFFSETS)
    joint = JOINT_INDEX[upper]
    error = np.degrees(quaternions.angle_between(found[:, joint], rot[:, joint]))
    assert error.max() < 16.0  # shortest arcs are wrong by the whole twist, 17 to 52 degrees
    assert error.max() < 0.75 * np.degrees(abs(twist))


def test_the_trunk_shares_the_turn_of_the_chest():
    _, joints = posed(spine1=(0, 0.2, 0), spine2=(0, 0.2, 0), spine3=(0, 0.2, 0))
    found = positions_to_rotations(joints, humanml3d.REST_OFFSETS)
    for name in ("spine1", "spine2", "spine3"):
        turn = quaternions.quaternions_to_vectors(found[:, JOINT_INDEX[name]])
        np.testing.assert_allclose(turn[:, 1], 0.2, atol=0.03)


def test_a_straight_limb_carries_its_twist_over():
    angle = np.zeros(60)
    clear = np.zeros(60)
    angle[:20], clear[:20] = 0.8, 1.0
    angle[20:40] = 3.0 * np.random.default_rng(0).normal(size=20)  # noise where nothing is seen
    angle[40:], clear[40:] = 0.2, 1.0
    carried = carried_twist([(angle, clear)], rest=1e-6)
    np.testing.assert_allclose(carried[[5, 55]], [0.8, 0.2], atol=0.05)
    assert (np.diff(carried) < 1e-3).all()  # from one sight to the other without a jump


def test_twists_equal_a_dense_least_squares_solution():
    rng = np.random.default_rng(1)
    angle, clear = rng.uniform(-1, 1, 25), rng.uniform(0, 1, 25)
    weight = clear * np.minimum(1.0, 1.0 + np.cos(angle))
    rows = [np.diag(np.sqrt(weight)), np.sqrt(0.1) * np.eye(25), 2.0 * np.diff(np.eye(25), axis=0)]
    wanted = np.concatenate([np.sqrt(weight) * angle, np.zeros(25 + 24)])
    dense = np.linalg.lstsq(np.concatenate(rows), wanted, rcond=None)[0]
    np.testing.assert_allclose(carried_twist([(angle, clear)], 0.1), dense, atol=1e-9)


def test_contacts_come_in_the_order_of_this_engine():
    features = np.zeros((4, 263))
    features[:, -4:] = [1, 0, 0, 1]  # left ankle, left toe, right ankle, right toe
    np.testing.assert_array_equal(
        humanml3d.contacts_of(features, 5), np.tile([True, False, False, True], (5, 1))
    )


def test_a_real_clip_keeps_more_of_its_rotations_than_shortest_arcs(shared):
    from keyfill_extension.engine.data.corpus import load_corpus

    corpus = load_corpus(shared / "corpus", "val")
    clips = [entry.clip for entry in corpus.clips if len(entry.parts) == 4][:12]
    ours, arcs = [], []
    for clip in clips:
        slow = resample_clip(clip, 20)
        joints = forward_kinematics(slow.root_pos, slow.rot, humanml3d.REST_OFFSETS)[0]
        true = forward_kinematics(slow.root_pos, slow.rot)[1]
        found = positions_to_rotations(joints, humanml3d.REST_OFFSETS)
        world = forward_kinematics(slow.root_pos, found)[1]
        ours.append(np.degrees(quaternions.angle_between(world, true)).mean(0))
        arcs.append(np.degrees(quaternions.angle_between(shortest_arcs(joints), true)).mean(0))
    limbs = [JOINT_INDEX[n] for n in ("left_shoulder", "right_elbow", "left_hip", "right_knee")]
    assert np.mean(ours) < 0.5 * np.mean(arcs)
    assert (np.mean(ours, 0)[limbs] < 0.6 * np.mean(arcs, 0)[limbs]).all()


def shortest_arcs(joints):
    """Return world rotations (T, 22, 4) without twist, as the data set's own IK has them."""
    world = np.tile(quaternions.IDENTITY, (len(joints), 22, 1))
    for joint in range(1, 22):
        parent = PARENTS[joint]
        if parent == 0 and joint != 3:
            continue
        rest = np.broadcast_to(humanml3d.REST_OFFSETS[joint], (len(joints), 3))
        world[:, parent] = quaternions.between(rest, joints[:, joint] - joints[:, parent])
    for leaf in (10, 11, 15, 20, 21):
        world[:, leaf] = world[:, PARENTS[leaf]]
    return world
