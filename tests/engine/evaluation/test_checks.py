import pytest
from keyfill_extension.engine.evaluation.checks.measures import Body
from keyfill_extension.engine.evaluation.checks.table import CHECKS, passes

from .actions import POSITIVES, stand

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
