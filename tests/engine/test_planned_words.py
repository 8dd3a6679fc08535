"""What a planner makes of the words of a prompt: tracks that say the same, and notes about them."""

from __future__ import annotations

import pytest
import torch
from keyfill_extension.engine.motion.request_errors import RequestError
from keyfill_extension.engine.motion.skeleton import PARTS
from keyfill_extension.engine.motion.tracks import MOST_TRACKS, check_tracks
from keyfill_extension.engine.planning.actions import Action
from keyfill_extension.engine.planning.reading import read_prompt
from keyfill_extension.engine.planning.wording import plain_prompt
from keyfill_extension.engine.retrieval.clip_index import ClipIndex
from keyfill_extension.engine.retrieval.memory import MotionMemory
from keyfill_extension.engine.retrieval.planner import Planner
from keyfill_extension.engine.text_encoder import FakeTextEncoder
from keyfill_extension.tests.engine.planning.readings import READINGS

CAPTIONS = [
    "a person walks forward", "a person walks forward", "a person jumps", "someone waves a hand",
    "a man sits down", "a person punches with the left hand", "a woman dances",
]  # fmt: skip
ARMS = ("LEFT_ARM", "RIGHT_ARM")


class ForgetfulEncoder(FakeTextEncoder):
    """Knows the words of its vocabulary only."""

    def knows(self, word: str) -> bool:
        return word in ("gandalf", "violin")


@pytest.fixture(scope="module")
def planner() -> Planner:
    """A planner over clips without facts, all of 20 steps."""
    encoder = ForgetfulEncoder()
    count = len(CAPTIONS)
    memory = MotionMemory(
        CAPTIONS,
        torch.arange(count),
        encoder.encode(CAPTIONS).sentence,
        torch.arange(20 * count)[:, None, None].repeat(1, 4, 2).to(torch.int16),
        torch.arange(count + 1) * 20,
    )
    return Planner(ClipIndex(memory), encoder)


def told(action: Action) -> tuple:
    """All of an action that its track has to say again."""
    return (
        action.kind, action.side, action.count, action.is_both, action.still, action.pace,
        action.is_backward, action.flow,
    )  # fmt: skip


@pytest.mark.parametrize("prompt", [*READINGS, "walks while punching", "sneaks, stabbing"])
def test_a_track_reads_as_the_action_that_it_was_made_of(planner, prompt) -> None:
    """Only so a plan that comes back with a request makes the same take."""
    plain = plain_prompt(prompt)
    plan = planner.plan([(plain, 20.0)])
    check_tracks(plan.tracks, plan.seconds)
    read = [told(action) for action in read_prompt(planner.spelling.mend(plain))]
    acts = [told(act.action) for act in planner.acts(plan.tracks, 150)]
    assert sorted(map(str, acts)) == sorted(
        map(str, read)
    ) or len(acts) > len(read)  # a rise put between


def test_actions_at_once_share_the_body_and_those_in_order_the_time(planner) -> None:
    walk, wave, sit = planner.plan([("walks while waving, then sits down", 9.0)]).tracks
    assert walk.parts == ("LOWER_BODY", "TORSO") and wave.parts == ARMS
    assert (walk.start, walk.end) == (wave.start, wave.end)
    assert sit.parts == PARTS and sit.start == walk.end and sit.end == 9.0
    assert sit.state == "seated"


def test_one_side_takes_one_arm(planner) -> None:
    walk, wave = planner.plan([("walks while waving the left hand", 4.0)]).tracks
    assert wave.parts == ("LEFT_ARM",)
    assert walk.parts == ("LOWER_BODY", "TORSO", "RIGHT_ARM")


def test_beats_follow_each_other_with_their_own_seconds(planner) -> None:
    plan = planner.plan([("walks", 4.0), ("jumps twice", 3.0), ("waves", 2.0)])
    assert [(track.start, track.end) for track in plan.tracks] == [(0, 4), (4, 7), (7, 9)]
    assert [track.count for track in plan.tracks] == [0, 2, 0]
    assert plan.seconds == 9.0


def test_one_slip_of_the_keyboard_is_no_other_action(planner) -> None:
    (right,) = planner.plan([("a person wlaks", 4.0)]).tracks
    assert right.text == "a person walks"


def test_too_little_time_is_told_with_what_would_do(planner) -> None:
    plan = planner.plan([("jumps, sits down, jumps and sits down", 1.0)])
    assert any(
        note.startswith("1 s are too short for all that is asked; ") and note.endswith(" would do")
        for note in plan.notes
    )
    assert not any("too short" in note for note in planner.plan([("walks", 5.0)]).notes)


def test_another_language_is_told_once_with_what_was_understood(planner) -> None:
    for prompt in ("eine frau winkt freundlich", "走る", "человек идёт"):
        (note,) = planner.plan([(prompt, 3.0)]).notes
        assert note.startswith('English is read; this was understood as "')
        assert any(caption in note for caption in CAPTIONS)


def test_more_actions_than_a_plan_holds_are_refused(planner) -> None:
    with pytest.raises(RequestError) as refused:
        planner.plan([(", then ".join(["jumps", "walks"] * 40), 60.0)])
    assert refused.value.message == "The prompt has 80 actions."
    assert refused.value.remedy == f"Name at most {MOST_TRACKS}."
