"""The sets of prompts as animators type them: what they hold, and that they stay as frozen."""

import re

import pytest
from keyfill_extension.engine.data.corpus import load_corpus
from keyfill_extension.engine.evaluation.checks.captioned_asked import (
    EVENTS,
    WIDER_SHOWN,
    shown_once,
)
from keyfill_extension.engine.evaluation.checks.measures import Body
from keyfill_extension.engine.evaluation.checks.states import STATES
from keyfill_extension.engine.evaluation.checks.wider_table import END_CHECKS, WIDER_CHECKS
from keyfill_extension.engine.evaluation.prompts import subjects
from keyfill_extension.engine.evaluation.prompts.asked import asked, at_once, in_turn
from keyfill_extension.engine.evaluation.prompts.known import FAR_MISSES, NEAR_MISSES, SERVED
from keyfill_extension.engine.evaluation.prompts.sets import SETS, set_digest
from keyfill_extension.engine.evaluation.prompts.spellings import MANNERS, SPELLINGS
from keyfill_extension.engine.evaluation.scores.hand_made import made_by_hand
from keyfill_extension.engine.evaluation.scores.positives import (
    find_positives,
    join_bodies,
)
from keyfill_extension.engine.evaluation.scores.rates import Rater

from .actions import clap, go, kick_left, stand
from .real_clips import real_clip

DIGESTS = {
    "open": "4e6e724f5466d71b202a734472a2d70c7a09688d3c89df0df172343bd5ec1c0f",
    "counted": "64c2d565128d9fba581668067402726f603ee72c3936f38fb1743e8eebe2234c",
    "subjects": "e88f573a377c54949e0bffa27f399f7a0124199401f2d1c66ceec082cc30c370",
    "spellings": "52a8930fb492defaf3a5b712ad4fef5d561897a90a64d3fee0808c7574f4cb00",
    "unseen": "efc43c26bfa33d749ee28528680764295f9a6abf1cd483bcfcceded677888d50",
    "unseen-counted": "efc43c26bfa33d749ee28528680764295f9a6abf1cd483bcfcceded677888d50",
    "known": "831a412423d504c7239aea656e505ff8e1813e4fd041caccdcb78bf40f61d04f",
}
"""Of each set as it was frozen: before a planner existed, but for the unseen ones."""

LATER = ("open", "counted", "subjects", "spellings", "unseen", "unseen-counted")


@pytest.mark.parametrize("name", sorted(DIGESTS))
def test_a_later_set_is_as_it_was_frozen(name):
    assert set_digest(name) == DIGESTS[name], (
        "prompts or checks differ from the frozen ones: results can no longer be compared with "
        "earlier reports. Undo the edit, or freeze a new set openly."
    )


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("open", (36, 8, 16)),
        ("counted", (24, 0, 0)),
        ("subjects", (156, 0, 0)),
        ("spellings", (111, 0, 0)),
        ("unseen", (60, 16, 21)),
        ("unseen-counted", (20, 0, 0)),
    ],
)
def test_a_later_set_holds_its_prompts_with_their_checks(name, counts):
    prompts = SETS[name]

    assert (len(prompts.singles), len(prompts.pairs), len(prompts.sequences)) == counts
    assert len({prompt.text for prompt in prompts}) == sum(counts)
    for prompt in prompts:
        assert prompt.checks
        assert set(prompt.checks) <= set(WIDER_CHECKS)
        assert prompt.ends in {"", *STATES}
        assert 2.0 <= prompt.seconds <= 13.0


def test_end_checks_stand_beside_an_action():
    for name in LATER:
        for prompt in SETS[name]:
            assert prompt.checks[0] not in END_CHECKS


def test_sequences_ask_for_two_to_four_actions():
    lengths = [len(prompt.checks) for prompt in SETS["open"].sequences]

    assert set(lengths) == {2, 3, 4}


def test_every_subject_does_every_action():
    texts = {prompt.text for prompt in SETS["subjects"]}

    assert len(subjects.SUBJECTS) == len(subjects.ACTIONS) == 12
    for subject in (subjects.NEUTRAL, *subjects.SUBJECTS):
        assert {f"{subject} {action}" for action, _, _ in subjects.ACTIONS} <= texts


def test_fifteen_prompts_have_further_spellings_of_named_manners():
    assert len(SPELLINGS) == 15
    assert {manner for _, _, (_, further) in SPELLINGS for manner in further} == set(MANNERS)
    for _, _, (plain, further) in SPELLINGS:
        assert plain not in further.values()


def test_sixty_prompts_are_served_and_sixty_are_not_half_of_them_near():
    unserved = {text for text, _ in (*NEAR_MISSES, *FAR_MISSES)}

    assert (len(SERVED), len(NEAR_MISSES), len(FAR_MISSES)) == (60, 30, 30)
    assert len(unserved) == 60
    assert not unserved & {prompt.text for prompt in SERVED}
    assert all(set(prompt.checks) <= set(WIDER_CHECKS) for prompt in SERVED)


def test_no_prompt_of_the_later_sets_is_in_the_frozen_or_the_tuning_set():
    earlier = {_normalized(prompt.text) for name in ("frozen", "tuning") for prompt in SETS[name]}

    for name in ("open", "counted"):
        assert not {_normalized(prompt.text) for prompt in SETS[name]} & earlier


def test_no_open_or_counted_prompt_is_a_caption(shared):
    corpus = load_corpus(shared / "corpus")
    captions = {_normalized(text) for entry in corpus.clips for text in entry.captions}

    for name in ("open", "counted", "unseen", "unseen-counted"):
        assert [p.text for p in SETS[name] if _normalized(p.text) in captions] == []


def _normalized(text):
    return " ".join(re.findall("[a-z0-9]+", text.lower()))


def test_the_caption_patterns_are_valid():
    for action in [*WIDER_SHOWN.values(), *map(shown_once, EVENTS)]:
        assert not re.search(action.real, "")
        re.compile(action.unless)


def test_an_asked_prompt_is_judged_by_its_kind():
    walk, clapping = Body.from_clip(go(ahead=1.1, seconds=4.0)), Body.from_clip(clap())

    assert asked("", 4.0, "claps").is_followed_by(clapping)
    assert not at_once("", 4.0, "walks_forward", "claps").is_followed_by(clapping)
    assert in_turn("", 8.0, "walks_forward", "claps").is_followed_by(join_bodies([walk, clapping]))
    assert not in_turn("", 8.0, "walks_forward", "claps").is_followed_by(
        join_bodies([clapping, walk])
    )


def test_what_no_clip_is_captioned_with_is_made_by_hand():
    found = find_positives(asked("", 4.0, "salutes"), (), None)

    assert len(found.bodies) == len(made_by_hand("salutes")) >= 4
    assert Rater((real_clip("a", stand(4.0), "a person stands"),)).rate(
        asked("", 4.0, "salutes")
    ).is_usable


def test_a_count_is_judged_by_as_many_joined_single_events():
    clips = tuple(
        real_clip(f"{number}", kick_left(), "someone kicks with the left leg")
        for number in range(4)
    )
    several = real_clip("more", kick_left(), "someone kicks with the left leg twice")
    prompt = asked("", 6.0, "kicks_exactly_3")

    found = find_positives(prompt, (*clips, several), None)

    assert len(found.bodies) == 4
    assert all(prompt.is_followed_by(body) for body in found.bodies)
    assert not any(asked("", 6.0, "kicks_exactly_2").is_followed_by(b) for b in found.bodies)


def test_an_end_that_lasts_is_judged_by_held_poses():
    clips = tuple(real_clip(f"{n}", clap(), "a person claps") for n in range(4))

    (body, *_) = find_positives(asked("", 6.0, "claps", "ends_still"), clips, None).bodies

    assert body.seconds == pytest.approx(Body.from_clip(clap()).seconds + 1.5)


def test_prompts_that_differ_in_words_alone_are_rated_once(monkeypatch):
    rater = Rater((real_clip("a", clap(), "a person claps"),))
    first = rater.rate(asked("clap", 4.0, "claps"))
    monkeypatch.setattr(Rater, "_measure", None)

    second = rater.rate(asked("CLAP", 4.0, "claps"))

    assert second.prompt.text == "CLAP"
    assert (second.real, second.chance) == (first.real, first.chance)
