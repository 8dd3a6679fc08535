"""Natural windows of events: from rest to rest, never into another event, counted."""

from __future__ import annotations

import numpy as np
import pytest
from keyfill_extension.engine.retrieval.facts import Facts, measure_facts
from keyfill_extension.engine.retrieval.facts.kinematics.event_rows import event_row, to_rows
from keyfill_extension.engine.retrieval.facts.windows import (
    natural_windows,
    repeats,
    unrest,
    window_of,
)
from keyfill_extension.tests.engine import facts_motions as motions


def facts_of(puppet):
    return measure_facts(puppet.clip())


SINGLES = {
    "jump": motions.jump,
    "kick": motions.kick,
    "strike": motions.punch,
    "throw": motions.throw,
    "turn": motions.turn,
    "sit_down": motions.sitting_down,
    "stand_up": motions.standing_up,
    "go_down": motions.falling,
    "get_up": motions.getting_up,
    "squat": motions.squat,
    "bend": motions.pick_up,
    "bow": motions.bow,
    "kneel_down": motions.kneeling_down,
    "hand_swing": motions.wave,
}


@pytest.mark.parametrize("kind", [*SINGLES])
def test_a_window_leads_from_rest_to_rest_around_its_event(kind) -> None:
    facts = facts_of(SINGLES[kind]())
    (window,) = natural_windows(facts, kind)
    calm = unrest(facts)
    assert calm[window.start] < 0.2 * calm.max()
    assert calm[window.end - 1] < 0.2 * calm.max()
    assert window.start <= window.peak < window.end
    events = facts.events(kind)
    assert 4 * window.start <= events[0].start + 3
    assert 4 * window.end >= events[-1].end - 3
    assert window.end - window.start < facts.steps


def test_two_events_have_windows_that_do_not_overlap() -> None:
    facts = facts_of(motions.jump((1.0, 2.6), seconds=4.0))
    first, second = natural_windows(facts, "jump")
    assert first.end <= second.start
    for window in (first, second):
        assert repeats(facts.cut(window.start, window.end), "jump") == 1


def test_close_kicks_are_parted_between_them() -> None:
    facts = facts_of(motions.kick(middles=(0.9, 1.7)))
    first, second = natural_windows(facts, "kick")
    assert 0.9 * 30 / 4 < first.end <= second.start < 1.7 * 30 / 4


def test_events_in_neighbouring_steps_keep_their_peaks() -> None:
    still = facts_of(motions.stand())
    rows = to_rows([event_row("strike", (20, peak, 40), 200, "left") for peak in (28, 30, 34)])
    facts = Facts(still.values, rows)
    for window in natural_windows(facts, "strike"):
        assert window.start <= window.peak < window.end


def test_a_window_does_not_cut_into_another_event() -> None:
    puppet = motions.stand(4.0)
    puppet.bend("left_hip", "x", -75 * motions.pulse(puppet.t, 1.0, 0.16))
    puppet.bend("pelvis", "y", 90 * motions.ease(puppet.t, 1.5, 0.8))
    facts = facts_of(puppet)
    (kick,), (turn,) = facts.events("kick"), facts.events("turn")
    (window,) = natural_windows(facts, "kick")
    assert window.end * 4 <= turn.start + 3 or window.end * 4 >= turn.end
    (window,) = natural_windows(facts, "turn")
    assert window.start * 4 >= kick.end - 3 or window.start * 4 <= kick.start


def test_what_happens_at_the_peak_stays_in_the_window() -> None:
    puppet = motions.jump()
    puppet.bend("pelvis", "y", 180 * motions.ease(puppet.t, 0.9, 0.6))
    facts = facts_of(puppet)
    (window,) = natural_windows(facts, "jump")
    assert abs(facts.cut(window.start, window.end).turn_degrees - 180) < 10


def test_a_jump_after_a_walk_begins_behind_the_walk() -> None:
    facts = facts_of(motions.walk_then_jump())
    (window,) = natural_windows(facts, "jump")
    assert window.start * 4 / 30 > 3.0
    assert abs(facts.cut(window.start, window.end).travel[0]) < 0.1


def test_the_window_of_a_cycle_is_whole_cycles() -> None:
    facts = facts_of(motions.walk())
    (window,) = natural_windows(facts, "cycle")
    cycles = 4 * (window.end - window.start) / facts.period
    assert abs(cycles - round(cycles)) < 2.1 / facts.period
    assert cycles > 2.5


def test_a_side_leaves_out_the_others_events() -> None:
    facts = facts_of(motions.kick())
    assert natural_windows(facts, "kick", "right") == []
    assert len(natural_windows(facts, "kick", "left")) == 1
    assert natural_windows(facts, "jump") == []


@pytest.mark.parametrize(
    ("kind", "motion", "count"),
    [
        ("jump", lambda: motions.jump((1.0, 2.6), seconds=4.0), 2),
        ("clap", motions.clap, 3),
        ("hand_swing", lambda: motions.wave(3), 3),
        ("step", motions.walk, 6),
        ("jump", motions.stand, 0),
    ],
)
def test_repeats_are_counted(kind, motion, count) -> None:
    assert abs(repeats(facts_of(motion()), kind) - count) <= (kind in ("hand_swing", "step"))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_window_of_so_many_holds_exactly_so_many(count) -> None:
    facts = facts_of(motions.jump((1.0, 2.6, 4.2), seconds=5.6))
    window = window_of(facts, "jump", count)
    assert window is not None
    assert repeats(facts.cut(window.start, window.end), "jump") == count


def test_a_wave_of_so_many_swings_is_found_whole() -> None:
    facts = facts_of(motions.wave(3))
    count = repeats(facts, "hand_swing", "left")
    window = window_of(facts, "hand_swing", count, "left")
    assert window is not None
    assert np.isclose(window.end - window.start, facts.steps, atol=9)


def test_there_is_no_window_of_more_than_happens() -> None:
    facts = facts_of(motions.jump())
    assert window_of(facts, "jump", 2) is None
    assert window_of(facts, "jump", 0) is None
    assert window_of(facts, "kick", 1) is None
