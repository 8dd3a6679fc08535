"""What a prompt remembers."""

from __future__ import annotations

import torch
from keyfill_extension.engine.planning.wording import split_clauses
from keyfill_extension.engine.retrieval.memory import (
    LONGEST_STEPS,
    SLOTS,
    MotionMemory,
    spread_slots,
)
from keyfill_extension.engine.text_encoder import FakeTextEncoder

CAPTIONS = [
    "a person waves the left hand",
    "a person waves the right hand",
    "someone kicks",
    "someone kicks high",
    "a man walks forward",
    "a man walks backward",
]
CLIPS = [0, 1, 2, 2, 3, 4]


def memory() -> MotionMemory:
    sentences = FakeTextEncoder().encode(CAPTIONS).sentence
    lengths = torch.tensor([0, 10, 12, 60, 9, 1])
    total = int(lengths.sum())
    codes = torch.arange(total)[:, None, None].repeat(1, 4, 2).to(torch.int16)
    codes[..., 1] += 300
    return MotionMemory(CAPTIONS, torch.tensor(CLIPS), sentences, codes, lengths.cumsum(0))


def nearest(text: str, count: int, **options) -> list[int]:
    return memory().nearest(text, FakeTextEncoder().encode([text]).sentence[0], count, **options)


def test_a_caption_finds_its_own_clip_first() -> None:
    assert [nearest(text, 1)[0] for text in CAPTIONS] == CLIPS


def test_the_side_and_the_direction_decide() -> None:
    assert nearest("waves with the right hand", 1) == [1]
    assert nearest("walks backward slowly", 1) == [4]


def test_a_clip_counts_once_and_banned_ones_not_at_all() -> None:
    found = nearest("someone kicks", 5)
    assert len(found) == len(set(found)) == 5
    banned = torch.tensor([False, False, True, False, False])
    assert 2 not in nearest("someone kicks", 5, banned=banned)


def test_remembered_codes_are_the_clips_first_steps() -> None:
    remembered = memory().remember([2, 4])
    assert len(remembered.codes) == LONGEST_STEPS + 1
    assert remembered.codes[0, 0].tolist() == [22, 322]
    assert remembered.place[:LONGEST_STEPS, 0].eq(0).all()
    assert remembered.place[-1].tolist() == [1, 0]


def test_nothing_remembered_is_no_error() -> None:
    assert memory().remember([]).codes.shape == (0, 4, 2)


def test_of_a_long_clip_the_busiest_steps_are_remembered() -> None:
    whole = memory()
    whole.codes[22:60] = 7  # the first steps of clip 2 are held
    remembered = whole.remember([2], 12)
    assert (remembered.codes[:, 0, 0].diff() != 0).all()
    assert remembered.place[:, 1].tolist() == list(range(12))


def test_clips_that_say_something_else_are_left_out() -> None:
    texts = ["someone kicks"]
    found = memory().look_up(texts, FakeTextEncoder().encode(texts).sentence)
    assert found.clips[0] == 2
    assert found.nearness > 1.0
    assert 3 not in found.clips
    both = ["someone kicks", "a man walks backward"]
    found = memory().look_up(both, FakeTextEncoder().encode(both).sentence)
    assert {(2, 0), (4, 1)} <= set(zip(found.clips, found.actions, strict=True))


def test_tensors_bring_the_memory_back() -> None:
    before = memory()
    after = MotionMemory.from_tensors(before.to_tensors())
    assert after.captions == before.captions
    assert torch.equal(after.codes, before.codes)
    torch.testing.assert_close(after.sentences, before.sentences, atol=0.01, rtol=0)


def test_slots_are_shared_fairly() -> None:
    assert [spread_slots(count) for count in (1, 2, 3, 9)] == [[3], [2, 1], [1, 1, 1], [1] * SLOTS]


def test_each_action_of_a_prompt_is_looked_up() -> None:
    assert split_clauses("a man hops while saluting") == ["a man hops", "saluting"]
    assert split_clauses("a man hops") == ["a man hops"]
