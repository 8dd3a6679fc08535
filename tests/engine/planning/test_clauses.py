"""One clause: what is done, by whom, how often, on which side, how fast, what stays still."""

from __future__ import annotations

import pytest
from keyfill_extension.engine.planning.actions import Action
from keyfill_extension.engine.planning.clauses import found_at, read_clause
from keyfill_extension.engine.planning.kinds import Flow, load_kinds
from keyfill_extension.engine.planning.wording import Link


def read(clause: str) -> list[Action]:
    return read_clause(clause, load_kinds())


def name_of(action: Action) -> str:
    return action.kind.name if action.kind else "?"


@pytest.mark.parametrize(
    ("clause", "kind", "text", "who"),
    [
        ("a soldier waves", "wave", "waves", "a soldier"),
        ("the tall orc slowly kneels", "kneel", "slowly kneels", "the tall orc"),
        ("waves", "wave", "waves", ""),
        ("a rapper does a backflip", "flip", "backflip", "a rapper"),
        ("drags a body", "drag", "drags a body", ""),
        ("tiptoes across the room", "tiptoe", "tiptoes across the room", ""),
        ("throws a right hook", "hook", "right hook", ""),
        ("picks up a sword", "pick_up", "picks up a sword", ""),
        ("sits down on a rocking chair", "sit_down", "sits down on a rocking chair", ""),
        ("juggles", "?", "juggles", ""),
        ("a person juggles", "?", "juggles", "a person"),
    ],
)
def test_verb_and_particle_outweigh_subject_place_and_object(clause, kind, text, who) -> None:
    action = read(clause)[0]
    assert (name_of(action), action.who) == (kind, who)
    assert action.text.endswith(text)


@pytest.mark.parametrize(
    ("clause", "count"),
    [
        ("jumps once", 1), ("jumps twice", 2), ("jumps thrice", 3), ("jumps 7 times", 7),
        ("jumps four times", 4), ("jumps one time", 1), ("two jumps", 2), ("does 3 big jumps", 3),
        ("jumps over two dogs", 0), ("two dogs jump", 0), ("jumps", 0), ("jumps many times", 0),
        ("jumps 2 metres", 0), ("takes four careful steps", 4), ("jumps 500 times", 0),
        ("a couple of jumps", 2), ("jumps a couple of times", 2), ("a jump", 0), ("one jump", 1),
    ],
)  # fmt: skip
def test_times_are_counted_and_things_are_not(clause, count) -> None:
    assert read(clause)[0].count == count


@pytest.mark.parametrize(
    ("clause", "sides"),
    [
        ("kicks with the left foot", ["left"]),
        ("waves", [""]),
        ("turns left and right", [""]),
        ("walks with the right hand on the hip", ["", "right"]),
    ],
)
def test_a_side_belongs_to_the_words_beside_it(clause, sides) -> None:
    assert [action.side for action in read(clause)] == sides


def test_a_pose_of_the_arms_goes_on_beside_the_legs() -> None:
    walk, hips = read("walks with a hand on the hip")
    assert (name_of(walk), name_of(hips)) == ("walk", "hand_on_hip")
    assert hips.link is Link.AT_ONCE and hips.flow is Flow.POSE


def test_who_stands_in_a_pose_holds_the_pose() -> None:
    assert [name_of(action) for action in read("stands with folded arms")] == ["fold_arms"]


@pytest.mark.parametrize(
    "clause", ["walks without moving the arms", "walks without raising the hands",
               "walks, never moving his arms", "walks with no arms"],
)  # fmt: skip
def test_what_is_denied_is_no_action(clause) -> None:
    (action,) = read(clause)
    assert (name_of(action), action.still) == ("walk", ("arms",))


@pytest.mark.parametrize(
    "clause",
    ["points until the end", "points till the end", "points throughout", "points the whole time"],
)
def test_an_end_may_last_until_the_end(clause) -> None:
    assert read(clause)[0].is_held


def test_punches_without_a_number_are_boxing() -> None:
    assert name_of(read("throws some quick punches")[0]) == "box"
    assert name_of(read("throws a punch")[0]) == "punch"


def test_an_action_of_no_known_kind_needs_the_whole_body_and_goes_on() -> None:
    (action,) = read("juggles three times")
    assert (action.kind, action.parts, action.flow, action.count) == (None, "whole", Flow.CYCLIC, 3)


def test_words_are_found_in_a_clause() -> None:
    assert found_at(["a", "b", "c"], "b c") == 1
    assert found_at(["a", "b", "c"], "x") == 3
