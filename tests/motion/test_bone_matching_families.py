"""Every promised family of rigs, in many builds: the whole map is right and says how sure it is."""

from collections import Counter

import pytest
from keyfill_extension.engine.motion.bones.matching import HIGH_CONFIDENCE, match_bones
from keyfill_extension.tests.motion.rig_families import BUILDS, FAMILIES, make_rig, renamed

CASES = [(family, build) for family in FAMILIES for build in BUILDS]
WITH_HANDS = [case for case in CASES if "wrist" not in BUILDS[case[1]].missing]


def made(family, build):
    return make_rig(FAMILIES[family], BUILDS[build])


def wrong_guesses(bone_map, joints):
    return [guess for guess in bone_map.guesses if joints.get(guess.joint) != guess.bone]


def test_at_least_95_of_100_rigs_are_mapped_fully_and_rightly():
    right = Counter()
    for family, build in CASES:
        rig = made(family, build)
        right[family] += dict(match_bones(rig.rig).bones) == rig.joints
    assert right.total() >= 0.95 * len(CASES), right
    assert all(right[family] >= len(BUILDS) / 2 for family in FAMILIES), right


@pytest.mark.parametrize(("family", "build"), CASES)
def test_no_wrong_bone_is_shown_with_high_confidence(family, build):
    rig = made(family, build)
    wrong = wrong_guesses(match_bones(rig.rig), rig.joints)
    assert [guess for guess in wrong if guess.confidence >= HIGH_CONFIDENCE] == []


@pytest.mark.parametrize("family", FAMILIES)
def test_an_ordinary_body_is_mapped_with_high_confidence_and_reasons(family):
    guesses = match_bones(made(family, "adult").rig).guesses
    if not FAMILIES[family].laid_out:
        assert min(guess.confidence for guess in guesses) >= HIGH_CONFIDENCE
    assert all(guess.reason for guess in guesses)


@pytest.mark.parametrize(("family", "build"), WITH_HANDS)
def test_twist_bones_fingers_and_root_are_found(family, build):
    rig = made(family, build)
    bone_map = match_bones(rig.rig)
    assert {twist.bone: twist.joint for twist in bone_map.twists} == rig.twists
    # They are made halfway down; places vary a little.
    assert all(0.4 < twist.share < 0.6 for twist in bone_map.twists)
    fingers = {f.bone: (f.side, f.digit, f.segment) for f in bone_map.fingers}
    assert fingers == rig.fingers
    assert bone_map.root == rig.root


def test_fingers_are_told_by_their_places_where_names_say_nothing():
    for family in ("mixamo", "vroid", "makehuman default", "daz genesis 8"):
        rig = made(family, "adult")
        unnamed, old = renamed(rig.rig, seed=3)
        fingers = match_bones(unnamed).fingers
        found = {old[f.bone]: (f.side, f.digit, f.segment) for f in fingers}
        assert found == rig.fingers, family


def test_by_shape_alone_at_least_80_of_100_joints_are_right_and_the_rest_is_doubted():
    right = total = 0
    for number, (family, build) in enumerate(CASES):
        if FAMILIES[family].laid_out:
            continue  # all limbs along one axis: there is no shape
        rig = made(family, build)
        unnamed, old = renamed(rig.rig, seed=number)
        bone_map = match_bones(unnamed)
        right += sum(old.get(bone_map.bones.get(j)) == bone for j, bone in rig.joints.items())
        total += len(rig.joints)
        joints = {j: next(n for n in old if old[n] == bone) for j, bone in rig.joints.items()}
        wrong = wrong_guesses(bone_map, joints)
        assert all(guess.confidence < HIGH_CONFIDENCE for guess in wrong), (family, build, wrong)
    assert right >= 0.8 * total, (right, total)
