"""Facts of hand-made clips: states, events with their sides and counts, channels, packing."""

from __future__ import annotations

import numpy as np
import pytest
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.resampling import resample_clip
from keyfill_extension.engine.retrieval.facts import (
    CHANNELS,
    measure_facts,
    pack_facts,
    unpack_facts,
)
from keyfill_extension.engine.retrieval.facts.kinematics.event_rows import KINDS
from keyfill_extension.engine.retrieval.facts.kinematics.states import STATES
from keyfill_extension.tests.engine import facts_motions as motions


def facts_of(puppet):
    return measure_facts(puppet.clip())


HELD = {
    "standing": motions.stand,
    "seated": motions.seated,
    "crouched": lambda: motions.stand().squat(55.0),
    "kneeling": lambda: motions.kneel(motions.stand(), 1.0),
    "on all fours": motions.all_fours,
    "lying": motions.lying,
    "hanging": motions.hang,
}


@pytest.mark.parametrize("state", [*HELD])
def test_a_held_state_is_named_throughout(state) -> None:
    facts = facts_of(HELD[state]())
    assert facts.share(state) == 1.0
    assert (facts.start_state, facts.end_state) == (state, state)


def test_the_flight_of_a_jump_is_airborne_and_the_rest_stands() -> None:
    facts = facts_of(motions.jump(middles=(1.2,)))
    names = [STATES[state] for state in facts.states]
    assert names[(round(1.2 * 30)) // 4] == "airborne"
    assert 2 <= names.count("airborne") <= 5
    assert names[0] == names[-1] == "standing"


def test_every_state_is_tested() -> None:
    assert {*HELD, "airborne"} == set(STATES)


@pytest.mark.parametrize(
    ("motion", "start", "end"),
    [
        (motions.sitting_down, "standing", "seated"),
        (motions.standing_up, "seated", "standing"),
        (motions.falling, "standing", "lying"),
        (motions.getting_up, "lying", "standing"),
        (motions.kneeling_down, "standing", "kneeling"),
    ],
)
def test_a_change_begins_in_one_state_and_ends_in_the_other(motion, start, end) -> None:
    facts = facts_of(motion())
    assert (facts.start_state, facts.end_state) == (start, end)


EVENTS = [
    ("jump", "both", 1, motions.jump, (1.2,)),
    ("jump", "both", 2, lambda: motions.jump((1.0, 2.6), seconds=4.0), (1.0, 2.6)),
    ("kick", "left", 1, motions.kick, (1.2,)),
    ("kick", "left", 2, lambda: motions.kick(middles=(0.9, 2.0)), (0.9, 2.0)),
    ("clap", "both", 3, motions.clap, (0.75, 1.25, 1.75)),
    ("strike", "left", 1, motions.punch, (1.2,)),
    ("strike", "left", 2, lambda: motions.punch((0.9, 1.9)), (0.9, 1.9)),
    ("throw", "left", 1, motions.throw, (1.4,)),
    ("turn", "left", 1, motions.turn, (1.45,)),
    ("sit_down", "both", 1, motions.sitting_down, (1.7,)),
    ("stand_up", "both", 1, motions.standing_up, (1.7,)),
    ("go_down", "both", 1, motions.falling, (1.6,)),
    ("get_up", "both", 1, motions.getting_up, (1.8,)),
    ("kneel_down", "both", 1, motions.kneeling_down, (1.7,)),
    ("squat", "both", 1, motions.squat, (1.8,)),
    ("bend", "both", 1, motions.pick_up, (1.95,)),
    ("bow", "both", 1, motions.bow, (1.85,)),
]


@pytest.mark.parametrize(("kind", "side", "count", "motion", "peaks"), EVENTS)
def test_an_event_is_found_as_often_as_it_happens(kind, side, count, motion, peaks) -> None:
    found = facts_of(motion()).events(kind)
    assert [event.side for event in found] == [side] * count
    for event, seconds in zip(found, peaks, strict=True):
        assert abs(event.peak / 30 - seconds) < 0.3
        assert 0 <= event.start < event.peak < event.end


@pytest.mark.parametrize(
    ("kind", "side", "count", "motion", "peaks"), [row for row in EVENTS if row[1] == "left"]
)
def test_the_mirrored_event_is_on_the_other_side(kind, side, count, motion, peaks) -> None:
    facts = measure_facts(motion().clip().mirrored())
    assert [event.side for event in facts.events(kind)] == ["right"] * count


def test_a_wave_is_two_swings_for_each_time_there_and_back() -> None:
    swings = facts_of(motions.wave(3)).events("hand_swing")
    assert {swing.side for swing in swings} == {"left"}
    assert 6 <= len(swings) <= 7


def test_a_walk_has_a_step_of_each_foot_in_turn() -> None:
    steps = facts_of(motions.walk()).events("step")
    assert 5 <= len(steps) <= 7
    assert all(a.side != b.side for a, b in zip(steps[:-1], steps[1:], strict=True))
    assert all(abs(step.amount - 121) < 12 for step in steps)


def test_skipping_hops_on_one_foot_and_the_other() -> None:
    sides = [hop.side for hop in facts_of(motions.skip()).events("hop")]
    assert len(sides) >= 2
    assert {"left", "right"} == set(sides)


def test_every_kind_of_event_is_tested() -> None:
    assert {row[0] for row in EVENTS} | {"hand_swing", "step", "hop", "cycle"} == set(KINDS)


@pytest.mark.parametrize("motion", [motions.stand, motions.seated, motions.lying, motions.hang])
def test_nothing_happens_where_nothing_moves(motion) -> None:
    assert len(facts_of(motion()).rows) == 0


@pytest.mark.parametrize("motion", [motions.walk, motions.run])
def test_going_is_neither_jump_nor_kick_nor_squat(motion) -> None:
    facts = facts_of(motion())
    for kind in ("jump", "kick", "squat", "strike", "throw", "clap", "bend", "hop"):
        assert facts.events(kind) == []


def test_a_turns_degrees_carry_its_sign() -> None:
    left, right = facts_of(motions.turn(90.0)), facts_of(motions.turn(-90.0))
    assert abs(left.events("turn")[0].amount - 90) < 6
    assert abs(right.events("turn")[0].amount + 90) < 6
    assert abs(left.turn_degrees - 90) < 3


def test_walking_repeats_itself_with_its_period_and_a_jump_does_not() -> None:
    assert abs(facts_of(motions.walk()).period - 33) <= 1
    assert facts_of(motions.jump()).period == 0
    assert facts_of(motions.stand()).period == 0


def test_channels_have_their_units() -> None:
    facts = facts_of(motions.walk())
    assert abs(facts.channel("speed_ahead").mean() - 1.1) < 0.05
    assert abs(facts.channel("speed_left")).max() < 0.1
    assert abs(facts.travel[0] - 1.1 * facts.seconds) < 0.2
    standing = facts_of(motions.stand())
    assert abs(standing.channel("pelvis_height") - 0.95).max() < 0.02
    assert (standing.hands("foot_carries") == 1.0).all()
    raised = facts_of(motions.raise_left())
    assert (raised.channel("left_hand_above_shoulder") > 0.5).all()
    assert (raised.channel("right_hand_above_shoulder") < -0.5).all()
    assert (raised.channel("left_arm_extension") > 0.97).all()


def test_feet_that_rise_with_the_pelvis_carry_nothing() -> None:
    puppet = motions.stand()
    risen = facts_of(puppet.move(up=0.68 * np.clip(puppet.t - 1.0, 0.0, 1.0)))
    assert (risen.hands("foot_carries")[10:12] == 0.0).all()
    assert (risen.hands("foot_carries")[[3, -3]] == 1.0).all()


def test_travel_is_told_from_the_first_heading() -> None:
    facts = facts_of(motions.circle())
    yaw = np.radians(75) * 4.0
    radius = 1.0 / np.radians(75)
    assert abs(facts.travel[0] - radius * np.sin(yaw)) < 0.1
    assert abs(facts.travel[1] - radius * (1 - np.cos(yaw))) < 0.1
    assert abs(facts.turn_degrees - 300) < 6


def test_a_climb_raises_the_support() -> None:
    facts = facts_of(motions.gait(0.6, rise_per_second=0.3))
    assert abs(facts.travel[2] - 1.2) < 0.3
    assert abs(facts.channel("pelvis_height") - 0.9).max() < 0.25
    assert facts.share("airborne") == 0.0


def test_a_cut_keeps_what_happens_inside() -> None:
    facts = facts_of(motions.jump((1.0, 2.6), seconds=4.0))
    second = facts.cut(12, 30)
    assert second.steps == 18
    jumps = second.events("jump")
    assert len(jumps) == 1
    assert abs(jumps[0].peak / 30 - (2.6 - 1.6)) < 0.1
    assert facts.cut(-5, 99).steps == facts.steps
    assert facts.cut(5, 5).steps == 0


def test_a_cut_turn_has_the_degrees_that_are_left() -> None:
    facts = facts_of(motions.turn(180.0, 1.6))
    middle = facts.events("turn")[0].peak // 4 + 1
    assert 60 < facts.cut(0, middle).events("turn")[0].amount < 130


def test_packing_loses_nothing() -> None:
    clips = [facts_of(motion()) for motion in (motions.walk, motions.stand, motions.clap)]
    packed = pack_facts(clips)
    assert packed["facts"].dtype == np.int8
    assert packed["events"].dtype == np.int16
    assert packed["facts"].shape[1] == len(CHANNELS)
    restored = unpack_facts(packed, [facts.steps for facts in clips])
    for facts, other in zip(clips, restored, strict=True):
        assert np.array_equal(facts.values, other.values)
        assert np.array_equal(facts.rows, other.rows)


def test_packed_facts_that_do_not_fit_are_refused() -> None:
    packed = pack_facts([facts_of(motions.stand())])
    with pytest.raises(ValueError, match="do not fit 2 clips"):
        unpack_facts(packed, [10, 12])
    with pytest.raises(ValueError, match="channels"):
        unpack_facts(packed | {"facts": packed["facts"][:, :3]}, [22])


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 7])
def test_short_clips_have_facts(frames) -> None:
    facts = measure_facts(motions.stand().clip().cut(0, frames))
    assert facts.steps == 1
    assert facts.start_state == "standing"


def test_another_frame_rate_gives_the_same_facts() -> None:
    clip = motions.kick().clip()
    doubled = resample_clip(Clip(clip.root_pos, clip.rot, 30.0), 60.0)
    own, other = measure_facts(clip), measure_facts(doubled)
    assert len(other.events("kick")) == 1
    assert abs(own.steps - other.steps) <= 1


@pytest.mark.parametrize("row", EVENTS, ids=[f"{row[0]}-{row[2]}" for row in EVENTS])
def test_noise_of_decoded_codes_changes_no_count(row) -> None:
    kind, _, count, motion, _ = row
    for seed in (0, 1):
        facts = measure_facts(motions.noisy(motion().clip(), seed))
        assert len(facts.events(kind)) == count


@pytest.mark.parametrize("state", [*HELD])
def test_noise_changes_no_state(state) -> None:
    assert measure_facts(motions.noisy(HELD[state]().clip())).share(state) >= 0.9
