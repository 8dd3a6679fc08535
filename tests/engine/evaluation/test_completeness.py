"""Beginnings, ends, the floor and the seeds of takes, on motion made by hand."""

import numpy as np
import pytest
from keyfill_extension.engine.evaluation.checks.measures import Body
from keyfill_extension.engine.evaluation.prompts.asked import asked, in_turn
from keyfill_extension.engine.evaluation.prompts.prompt import Prompt
from keyfill_extension.engine.evaluation.scores import completeness
from keyfill_extension.engine.evaluation.scores.completeness import (
    begins_right,
    completeness_table,
    ends_complete,
    floor_gap,
    is_cyclic,
    is_supported,
    score_completeness,
    seeds_differ,
)

from .actions import POSITIVES, clap, go, lie, sit_down, stand
from .motions import Puppet

CLAP = asked("clap", 4.0, "claps")


def falling(at: float, metres: float = 0.6) -> Body:
    """Stand, and drop from `at` seconds on at 1.5 m/s; the feet stay where they are."""
    puppet = Puppet(2.0)
    drop = np.clip(1.5 * (puppet.t - at), 0.0, metres)
    degrees = np.degrees(np.arccos(1 - drop / 0.8))
    return Body.from_clip(puppet.squat(degrees).clip())


def flying(start: float, end: float) -> Body:
    """Stand, and hang half a metre in the air between two seconds, without a hold."""
    puppet = Puppet(2.0)
    return Body.from_clip(
        puppet.move(up=np.where((puppet.t >= start) & (puppet.t < end), 0.5, 0.0)).clip()
    )


def leaning(metres: float) -> Body:
    """Lie the trunk over so that the weight is ahead of the feet, as nobody can stand."""
    puppet = Puppet(1.0)
    lean = np.degrees(np.arcsin(metres / 0.95))
    puppet.bend("pelvis", "x", lean)
    puppet.move(ahead=metres, up=0.95 * (np.cos(np.radians(lean)) - 1.0))
    return Body.from_clip(puppet.clip())


@pytest.mark.parametrize("clip", [clap, stand, lie, sit_down])
def test_a_take_that_comes_to_rest_ends_complete(clip):
    assert ends_complete(CLAP, Body.from_clip(clip()))


def test_a_take_that_ends_in_a_fall_is_incomplete():
    assert not ends_complete(CLAP, falling(at=1.8))
    assert ends_complete(CLAP, falling(at=0.5, metres=0.3))


def test_a_take_that_ends_in_the_air_is_incomplete():
    assert not ends_complete(CLAP, flying(1.0, 9.0))
    assert ends_complete(CLAP, flying(0.5, 1.0))


def test_a_take_that_ends_beside_its_feet_is_incomplete():
    assert ends_complete(CLAP, leaning(0.1))
    assert not ends_complete(CLAP, leaning(0.6))


def test_the_asked_state_at_the_end_counts():
    seated = Body.from_clip(sit_down())
    prompt = asked("sit", 4.0, "sits_down", ends="seated")

    assert ends_complete(prompt, seated)
    assert not ends_complete(prompt, Body.from_clip(stand()))
    assert not ends_complete(asked("clap", 4.0, "claps", ends="standing"), seated)


def test_who_hangs_by_the_hands_is_supported_and_who_crouches_in_the_air_is_not():
    hanging = Body.from_clip(POSITIVES["hangs"]())
    tucked = Body.from_clip(Puppet(1.0).squat(60.0).move(up=0.35).clip())

    assert is_supported(hanging, -1)
    assert not is_supported(tucked, -1)


def test_cyclic_actions_may_stop_anywhere_unless_an_end_is_asked_for():
    run = Prompt("run", 3.0, ("runs_forward",))
    in_the_air = flying(0.0, 9.0)

    assert is_cyclic(run, at_end=True)
    assert ends_complete(run, in_the_air)
    assert begins_right(run, in_the_air)
    assert not ends_complete(asked("run", 3.0, "runs_forward", ends="standing"), in_the_air)


def test_of_a_sequence_the_first_action_counts_at_the_beginning_and_the_last_at_the_end():
    order = in_turn("", 8.0, "walks_forward", "claps")

    assert is_cyclic(order, at_end=False)
    assert not is_cyclic(order, at_end=True)


def test_a_take_that_begins_in_the_air_or_in_a_fall_begins_wrong():
    assert begins_right(CLAP, Body.from_clip(clap()))
    assert not begins_right(CLAP, flying(0.0, 0.5))
    assert not begins_right(CLAP, falling(at=0.0))


def test_sitting_down_begins_on_the_feet_and_getting_up_off_them():
    sits, rises = asked("", 4.0, "sits_down"), asked("", 4.0, "stands_up")
    seated = Body.from_clip(POSITIVES["stays_seated"]())

    assert begins_right(sits, Body.from_clip(sit_down()))
    assert not begins_right(sits, seated)
    assert begins_right(rises, seated)
    assert not begins_right(rises, Body.from_clip(stand()))


@pytest.mark.parametrize("height", [-0.02, 0.0, 0.43])
def test_the_floor_gap_is_the_height_of_the_standing_soles(height):
    body = Body.from_clip(Puppet(2.0).move(up=height).clip())

    assert floor_gap(CLAP, body) == pytest.approx(height, abs=1e-6)


def test_no_floor_gap_where_the_floor_is_left():
    assert floor_gap(asked("", 4.0, "goes_up_stairs"), Body.from_clip(stand())) is None
    assert floor_gap(CLAP, Body.from_clip(go(ahead=2.0))) is None
    assert floor_gap(CLAP, Body.from_clip(lie())) is None


def test_seeds_differ_only_if_every_two_takes_do():
    one, other, third = (Body.from_clip(clip()) for clip in (clap, stand, sit_down))

    assert seeds_differ([one, other, third])
    assert not seeds_differ([one, other, one])


def test_shares_and_prompts_are_counted():
    takes = {"clap": [Body.from_clip(clap()), flying(1.0, 9.0), flying(0.0, 0.5)]}

    scores = score_completeness([CLAP], takes)

    assert scores["takes"] == 3
    assert scores["ends_complete"] == pytest.approx(2 / 3)
    assert scores["begins_right"] == pytest.approx(2 / 3)
    assert scores["ends_badly"] == scores["begins_badly"] == {"clap": 1}
    assert scores["cyclic"] == 0
    # Half of the second take hovers.
    assert (scores["on_the_floor"], scores["floor_takes"]) == (pytest.approx(2 / 3), 3)
    table = completeness_table(scores, {"clap": True, "wave": False})
    assert "| end complete (0 cyclic ones let go) | 67% | 3 |" in table
    assert f"| prompts whose {completeness.SEEDS} seeds all differ | 50% | 2 prompts |" in table
    assert "End badly: clap (1)." in table
