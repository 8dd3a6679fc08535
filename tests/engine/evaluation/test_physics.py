import numpy as np
import pytest
from keyfill_extension.engine.evaluation.checks.measures import Body
from keyfill_extension.engine.evaluation.scores.physics import (
    compare_physics,
    floor_penetration,
    foot_slide,
    mean_jerk,
)

from .actions import go, stand
from .motions import Puppet


def test_a_standing_body_neither_slides_nor_sinks_nor_jerks():
    body = Body.from_clip(stand())

    assert foot_slide(body) == pytest.approx(0.0, abs=1e-9)
    assert floor_penetration(body) == pytest.approx(0.0, abs=1e-9)
    assert mean_jerk(body) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("speed", [0.1, 0.7])
def test_a_gliding_body_slides_at_its_speed(speed):
    assert foot_slide(Body.from_clip(go(ahead=speed))) == pytest.approx(speed)


def test_the_heel_may_move_while_the_toe_stands():
    puppet = Puppet(2.0)
    pivot = Body.from_clip(puppet.bend("left_ankle", "x", 30 * puppet.t).clip())

    assert foot_slide(pivot) == pytest.approx(0.0, abs=1e-6)


def test_sinking_is_measured_in_metres_and_floating_is_none():
    assert floor_penetration(Body.from_clip(Puppet(1.0).move(up=-0.03).clip())) == pytest.approx(
        0.03
    )
    assert floor_penetration(Body.from_clip(Puppet(1.0).move(up=0.5).clip())) == 0.0


def test_jerk_of_a_cubic_is_its_third_derivative():
    puppet = Puppet(2.0)

    assert mean_jerk(Body.from_clip(puppet.move(up=puppet.t**3).clip())) == pytest.approx(6.0)


@pytest.mark.parametrize("frames", [1, 3])
def test_short_clips_have_no_jerk_and_no_contact(frames):
    body = Body.from_clip(stand().cut(0, frames))

    assert mean_jerk(body) == 0.0
    assert np.isnan(foot_slide(body))


def test_ratios_are_generated_over_real():
    real = [Body.from_clip(go(ahead=0.2)), Body.from_clip(go(ahead=0.2))]
    generated = [Body.from_clip(go(ahead=0.3)), Body.from_clip(go(ahead=0.5))]

    report = compare_physics(real, generated)

    assert report["clips"] == {"real": 2, "generated": 2}
    assert report["slide"]["ratio"] == pytest.approx(2.0)
    assert report["penetration"]["ratio"] is None
