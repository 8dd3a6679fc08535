"""What a prompt brings along, and where copied codes come from."""

from __future__ import annotations

import pytest
import torch
from keyfill_extension.engine.retrieval.copying import continuations, find_sources
from keyfill_extension.engine.retrieval.memory import MotionMemory
from keyfill_extension.engine.retrieval.recalling import recall
from keyfill_extension.engine.text_encoder import FakeTextEncoder

CAPTIONS = ["a person walks", "someone walks", "a person waves", "a person walks and waves"]


def memory(captions: list[str]) -> MotionMemory:
    count = len(captions)
    codes = torch.arange(5 * count)[:, None, None].repeat(1, 4, 3).to(torch.int16)
    sentences = FakeTextEncoder().encode(captions).sentence
    return MotionMemory(
        captions, torch.arange(count), sentences, codes, torch.arange(0, 5 * count + 1, 5)
    )


def recalled(prompt: str, captions: list[str]):
    encoder = FakeTextEncoder()
    return recall(prompt, encoder.encode([prompt]), 5, memory(captions), encoder)


def clips_of(found) -> list[int]:
    return (found.codes[::5, 0, 0] // 5).tolist()


def test_a_caption_of_the_whole_prompt_is_preferred_to_its_actions() -> None:
    found = recalled("a person walks and waves", CAPTIONS)
    assert clips_of(found)[0] == 3
    assert set(found.actions) == {0}


def test_actions_are_looked_up_one_by_one_where_no_caption_has_both() -> None:
    found = recalled("a person walks and waves", ["a person walks", "waves", "a dog"])
    assert clips_of(found)[0] == 0
    assert 1 in clips_of(found)
    assert set(found.actions) == {0, 1}


def test_each_row_remembers_one_clip_an_action() -> None:
    found = recalled("a person walks", CAPTIONS)
    generators = [torch.Generator().manual_seed(seed) for seed in range(8)]
    condition, _ = found.for_takes(generators)
    kept = [set(place[place[:, 0] >= 0, 0].tolist()) for place in condition.memory_place]
    assert all(len(slots) == 1 for slots in kept)
    assert len(set.union(*kept)) == len(found.actions)


def test_sources_are_the_steps_whose_neighbours_agree() -> None:
    codes = torch.tensor([1, 2, 3, 9, 2, 8])[:, None, None].repeat(1, 2, 4)
    place = torch.tensor([[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]])[None]
    base = torch.tensor([[9, 2, 8, 5], [1, 2, 3, 7]]).T[None]  # part 0 and part 1
    found = find_sources(base, codes[None], place)
    assert found[0, :, 0].tolist() == [3, 4, 5, -1]
    assert found[0, :, 1].tolist() == [0, 1, 2, -1]


def test_what_a_row_does_not_remember_is_no_source() -> None:
    codes = torch.tensor([1, 2])[:, None, None].repeat(1, 1, 2)
    place = torch.tensor([[[0, 0], [-1, 1]]])
    found = find_sources(torch.tensor([[[1], [2]]]), codes[None], place)
    assert found.flatten().tolist() == [0, -1]
    nothing = find_sources(torch.tensor([[[1]]]), codes[None, :0], place[:, :0])
    assert nothing.flatten().tolist() == [-1]


def test_a_copy_goes_on_to_both_sides_within_its_clip() -> None:
    codes = torch.tensor([1, 2, 3, 9, 8, 7])[:, None, None].repeat(1, 1, 2)
    place = torch.tensor([[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]])[None]
    unknown = 10
    base = torch.tensor([unknown, unknown, 3, unknown, 9, unknown])[None, :, None]
    found = continuations(base, codes[None], place, unknown)[0, :, 0]
    assert found[1].nonzero().flatten().tolist() == [2]
    assert found[0, 1] == 0.5
    assert found[3].nonzero().numel() == 0  # clip 0 ends with 3, clip 1 begins with 9
    assert found[5].nonzero().flatten().tolist() == [8]
    nothing = continuations(base, codes[None, :0], place[:, :0], unknown)
    assert not nothing.any()


def at_once(prompt: str, captions: list[str]):
    encoder = FakeTextEncoder()
    return recall(prompt, encoder.encode([prompt]), 5, memory(captions), encoder)


WALK_AND_WAVE = ["a person walks", "waving the left hand"]


@pytest.mark.parametrize(
    ("prompt", "captions"),
    [
        ("a person walks, then waving the left hand", WALK_AND_WAVE),
        ("a person walks forward and sits down", ["a person walks forward", "sits down"]),
        ("a person walks and waving the left hand", WALK_AND_WAVE),
        ("a person walks while waving the left hand", WALK_AND_WAVE),
        ("a person walks. waving the left hand", WALK_AND_WAVE),
        ("a person waves as soon as he walks", ["a person waves", "he walks"]),
    ],
)
def test_each_of_two_actions_is_looked_up(prompt, captions) -> None:
    assert len(set(at_once(prompt, captions).actions)) == 2


def test_a_take_remembers_the_candidate_it_was_given_in_the_room_of_its_action() -> None:
    captions = ["a person walks"] * 6
    found = recalled("a person walks", captions)
    assert len(found.candidates[0]) == 6 and found.alike == (3,)
    generators = [torch.Generator().manual_seed(5) for _ in range(6)]
    condition, codes = found.for_takes(generators, [(number,) for number in range(6)])
    for row in range(6):
        kept = condition.memory_place[row, :, 0] >= 0
        own = found.candidates[0][row].codes
        assert torch.equal(codes[row, kept], own)
        assert torch.equal(condition.memory[row, kept], own[..., 0])
        assert condition.memory_place[row, kept, 1].tolist() == [0, 1, 2, 3, 4]
