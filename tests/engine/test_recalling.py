"""What a prompt brings along, and where copied codes come from."""

from __future__ import annotations

import pytest
import torch
from keyfill_extension.engine.retrieval.bridging import Gap
from keyfill_extension.engine.retrieval.memory import MotionMemory
from keyfill_extension.engine.retrieval.recalling import (
    continuations,
    find_sources,
    plant,
    plant_at_once,
    recall,
)
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
    condition = found.for_takes(generators)
    kept = [set(place[place[:, 0] >= 0, 0].tolist()) for place in condition.memory_place]
    assert all(len(slots) == 1 for slots in kept)
    assert len(set.union(*kept)) == len(found.actions)


def test_sources_are_the_steps_whose_neighbours_agree() -> None:
    codes = torch.tensor([1, 2, 3, 9, 2, 8])[:, None, None].repeat(1, 2, 4)
    place = torch.tensor([[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]])[None]
    base = torch.tensor([[9, 2, 8, 5], [1, 2, 3, 7]]).T[None]  # part 0 and part 1
    found = find_sources(base, codes, place)
    assert found[0, :, 0].tolist() == [3, 4, 5, -1]
    assert found[0, :, 1].tolist() == [0, 1, 2, -1]


def test_what_a_row_does_not_remember_is_no_source() -> None:
    codes = torch.tensor([1, 2])[:, None, None].repeat(1, 1, 2)
    place = torch.tensor([[[0, 0], [-1, 1]]])
    found = find_sources(torch.tensor([[[1], [2]]]), codes, place)
    assert found.flatten().tolist() == [0, -1]
    nothing = find_sources(torch.tensor([[[1]]]), codes[:0], place[:, :0])
    assert nothing.flatten().tolist() == [-1]


def test_a_copy_goes_on_to_both_sides_within_its_clip() -> None:
    codes = torch.tensor([1, 2, 3, 9, 8, 7])[:, None, None].repeat(1, 1, 2)
    place = torch.tensor([[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]])[None]
    unknown = 10
    base = torch.tensor([unknown, unknown, 3, unknown, 9, unknown])[None, :, None]
    found = continuations(base, codes, place, unknown)[0, :, 0]
    assert found[1].nonzero().flatten().tolist() == [2]
    assert found[0, 1] == 0.5
    assert found[3].nonzero().numel() == 0  # clip 0 ends with 3, clip 1 begins with 9
    assert found[5].nonzero().flatten().tolist() == [8]
    nothing = continuations(base, codes[:0], place[:, :0], unknown)
    assert not nothing.any()


LONG = torch.arange(100, 110)[:, None, None].repeat(1, 4, 3)
"""Ten remembered steps: two clips of five."""


def half_each() -> torch.Tensor:
    place = torch.tensor([[[0, i] for i in range(5)] + [[-1, i] for i in range(5)]])
    return torch.cat([place, place.flip(1)])


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        (Gap(4, 18, None), (8, 13)),  # both sides kept: five of the eight steps between margins
        (Gap(4, 12, None), (7, 9)),  # less room than the clip is long
        (Gap(0, 7, None), (0, 4)),  # an open side needs no margin
        (Gap(4, 8, None), (0, 0)),  # no room at all
    ],
)
def test_a_remembered_clip_is_planted_between_margins(gap, expected) -> None:
    codes = torch.zeros(2, 20, 4, 3, dtype=torch.long)
    planted = plant(codes, gap, LONG, half_each(), (0, 0))
    wanted = torch.zeros(20, dtype=torch.bool)
    wanted[slice(*expected)] = True
    assert torch.equal(planted, wanted.repeat(2, 1))
    assert not codes[~planted].any()
    for row, own in enumerate((range(100, 105), range(105, 110))):
        steps = codes[row, planted[row], 0, 0].tolist()
        assert steps == [*range(steps[0], steps[0] + len(steps))] if steps else not wanted.any()
        assert set(steps) <= set(own)


def test_takes_of_one_clip_put_it_elsewhere_or_take_another_stretch_of_it() -> None:
    codes = torch.zeros(3, 20, 4, 3, dtype=torch.long)
    place = half_each()[:1].repeat(3, 1, 1)
    planted = plant(codes, Gap(2, 18, None), LONG, place, (0, 1, 2))
    firsts = [int(row.nonzero()[0]) for row in planted]
    assert firsts == [7, 5, 10]  # the middle of the room, its start, its end
    codes = torch.zeros(3, 5, 4, 3, dtype=torch.long)
    whole = torch.tensor([[[0, i] for i in range(10)]]).repeat(3, 1, 1)
    plant(codes, Gap(0, 5, None, (1,)), LONG, whole, (0, 1, 2))
    assert len({tuple(row[:, 1, 0].tolist()) for row in codes}) > 1


def test_only_the_masked_parts_take_what_is_remembered() -> None:
    codes = torch.zeros(1, 5, 4, 3, dtype=torch.long)
    plant(codes, Gap(0, 5, None, parts=(1, 3)), LONG, half_each()[:1], (0,))
    assert torch.equal(codes[0, :, [1, 3]], LONG[:5, [1, 3]])
    assert not codes[0, :, [0, 2]].any()


def test_takes_take_turns_among_the_clips_that_are_as_near_as_the_nearest() -> None:
    generators = [torch.Generator().manual_seed(5) for _ in range(4)]
    for captions, alike in ((["a person walks"] * 3, 3), (["a person walks", "a man sits"], 1)):
        found = recalled("a person walks", captions)
        condition = found.for_takes(generators, (0, 1, 2, 3))
        used = [set(row[row >= 0].tolist()) for row in condition.memory_place[..., 0]]
        assert used == [{turn % alike} for turn in range(4)]


def at_once(prompt: str, captions: list[str]):
    encoder = FakeTextEncoder()
    return recall(prompt, encoder.encode([prompt]), 5, memory(captions), encoder)


WALK_AND_WAVE = ["a person walks", "waving the left hand"]


def liveliness_of_walking(codes: torch.Tensor) -> float:
    """The walk has the lower codes in `memory`: it moves, the wave does not."""
    return 1.0 if int(codes[0, 0, 0]) < 5 else 0.1


def test_of_two_actions_at_once_one_lends_the_legs_and_one_its_arm() -> None:
    found = at_once("a person walks while waving the left hand", WALK_AND_WAVE)
    assert len(set(found.actions)) == 2 and found.arms[1] == (2,)
    condition = found.for_takes([torch.Generator().manual_seed(0)], (0,))
    codes = torch.zeros(1, 7, 4, 3, dtype=torch.long)
    planted = plant_at_once(codes, found, condition.memory_place, liveliness_of_walking)
    assert planted[0].sum(0).tolist() == [5, 5, 5, 5]
    for part in (0, 1, 3):
        assert codes[0, :5, part, 0].tolist() == [0, 1, 2, 3, 4]  # the walk
    assert codes[0, :5, 2, 0].tolist() == [5, 6, 7, 8, 9]  # the wave's left arm
    assert not codes[~planted].any()


def test_two_actions_that_both_need_the_legs_are_left_to_the_transformer() -> None:
    found = at_once("a person walks while waving the left hand", WALK_AND_WAVE)
    condition = found.for_takes([torch.Generator().manual_seed(0)], (0,))
    codes = torch.zeros(1, 7, 4, 3, dtype=torch.long)
    assert not plant_at_once(codes, found, condition.memory_place, lambda _: 1.0).any()
    assert not codes.any()


def test_actions_one_after_another_are_not_put_together() -> None:
    found = at_once("a person walks, then waving the left hand", WALK_AND_WAVE)
    assert len(set(found.actions)) == 2
    assert found.arms == ()
