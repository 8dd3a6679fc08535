"""What a take lacks of what its acts ask for, read from the facts of its own motion."""

from __future__ import annotations

import pytest
from keyfill_extension.engine.retrieval.facts import Facts
from keyfill_extension.engine.retrieval.judging import MISCOUNTED, UNFINISHED, shortcoming
from keyfill_extension.tests.engine import facts_motions as motions
from keyfill_extension.tests.engine.retrieval.laid_takes import act, choice
from keyfill_extension.tests.engine.retrieval.small_memories import facts_of, made_up

THREE_JUMPS = (1.0, 2.6, 4.2)


def lacks(prompt: str, facts: Facts, value: float = 1.0) -> float:
    """Return the shortcoming of a take of one act, whose best clip shows it that surely."""
    whole = act(prompt, 0, facts.steps, choice(0, 0, facts.steps, value=value))
    return shortcoming([whole], facts)


SHOWN = [
    ("a person kicks", motions.kick),
    ("a person jumps", motions.jump),
    ("a person jumps three times", lambda: motions.jump(THREE_JUMPS, seconds=5.6)),
    ("a person claps three times", lambda: motions.clap(3)),
    ("a person sits down", motions.sitting_down),
    ("a person throws a ball", motions.throw),
    ("a person walks", motions.walk),
    ("a person falls down", motions.falling),
]


@pytest.mark.parametrize(("prompt", "motion"), SHOWN, ids=[prompt for prompt, _ in SHOWN])
def test_a_take_that_shows_what_is_asked_for_lacks_nothing(prompt, motion) -> None:
    assert lacks(prompt, facts_of(motion())) == 0.0
    assert lacks(prompt, facts_of(motions.stand())) > 0.5


def test_nothing_is_missing_that_the_memory_does_not_have() -> None:
    nothing = facts_of(motions.stand())
    asked = [lacks("a person kicks", nothing, value) for value in (1.0, 0.3, 0.0)]
    assert asked[0] > asked[1] > asked[2] == 0.0


@pytest.mark.parametrize("word", ["once", "twice", "four times"])
def test_another_number_is_as_bad_as_no_action(word) -> None:
    jumps = facts_of(motions.jump(THREE_JUMPS, seconds=5.6))
    assert lacks(f"a person jumps {word}", jumps) == MISCOUNTED
    assert lacks("a person jumps", jumps) == 0.0


def test_each_act_is_looked_for_in_its_own_time() -> None:
    facts = facts_of(motions.jump((3.0,), seconds=5.0))
    middle = facts.events("jump")[0].start // 4 - 2
    late = act("a person jumps", middle, facts.steps, choice(1, 0, 9, value=1.0))
    assert shortcoming([late], facts) == 0.0
    early = act("a person jumps", 0, middle, choice(1, 0, 9, value=1.0))
    assert shortcoming([early], facts) > 0.5
    assert shortcoming([early, late], facts) == shortcoming([early], facts)


STEPS = ["standing"] * 12


@pytest.mark.parametrize(
    ("states", "speeds", "carries", "expected"),
    [
        (STEPS, [0.0] * 12, [1.0] * 12, 0.0),
        (STEPS, [0.0] * 11 + [-0.3], [1.0] * 12, UNFINISHED),
        (STEPS, [-0.6] + [0.0] * 11, [1.0] * 12, UNFINISHED),
        (STEPS, [-0.2] + [0.0] * 11, [1.0] * 12, 0.0),
        (STEPS, [0.0] * 12, [1.0] * 11 + [0.0], UNFINISHED),
        (STEPS, [0.0] * 12, [0.0] + [1.0] * 11, UNFINISHED),
        ([*STEPS[1:], "airborne"], [0.0] * 12, [1.0] * 11 + [0.0], 2 * UNFINISHED),
        ([*STEPS[1:], "lying"], [0.0] * 12, [1.0] * 11 + [0.0], UNFINISHED),
    ],
)  # fmt: skip
def test_takes_begin_and_end_on_something_and_at_rest(states, speeds, carries, expected) -> None:
    facts = made_up(
        states, vertical_speed=speeds, left_foot_carries=carries, right_foot_carries=[0.0] * 12
    )
    assert lacks("a person bows", facts, value=0.0) == expected
    assert lacks("a person walks", facts, value=0.0) == 0.0, "what goes on may be cut anywhere"
