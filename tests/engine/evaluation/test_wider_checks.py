"""The checks of the later sets, on motion made by hand: what passes, and what is like it."""

import numpy as np
import pytest
from keyfill_extension.engine.evaluation.checks import counting, states
from keyfill_extension.engine.evaluation.checks.in_order import passes_in_order
from keyfill_extension.engine.evaluation.checks.measures import Body
from keyfill_extension.engine.evaluation.checks.wider_table import (
    ACT_CHECKS,
    COUNT_CHECKS,
    EITHER_SIDE,
    END_CHECKS,
    WIDER_CHECKS,
)
from keyfill_extension.engine.evaluation.scores import hand_made
from keyfill_extension.engine.evaluation.scores.hand_made import TEMPI, made_by_hand
from keyfill_extension.engine.evaluation.scores.positives import hold_last, join_bodies

from .actions import POSITIVES, go, hop, lie, stand
from .motions import Puppet, pulse


def body_of(name: str) -> Body:
    """Return a body that shows a check's action: made by hand here, or for the older checks."""
    if name in POSITIVES:
        return Body.from_clip(POSITIVES[name]())
    if f"{name}_left" in POSITIVES:
        return Body.from_clip(POSITIVES[f"{name}_left"]())
    return made_by_hand(name)[1]


def get_up() -> Body:
    return Body.from_clip(POSITIVES["stands_up"]())


OTHERS = {
    "reaches_ahead": lambda: body_of("holds_arms_ahead"),
    "crosses_the_arms": lambda: body_of("folds_arms"),
    "has_arms_out": lambda: body_of("spreads_arms"),
    "hops_about": lambda: Body.from_clip(hop()),
    "swings_a_raised_hand": lambda: body_of("waves"),
    "rises_from_a_seat": get_up,
}
"""Positives of checks that are wider than an older one: the older one's."""


def positives(name: str) -> list[Body]:
    if name in OTHERS:
        return [OTHERS[name]()]
    return made_by_hand(name) or [body_of(name)]


@pytest.mark.parametrize("name", sorted(ACT_CHECKS))
def test_a_check_passes_its_action(name):
    assert [ACT_CHECKS[name](body) for body in positives(name)] == [True] * len(positives(name))


@pytest.mark.parametrize("name", sorted(set(ACT_CHECKS) | set(COUNT_CHECKS)))
def test_no_action_and_no_count_is_seen_in_a_body_that_stands(name):
    assert not WIDER_CHECKS[name](Body.from_clip(stand(4.0)))


@pytest.mark.parametrize("name", sorted({*ACT_CHECKS, *END_CHECKS, *COUNT_CHECKS}))
def test_checks_give_a_verdict_on_the_shortest_clips(name):
    for frames in (1, 2, 5):
        assert WIDER_CHECKS[name](Body.from_clip(stand().cut(0, frames))) in (True, False)


@pytest.mark.parametrize("name", EITHER_SIDE)
def test_a_check_of_either_side_passes_left_and_right(name):
    assert ACT_CHECKS[name](body_of(name))
    assert ACT_CHECKS[name](body_of(name).mirrored())


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("salutes", "raises_hand_left"),
        ("salutes", "drinks"),
        ("salutes", "holds_the_head"),
        ("holds_the_head", "salutes"),
        ("holds_the_head", "raises_both_arms"),
        ("tiptoes", "walks_forward"),
        ("tiptoes", "stands_on_tiptoe"),
        ("drags", "walks_backward"),
        ("drags", "bows"),
        ("flips", "does_a_cartwheel"),
        ("flips", "jumps_up"),
        ("rolls_on_the_floor", "lies"),
        ("goes_up_stairs", "climbs"),
        ("goes_up_stairs", "walks_forward"),
        ("steps_over", "walks_forward"),
        ("steps_over", "jumps_forward"),
        ("jumps_down", "jumps_up"),
        ("jumps_down", "sits_down"),
        ("runs_to_a_stop", "runs_forward"),
        ("runs_to_a_stop", "comes_to_a_stop"),
        ("flaps_the_arms", "raises_both_arms"),
        ("flaps_the_arms", "claps"),
        ("lifts_the_knees", "hops"),
        ("lifts_the_knees", "sits_down"),
        ("swings_with_both_hands", "waves"),
        ("swings_with_both_hands", "carries"),
        ("reaches_ahead", "raises_both_arms"),
        ("reaches_ahead", "folds_arms"),
        ("crosses_the_arms", "has_hands_on_hips"),
        ("has_arms_out", "holds_arms_ahead"),
        ("hops_about", "walks_forward"),
        ("swings_a_raised_hand", "raises_hand_left"),
        ("rises_from_a_seat", "sits_down"),
    ],
)
def test_a_check_fails_an_action_that_is_like_it(name, other):
    assert not WIDER_CHECKS[name](body_of(other))


def test_stairs_that_go_down_are_not_gone_up():
    up = made_by_hand("goes_up_stairs")[1]
    down = Body(up.joints[::-1], up.local[::-1], up.heading[::-1], up.fps)

    assert not WIDER_CHECKS["goes_up_stairs"](down)


@pytest.mark.parametrize("event", sorted(hand_made.COUNTED))
@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("tempo", TEMPI)
def test_an_event_is_counted(event, count, tempo):
    body = Body.from_clip(hand_made.COUNTED[event](count, tempo))
    right = [n for n in range(1, 6) if COUNT_CHECKS[f"{event}_exactly_{n}"](body)]

    # The step that brings the feet together may be counted or not.
    assert right == ([count, count + 1] if event == "steps" else [count])


@pytest.mark.parametrize("event", sorted(hand_made.COUNTED))
def test_what_happens_once_more_is_too_often(event):
    body = Body.from_clip(hand_made.COUNTED[event](3))

    assert not COUNT_CHECKS[f"{event}_exactly_1"](body)
    assert not COUNT_CHECKS[f"{event}_exactly_2"](body)


def test_hands_that_are_together_from_the_first_frame_on_have_not_clapped():
    assert counting.dips(np.array([0.1, 0.1, 0.1, 0.5, 0.5]), 0.28, 0.08) == 0
    assert counting.dips(np.array([0.1, 0.5, 0.1, 0.15, 0.1, 0.5, 0.1]), 0.28, 0.08) == 2


@pytest.mark.parametrize(
    ("state", "name"),
    [
        ("standing", "waves"),
        ("seated", "stays_seated"),
        ("crouched", "crouches"),
        ("kneeling", "kneels"),
        ("on all fours", "does_push_ups"),
        ("lying", "lies"),
        ("hanging", "hangs"),
    ],
)
def test_a_body_is_in_its_state_from_first_to_last(state, name):
    body = body_of(name)

    assert states.ends_in(state, body)
    alike = {"crouched": "seated", "on all fours": "lying"}.get(state)
    for other in {"standing", "seated", "lying", "airborne", "hanging"} - {state, alike}:
        assert not states.ends_in(other, body)


def test_a_body_in_the_air_is_airborne_and_in_no_state_of_the_ground():
    puppet = Puppet(1.0)
    body = Body.from_clip(puppet.move(up=0.5).clip())

    assert states.ends_in("airborne", body)
    assert states.begins_in("airborne", body)
    assert not states.ends_in("standing", body)


def test_a_fall_that_is_held_stays_down():
    fallen = hold_last(body_of("goes_down_to_the_floor"), 3.0)

    assert END_CHECKS["stays_down"](fallen)
    assert END_CHECKS["ends_lying"](fallen)
    assert END_CHECKS["ends_still"](fallen)


def test_who_gets_up_again_has_not_stayed_down():
    fallen = hold_last(body_of("goes_down_to_the_floor"), 3.0)
    up = join_bodies([fallen, body_of("gets_up_from_the_floor")])

    assert not END_CHECKS["stays_down"](up)
    assert not END_CHECKS["ends_lying"](up)


def test_a_leg_that_flies_up_while_lying_is_not_stillness():
    puppet = Puppet(6.0).bend("pelvis", "x", -90.0).move(up=-0.8)
    still = Body.from_clip(puppet.clip())
    puppet.bend("left_hip", "x", -90 * pulse(puppet.t, 4.0, 0.3))
    kicking = Body.from_clip(puppet.clip())

    assert END_CHECKS["stays_down"](still)
    assert not END_CHECKS["stays_down"](kicking)


def test_who_never_goes_down_does_not_stay_down():
    assert not END_CHECKS["stays_down"](Body.from_clip(stand(4.0)))


def test_moving_on_is_not_ending_still():
    assert not END_CHECKS["ends_still"](Body.from_clip(go(ahead=1.0)))
    assert END_CHECKS["ends_still"](Body.from_clip(stand()))


def test_the_belly_faces_up_or_down():
    back = Body.from_clip(Puppet(1.0).bend("pelvis", "x", -90.0).move(up=-0.8).clip())

    assert states.is_facing_up(back).all()
    assert not states.is_facing_up(Body.from_clip(lie())).any()
    assert not states.is_facing_up(Body.from_clip(stand())).any()


def test_actions_in_order_pass_and_in_the_reverse_order_fail():
    salute, walk = made_by_hand("salutes")[1], Body.from_clip(go(ahead=1.1, seconds=4.0))

    assert passes_in_order(("salutes", "walks_forward"), join_bodies([salute, walk]))
    assert not passes_in_order(("salutes", "walks_forward"), join_bodies([walk, salute]))


def test_four_actions_need_their_order():
    names = ("squats", "jumps_up", "claps", "bows")
    parts = [body_of(name) for name in names]

    assert passes_in_order(names, join_bodies(parts))
    assert not passes_in_order(names, join_bodies([parts[1], parts[0], *parts[2:]]))
    assert not passes_in_order(names, join_bodies(parts[:3]))
