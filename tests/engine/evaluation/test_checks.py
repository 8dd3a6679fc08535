import pytest
from keyfill_extension.engine.evaluation.checks import measures
from keyfill_extension.engine.evaluation.checks.measures import Body
from keyfill_extension.engine.evaluation.checks.table import CHECKS, passes

from .actions import POSITIVES, go, stand, walk_bending_left
from .frozen_actions import turn_left
from .motions import Puppet

SIDED = sorted(name for name in CHECKS if name.endswith("_left"))
OF_A_STANDING_BODY = {"stands_still", "stays_in_place"}


def body_for(name: str) -> Body:
    if name in POSITIVES:
        return Body.from_clip(POSITIVES[name]())
    return Body.from_clip(POSITIVES[name.replace("_right", "_left")]().mirrored())


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_check_passes_its_action(name):
    assert CHECKS[name](body_for(name))


@pytest.mark.parametrize("name", sorted(set(CHECKS) - OF_A_STANDING_BODY))
def test_no_action_is_seen_in_a_body_that_stands(name):
    assert not CHECKS[name](Body.from_clip(stand(4.0)))


@pytest.mark.parametrize("name", SIDED)
def test_a_sided_check_fails_the_other_side(name):
    assert not CHECKS[name.replace("_left", "_right")](body_for(name))


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_checks_give_a_verdict_on_the_shortest_clips(name):
    for frames in (1, 2, 5):
        assert CHECKS[name](Body.from_clip(stand().cut(0, frames))) in (True, False)


def test_walking_fails_the_run_and_running_fails_the_walk():
    assert not CHECKS["runs_forward"](body_for("walks_forward"))
    assert not CHECKS["walks_forward"](body_for("runs_forward"))


def test_several_checks_pass_only_together():
    waving = body_for("waves_left")

    assert passes(("waves_left", "stays_in_place"), waving)
    assert not passes(("waves_left", "walks_forward"), waving)


@pytest.mark.parametrize(
    ("name", "clip"),
    [
        ("sidesteps_left", go(left=0.1)),
        ("walks_in_a_circle", walk_bending_left(60.0, 0.7)),
        ("turns_on_the_spot_left", turn_left(70.0)),
        ("walks_and_turns_left", walk_bending_left(11.0)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_hint_of_an_action_is_not_the_action(name, clip):
    assert not CHECKS[name](Body.from_clip(clip))


def test_a_hand_26_cm_from_the_head_drinks_nothing():
    far = Puppet(4.0).arm("right", 20.0, 60.0).elbow("right", 110.0).clip()
    body = Body.from_clip(far)

    nearest = measures.hand_to_head(body, "right").min()

    assert 0.22 < nearest < 0.30, "within the reach that once passed"
    assert not CHECKS["drinks"](body)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("walks_slowly", "walks_briskly"),
        ("walks_briskly", "walks_slowly"),
        ("walks_forward", "runs_backward"),
        ("jogs", "walks_slowly"),
        ("comes_to_a_stop", "sets_off"),
        ("sets_off", "comes_to_a_stop"),
        ("spins_left", "turns_around_left"),
        ("turns_around_left", "spins_left"),
        ("jumps_twice", "jumps_up"),
        ("kicks_twice", "kicks_left"),
        ("kicks_high_left", "kicks_left"),
        ("stands_up", "sits_down"),
        ("sits_down", "stands_up"),
        ("stays_seated", "squats"),
        ("gets_up_from_the_floor", "goes_down_to_the_floor"),
        ("goes_down_to_the_floor", "gets_up_from_the_floor"),
        ("does_push_ups", "lies"),
        ("hangs", "raises_both_arms"),
        ("has_a_hand_on_the_hip_left", "has_hands_on_hips"),
        ("spreads_arms", "holds_arms_ahead"),
        ("holds_arms_ahead", "spreads_arms"),
        ("folds_arms", "has_hands_on_hips"),
        ("pushes", "punches_left"),
        ("touches_the_floor", "bows"),
        ("puts_down", "lifts_with_both_hands"),
        ("keeps_guard", "holds_arms_ahead"),
        ("dribbles", "carries"),
        ("walks_crouched", "crouches"),
        ("climbs_stairs", "climbs"),
    ],
)
def test_a_check_fails_an_action_that_is_like_it(name, other):
    assert not CHECKS[name](body_for(other))


def test_a_cut_body_holds_the_frames_between():
    body = body_for("walks_forward")

    part = body.cut(30, 60)

    assert part.seconds == pytest.approx(1.0)
    assert measures.travel(part)[1] == pytest.approx(1.1, abs=0.1)
