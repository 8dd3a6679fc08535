"""What is known of clips beside their codes: it survives files and joins, and is measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from keyfill_extension.engine.checkpoint import load_checkpoint, save_checkpoint
from keyfill_extension.engine.data.measured_memory import main as measure_main
from keyfill_extension.engine.data.measured_memory import measure_memory
from keyfill_extension.engine.features import features_to_clip
from keyfill_extension.engine.retrieval.clip_index import ClipIndex
from keyfill_extension.engine.retrieval.facts import measure_facts
from keyfill_extension.engine.retrieval.facts.conditions import CONDITIONS, rate_condition
from keyfill_extension.engine.retrieval.measured import Measured
from keyfill_extension.engine.retrieval.memory import MotionMemory
from keyfill_extension.tests.engine import facts_motions as motions
from keyfill_extension.tests.engine.retrieval.small_memories import (
    facts_of,
    made_up,
    memory_of,
    wanted_of,
)
from keyfill_extension.tests.engine.toy_grid import toy_grid

CLIPS = [
    (["a person walks", "someone strolls then waves"], facts_of(motions.walk())),
    ("a person jumps", facts_of(motions.jump())),
    ("someone frobnicates", made_up(["seated"] * 9)),
]


def check_same(one: Measured, other: Measured) -> None:
    assert len(one.facts) == len(other.facts)
    for own, copy in zip(one.facts, other.facts, strict=True):
        assert np.array_equal(own.values, copy.values)
        assert np.array_equal(own.rows, copy.rows)
    assert np.array_equal(one.ratings, other.ratings)
    assert (one.conditions, one.kinds) == (other.conditions, other.kinds)


def test_facts_ratings_and_kinds_survive_the_file(tmp_path) -> None:
    memory = memory_of(CLIPS)
    assert memory.measured.kinds == ("walk", "walk wave", "jump", "")
    path = tmp_path / "memory.safetensors"
    save_checkpoint(path, memory.to_tensors(), {})
    read = MotionMemory.from_tensors(load_checkpoint(path)[0])
    check_same(read.measured, memory.measured)
    found = ClipIndex(read).choices(wanted_of("a person jumps"))
    assert found[0].stretch == ClipIndex(memory).choices(wanted_of("a person jumps"))[0].stretch


def test_clips_without_captions_are_left_out_of_the_file_with_their_facts() -> None:
    memory = memory_of(CLIPS)
    rows = [0, 1, 3]
    few = MotionMemory(
        [memory.captions[row] for row in rows], memory.clips[rows], memory.sentences[rows],
        memory.codes, memory.starts,
    ).with_measured(memory.measured.of(range(3), rows))  # fmt: skip
    read = MotionMemory.from_tensors(few.to_tensors())
    check_same(read.measured, memory.measured.of([0, 2], rows))
    assert read.measured.facts[1].start_state == "seated"


def test_a_memory_that_was_not_measured_stays_so_in_the_file() -> None:
    memory = memory_of(CLIPS, is_measured=False)
    read = MotionMemory.from_tensors(memory.to_tensors())
    assert read.measured.facts == ()
    assert not ClipIndex(read).is_factual


def test_joined_memories_know_both_ones_clips() -> None:
    other = memory_of([("a person kicks", facts_of(motions.kick())), CLIPS[1]])
    # Codes tell clips apart, not captions: both have a jump.
    other.codes += 200
    both = memory_of(CLIPS).joined(other)
    assert len(both.measured.facts) == len(both.starts) - 1 == 5
    assert both.measured.kinds == ("walk", "walk wave", "jump", "", "kick", "jump")
    for clip, facts in enumerate(both.measured.facts):
        assert facts.steps == int(both.starts[clip + 1] - both.starts[clip])
        for condition in ("jumps", "kicks_left", "walking"):
            assert both.measured.rating(condition)[clip] == round(
                255 * rate_condition(condition, facts)
            )
    assert ClipIndex(both).choices(wanted_of("a person kicks"))[0].stretch.clip == 3


def test_what_is_in_both_is_joined_once() -> None:
    memory = memory_of(CLIPS)
    both = memory.joined(memory_of(CLIPS))
    assert both.captions == memory.captions
    assert both.measured.kinds == memory.measured.kinds
    check_same(MotionMemory.from_tensors(both.to_tensors()).measured, memory.measured)


@pytest.mark.parametrize("first", [True, False])
def test_nothing_is_known_of_a_join_with_what_was_not_measured(first) -> None:
    one, other = memory_of(CLIPS, is_measured=first), memory_of(CLIPS, is_measured=not first)
    other.codes += 200
    both = one.joined(other)
    assert (both.measured.facts, both.measured.kinds) == ((), ())
    assert len(both.captions) == 8
    assert not ClipIndex(both).is_factual
    assert ClipIndex(both).choices(wanted_of("a person jumps"))


def test_a_join_keeps_the_conditions_that_both_were_rated_by() -> None:
    whole = memory_of(CLIPS).measured
    some = replace(whole, conditions=("jumps", "new"), ratings=whole.ratings[:, :2])
    both = whole.with_more(some)
    assert both.conditions == ("jumps",)
    assert np.array_equal(both.ratings[:3, 0], whole.rating("jumps"))
    assert np.array_equal(both.ratings[3:, 0], some.ratings[:, 0])
    none = replace(whole, conditions=("new",), ratings=whole.ratings[:, :1])
    apart = whole.with_more(none)
    assert apart.conditions == ()
    assert apart.ratings.shape == (6, 0)
    # What was not rated does not speak against a clip.
    assert (apart.rating("jumps") == 255).all()


def test_a_memory_is_measured_as_its_codes_are_decoded() -> None:
    grid = toy_grid()
    memory, tokenizer = grid.system.memory, grid.main_tokenizer
    assert memory.measured.facts == ()
    measured = measure_memory(memory, tokenizer).measured
    assert measured.kinds == ("walk", "jump", "wave")
    assert measured.conditions == tuple(CONDITIONS)
    assert measured.ratings.shape == (3, len(CONDITIONS))
    for clip, facts in enumerate(measured.facts):
        with torch.inference_mode():
            features = tokenizer.decode(memory.clip_codes(clip)[None])[0]
        own = measure_facts(features_to_clip(features))
        assert np.array_equal(own.values, facts.values)
        assert np.array_equal(own.rows, facts.rows)
        assert facts.steps == 10
        assert measured.ratings[clip].tolist() == [
            round(255 * rate_condition(name, facts)) for name in CONDITIONS
        ]


def test_the_memory_of_a_folder_of_weights_is_measured_in_place(tmp_path, monkeypatch) -> None:
    grid = toy_grid()
    path = tmp_path / "memory.safetensors"
    before = grid.system.memory.to_tensors()
    save_checkpoint(path, before, {"kept": 1})
    module = measure_main.__globals__
    monkeypatch.setitem(module, "load_grid_tokenizer", lambda *_: grid.main_tokenizer)
    assert measure_main(["--weights", str(tmp_path)]) == 0
    stored, config = load_checkpoint(path)
    assert config == {"kept": 1}
    assert all(torch.equal(stored[name], before[name]) for name in before)
    assert len(MotionMemory.from_tensors(stored).measured.facts) == 3
    assert (tmp_path / "manifest.json").is_file()
