"""Control rigs: keys go on controls, the bones that follow do what the clip does, and back."""

from dataclasses import replace

import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon.scene.controls import edits as control_edits
from keyfill_extension.blender_addon.scene.controls import rig_double, solver
from keyfill_extension.blender_addon.scene.controls import rigs as control_rigs
from keyfill_extension.blender_addon.scene.keys import reviews, takes
from keyfill_extension.blender_addon.scene.keys.masked_keys import SpanKeys
from keyfill_extension.blender_addon.tasks import animation
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.tests.addon_blender.characters import add_toy_character, corpus_clip
from keyfill_extension.tests.addon_blender.control_characters import (
    MAKERS,
    add_cloud_rig,
    add_rigify,
    meant_heads,
    put_on_controls,
    shown,
)
from keyfill_extension.tests.addon_blender.edited_characters import (
    bone_of,
    curves_of,
    editing_worker,
    evaluated,
    largest_changes,
    set_settings,
)
from keyfill_extension.tests.addon_blender.empty_files import open_empty_file
from keyfill_extension.tests.motion.toy_rigs import wild_clip

FRAMES = 24
ENDS = ("wrist", "ankle", "foot")


@pytest.fixture(scope="module", autouse=True)
def engine(registered_addon):
    with editing_worker():
        yield


@pytest.fixture(autouse=True)
def thirty_frames_a_second(empty_scene):
    empty_scene.render.fps = 30


def degrees(first, last):
    return np.degrees(quaternions.angle_between(first, last))


def limb_directions(bone_map, heads, index):
    """Unit vectors along thighs, shins, upper arms and forearms, (T, 8, 3)."""
    pairs = [(f"{side}_{first}", f"{side}_{last}") for side in ("left", "right")
             for first, last in (("hip", "knee"), ("knee", "ankle"),
                                 ("shoulder", "elbow"), ("elbow", "wrist"))]  # fmt: skip
    rows = [heads[:, index[bone_map.bones[last]]] - heads[:, index[bone_map.bones[first]]]
            for first, last in pairs]  # fmt: skip
    found = np.stack(rows, axis=1)
    return found / np.linalg.norm(found, axis=-1, keepdims=True)


def angles_between(first, last):
    return degrees(quaternions.IDENTITY, quaternions.between(first, last))


def compare(ob, rig, motion, start=1):
    """Degrees between limbs (T, 8), degrees of hands and feet, rig units of the pelvis."""
    bone_map = control_rigs.read_body(ob)[1]
    heads, rotations = meant_heads(rig, motion)
    names = list(rig.names)
    found, turned = shown(ob, names, range(start, start + len(heads)))
    limbs = angles_between(
        limb_directions(bone_map, heads, rig.index), limb_directions(bone_map, found, rig.index)
    )
    ends = [rig.index[bone] for joint, bone in bone_map.bones.items() if joint.endswith(ENDS)]
    pelvis = rig.index[bone_map.bones["pelvis"]]
    away = np.abs(found[:, pelvis] - heads[:, pelvis]).max()
    return limbs, degrees(rotations[:, ends], turned[:, ends]), away


def keyed_bones(ob):
    return {bone_of(channel) for channel in curves_of(ob)}


def custom_properties(ob):
    return {
        (bone.name, key): bone[key]
        for bone in ob.pose.bones
        for key in bone.keys()  # noqa: SIM118 - no mapping
        if isinstance(bone[key], int | float)
    }


@pytest.mark.parametrize("family", MAKERS)
def test_fk_controls_pose_the_following_bones_exactly(family):
    ob = MAKERS[family]()
    rig, motion = put_on_controls(ob, wild_clip(FRAMES, amount=0.5), limb_controls="FK")
    limbs, ends, away = compare(ob, rig, motion)
    assert limbs.max() < 0.05
    assert ends.max() < 0.05
    assert away < 1e-4


@pytest.mark.parametrize("family", ["auto-rig pro", "cloudrig"])
def test_ik_controls_and_poles_pose_the_following_bones(family):
    ob = MAKERS[family]()
    rig, motion = put_on_controls(ob, wild_clip(FRAMES, amount=0.35), limb_controls="IK")
    limbs, ends, away = compare(ob, rig, motion)
    assert limbs.mean() < 0.5
    assert limbs.max() < 3.0
    assert ends.max() < 0.2
    assert away < 1e-4
    locations = {bone_of(channel) for channel in curves_of(ob) if channel[0].endswith("location")}
    assert len(locations) == 9  # the path, four ends, four poles


@pytest.mark.parametrize("with_pole", [False, True])
def test_rigifys_ik_bends_limbs_by_swing_or_pole(with_pole):
    ob = add_rigify()
    for bone in ob.pose.bones:
        if "pole_vector" in bone.keys():  # noqa: SIM118 - no mapping
            bone["pole_vector"] = with_pole
    rig, motion = put_on_controls(ob, wild_clip(FRAMES, amount=0.35), limb_controls="IK")
    limbs, ends, away = compare(ob, rig, motion)
    # Rigify's IK may shorten a limb a little, which unbends it.
    assert limbs.mean() < 1.5
    assert limbs.max() < 6.0
    assert ends.max() < 0.2
    assert away < 1e-4
    bends = {"upper_arm_ik_target.L", "thigh_ik_target.R"}, {"upper_arm_ik.L", "thigh_ik.R"}
    assert bends[not with_pole] <= keyed_bones(ob)
    assert not bends[with_pole] & keyed_bones(ob)


@pytest.mark.parametrize("family", MAKERS)
@pytest.mark.parametrize("kind", ["FK", "IK"])
def test_the_switches_are_keyed_once_and_no_other_property_changes(family, kind):
    ob = MAKERS[family]()
    before = custom_properties(ob)
    put_on_controls(ob, wild_clip(5, amount=0.2), start=7, limb_controls=kind)
    bpy.context.scene.frame_set(7)
    switches = control_rigs.find_controls(ob).switches
    assert len(switches) == 4
    after = custom_properties(ob)
    assert {key for key in before if before[key] != after[key]} <= set(switches)
    fk_value = 0.0 if family == "cloudrig" else 1.0
    value = fk_value if kind == "FK" else 1.0 - fk_value
    assert {after[switch] for switch in switches} == {value}
    for bone, name in switches:
        curve = curves_of(ob)[f'pose.bones["{bone}"]["{name}"]', 0]
        assert [tuple(point.co) for point in curve.keyframe_points] == [(7.0, value)]


def test_keys_are_on_controls_only():
    ob = add_rigify()
    put_on_controls(ob, wild_clip(5, amount=0.2), limb_controls="FK")
    assert not [name for name in keyed_bones(ob) if name.startswith(("DEF-", "ORG-", "MCH-"))]
    assert {"torso", "upper_arm_fk.L", "shin_fk.R", "head", "shoulder.L"} <= keyed_bones(ob)


@pytest.mark.parametrize("follow", [0.0, 0.4, 1.0])
def test_whatever_follows_what_the_bones_arrive(follow):
    ob = add_rigify()
    for name in ("upper_arm_parent.L", "thigh_parent.R"):
        ob.pose.bones[name]["FK_limb_follow"] = follow
    ob.pose.bones["torso"]["head_follow"] = follow
    rig, motion = put_on_controls(ob, wild_clip(FRAMES, amount=0.4))
    limbs, ends, away = compare(ob, rig, motion)
    assert max(limbs.max(), ends.max()) < 0.05
    assert away < 1e-4


@pytest.mark.parametrize("family", MAKERS)
@pytest.mark.parametrize("kind", ["FK", "IK"])
def test_a_root_control_carries_the_path_to_the_same_places(family, kind):
    clip = wild_clip(FRAMES, amount=0.2)
    found = []
    for root_motion in ("HIPS", "ROOT_BONE"):
        open_empty_file()
        bpy.context.scene.render.fps = 30
        ob = MAKERS[family]()
        rig, _ = put_on_controls(ob, clip, limb_controls=kind, root_motion=root_motion)
        found.append(shown(ob, list(rig.names[1:]), range(1, FRAMES + 1, 4))[0])
        root = control_rigs.find_controls(ob).names.root
        is_moved = {bone_of(one) for one in curves_of(ob) if root in bone_of(one)} == {root}
        assert is_moved == (root_motion == "ROOT_BONE")
    assert np.abs(found[0] - found[1]).max() < 0.02


def test_a_rig_in_rest_position_gets_the_same_keys():
    ob = add_rigify()
    ob.data.pose_position = "REST"
    rig, motion = put_on_controls(ob, wild_clip(FRAMES, amount=0.4))
    assert ob.data.pose_position == "REST"
    ob.data.pose_position = "POSE"
    limbs, ends, _ = compare(ob, rig, motion)
    assert max(limbs.max(), ends.max()) < 0.05


def test_controls_that_the_animator_posed_count():
    ob = add_rigify()
    ob.pose.bones["chest"].rotation_quaternion = (0.97, 0.2, 0.1, 0.0)
    ob.pose.bones["hips"].rotation_quaternion = (0.98, -0.15, 0.0, 0.1)
    rig, motion = put_on_controls(ob, wild_clip(FRAMES, amount=0.3))
    limbs, ends, _ = compare(ob, rig, motion)
    assert max(limbs.max(), ends.max()) < 0.05


@pytest.mark.parametrize("family", MAKERS)
@pytest.mark.parametrize("kind", ["FK", "IK"])
def test_the_clip_comes_back_from_the_following_bones(family, kind):
    ob = MAKERS[family]()
    clip = wild_clip(FRAMES, amount=0.3)
    put_on_controls(ob, clip, limb_controls=kind)
    rig, bone_map = control_rigs.read_body(ob)
    found = animation.read_animation(bpy.context, ob, rig, bone_map, (1, FRAMES))
    assert found.controls is not None
    assert found.clip.frames == FRAMES
    if kind == "FK":
        mapped = [joint for joint in bone_map.bones if joint.startswith(("left", "right"))]
        columns = [list(bone_map.bones).index(joint) for joint in mapped]
        assert len(columns) == 16
        turned = degrees(found.clip.rot[:, 1:], clip.rot[:, 1:])
        assert np.median(turned) < 0.5
    joints, wanted = found.clip.joints(), clip.joints()
    moved = np.linalg.norm(np.diff(joints[:, 0], axis=0), axis=-1)
    steps = np.linalg.norm(np.diff(wanted[:, 0], axis=0), axis=-1)
    # A pole bends knees its own way: the hips that are read heed feet that are a little elsewhere.
    assert moved == pytest.approx(steps, abs=4e-3 if kind == "FK" else 4.5e-3)


@pytest.mark.parametrize("mode", ["OBJECT", "POSE"])
def test_reading_leaves_everything_as_it_was(mode):
    ob = add_rigify()
    put_on_controls(ob, wild_clip(5, amount=0.2))
    bpy.ops.object.mode_set(mode=mode)
    bpy.context.scene.frame_set(3)

    def state():
        kinds = ("objects", "actions", "armatures", "scenes", "meshes")
        counts = {kind: sorted(one.name for one in getattr(bpy.data, kind)) for kind in kinds}
        poses = [tuple(map(tuple, bone.matrix_basis)) for bone in ob.pose.bones]
        return counts, poses, ob.mode, bpy.context.object, bpy.context.scene.frame_current

    before = state()
    rig, bone_map = control_rigs.read_body(ob)
    animation.read_animation(bpy.context, ob, rig, bone_map, (1, 5))
    assert state() == before


def test_the_double_poses_its_bones_as_the_rig_does():
    ob = add_rigify()
    put_on_controls(ob, wild_clip(FRAMES, amount=0.5), limb_controls="IK")
    names = [bone.name for bone in ob.data.bones if bone.use_deform]
    with rig_double.lend_double(bpy.context.scene, ob, names) as double:
        assert len(double.names) < len(ob.data.bones)
        posed = double.play(range(1, FRAMES + 1))
    for frame in (1, 9, FRAMES):
        bpy.context.scene.frame_set(frame)
        bones = ob.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones
        wanted = np.array([bones[name].matrix for name in names])
        found = posed.matrices[frame - 1, [posed.index[name] for name in names]]
        assert np.abs(found - wanted).max() < 1e-4


@pytest.mark.parametrize("maker", [add_toy_character, None])
def test_rigs_without_controls_have_none(maker):
    if maker is None:
        bpy.ops.preferences.addon_enable(module="rigify")
        bpy.ops.object.armature_basic_human_metarig_add()
        ob = bpy.context.object
    else:
        ob = maker()
    assert control_rigs.find_controls(ob) is None


def walker(kind="FK", maker=add_rigify, frames=60):
    """A control rig that the Generate button moved."""
    ob = maker()
    ob.keyfill_rig.limb_controls = kind
    set_settings(prompt="someone walks", seconds=frames / 30)
    bpy.context.scene.frame_set(1)
    assert bpy.ops.keyfill.generate() == {"FINISHED"}
    return ob


@pytest.mark.parametrize("kind", ["FK", "IK"])
def test_regenerate_changes_the_range_and_nothing_outside(kind):
    ob = walker(kind)
    outside = evaluated(ob, -5, 19), evaluated(ob, 41, 90)
    names = ["ORG-spine", "ORG-hand.L", "DEF-foot.L"]
    before = shown(ob, names, (19, 30, 41))[0]
    properties = custom_properties(ob)
    set_settings(prompt="someone jumps", frame_start=20, frame_end=40)
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    for old, new in zip(outside, (evaluated(ob, -5, 19), evaluated(ob, 41, 90)), strict=True):
        assert max(largest_changes(old, new).values()) <= 1e-5
    raised = shown(ob, names, (19, 30, 41))[0] - before
    assert np.abs(raised[[0, 2]]).max() < 1e-4
    assert (raised[1, :, 1] > 0.05).all()
    assert custom_properties(ob) == properties
    assert not [name for name in keyed_bones(ob) if name.startswith(("DEF-", "ORG-", "MCH-"))]


@pytest.mark.parametrize("kind", ["FK", "IK"])
def test_an_arm_changes_alone(kind):
    ob = walker(kind)
    before = evaluated(ob, -5, 80)
    body = ["ORG-spine", "ORG-spine.003", "ORG-hand.R", "ORG-foot.L", "ORG-spine.006"]
    still = shown(ob, body, range(15, 45, 5))[0]
    arm = shown(ob, ["ORG-hand.L"], (30,))[1]
    set_settings(frame_start=20, frame_end=40, parts={"LEFT_ARM"}, prompt="someone waves")
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    changes = largest_changes(before, evaluated(ob, -5, 80))
    changed = {bone_of(channel) for channel, change in changes.items() if change > 1e-5}
    assert changed <= {
        "shoulder.L", "upper_arm_fk.L", "forearm_fk.L", "hand_fk.L", "hand_ik.L", "upper_arm_ik.L",
    }  # fmt: skip
    assert np.abs(shown(ob, body, range(15, 45, 5))[0] - still).max() < 1e-4
    assert degrees(shown(ob, ["ORG-hand.L"], (30,))[1], arm).max() > 1.0


def test_the_upper_body_changes_and_legs_and_path_stay():
    ob = walker()
    legs = ["ORG-spine", "ORG-foot.L", "ORG-toe.R"]
    still = shown(ob, legs, range(1, 61, 6))[0]
    before = shown(ob, ["ORG-spine.006"], (30,))[1]
    set_settings(prompt="someone nods")
    assert bpy.ops.keyfill.edit_upper_body() == {"FINISHED"}
    assert np.abs(shown(ob, legs, range(1, 61, 6))[0] - still).max() < 1e-4
    assert degrees(shown(ob, ["ORG-spine.006"], (30,))[1], before).max() > 1.0


@pytest.fixture
def replays(monkeypatch):
    """Frames of each replay of a whole take; one frame at rest is none."""
    found = []
    play = rig_double.Double.play

    def counted(self, frames, *others, **named):
        found.extend([len(frames)] if len(frames) > 1 else [])
        return play(self, frames, *others, **named)

    monkeypatch.setattr(rig_double.Double, "play", counted)
    return found


@pytest.mark.once  # a loop of the extension is counted
@pytest.mark.parametrize("takes_made", [1, 3])
@pytest.mark.parametrize("kind", ["FK", "IK"])
def test_generate_replays_a_take_at_most_twice(kind, takes_made, replays):
    set_settings(takes=takes_made)
    walker(kind)
    assert 0 < len(replays) <= 2 * takes_made


@pytest.mark.once  # a loop of the extension is counted
@pytest.mark.parametrize("kind", ["FK", "IK"])
def test_an_edit_replays_once_to_read_and_at_most_twice_a_take(kind, replays):
    walker(kind)
    replays.clear()
    set_settings(prompt="someone jumps", frame_start=20, frame_end=40, takes=3)
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    assert 0 < len(replays) <= 1 + 2 * 3


def test_two_replays_bend_limbs_as_far_as_seven_do(replays, monkeypatch):
    ob, clip = add_rigify(), wild_clip(FRAMES, amount=0.35)
    names = [f"ORG-{bone}.{side}" for bone in ("upper_arm", "thigh") for side in "LR"]
    put_on_controls(ob, clip, limb_controls="IK")
    assert len(replays) == 2
    found = shown(ob, names, range(1, FRAMES + 1))[1]
    monkeypatch.setattr(solver, "_REPLAYS", 7)
    put_on_controls(ob, clip, limb_controls="IK")
    assert len(replays) > 4
    assert degrees(found, shown(ob, names, range(1, FRAMES + 1))[1]).max() < 0.2


def test_selected_controls_are_what_is_edited():
    ob = walker()
    before = evaluated(ob, -5, 80)
    for bone in ob.pose.bones:
        # From 5.0 on the selection is the pose bone's own.
        (bone if hasattr(bone, "select") else bone.bone).select = bone.name == "forearm_fk.L"
    set_settings(frame_start=20, frame_end=40, use_selected_bones=True)
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    changes = largest_changes(before, evaluated(ob, -5, 80))
    assert {bone_of(channel) for channel, change in changes.items() if change > 1e-5} == {
        "forearm_fk.L"
    }


@pytest.mark.parametrize("kind", ["FK", "IK"])
def test_a_take_that_waits_is_accepted_with_its_controls(kind):
    ob = walker(kind, add_cloud_rig)
    names = ["DEF-Wrist.L", "DEF-Foot.R"]
    before = shown(ob, names, (19, 30, 41))[0]
    edit_takes = _two_takes(ob)
    review = bpy.context.scene.keyfill.review
    waiting = reviews.Waiting("", ("low", "high"), (20, 40))
    reviews.hold_edits(review, ob, edit_takes, waiting)
    reviews.show_take(review, 1)
    waiting = shown(ob, names, (19, 30, 41))[0]
    reviews.accept_take(review)
    accepted = shown(ob, names, (19, 30, 41))[0]
    assert np.abs(accepted - waiting).max() < 1e-4
    assert np.abs(accepted[[0, 2]] - before[[0, 2]]).max() < 1e-4
    assert (accepted[1, :, 1] - before[1, :, 1] > 0.05).all()


def _two_takes(ob):
    """Keys of two takes that raise the body in frames 20 to 40."""
    rig, bone_map = control_rigs.read_body(ob)
    read = animation.read_animation(bpy.context, ob, rig, bone_map, (1, 60))
    mask = np.zeros((read.clip.frames, 4), dtype=bool)
    mask[19:40] = True
    found = []
    for height in (0.1, 0.2):
        made = replace(read.clip, root_pos=read.clip.root_pos + np.where(
            mask[:, :1], [0.0, height, 0.0], 0.0))  # fmt: skip
        motion = animation.fit_edit(read, made, mask)
        span = SpanKeys(20, 40, motion.bones, motion.location_bone)
        found.append(takes.EditKeys(motion, 1, (span,)))
    return control_edits.keys_on_controls(
        bpy.context.scene, ob, read.controls, read.track, found
    )


def test_a_switch_that_moves_within_the_range_is_refused_and_nothing_changes():
    ob = walker()
    curve = curves_of(ob)['pose.bones["upper_arm_parent.L"]["IK_FK"]', 0]
    curve.keyframe_points.insert(30, 0.0)
    before = evaluated(ob, -5, 80)
    set_settings(prompt="someone jumps", frame_start=20, frame_end=40)
    with pytest.raises(RuntimeError, match="mixes IK with FK"):
        bpy.ops.keyfill.regenerate()
    assert max(largest_changes(before, evaluated(ob, -5, 80)).values()) == 0.0


def test_mpfbs_rigify_follows_a_recorded_clip(shared):
    path = str(shared / "rigs" / "mpfb_rigify.blend")
    with bpy.data.libraries.load(path) as (_, to):
        to.objects = ["Human.rigify"]
    ob = to.objects[0]
    bpy.context.collection.objects.link(ob)
    clip = corpus_clip(shared, "cmu_05_02").cut(0, 60)
    rig, motion = put_on_controls(ob, clip)
    limbs, ends, away = compare(ob, rig, motion)
    assert max(limbs.max(), ends.max()) < 0.05
    assert away < 1e-3


def test_errors_name_the_switch():
    with pytest.raises(RequestError, match="IK_FK"):
        controls = control_rigs.find_controls(add_rigify())
        bone, name = controls.switches[0]
        values = {switch: np.array([0.0, 1.0]) for switch in controls.switches}
        seen = rig_double.Posed({}, np.zeros((2, 0, 4, 4)), np.zeros((2, 0, 4, 4)), values)
        arm = [controls.bone_map.bones["left_elbow"]]
        control_rigs.choose_some(controls, arm, seen, np.ones(2, dtype=bool), False)
