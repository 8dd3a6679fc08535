import numpy as np
import pytest
from keyfill_extension.engine.evaluation.checks.measures import Body
from keyfill_extension.engine.evaluation.checks.sequence import happen_in_order, passes_in_order
from keyfill_extension.engine.evaluation.prompts.prompt import sequence
from keyfill_extension.engine.evaluation.scores.positives import join_bodies

from .actions import POSITIVES, clap, go, stand
from .motions import Puppet


def joined(*names: str) -> Body:
    return join_bodies([Body.from_clip(POSITIVES[name]()) for name in names])


def test_actions_in_the_asked_order_pass_and_in_the_other_order_fail():
    asked = ("walks_forward", "claps")

    assert passes_in_order(asked, joined("walks_forward", "claps"))
    assert not passes_in_order(asked, joined("claps", "walks_forward"))


def test_one_of_two_actions_is_not_enough():
    asked = ("walks_forward", "claps")

    assert not passes_in_order(asked, Body.from_clip(go(ahead=1.1, seconds=8.0)))
    assert not passes_in_order(asked, Body.from_clip(clap()))


def test_actions_at_once_show_no_order():
    puppet = Puppet(6.0).move(ahead=1.1 * np.arange(180) / 30)
    for side in ("left", "right"):
        ahead = 95 + 15 * np.sin(2 * np.pi * 2.0 * puppet.t)
        puppet.arm(side, -10.0, ahead).elbow(side, 40.0)
    body = Body.from_clip(puppet.clip())

    assert happen_in_order(("walks_forward", "claps"), body)
    assert happen_in_order(("claps", "walks_forward"), body)
    assert not passes_in_order(("walks_forward", "claps"), body)


def test_three_actions_need_their_order():
    body = joined("walks_forward", "squats", "kicks_left")

    assert passes_in_order(("walks_forward", "squats", "kicks_left"), body)
    assert not passes_in_order(("walks_forward", "kicks_left", "squats"), body)
    assert not passes_in_order(("kicks_left", "squats", "walks_forward"), body)


@pytest.mark.parametrize(("stand_seconds", "is_long_enough"), [(2.0, True), (0.4, False)])
def test_an_action_needs_its_share_of_the_time(stand_seconds, is_long_enough):
    body = join_bodies(
        [Body.from_clip(stand(stand_seconds)), Body.from_clip(go(ahead=1.1, seconds=6.0))]
    )

    assert happen_in_order(("stands_still", "walks_forward"), body) is is_long_enough


def test_a_prompt_judges_a_sequence_by_its_order():
    prompt = sequence("walk, then clap", 8.0, "walks_forward", "claps")

    assert prompt.kind == "sequence"
    assert prompt.is_followed_by(joined("walks_forward", "claps"))
    assert not prompt.is_followed_by(joined("claps", "walks_forward"))


def test_a_joined_part_goes_on_where_the_last_one_ended():
    turned = Body.from_clip(POSITIVES["turns_on_the_spot_left"]())
    walk = Body.from_clip(go(ahead=1.0, seconds=2.0).moved(0.7, np.array([5.0, 0.0, -3.0])))

    body = join_bodies([turned, walk])

    frames = len(turned.joints)
    assert body.seconds == pytest.approx(turned.seconds + walk.seconds)
    np.testing.assert_allclose(body.joints[frames], body.joints[frames - 1], atol=1e-9)
    np.testing.assert_allclose(body.heading[frames], turned.heading[-1])
    ahead = body.joints[-1, 0] - body.joints[frames, 0]
    heading = turned.heading[-1]
    way = np.hypot(ahead[0], ahead[2])
    np.testing.assert_allclose(ahead[[0, 2]] / way, [np.sin(heading), np.cos(heading)], atol=1e-6)
    assert way == pytest.approx(59 / 30)
    np.testing.assert_allclose(
        np.linalg.norm(body.joints[:, 4] - body.joints[:, 1], axis=1)[-1],
        np.linalg.norm(walk.joints[-1, 4] - walk.joints[-1, 1]),
    )
