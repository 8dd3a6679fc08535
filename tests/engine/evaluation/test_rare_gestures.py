"""The rare set and its checks: what it holds, what passes, and what is near and does not."""

import re
from functools import cache

import numpy as np
import pytest
from keyfill_extension.engine.data.corpus import load_corpus
from keyfill_extension.engine.evaluation.checks.captioned_rare import GESTURES_SHOWN
from keyfill_extension.engine.evaluation.checks.figure import (
    Figure,
    gaze_pitch_degrees,
    gaze_yaw_degrees,
    hand_by_face,
)
from keyfill_extension.engine.evaluation.checks.gazing import head_turn_degrees
from keyfill_extension.engine.evaluation.checks.measures import Body, share
from keyfill_extension.engine.evaluation.checks.rare_table import GESTURE_CHECKS, RARE_CHECKS
from keyfill_extension.engine.evaluation.checks.states import STATES
from keyfill_extension.engine.evaluation.checks.wider_table import WIDER_CHECKS
from keyfill_extension.engine.evaluation.prompts.rarely_asked import gesture, while_going
from keyfill_extension.engine.evaluation.prompts.sets import SETS, set_digest
from keyfill_extension.engine.evaluation.scores.hand_made import TEMPI, made_by_hand
from keyfill_extension.engine.evaluation.scores.handwork_by_hand import (
    gesture_clips,
    gestures_made_by_hand,
)
from keyfill_extension.engine.evaluation.scores.manikin import MANNERS, Manikin, Manner, Place
from keyfill_extension.engine.evaluation.scores.positives import find_positives
from keyfill_extension.engine.evaluation.scores.rates import Rater

from .actions import POSITIVES, go, stand
from .motions import Puppet
from .near_misses import NEAR_MISSES
from .real_clips import real_clip

DIGEST = "6cae9b595122e571aef6a56bf0385db2eee916fb835f805e150eb72fabcd6a13"
"""Of the rare set as it was frozen: before any motion was made for the gestures."""

SIDED = ("looks_over_the_shoulder_left", "looks_over_the_shoulder_right")


@cache
def figures(name: str) -> tuple[Figure, ...]:
    """Return motion made by hand that shows a gesture or an older action."""
    if clips := gesture_clips(name):
        return tuple(Figure.from_clip(clip) for clip in clips)
    if name in POSITIVES:
        return (Figure.from_clip(POSITIVES[name]()),)
    if name.endswith("_right") and name.replace("_right", "_left") in POSITIVES:
        return (Figure.from_clip(POSITIVES[name.replace("_right", "_left")]()).mirrored(),)
    if f"{name}_left" in POSITIVES:
        return (Figure.from_clip(POSITIVES[f"{name}_left"]()),)
    return tuple(_looking_ahead(body) for body in made_by_hand(name))


def _looking_ahead(body: Body) -> Figure:
    """Return a body of the older gestures, whose heads never turn, as a figure."""
    half = body.heading / 2
    zero = np.zeros_like(half)
    head = np.stack([np.cos(half), zero, np.sin(half), zero], axis=1)
    return Figure(body.joints, body.local, body.heading, body.fps, head)


def test_the_rare_set_is_as_it_was_frozen():
    assert set_digest("rare") == DIGEST, (
        "prompts or checks differ from the frozen ones: results can no longer be compared with "
        "earlier reports. Undo the edit, or freeze a new set openly."
    )


def test_the_rare_set_holds_sixty_prompts_of_sixty_gestures():
    prompts = SETS["rare"]
    gestures = [prompt.checks[-1] for prompt in prompts]

    assert (len(prompts.singles), len(prompts.pairs), len(prompts.sequences)) == (50, 10, 0)
    assert len({prompt.text for prompt in prompts}) == len(set(gestures)) == 60
    for prompt in prompts:
        assert set(prompt.checks) <= set(RARE_CHECKS)
        assert prompt.ends in {"", *STATES}
        assert 3.0 <= prompt.seconds <= 6.0
    assert set(GESTURE_CHECKS) <= set(gestures)


def test_no_rare_prompt_is_a_caption_or_in_an_earlier_set(shared):
    corpus = load_corpus(shared / "corpus")
    known = {_normalized(text) for entry in corpus.clips for text in entry.captions}
    known |= {_normalized(p.text) for name, each in SETS.items() if name != "rare" for p in each}

    assert [p.text for p in SETS["rare"] if _normalized(p.text) in known] == []


def _normalized(text):
    return " ".join(re.findall("[a-z0-9]+", text.lower()))


def test_the_table_extends_the_wider_one_without_a_change():
    assert {name: RARE_CHECKS[name] for name in WIDER_CHECKS} == WIDER_CHECKS
    assert not set(GESTURE_CHECKS) & set(WIDER_CHECKS)


@pytest.mark.parametrize("name", sorted(GESTURE_CHECKS))
def test_a_gesture_in_every_manner_passes_its_check(name):
    made = figures(name)

    assert len(made) == len(MANNERS) == 12
    assert [GESTURE_CHECKS[name](figure) for figure in made] == [True] * 12


@pytest.mark.parametrize("name", sorted(GESTURE_CHECKS))
def test_a_gesture_of_the_other_hand_passes_where_no_side_is_asked_for(name):
    verdicts = [GESTURE_CHECKS[name](figure.mirrored()) for figure in figures(name)]

    assert verdicts == [name not in SIDED] * 12


@pytest.mark.parametrize("name", sorted(GESTURE_CHECKS))
def test_a_check_fails_what_is_near_to_its_gesture(name):
    assert len(NEAR_MISSES[name]) >= 3
    for other in NEAR_MISSES[name]:
        assert share(np.array([GESTURE_CHECKS[name](each) for each in figures(other)])) == 0, other


@pytest.mark.parametrize("name", sorted(GESTURE_CHECKS))
def test_no_gesture_is_seen_in_a_body_that_stands_or_walks(name):
    for clip in (stand(4.0), go(ahead=1.1, seconds=4.0)):
        assert not GESTURE_CHECKS[name](Figure.from_clip(clip))


@pytest.mark.parametrize("name", sorted(GESTURE_CHECKS))
def test_checks_of_gestures_give_a_verdict_on_the_shortest_clips(name):
    for frames in (1, 2, 5):
        assert GESTURE_CHECKS[name](Figure.from_clip(stand().cut(0, frames))) in (True, False)


def test_a_body_without_a_head_is_told_what_is_missing():
    with pytest.raises(TypeError, match=r"Figure\.from_clip"):
        GESTURE_CHECKS["nods"](Body.from_clip(stand()))


def test_a_figure_looks_where_its_head_is_turned():
    puppet = Puppet(1.0).bend("pelvis", "y", 40.0).bend("neck", "y", 20.0)
    turned = Figure.from_clip(puppet.bend("head", "y", 15.0).clip())
    raised = Figure.from_clip(Puppet(1.0).bend("spine2", "x", 10.0).bend("head", "x", -30).clip())

    assert gaze_yaw_degrees(turned) == pytest.approx(35.0, abs=0.1)
    assert head_turn_degrees(turned) == pytest.approx(35.0, abs=0.1)
    assert gaze_pitch_degrees(raised) == pytest.approx(20.0, abs=0.1)
    assert gaze_yaw_degrees(turned.mirrored()) == pytest.approx(-35.0, abs=0.1)
    assert len(turned.cut(3, 9).head) == 6


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_manikins_hand_is_where_it_was_sent_as_the_turned_head_sees_it(side):
    body = Manikin(2.0, Manner()).look(up=-20.0, left=30.0).lean(15.0)
    figure = Figure.from_clip(body.send(side, Place("face", 0.1, -0.05, 0.12)).clip())

    middle = len(figure.joints) // 2
    assert hand_by_face(figure, side)[middle] == pytest.approx([0.1, -0.05, 0.12], abs=0.002)


def test_manners_differ_in_tempo_place_and_breadth():
    assert {manner.tempo for manner in MANNERS} == set(TEMPI)
    assert len({manner.shift for manner in MANNERS}) == 3
    assert len({manner.breadth for manner in MANNERS}) == 3


def test_gestures_that_no_clip_is_captioned_with_are_measured_on_motion_made_by_hand():
    found = find_positives(gesture("", 4.0, "knocks"), (), None)
    prompt = gesture("", 4.0, "knocks")

    assert len(found.bodies) == len(gestures_made_by_hand("knocks")) == 12
    assert Rater((real_clip("a", stand(4.0), "a person stands"),)).rate(prompt).real == 1.0


def test_four_captioned_clips_come_before_motion_made_by_hand():
    clips = tuple(real_clip(str(n), stand(3.0), "a person shrugs") for n in range(4))

    assert len(find_positives(gesture("", 3.0, "shrugs"), clips, None).bodies) == 4
    assert len(find_positives(gesture("", 3.0, "shrugs"), clips[:3], None).bodies) == 12


def test_a_gesture_is_laid_on_the_legs_of_captioned_clips():
    legs = go(ahead=1.1, seconds=4.0)
    clips = tuple(real_clip(str(n), legs, "someone walks straight ahead") for n in range(2))
    prompt = while_going("", 5.0, "walks_forward", "holds_a_phone")

    found = find_positives(prompt, clips, None)

    assert len(found.bodies) == 12
    assert all(prompt.is_followed_by(body) for body in found.bodies)
    assert not prompt.is_followed_by(Figure.from_clip(legs))
    assert not any(prompt.is_followed_by(figure) for figure in figures("holds_a_phone"))


def test_the_caption_patterns_of_gestures_are_valid():
    for shown in GESTURES_SHOWN.values():
        assert not re.search(shown.real, "")
        re.compile(shown.unless)
