"""Feet that stand do not slide, and nothing else is touched. Against motions with known feet."""


import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip, ClipError, forward_kinematics
from keyfill_extension.engine.motion.contacts import CONTACT_JOINTS
from keyfill_extension.engine.motion.displacements import bridge_displacements, runs_of
from keyfill_extension.engine.motion.feet.clean_up import clean_up, detect_contacts
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX, JOINTS

FPS = 30
SIDES = ("left", "right")
LEGS = [JOINT_INDEX[f"{side}_{name}"] for side in SIDES for name in ("hip", "knee", "ankle")]
OTHERS = [joint for joint in range(len(JOINTS)) if joint not in LEGS]
FEET = list(CONTACT_JOINTS)
X = np.array([1.0, 0.0, 0.0])


def clip_of_feet(root_pos, ankles):
    """Pose both legs in the plane x = const by the law of cosines; the feet stay level.

    Args:
        root_pos: (T, 3).
        ankles: (T, 2, 2) y and z of the left and right ankle.
    """
    rot = np.tile(quaternions.IDENTITY, (len(root_pos), len(JOINTS), 1))
    for side, name in enumerate(SIDES):
        down = root_pos[:, 1] - 0.075 - ankles[:, side, 0]
        ahead = ankles[:, side, 1] - root_pos[:, 2]
        half = np.arccos(np.clip(np.hypot(down, ahead) / 0.8, -1.0, 1.0))
        swing = -np.arctan2(ahead, down)
        for joint, angle in (("hip", swing - half), ("knee", 2 * half), ("ankle", -swing - half)):
            rot[:, JOINT_INDEX[f"{name}_{joint}"]] = quaternions.axis_angle_to_quaternion(X, angle)
    return Clip(root_pos, rot, FPS)


def walk(frames=150, slide=0.0, speed=0.9):
    """Steps of 0.5 s stance and 0.5 s swing; standing feet slide forward at `slide` m/s."""
    times = np.arange(frames) / FPS
    root = np.stack([0 * times, 0.88 + 0 * times, speed * times], axis=1)
    ankles = np.zeros((frames, 2, 2))
    for side in range(2):
        phase = times + 0.5 * side
        step, into = np.floor(phase), phase % 1.0
        swing = np.clip((into - 0.5) / 0.5, 0.0, 1.0)
        eased = swing - np.sin(2 * np.pi * swing) / (2 * np.pi)
        stood = np.minimum(into, 0.5) * slide
        place = speed * (step - 0.5 * side + 0.25)
        ankles[:, side, 1] = place + stood + (speed - 0.5 * slide) * eased
        ankles[:, side, 0] = 0.075 + 0.06 * (1 - np.cos(2 * np.pi * swing))
    return clip_of_feet(root, ankles)


def standing_slides(clip, contacts):
    """The farthest that a standing joint gets from where its contact starts, level, in metres."""
    feet = clip.joints()[:, FEET][..., [0, 2]]
    slides = [0.0]
    for column in range(4):
        for start, end in runs_of(contacts[:, column]):
            run = feet[start:end, column]
            slides.append(np.linalg.norm(run - run[0], axis=-1).max())
    return max(slides)


def accelerations(clip):
    return np.linalg.norm(np.diff(clip.joints()[:, LEGS + FEET[2:]], 2, axis=0), axis=-1) * FPS**2


def test_the_walk_is_what_it_says():
    clip = walk(slide=0.0)
    contacts = detect_contacts(clip.joints(), clip.fps)
    assert 0.4 < contacts.mean() < 0.7
    assert standing_slides(clip, contacts[:, :]) < 0.03  # only the first and last frames of a step


@pytest.mark.parametrize("slide", [0.05, 0.15])
def test_sliding_steps_stand_still(slide):
    clip = walk(slide=slide)
    contacts = detect_contacts(clip.joints(), clip.fps)
    assert standing_slides(clip, contacts) > 0.4 * slide
    cleaned = clean_up(clip)
    assert standing_slides(cleaned, contacts) < 5e-4


@pytest.mark.parametrize("slide", [0.0, 0.05, 0.15])
def test_borders_of_contacts_get_no_spike(slide):
    clip = walk(slide=slide)
    before, after = accelerations(clip), accelerations(clean_up(clip))
    assert after.max() <= 1.05 * before.max()


def test_a_foot_that_is_said_to_stand_may_still_step():
    """Who goes down on a knee takes the foot along: no one place is held before and after."""
    clip = walk(slide=0.0, speed=0.5)
    always = np.ones((clip.frames, 4), dtype=bool)
    cleaned = clean_up(clip, always)
    moved = np.linalg.norm(cleaned.joints()[:, FEET] - clip.joints()[:, FEET], axis=-1)
    assert moved.max() < 0.08
    stands = detect_contacts(clip.joints(), clip.fps)
    assert standing_slides(cleaned, stands) < 0.01


def test_pelvis_and_everything_above_it_keep_their_numbers():
    clip = walk(slide=0.15)
    cleaned = clean_up(clip)
    assert np.array_equal(cleaned.root_pos, clip.root_pos)
    assert np.array_equal(cleaned.rot[:, OTHERS], clip.rot[:, OTHERS])
    assert not np.array_equal(cleaned.rot[:, LEGS], clip.rot[:, LEGS])


def test_frames_outside_the_mask_keep_their_numbers_and_the_foot_meets_them():
    clip = walk(slide=0.15)
    mask = np.zeros(clip.frames, dtype=bool)
    mask[40:95] = True
    cleaned = clean_up(clip, mask=mask)
    assert np.array_equal(cleaned.rot[~mask], clip.rot[~mask])
    assert not np.array_equal(cleaned.rot[mask], clip.rot[mask])
    steps = [np.linalg.norm(np.diff(c.joints()[:, FEET], axis=0), axis=-1) for c in (clip, cleaned)]
    for border in (39, 94):
        assert steps[1][border].max() < steps[0][border].max() + 0.01
    stop = 0.15 * FPS  # a kept foot slides on until the border and stands from there
    assert accelerations(cleaned).max() <= accelerations(clip).max() + stop


def test_a_jump_is_untouched_in_the_air():
    times = np.arange(90) / FPS
    flight = np.clip(times - 1.0, 0.0, 1.0)
    height = 0.9 + np.where((times > 1) & (times < 2), 4.9 * flight * (1 - flight), 0.0)
    root = np.stack([0 * times, height, 0.5 * flight], axis=1)
    ankles = np.stack([height - 0.825, 0.5 * flight], axis=1)[:, None].repeat(2, axis=1)
    clip = clip_of_feet(root, ankles)
    assert not detect_contacts(clip.joints(), clip.fps)[36:55].any()
    cleaned = clean_up(clip)
    assert np.array_equal(cleaned.rot[40:51], clip.rot[40:51])
    assert np.abs(cleaned.joints() - clip.joints()).max() < 0.02


def test_flying_is_returned_as_it_is():
    times = np.arange(60) / FPS
    root = np.stack([1.5 * times, 2 + 0 * times, 0 * times], axis=1)
    ankles = np.tile([1.3, 0.0], (60, 2, 1))
    clip = clip_of_feet(root, ankles)
    assert np.array_equal(clean_up(clip).rot, clip.rot)


def test_feet_far_above_the_floor_are_not_pulled_down():
    clip = walk(slide=0.1)
    raised = Clip(clip.root_pos + [0.0, 0.6, 0.0], clip.rot, FPS)
    cleaned = clean_up(raised, detect_contacts(clip.joints(), clip.fps))
    change = cleaned.joints() - raised.joints()
    assert np.abs(change[:, FEET, 1]).max() < 0.005
    assert standing_slides(cleaned, detect_contacts(clip.joints(), clip.fps)) < 5e-4


def test_feet_stand_on_stairs_too():
    times = np.arange(120) / FPS
    step = np.floor(times)
    into = np.clip((times % 1.0 - 0.6) / 0.4, 0.0, 1.0)
    eased = into - np.sin(2 * np.pi * into) / (2 * np.pi)
    climb = 0.4 + 0.17 * (step + eased) + 0.1 * np.sin(np.pi * into)
    ankles = np.stack([climb, 0.3 * (step + eased)], axis=1)[:, None].repeat(2, axis=1)
    root = np.stack([0 * times, climb + 0.75, 0.3 * times], axis=1)
    feet = clip_of_feet(root, ankles)
    contacts = detect_contacts(feet.joints(), feet.fps)
    assert contacts[35:47].all()  # still on a step
    assert not contacts[[22, 23, 24, 52, 53, 54]].any()  # on the way to the next


def test_sunken_feet_are_lifted_and_the_hands_stay():
    clip = walk(slide=0.0)
    sunken = Clip(clip.root_pos - [0.0, 0.05, 0.0], clip.rot, FPS)
    assert sunken.joints()[:, FEET, 1].min() < -0.02
    cleaned = clean_up(sunken)
    assert cleaned.joints()[:, FEET, 1].min() > -1e-6
    hands = [JOINT_INDEX["left_wrist"], JOINT_INDEX["right_wrist"]]
    assert np.array_equal(cleaned.joints()[:, hands], sunken.joints()[:, hands])
    assert accelerations(cleaned).max() <= 1.3 * accelerations(sunken).max()


def test_out_of_reach_the_knee_comes_to_rest_without_snapping():
    times = np.arange(90) / FPS
    root = np.stack([0 * times, 0.86 + 0 * times, 0.25 * times], axis=1)
    # The foot is dragged along but called a contact all the time: it cannot stay behind.
    ankles = np.stack([0.075 + 0 * times, 0.25 * times], axis=1)[:, None].repeat(2, axis=1)
    clip = clip_of_feet(root, ankles)
    contacts = np.ones((90, 4), dtype=bool)
    cleaned = clean_up(clip, contacts)
    joints, _ = forward_kinematics(cleaned.root_pos, cleaned.rot)
    hip, knee, ankle = (joints[:, JOINT_INDEX[f"left_{name}"]] for name in ("hip", "knee", "ankle"))
    assert np.linalg.norm(ankle - hip, axis=-1).max() < 0.8
    cosine = np.sum((hip - knee) * (ankle - knee), axis=-1) / 0.16
    bend = np.degrees(np.pi - np.arccos(np.clip(cosine, -1.0, 1.0)))
    assert bend.min() > 1.0
    assert np.abs(np.diff(bend, 2)).max() < 2.0


def test_a_knee_that_is_bent_backwards_makes_no_jump():
    times = np.arange(60) / FPS
    clip = walk(60, speed=0.0)
    rot = np.tile(quaternions.IDENTITY, (60, len(JOINTS), 1))
    bend = np.radians(8 * np.sin(2 * np.pi * times))  # through straight and back
    for name in SIDES:
        for joint, part in (("hip", -0.5), ("knee", 1.0), ("ankle", -0.5)):
            index = JOINT_INDEX[f"{name}_{joint}"]
            rot[:, index] = quaternions.axis_angle_to_quaternion(X, part * bend)
    height = 0.15 + 0.8 * np.cos(bend / 2)
    sway = 0.02 * np.sin(np.pi * times)
    clip = Clip(np.stack([sway, height, 0 * times], axis=1), rot, FPS)
    cleaned = clean_up(clip)
    knees = cleaned.joints()[:, [JOINT_INDEX["left_knee"], JOINT_INDEX["right_knee"]]]
    assert np.linalg.norm(np.diff(knees, axis=0), axis=-1).max() < 0.03


@pytest.mark.parametrize("frames", [0, 1, 2, 3])
def test_shortest_clips(frames):
    clip = walk(frames, slide=0.1)
    assert detect_contacts(clip.joints(), clip.fps).shape == (frames, 4)
    cleaned = clean_up(clip)
    assert cleaned.frames == frames
    assert np.isfinite(cleaned.rot).all()


def test_contacts_and_mask_must_fit():
    clip = walk(10)
    with pytest.raises(ClipError):
        clean_up(clip, contacts=np.ones((9, 4), dtype=bool))
    with pytest.raises(ClipError):
        clean_up(clip, mask=np.ones(9, dtype=bool))


def test_bridges_go_on_with_value_and_slope():
    known = np.zeros(40, dtype=bool)
    known[5:12] = known[20:25] = True
    values = np.where(known, 0.01 * np.arange(40), np.nan)
    bridged = bridge_displacements(values, known, 6)
    assert np.array_equal(bridged[known], values[known])
    assert np.isfinite(bridged).all()
    assert np.allclose(np.diff(bridged[5:25]), 0.01, atol=1e-9)  # a line is bridged by that line
    assert bridged[32] == 0.0
    assert np.abs(np.diff(bridged[20:], 2)).max() < 0.04


def validation_clips(shared):
    from keyfill_extension.engine.data.corpus import load_corpus

    clips = load_corpus(shared / "corpus", "val").clips
    chosen = np.random.default_rng(1).choice(len(clips), 30, replace=False)
    return [clips[index].clip for index in chosen]


def slide_speeds(clip, contacts):
    level = np.diff(clip.joints()[:, FEET][..., [0, 2]], axis=0)
    return (np.linalg.norm(level, axis=-1) * clip.fps)[contacts[1:] & contacts[:-1]]


def test_real_clips_slide_less_and_are_as_smooth(shared):
    before, after, rough, smooth = [], [], [], []
    for clip in validation_clips(shared):
        contacts, cleaned = detect_contacts(clip.joints(), clip.fps), clean_up(clip)
        before.append(slide_speeds(clip, contacts))
        after.append(slide_speeds(cleaned, contacts))
        rough.append(np.linalg.norm(np.diff(clip.joints(), 3, axis=0), axis=-1).mean())
        smooth.append(np.linalg.norm(np.diff(cleaned.joints(), 3, axis=0), axis=-1).mean())
    assert np.concatenate(after).mean() < 0.25 * np.concatenate(before).mean()
    assert np.mean(smooth) < 1.02 * np.mean(rough)


def test_real_crawling_lying_and_swimming_are_left_nearly_alone(shared):
    from keyfill_extension.engine.data.corpus import load_corpus

    words = ("crawl", "swim", "lies ", "kneel")
    moved = []
    for entry in load_corpus(shared / "corpus").clips:
        if any(word in entry.captions[0] for word in words):
            change = clean_up(entry.clip).joints() - entry.clip.joints()
            moved.append(np.linalg.norm(change[:, FEET], axis=-1).ravel())
    assert len(moved) > 10
    assert np.concatenate(moved).mean() < 0.006
