import numpy as np
import pytest
from keyfill_extension.engine.evaluation.checks import measures
from keyfill_extension.engine.evaluation.checks.measures import Body

from .actions import go, jump_up, punch_left, raise_left, sit_down, stand, turn_left
from .motions import Puppet, pulse


def body_of(clip) -> Body:
    return Body.from_clip(clip)


def test_travel_follows_the_body_while_displacement_keeps_the_start_heading():
    puppet = Puppet(2.0)
    half = puppet.t >= 1.0
    puppet.bend("pelvis", "y", np.where(half, 90.0, 0.0))
    walked = np.cumsum(np.full_like(puppet.t, 1 / 30))
    body = body_of(
        puppet.move(ahead=np.minimum(walked, 1.0), left=np.maximum(walked - 1, 0)).clip()
    )

    assert measures.travel(body)[1] == pytest.approx(2.0, abs=0.15)
    assert measures.travel(body)[0] == pytest.approx(0.0, abs=0.15)
    assert measures.net_displacement(body) == pytest.approx((1.0, 1.0), abs=0.1)


@pytest.mark.parametrize("yaw", [0.0, 1.0, -2.5])
def test_travel_does_not_depend_on_where_the_clip_faces(yaw):
    body = body_of(go(left=0.5, ahead=1.0).moved(yaw, np.array([3.0, 0.0, -1.0])))

    assert measures.travel(body) == pytest.approx((1.45, 2.9), abs=0.1)
    assert measures.straightness(body) == pytest.approx(1.0, abs=1e-6)


def test_path_speed_and_distance_of_a_straight_walk():
    body = body_of(go(ahead=1.5, seconds=4.0))

    assert measures.path_length(body) == pytest.approx(6.0, abs=0.4)
    assert measures.farthest_from_start(body) == pytest.approx(1.5 * 119 / 30)
    assert measures.top_speed(body) == pytest.approx(1.5, abs=1e-6)


def test_a_turn_to_the_left_is_positive_and_mirrored_negative():
    body = body_of(turn_left())

    assert measures.turn_degrees(body) == pytest.approx(60 * 59 / 30, abs=1e-6)
    assert measures.turn_degrees(body.mirrored()) == pytest.approx(-60 * 59 / 30, abs=1e-6)


def test_a_mirrored_body_is_the_body_of_the_mirrored_clip():
    clip = punch_left()

    np.testing.assert_allclose(
        body_of(clip).mirrored().local, body_of(clip.mirrored()).local, atol=1e-9
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0], 0),
        ([0.0, 0.5, 1.0], 1),
        ([0.0, 1.0, 0.0, 1.0], 3),
        ([0.0, 1.0, 0.95, 1.0, 0.0], 2),
        ([0.0, 0.05, 0.0, 0.05], 0),
        ([1.0, 0.0, 0.2, 0.1, 1.0], 3 - 1),
    ],
)
def test_swings_count_movements_of_the_amplitude_only(values, expected):
    assert measures.swings(np.array(values), 0.5 if max(values) > 0.1 else 0.1) == expected


def test_swings_of_a_sine_come_twice_a_period():
    t = np.arange(120) / 30

    assert measures.swings(np.sin(2 * np.pi * 1.5 * t), 1.0) == pytest.approx(12, abs=1)


def test_the_busiest_stretch_is_found():
    body = body_of(stand(6.0))
    t = np.arange(180) / 30
    values = np.where(t < 2.0, np.sin(2 * np.pi * 2 * t), 0.0)

    assert measures.busiest_swings(body, values, 1.0, 2.0) == measures.swings(values[:60], 1.0)


def test_one_jump_is_one_flight_of_its_length():
    body = body_of(jump_up())

    assert measures.flights(body) == 1
    above = np.mean(0.4 * pulse(np.arange(75) / 30, 1.2, 0.2) > 0.05) * 2.5
    assert measures.longest_flight_seconds(body) == pytest.approx(above, abs=0.07)
    assert measures.pelvis_rise(body) == pytest.approx(0.4, abs=0.01)
    assert measures.flights(body_of(stand())) == 0


def test_torso_angles_of_a_bent_body():
    bent = body_of(Puppet(1.0).bend("pelvis", "x", 40.0).clip())

    np.testing.assert_allclose(measures.torso_pitch_degrees(bent), 40.0, atol=1e-6)
    np.testing.assert_allclose(measures.torso_bend_degrees(bent), 40.0, atol=1e-6)
    backward = body_of(Puppet(1.0).bend("pelvis", "x", -40.0).clip())
    np.testing.assert_allclose(measures.torso_bend_degrees(backward), -40.0, atol=1e-6)


def test_hand_heights_and_the_direction_of_an_arm():
    body = body_of(raise_left())

    assert (measures.hand_over_head(body, "left") > 0.3).all()
    assert (measures.hand_over_shoulder(body, "right") < -0.4).all()
    np.testing.assert_allclose(measures.arm_extension(body, "left"), 1.0, atol=1e-6)
    aside = body_of(Puppet(1.0).arm("left", 0.0, 30.0).arm("right", 0.0, 30.0).clip())
    np.testing.assert_allclose(measures.reach_degrees(aside, "left"), 60.0, atol=1e-6)
    np.testing.assert_allclose(measures.reach_degrees(aside, "right"), -60.0, atol=1e-6)


def test_hands_apart_is_the_span_of_a_t_pose():
    body = body_of(Puppet(1.0).arm("left", 0.0).arm("right", 0.0).clip())

    np.testing.assert_allclose(measures.hands_apart(body), 2 * (0.075 + 0.11 + 0.51), atol=1e-6)
    assert measures.hand_path(body, "left") == pytest.approx(0.0, abs=1e-9)


def test_leg_angles_of_a_seat():
    body = body_of(sit_down())

    assert measures.thigh_degrees(body, "left")[0] == pytest.approx(0.0, abs=1e-4)
    assert measures.thigh_degrees(body, "left")[-1] == pytest.approx(85.0, abs=1e-4)
    assert measures.knee_degrees(body, "right")[-1] == pytest.approx(85.0, abs=1e-4)


def test_foot_lift_and_speed_of_a_raised_leg():
    puppet = Puppet(2.0)
    body = body_of(puppet.bend("left_hip", "x", -45 * puppet.t).clip())

    assert measures.foot_lift(body, "left")[30] == pytest.approx(0.8 * (1 - np.cos(np.pi / 4)))
    assert measures.foot_speed(body, "left")[30] == pytest.approx(0.8 * np.pi / 4, rel=0.01)
    assert measures.foot_speed(body, "right").max() == pytest.approx(0.0, abs=1e-9)


def test_feet_apart_is_the_hips_width_when_standing():
    np.testing.assert_allclose(measures.feet_apart(body_of(stand())), 0.17, atol=1e-9)


def test_a_punch_is_counted_once_and_for_its_arm():
    body = body_of(punch_left())

    assert measures.punches(body, "left", 1.3) == 1
    assert measures.punches(body, "right", 1.3) == 0
    assert measures.punches(body, "left", 20.0) == 0


def test_held_seconds_and_share_of_a_condition():
    body = body_of(stand(1.0))
    condition = np.zeros(30, dtype=bool)
    condition[[1, 2, 3, 10, 11]] = True

    assert measures.held_seconds(body, condition) == pytest.approx(0.1)
    assert measures.share(condition) == pytest.approx(5 / 30)
    assert list(measures.runs_of(condition, 3)) == [(1, 4)]


def test_smoothing_keeps_length_and_constants():
    for length in (1, 2, 7):
        np.testing.assert_allclose(measures.smoothed(np.full((length, 2), 3.0), 5), 3.0)


def test_a_still_body_has_no_liveliness():
    assert measures.liveliness(body_of(stand())) == pytest.approx(0.0, abs=1e-9)
    assert measures.liveliness(body_of(go(ahead=2.0))) == pytest.approx(2.0, rel=0.02)
