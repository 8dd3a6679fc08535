"""Which stretch of a clip shows an action: once, so often, on a side, from state to state."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from keyfill_extension.engine.retrieval.facts import Facts
from keyfill_extension.engine.retrieval.facts.windows import natural_windows, unrest
from keyfill_extension.engine.retrieval.stretches import (
    MOST_STRETCHES,
    Stretch,
    event_of,
    is_once,
    rate,
    stretches_of,
)
from keyfill_extension.tests.engine import facts_motions as motions
from keyfill_extension.tests.engine.retrieval.small_memories import (
    action_of,
    facts_of,
    lively,
    made_up,
)


def found(prompt: str, facts: Facts) -> list[Stretch]:
    return stretches_of(action_of(prompt), 0, facts)


def played(stretch: Stretch, facts: Facts, event: str) -> list:
    """Return the events whose peaks are among a stretch's rows."""
    rows = set(stretch.rows)
    return [each for each in facts.events(event) if each.peak // 4 in rows]


def apart(facts: Facts, step: int, other: int) -> float:
    """Return the metres by which hands and feet are elsewhere in another step."""
    hands = [facts.hands(name) for name in ("hand_above_shoulder", "hand_ahead", "hand_out")]
    points = np.concatenate([*hands, facts.hands("foot_height")], 1)
    return float(np.linalg.norm(points[step] - points[other]))


def test_a_stretch_counts_the_rows_that_are_left() -> None:
    whole, short = Stretch(0, 3, 9, 5), Stretch(0, 3, 9, 5, cut=(5, 8))
    assert whole.rows == [3, 4, 5, 6, 7, 8]
    assert (whole.steps, whole.seam) == (6, None)
    assert short.rows == [3, 4, 8]
    assert (short.steps, short.seam) == (3, 2)


@pytest.mark.parametrize(
    ("prompt", "motion", "event"),
    [
        ("a person jumps", motions.jump, "jump"),
        ("a person kicks", motions.kick, "kick"),
        ("a person sits down", motions.sitting_down, "sit_down"),
        ("a person bows", motions.bow, "bow"),
        ("a person throws a ball", motions.throw, "throw"),
    ],
)
def test_a_single_action_is_cut_at_its_natural_window(prompt, motion, event) -> None:
    facts = facts_of(motion())
    (stretch,) = found(prompt, facts)
    (window,) = natural_windows(facts, event)
    assert stretch.first <= window.start < window.peak < window.end <= stretch.last
    assert stretch.steps < facts.steps
    assert len(played(stretch, facts, event)) == 1
    calm = unrest(facts)
    assert max(calm[stretch.first], calm[stretch.last - 1]) < 0.2 * calm.max()


def test_a_single_action_leaves_out_what_happens_beside_it() -> None:
    facts = facts_of(motions.walk_then_jump())
    (stretch,) = found("a person jumps", facts)
    assert stretch.first * 4 / 30 > 3.0
    assert len(played(stretch, facts, "jump")) == 1


@pytest.mark.parametrize(
    ("prompt", "motion", "event", "count"),
    [
        ("a person claps twice", lambda: motions.clap(6), "clap", 2),
        ("a person claps three times", lambda: motions.clap(5), "clap", 3),
        ("a person claps four times", lambda: motions.clap(6), "clap", 4),
        ("a person jumps once", lambda: motions.jump((1.0, 2.6, 4.2), seconds=5.6), "jump", 1),
        ("a person jumps twice", lambda: motions.jump((1.0, 2.6, 4.2), seconds=5.6), "jump", 2),
        ("a person takes two steps", motions.walk, "step", 2),
        ("a person takes three steps", motions.walk, "step", 3),
        ("a person takes four steps", motions.walk, "step", 4),
    ],
)
def test_a_counted_stretch_holds_exactly_so_many(prompt, motion, event, count) -> None:
    facts = facts_of(motion())
    counted = [stretch for stretch in found(prompt, facts) if stretch.is_counted]
    exact = [stretch for stretch in counted if not stretch.is_spare]
    assert exact
    for stretch in exact:
        assert len(played(stretch, facts, event)) == count
    assert counted == found(prompt, facts)[: len(counted)]
    assert exact == counted[: len(exact)]
    # One repeat more is for seams that swallow one; feet step in turn, so two steps more.
    for stretch in counted[len(exact) :]:
        assert len(played(stretch, facts, event)) == count + (2 if event == "step" else 1)


@pytest.mark.parametrize(("word", "count"), [("once", 1), ("twice", 2), ("three times", 3)])
@pytest.mark.parametrize("swings", [4, 5, 6])
def test_a_counted_wave_swings_there_and_back_so_often(word, count, swings) -> None:
    facts = facts_of(motions.wave(swings))
    stretch = found(f"a person waves the left hand {word}", facts)[0]
    assert stretch.is_counted
    assert (len(played(stretch, facts, "hand_swing")) + 1) // 2 == count
    # The hand is raised before it and lowered behind it.
    height = facts.channel("left_hand_above_shoulder")
    assert max(height[stretch.first], height[stretch.last - 1]) < -0.25


def test_a_single_action_of_unknown_count_says_that_it_is_not_counted() -> None:
    facts = facts_of(motions.jump((1.0, 2.6), seconds=4.0))
    assert [stretch.is_counted for stretch in found("a person jumps three times", facts)] == [
        False, False,
    ]  # fmt: skip
    (shrug,) = found("a person shrugs twice", facts)
    assert not shrug.is_counted


@pytest.mark.parametrize(
    ("prompt", "motion"),
    [
        ("a person claps twice", lambda: motions.clap(6)),
        ("a person claps three times", lambda: motions.clap(6)),
        ("a person waves the left hand once", lambda: motions.wave(5)),
        ("a person waves the left hand twice", lambda: motions.wave(5)),
        ("a person takes three steps", motions.walk),
        ("a person takes two steps", motions.walk),
        ("a person takes four steps", motions.walk),
    ],
)
def test_repeats_that_are_left_out_join_at_like_poses(prompt, motion) -> None:
    facts = facts_of(motion())
    cuts = [stretch for stretch in found(prompt, facts) if stretch.cut is not None]
    assert cuts
    steps = range(facts.steps - 1)
    usual = max(apart(facts, step, step + 1) for step in steps)
    for stretch in cuts:
        leave, back = stretch.cut
        assert apart(facts, leave - 1, back) <= usual + 0.1


def test_feet_still_step_in_turn_where_steps_are_left_out() -> None:
    facts = facts_of(motions.walk())
    for number in ("two", "three", "four"):
        for stretch in found(f"a person takes {number} steps", facts):
            sides = [step.side for step in played(stretch, facts, "step")]
            assert all(a != b for a, b in zip(sides[:-1], sides[1:], strict=True)), number


@pytest.mark.parametrize(("swings", "kept"), [(6, 4), (7, 3), (8, 4), (9, 3)])
def test_a_wave_is_shortened_where_the_hand_is_as_at_its_end(swings, kept) -> None:
    """Of seven swings three are kept: behind the third the hand is where the seventh leaves it."""
    frames = [(8 + 8 * number, 12 + 8 * number, 16 + 8 * number) for number in range(swings)]
    facts = made_up(
        ["standing"] * 30, [("hand_swing", each, "left") for each in frames],
        **lively(30, (1, 2 + 2 * swings)),
    )  # fmt: skip
    stretch = next(e for e in found("a person waves the left hand twice", facts) if e.cut)
    assert not stretch.is_spare
    assert len(played(stretch, facts, "hand_swing")) == kept
    leave, back = stretch.cut
    assert (back - leave) % 4 == 0


def test_a_window_reaches_back_and_on_to_the_states_that_a_kind_leads_between() -> None:
    states = ["standing"] * 5 + ["crouched"] * 21 + ["seated"] * 10
    facts = made_up(states, [("sit_down", (44, 56, 68), "both")], **lively(36, (5, 9), (10, 26)))
    (stretch,) = found("a person sits down", facts)
    own = facts.cut(stretch.first, stretch.last)
    assert (own.start_state, own.end_state) == ("standing", "seated")
    (window,) = natural_windows(facts, "sit_down")
    assert facts.cut(window.start, window.end).share("crouched") == 1.0
    # Calm is soon there: the window reaches on to it.
    assert unrest(facts)[stretch.first] == unrest(facts)[stretch.last - 1] == 0.0


def test_a_state_that_is_too_far_away_is_not_reached() -> None:
    states = ["standing"] * 4 + ["crouched"] * 30 + ["seated"] * 4
    facts = made_up(states, [("sit_down", (88, 96, 104), "both")], **lively(38, (4, 34)))
    (stretch,) = found("a person sits down", facts)
    own = facts.cut(stretch.first, stretch.last)
    assert own.start_state == "crouched"


def test_a_pose_ends_where_it_is_taken() -> None:
    puppet = motions.stand(5.0)
    puppet.arm("left", -80 + 160 * motions.bump(puppet.t, 1.5, 0.5, 1.5))
    facts = facts_of(puppet)
    stretch = found("a person raises the left hand", facts)[0]
    height = facts.channel("left_hand_above_shoulder")
    assert height[stretch.peak] > 0.9 * height.max()
    assert 2.0 <= stretch.peak * 4 / 30 <= 3.6
    assert height[stretch.first] < 0.0
    assert stretch.first < stretch.peak < stretch.last
    assert stretch.value >= 0.5


def test_a_pose_that_is_never_taken_is_looked_for_where_the_clip_is_calm() -> None:
    puppet = motions.stand(4.0)
    puppet.arm("left", -80 + 30 * np.sin(8 * puppet.t) * (puppet.t < 2.5))
    facts = facts_of(puppet)
    (stretch,) = found("a person raises the left hand", facts)
    assert (stretch.first, stretch.last) == (0, facts.steps)
    assert stretch.value < 0.5
    assert stretch.peak * 4 / 30 > 2.5


def test_what_goes_on_keeps_the_whole_lively_part() -> None:
    facts = made_up(["standing"] * 40, **lively(40, (10, 32)))
    (stretch,) = found("a person dances", facts)
    assert (stretch.first, stretch.last) == (9, 34)


def test_a_walk_keeps_all_its_steps() -> None:
    facts = facts_of(motions.walk())
    (stretch,) = found("a person walks", facts)
    assert len(played(stretch, facts, "step")) == len(facts.events("step"))


def test_a_long_single_action_of_no_event_is_where_most_happens() -> None:
    facts = made_up(["standing"] * 90, **lively(90, (2, 4), (40, 76), (86, 88)))
    (stretch,) = found("a person shrugs", facts)
    assert stretch.steps == round(5.0 * 30 / 4)
    assert stretch.first <= 40
    assert stretch.last >= 76


def test_a_side_is_kept_apart() -> None:
    facts = facts_of(motions.kick())
    assert found("a person kicks with the right foot", facts) == []
    (left,) = found("a person kicks with the left foot", facts)
    assert left.value >= 0.5
    mirrored = Facts(facts.values, facts.rows.copy())
    mirrored.rows[mirrored.rows[:, 1] > 0, 1] = 3 - mirrored.rows[mirrored.rows[:, 1] > 0, 1]
    assert found("a person kicks with the left foot", mirrored) == []
    assert len(found("a person kicks with the right foot", mirrored)) == 1
    assert len(found("a person kicks", mirrored)) == 1


def rated(prompt: str, motion) -> float:
    return rate(action_of(prompt), facts_of(motion))


def test_the_way_and_the_pace_are_conditions() -> None:
    ahead, back = motions.walk(), motions.gait(-1.0)
    slow = motions.gait(0.5)
    assert rated("a person walks", ahead) == 1.0
    assert rated("a person walks", back) < 0.5 <= rated("a person walks backward", back)
    assert rated("a person walks backward", ahead) < 0.5
    assert rated("a person walks slowly", ahead) < 0.5 <= rated("a person walks slowly", slow)
    assert rated("a person runs fast", motions.run()) >= 0.5


def test_arms_that_are_to_be_still_are_a_condition() -> None:
    swung = motions.walk()
    for side, sign in (("left", 1.0), ("right", -1.0)):
        swung.bend(f"{side}_shoulder", "x", 50 * sign * np.sin(2 * np.pi * swung.t / 1.1))
    assert rated("a person walks", swung) >= 0.5
    still = replace(action_of("a person walks"), still=("arms",))
    assert rate(still, facts_of(swung)) < 0.5 <= rate(still, facts_of(motions.walk()))


def test_an_action_without_a_kind_meets_all_conditions() -> None:
    assert rate(action_of("a person frobnicates"), facts_of(motions.stand())) == 1.0


def test_what_ends_of_itself_happens_once_unless_it_is_repeated() -> None:
    assert is_once(action_of("a person jumps"))
    assert is_once(action_of("a person claps three times"))
    assert not is_once(action_of("a person claps"))
    assert not is_once(action_of("a person jumps again and again"))
    assert event_of(action_of("a person jumps")) == "jump"
    assert event_of(action_of("a person takes three steps")) == "step"
    assert event_of(action_of("a person walks")) == ""


def test_the_best_stretches_come_first_and_are_few() -> None:
    facts = facts_of(motions.jump(tuple(1.0 + 1.6 * n for n in range(7)), seconds=12.0))
    stretches = found("a person jumps twice", facts)
    assert len(stretches) == MOST_STRETCHES
    order = [(-round(each.value, 1), not each.is_counted) for each in stretches]
    assert order == sorted(order)
    assert stretches[0].is_counted
