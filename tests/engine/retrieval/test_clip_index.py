"""Which clips show an action: kind, words and facts decide, who does it breaks ties."""

from __future__ import annotations

import pytest
from keyfill_extension.engine.planning.kinds import load_kinds
from keyfill_extension.engine.retrieval.clip_index import (
    MOST_CHOICES,
    REST_WEIGHT,
    ClipIndex,
    kinds_named,
)
from keyfill_extension.engine.retrieval.facts import Facts
from keyfill_extension.tests.engine import facts_motions as motions
from keyfill_extension.tests.engine.retrieval.small_memories import (
    facts_of,
    lively,
    made_up,
    memory_of,
    wanted_of,
)

STILL = made_up(["standing"] * 20)


def going(steps: int = 24, speed: float = 1.0, yaw_rate: float = 0.0) -> Facts:
    """Return facts of somebody who walks on steadily."""
    rows = [
        ("step", (16 * n, 16 * n + 6, 16 * n + 12), ("left", "right")[n % 2])
        for n in range(steps // 4)
    ]
    return made_up(
        ["standing"] * steps, rows, speed_ahead=speed, yaw_rate=yaw_rate, left_foot_carries=1.0,
        **lively(steps, (0, steps)),
    )  # fmt: skip


def choices(clips, prompt: str, state: str = "", **options):
    return ClipIndex(memory_of(clips), **options).choices(wanted_of(prompt), state)


def best(clips, prompt: str, state: str = "", **options) -> int:
    return choices(clips, prompt, state, **options)[0].stretch.clip


def test_captions_name_kinds_in_their_order() -> None:
    assert kinds_named("a person walks forward") == "walk"
    assert kinds_named("a man sits down then waves") == "sit_down wave"
    assert kinds_named("someone frobnicates") == ""


def test_who_does_it_breaks_ties_only() -> None:
    alike = [("a clown walks", going()), ("a soldier walks", going()), ("a nurse walks", going())]
    assert best(alike, "a soldier walks") == 1
    assert best(alike, "a clown walks") == 0
    assert best(alike, "a nurse walks") == 2
    others = [
        ("a soldier crawls on the ground", facts_of(motions.all_fours(3.0, 0.5))),
        ("a person waves", facts_of(motions.wave())),
    ]
    assert best(others, "a soldier waves") == 1


def test_kind_and_facts_beat_words() -> None:
    """A caption with all words of the prompt but another verb is not chosen."""
    clips = [
        ("a person walks across the big room to the old wooden door", going()),
        ("someone hops", facts_of(motions.jump())),
    ]
    assert best(clips, "a person jumps across the big room to the old wooden door") == 1
    assert best(clips, "a person walks across the big room to the old wooden door") == 0


def test_a_clip_that_meets_its_conditions_beats_one_that_does_not() -> None:
    caption = "a person jumps"
    clips = [(caption, STILL), (caption, facts_of(motions.jump())), (caption, going())]
    found = choices(clips, caption)
    assert [choice.stretch.clip for choice in found] == [1]
    walks = "a person walks"
    clips = [(walks, STILL), (walks, facts_of(motions.jump())), (walks, going())]
    assert [choice.stretch.clip for choice in choices(clips, walks)] == [2]
    # Where none meets them, the nearest is better than nothing.
    assert len(choices([(caption, going())], "a person runs")) == 1


def test_a_like_kind_comes_behind_the_kind_itself() -> None:
    hop = load_kinds().kinds["hop"]
    assert "jump" in hop.like
    jump = facts_of(motions.jump())
    index = ClipIndex(memory_of([("a person jumps", jump), ("a person hops", jump)]))
    assert index.captions_of(hop) == [1, 0]
    assert index.choices(wanted_of("a person hops"))[0].stretch.clip == 1
    assert index.share(wanted_of("a person hops").action, 0) == 0.0


def test_the_share_of_captions_that_name_the_kind_counts() -> None:
    jump = facts_of(motions.jump())
    clips = [
        (["a person jumps", "a person leaps up", "a person walks then jumps", "someone"], jump),
        (["a person jumps", "a person jumps"], jump),
    ]
    index = ClipIndex(memory_of(clips))
    action = wanted_of("a person jumps").action
    # One of them names it behind another kind, and counts half.
    assert index.share(action, 0) == pytest.approx((1 + 1 + 0.5) / 4)
    assert index.share(action, 1) == 1.0
    assert best(clips, "a person jumps") == 1


def pair(action: str, *facts: Facts):
    return [(action, each) for each in facts]


def test_an_action_begins_in_the_state_before_it() -> None:
    standing = made_up(["standing"] * 12, **lively(12, (2, 10)))
    seated = made_up(["seated"] * 12, **lively(12, (2, 10)))
    clips = pair("a person shrugs", standing, seated)
    assert best(clips, "a person shrugs") == 0
    assert best(clips, "a person shrugs", "standing") == 0
    assert best(clips, "a person shrugs", "seated") == 1


def test_a_kind_ends_in_its_state() -> None:
    flying = made_up(["standing"] * 8 + ["airborne"] * 4, **lively(12, (2, 12)))
    landed = made_up(["standing"] * 4 + ["airborne"] * 4 + ["standing"] * 4, **lively(12, (2, 12)))
    assert best(pair("a person shrugs", flying, landed), "a person shrugs") == 1
    sits, half = facts_of(motions.sitting_down()), facts_of(motions.sitting_down())
    half.values[half.states == 1, 0] = 2
    assert best(pair("a person sits down", half, sits), "a person sits down") == 1


def test_a_straight_walk_is_preferred_to_a_bent_one() -> None:
    bent, straight = going(yaw_rate=0.6), going()
    assert best(pair("a person walks", bent, straight), "a person walks") == 1


def test_a_straight_way_back_is_preferred_to_a_bent_one() -> None:
    bent, straight = going(speed=-0.8, yaw_rate=0.6), going(speed=-0.8)
    assert best(pair("a person walks backwards", bent, straight), "a person walks backwards") == 1


def test_a_take_begins_at_rest() -> None:
    rising = made_up(
        ["standing"] * 12, vertical_speed=[0.6] * 4 + [0.0] * 8, **lively(12, (0, 10))
    )
    calm = made_up(["standing"] * 12, **lively(12, (0, 10)))
    clips = pair("a person shrugs", rising, calm)
    assert best(clips, "a person shrugs") == 1
    scores = {
        state: {each.stretch.clip: each.score for each in choices(clips, "a person shrugs", state)}
        for state in ("", "standing")
    }
    assert scores[""][1] - scores[""][0] == pytest.approx(REST_WEIGHT, abs=1e-5)
    assert scores["standing"][1] == pytest.approx(scores["standing"][0], abs=1e-5)


def test_as_many_as_are_asked_for_are_preferred() -> None:
    once = facts_of(motions.jump())
    twice = facts_of(motions.jump((1.0, 2.6), seconds=4.0))
    clips = pair("a person jumps", once, twice)
    assert best(clips, "a person jumps twice") == 1
    assert choices(clips, "a person jumps twice")[0].stretch.is_counted


def test_a_special_word_that_nobody_asked_for_costs() -> None:
    clips = [("a drunk person walks", going()), ("a tall person walks", going())]
    assert best(clips, "a person walks") == 1
    assert best(clips, "a drunk person walks") == 0
    backward = [("a person jumps twice", facts_of(motions.jump())),
                ("a person jumps nicely", facts_of(motions.jump()))]  # fmt: skip
    assert best(backward, "a person jumps") == 1


def test_each_clip_gives_one_stretch() -> None:
    jumps = facts_of(motions.jump((1.0, 2.6, 4.2), seconds=5.6))
    found = choices(pair("a person jumps", *[jumps] * 12), "a person jumps")
    clips = [choice.stretch.clip for choice in found]
    assert len(clips) == len(set(clips)) == MOST_CHOICES
    scores = [choice.score for choice in found]
    assert scores == sorted(scores, reverse=True)


def test_the_side_is_read_off_the_facts() -> None:
    from_left = facts_of(motions.kick())
    mirrored = Facts(from_left.values, from_left.rows.copy())
    mirrored.rows[mirrored.rows[:, 1] > 0, 1] = 3 - mirrored.rows[mirrored.rows[:, 1] > 0, 1]
    clips = pair("a person kicks", from_left, mirrored)
    assert best(clips, "a person kicks with the left foot") == 0
    assert best(clips, "a person kicks with the right foot") == 1


@pytest.mark.parametrize("is_measured", [True, False])
def test_without_facts_words_choose_whole_clips(is_measured) -> None:
    clips = [
        ("a person walks across the big room", STILL),
        ("someone hops", facts_of(motions.jump())),
    ]
    memory = memory_of(clips, is_measured)
    index = ClipIndex(memory, is_factual=False)
    assert not index.is_factual
    assert not ClipIndex(memory_of(clips, is_measured=False)).is_factual
    found = index.choices(wanted_of("a person jumps across the big room"))
    assert found[0].stretch.clip == 0
    for choice in found:
        first, last = memory.starts[choice.stretch.clip : choice.stretch.clip + 2].tolist()
        assert (choice.stretch.first, choice.stretch.last) == (0, last - first)
        assert choice.stretch.value == 1.0


def test_the_nearest_captions_are_told_once_each() -> None:
    clips = [(["a person walks", "a person walks"], going()), ("a person walks fast", going()),
             ("a person jumps", STILL), ("somebody sleeps", STILL)]  # fmt: skip
    memory = memory_of(clips)
    found = ClipIndex(memory).nearest_captions(wanted_of("a person walks"), 3)
    assert found[0] == "a person walks"
    assert len(found) == len(set(found)) == 3


def test_captions_of_the_kind_are_told_before_those_of_the_place() -> None:
    clips = [("a person walks ahead", going()), ("a person opens the door", STILL)]
    found = ClipIndex(memory_of(clips)).nearest_captions(wanted_of("a person walks to the door"), 2)
    assert found == ("a person walks ahead", "a person opens the door")
