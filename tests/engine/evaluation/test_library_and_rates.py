import re

import numpy as np
import pytest
from keyfill_extension.engine.data.corpus import load_corpus
from keyfill_extension.engine.evaluation.checks.captioned import SHOWN, Shown
from keyfill_extension.engine.evaluation.checks.measures import Body
from keyfill_extension.engine.evaluation.checks.table import CHECKS, passes
from keyfill_extension.engine.evaluation.scores import library, rates
from keyfill_extension.engine.evaluation.scores.prompts import PAIRS, SINGLES, Prompt
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX, PART_JOINTS

from .actions import clap, go, kick_left, raise_both, stand
from .real_clips import real_clip

FROZEN_ON_2026_11_21 = "9022e79196c2b4e4900151fcc58914e669399dc6846b4506d62790dc640df004"


def test_the_frozen_set_is_as_it_was_frozen():
    assert rates.frozen_digest() == FROZEN_ON_2026_11_21, (
        "prompts, checks, measures or caption patterns differ from the frozen ones: results can "
        "no longer be compared with earlier reports. Undo the edit, or freeze a new set openly."
    )


def test_there_are_forty_prompts_and_fifteen_pairs_with_their_checks():
    assert len({prompt.text for prompt in SINGLES}) == 40
    assert len({pair.text for pair in PAIRS}) == 15
    for prompt in (*SINGLES, *PAIRS):
        assert set(prompt.checks) <= set(CHECKS)
        assert 2.0 <= prompt.seconds <= 6.0
        assert prompt.checks[0] in SHOWN
        assert prompt.is_pair == (prompt in PAIRS)
        assert not prompt.is_pair or prompt.checks[1] in SHOWN


def test_the_caption_patterns_are_valid():
    for action in SHOWN.values():
        real = re.compile(action.real)
        re.compile(action.unless)
        assert not real.search("")  # a pattern that every caption matches shows nothing


def test_a_caption_that_matches_unless_takes_the_clip_out():
    action = Shown("walk", "turn")

    assert library.is_shown(action, ("a person walks", "walking on"))
    assert not library.is_shown(action, ("a person walks", "a slow turn"))
    assert not library.is_shown(action, ("a person runs",))


def test_a_kick_of_the_other_foot_counts_mirrored():
    clips = (
        real_clip("a", kick_left(), "someone kicks with the left foot"),
        real_clip("b", stand(), "someone stands"),
    )

    assert [(c.entry.id, flip) for c, flip in library.find_captioned(clips, "kicks_left")] == [
        ("a", False)
    ]
    assert [(c.entry.id, flip) for c, flip in library.find_captioned(clips, "kicks_right")] == [
        ("a", True)
    ]


@pytest.mark.parametrize(("legs_seconds", "arms_seconds"), [(3.0, 3.0), (5.0, 1.0), (1.0, 5.0)])
def test_a_splice_keeps_the_legs_and_takes_the_arms(legs_seconds, arms_seconds):
    legs = go(ahead=1.0, seconds=legs_seconds)
    arms = raise_both().cut(0, 1)
    arms = type(arms)(
        np.repeat(arms.root_pos, round(30 * arms_seconds), axis=0),
        np.repeat(arms.rot, round(30 * arms_seconds), axis=0),
    )

    spliced = library.splice_arms(legs, arms)

    assert spliced.frames == legs.frames
    np.testing.assert_array_equal(spliced.root_pos, legs.root_pos)
    lower = list(PART_JOINTS["LOWER_BODY"])
    np.testing.assert_array_equal(spliced.rot[:, lower], legs.rot[:, lower])
    assert passes(("walks_forward", "raises_both_arms"), Body.from_clip(spliced)) or (
        legs_seconds == 1.0
    )
    wrist = spliced.joints()[:, JOINT_INDEX["left_wrist"], 1]
    assert (wrist > 1.7).all()


def test_rates_count_chance_among_clips_of_that_length_and_the_real_ones():
    clips = (
        *(real_clip(f"clap {n}", clap(), "a person claps", "clapping") for n in range(4)),
        *(real_clip(f"stand {n}", stand(4.0), "a person stands") for n in range(16)),
        real_clip("too long to count", stand(9.0), "a person stands"),
    )

    rate = rates.rate_prompt(Prompt("clap", 4.0, ("claps",)), clips)

    assert (rate.clips, rate.chance) == (20, pytest.approx(0.2))
    assert (rate.real_clips, rate.real, rate.mirrored) == (4, 1.0, 0)
    assert rate.is_usable


def test_a_check_that_misses_real_clips_does_not_count():
    clips = tuple(real_clip(f"{n}", stand(4.0), "a person claps") for n in range(8))

    assert not rates.rate_prompt(Prompt("clap", 4.0, ("claps",)), clips).is_usable


def test_a_pair_is_measured_on_spliced_clips():
    clips = (
        *(
            real_clip(f"walk {n}", go(ahead=1.1, seconds=4.0), "a person walks forward")
            for n in range(3)
        ),
        *(real_clip(f"clap {n}", clap(), "a person claps") for n in range(2)),
    )

    rate = rates.rate_prompt(Prompt("both", 4.0, ("walks_forward", "claps"), is_pair=True), clips)

    assert (rate.real_clips, rate.real, rate.chance) == (6, 1.0, 0.0)
    assert "walks_forward + claps | 4 | 0.0% | 5 | 100% | 6 (0) | yes" in rates.rates_table([rate])


@pytest.mark.slow
def test_every_frozen_check_counts_on_the_corpus(shared):
    clips = library.measure_corpus(load_corpus(shared / "corpus"))

    unusable = [rate.prompt.text for rate in rates.rate_all(clips) if not rate.is_usable]

    assert unusable == []
