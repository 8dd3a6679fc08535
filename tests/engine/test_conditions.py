"""Each named condition on clips that meet it and on clips that do not."""

from __future__ import annotations

import pytest
from keyfill_extension.engine.retrieval.facts import measure_facts
from keyfill_extension.engine.retrieval.facts.conditions import CONDITIONS, PASSES, rate_condition
from keyfill_extension.tests.engine import facts_motions as motions


def mirrored(motion):
    return lambda: motion().clip().mirrored()


def clip_of(motion):
    made = motion()
    return made.clip() if hasattr(made, "clip") else made


BACK = lambda: motions.gait(-0.8)  # noqa: E731
LEFT = lambda: motions.slide(left=0.4)  # noqa: E731
SPIN = lambda: motions.turn(340.0, 1.4)  # noqa: E731
ARMS_UP = lambda: motions.arms(80.0)  # noqa: E731
BOTH_HIPS = lambda: motions.hand_on_hip(("left", "right"))  # noqa: E731
UP = lambda: motions.gait(0.6, rise_per_second=0.3)  # noqa: E731
DOWN = lambda: motions.gait(0.6, rise_per_second=-0.3)  # noqa: E731
GUARD = lambda: motions.punch(middles=())  # noqa: E731
AHEAD = lambda: motions.point(95.0)  # noqa: E731
POINT_LEFT = lambda: motions.point(0.0)  # noqa: E731
FLY, BOX = motions.arms_fly_up, motions.box
DANCE, SWING = motions.dance, motions.swing_together
PUNCH, THROW, KICK, WAVE = motions.punch, motions.throw, motions.kick, motions.wave
STAND, WALK, RUN, SIT = motions.stand, motions.walk, motions.run, motions.seated

ROWS = {
    "travels_forward": ((WALK, RUN), (STAND, BACK, LEFT)),
    "travels_backward": ((BACK,), (STAND, WALK, LEFT)),
    "travels_left": ((LEFT,), (STAND, WALK, mirrored(LEFT))),
    "travels_right": ((mirrored(LEFT),), (STAND, WALK, LEFT)),
    "fast": ((RUN,), (WALK, STAND)),
    "slow": ((lambda: motions.gait(0.5, period=1.6),), (WALK, RUN, STAND)),
    "running": ((RUN,), (WALK, STAND, motions.jump)),
    "walking": ((WALK, BACK), (RUN, STAND, motions.jump)),
    "stays": ((STAND, motions.jump, KICK), (WALK, RUN)),
    "turns_left": ((motions.turn, motions.circle), (STAND, mirrored(motions.turn))),
    "turns_right": ((mirrored(motions.turn),), (STAND, motions.turn)),
    "turns_around": ((lambda: motions.turn(180.0, 1.4),), (STAND, motions.turn, WALK)),
    "circles": ((motions.circle,), (WALK, motions.turn, STAND)),
    "spins_left": ((SPIN,), (motions.turn, STAND, mirrored(SPIN))),
    "spins_right": ((mirrored(SPIN),), (motions.turn, STAND, SPIN)),
    "jumps": ((motions.jump,), (STAND, WALK, RUN, motions.squat)),
    "jumps_once": ((motions.jump,), (STAND, lambda: motions.jump((1.0, 2.6), seconds=4.0))),
    "jumps_far": ((lambda: motions.jump(ahead=1.5),), (motions.jump, STAND, RUN)),
    "kicks_left": ((KICK,), (STAND, mirrored(KICK), WALK, RUN)),
    "kicks_right": ((mirrored(KICK),), (STAND, KICK, WALK, RUN)),
    "kicks_high": ((lambda: motions.kick(120.0),), (lambda: motions.kick(75.0), STAND)),
    "goes": ((WALK, BACK, LEFT), (STAND, motions.turn, motions.jump)),
    "brisk": ((lambda: motions.gait(1.7, period=0.9),), (WALK, RUN, STAND)),
    "starts_slow": ((STAND, motions.jump), (WALK, RUN)),
    "steps_in_place": ((motions.march_in_place,), (STAND, WALK, motions.jump, KICK)),
    "jumps_down": ((motions.jump_down,), (motions.jump, DOWN, lambda: motions.jump(ahead=1.5))),
    "steps_up": ((UP,), (DOWN, WALK, STAND, motions.jump)),
    "steps_down": ((DOWN,), (UP, WALK, STAND, motions.squat)),
    "skips": ((motions.skip,), (WALK, RUN, STAND)),
    "sits": ((SIT,), (STAND, motions.sitting_down, motions.squat, motions.lying)),
    "becomes_seated": ((motions.sitting_down,), (SIT, STAND, motions.standing_up, motions.squat)),
    "rises_from_seat": ((motions.standing_up,), (SIT, motions.sitting_down, motions.squat)),
    "lies": ((motions.lying, motions.falling), (STAND, SIT, motions.all_fours)),
    "becomes_lying": ((motions.falling,), (motions.lying, motions.getting_up, STAND)),
    "rises_from_floor": ((motions.getting_up,), (motions.lying, motions.falling, STAND)),
    "crawls": ((lambda: motions.all_fours(speed=0.3),), (motions.all_fours, WALK, motions.lying)),
    "on_all_fours": (
        (motions.all_fours, lambda: motions.all_fours(speed=0.3)),
        (STAND, SIT, motions.kneeling_down),
    ),
    "kneels": ((motions.kneeling_down,), (STAND, SIT, motions.squat, motions.all_fours)),
    "squats": ((motions.squat,), (STAND, SIT, WALK, motions.jump)),
    "crouched_walk": ((motions.crouch_along,), (WALK, motions.squat, STAND)),
    "bends_down": ((motions.pick_up,), (STAND, motions.bow, motions.squat)),
    "dips": ((motions.squat, motions.pick_up), (STAND, SIT, motions.sitting_down, WALK)),
    "upright": ((STAND, WALK, KICK), (motions.lying, motions.all_fours)),
    "moves_about": ((DANCE,), (STAND, WALK, WAVE, motions.turn)),
    "bows": ((motions.bow,), (STAND, motions.pick_up, WALK)),
    "hangs": ((motions.hang,), (STAND, ARMS_UP, motions.jump)),
    "one_leg": ((motions.one_leg,), (STAND, WALK, KICK)),
    "tiptoe": ((motions.tiptoe,), (STAND, WALK)),
    "cartwheels": ((motions.cartwheel,), (STAND, motions.lying, motions.rolling, motions.bow)),
    "rolls": ((motions.rolling,), (STAND, motions.lying, motions.cartwheel)),
    "flips": ((motions.flip,), (motions.cartwheel, motions.rolling, motions.jump, STAND)),
    "rolls_lying": ((motions.rolling,), (motions.lying, motions.falling, motions.cartwheel)),
    "drags": ((motions.drag,), (BACK, motions.bow, motions.pick_up, STAND)),
    "still": ((STAND, SIT, motions.lying), (WALK, motions.wave, motions.turn)),
    "airborne_end": ((lambda: motions.jump().clip().cut(0, 38),), (motions.jump, STAND)),
    "upright_end": ((STAND, motions.jump, motions.bow), (motions.falling, motions.sitting_down)),
    "ends_still": ((STAND, motions.jump, motions.falling), (WALK, RUN)),
    "starts_standing": ((STAND, motions.sitting_down), (SIT, motions.getting_up)),
    "ends_standing": ((STAND, motions.standing_up), (motions.sitting_down, motions.falling)),
    "both_hands_up": ((ARMS_UP,), (STAND, motions.raise_left)),
    "left_hand_up": ((motions.raise_left,), (STAND, mirrored(motions.raise_left))),
    "right_hand_up": ((mirrored(motions.raise_left),), (STAND, motions.raise_left)),
    "one_hand_up": ((motions.raise_left, mirrored(motions.raise_left)), (STAND, ARMS_UP)),
    "hands_on_hips": ((BOTH_HIPS,), (STAND, motions.hand_on_hip, motions.fold_arms)),
    "left_hand_on_hip": ((motions.hand_on_hip,), (STAND, mirrored(motions.hand_on_hip))),
    "right_hand_on_hip": ((mirrored(motions.hand_on_hip),), (STAND, motions.hand_on_hip)),
    "arms_folded": ((motions.fold_arms,), (STAND, BOTH_HIPS, motions.carry)),
    "left_hand_at_face": ((motions.touch_face,), (STAND, mirrored(motions.touch_face))),
    "right_hand_at_face": ((mirrored(motions.touch_face),), (STAND, motions.touch_face)),
    "hand_at_face": ((motions.touch_face, mirrored(motions.touch_face)), (STAND, ARMS_UP)),
    "both_hands_at_face": ((motions.hide_face,), (STAND, ARMS_UP, motions.touch_face)),
    "salutes": (
        (motions.salute, mirrored(motions.salute)), (STAND, motions.hide_face, motions.raise_left),
    ),
    "left_arm_ahead": ((AHEAD,), (STAND, mirrored(AHEAD), POINT_LEFT)),
    "right_arm_ahead": ((mirrored(AHEAD),), (STAND, AHEAD)),
    "points_left": ((POINT_LEFT,), (STAND, AHEAD, mirrored(POINT_LEFT), motions.raise_left)),
    "points_right": ((mirrored(POINT_LEFT),), (STAND, AHEAD, POINT_LEFT)),
    "points_ahead": ((AHEAD, mirrored(AHEAD)), (STAND, POINT_LEFT, motions.raise_left)),
    "claps": ((motions.clap,), (STAND, motions.carry, WAVE)),
    "claps_once": ((motions.clap,), (STAND, WALK)),
    "waves_left": ((WAVE,), (STAND, mirrored(WAVE), motions.raise_left)),
    "waves_right": ((mirrored(WAVE),), (STAND, WAVE)),
    "waves_either": ((WAVE, mirrored(WAVE)), (STAND, motions.raise_left, motions.clap)),
    "punches_left": ((PUNCH,), (STAND, mirrored(PUNCH), WALK)),
    "punches_right": ((mirrored(PUNCH),), (STAND, PUNCH, WALK)),
    "throws_left": ((THROW,), (STAND, mirrored(THROW), WALK, RUN)),
    "throws_right": ((mirrored(THROW),), (STAND, THROW)),
    "boxes": ((BOX,), (STAND, PUNCH, GUARD)),
    "swings_together": ((SWING,), (STAND, motions.clap, THROW, motions.carry)),
    "arms_fly_up": ((FLY,), (STAND, ARMS_UP, motions.raise_left)),
    "arms_ahead": ((lambda: motions.arms(0.0, 85.0),), (STAND, ARMS_UP, motions.carry)),
    "arms_spread": ((lambda: motions.arms(0.0),), (STAND, ARMS_UP, motions.carry)),
    "carries_ahead": ((motions.carry,), (STAND, ARMS_UP, motions.clap)),
    "fists_up": ((GUARD,), (STAND, motions.carry, ARMS_UP)),
    "hands_together": ((lambda: motions.arms(-30.0, 85.0, 30.0),), (STAND, motions.carry)),
    "arms_still": ((STAND, ARMS_UP, WALK), (WAVE, motions.clap, RUN)),
}
"""Condition -> clips that meet it, clips that do not."""


@pytest.mark.parametrize("name", [*ROWS])
def test_clips_that_meet_it_pass(name) -> None:
    for motion in ROWS[name][0]:
        assert rate_condition(name, measure_facts(clip_of(motion))) >= PASSES


@pytest.mark.parametrize("name", [*ROWS])
def test_clips_that_do_not_meet_it_fail(name) -> None:
    for number, motion in enumerate(ROWS[name][1]):
        rate = rate_condition(name, measure_facts(clip_of(motion)))
        assert rate < PASSES, f"clip {number} of those that must fail"


@pytest.mark.parametrize("name", [*ROWS])
def test_noise_of_decoded_codes_takes_no_pass_away(name) -> None:
    for motion in ROWS[name][0]:
        if name not in ("still", "ends_still", "arms_still", "slow"):  # noise moves
            noisy = motions.noisy(clip_of(motion))
            assert rate_condition(name, measure_facts(noisy)) >= PASSES


def test_every_condition_is_tested() -> None:
    assert set(ROWS) == set(CONDITIONS)


@pytest.mark.parametrize("name", [*CONDITIONS])
def test_rates_are_shares_even_of_short_windows(name) -> None:
    facts = measure_facts(motions.walk().clip())
    for start, end in ((0, 30), (3, 4), (3, 5), (7, 7)):
        assert 0.0 <= rate_condition(name, facts.cut(start, end)) <= 1.0
    assert rate_condition(name, facts.cut(7, 7)) == 0.0


def test_an_unknown_condition_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no condition 'flies'; choose of: travels_forward"):
        rate_condition("flies", measure_facts(motions.stand().clip()))
