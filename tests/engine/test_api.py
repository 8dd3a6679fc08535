"""The engine's front door: plain prompts for every system; a take depends on its seed alone."""

from __future__ import annotations

import gc
import weakref
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from keyfill_extension.engine.api import NO_ROOM, SystemEngine
from keyfill_extension.engine.motion.request import (
    MotionRequest,
    MotionResult,
    Progress,
    RequestError,
    span_mask,
)
from keyfill_extension.engine.motion.running import run_to_end
from keyfill_extension.engine.motion.takes import count_different, difference_note
from keyfill_extension.engine.systems.contract import Made
from keyfill_extension.engine.text_encoder import FakeTextEncoder

from .small_corpus import swinging_clip


@dataclass
class SeedGenerator:
    """Moves the root by as many centimetres as the seed, modulo `period`."""

    period: int = 1000
    prompts: list[str] = field(default_factory=list)
    name: str = "grid"
    device: torch.device = torch.device("cpu")
    text_encoder: FakeTextEncoder = field(default_factory=FakeTextEncoder)

    def can_fill(self, mask):
        return None

    def choose_frames(self, text, seed):
        yield Progress(0, 1, "Choosing the length")
        return 20 + 4 * (seed % 3)

    def fill(self, canvas, watch):
        self.prompts.append(canvas.prompt)
        yield Progress(0, 1, "Filling")
        takes = [
            canvas.clip.moved(0.0, np.array([0.01 * (seed % self.period), 0.0, 0.0]))
            for seed in canvas.seeds
        ]
        contacts = tuple(np.zeros((clip.frames, 4), bool) for clip in takes)
        return Made(tuple(takes), contacts, tuple(0.001 * seed for seed in canvas.seeds))


def run(request: MotionRequest, generator: SeedGenerator | None = None) -> MotionResult:
    return run_to_end(SystemEngine(generator or SeedGenerator()).run(request))


@pytest.mark.parametrize(
    "prompt",
    [
        "A Person Walks Forward, While Waving.",
        "a person\u00a0walks  forward,\twhile waving!",
        "\u201ca person walks forward, while waving\u2026\u201d",
        "a person walks forward \u2014 while waving",
    ],
)
def test_every_system_reads_one_spelling_of_a_prompt(prompt: str) -> None:
    plain = "a person walks forward, while waving"
    clip = swinging_clip(24, 1.0, 0.2)
    edit = MotionRequest(prompt, clip=clip, mask=span_mask(24, (4, 12), None))
    for request in (MotionRequest(prompt, 1.0), edit, MotionRequest("", beats=((prompt, 1.0),))):
        generator = SeedGenerator()
        run(request, generator)
        assert generator.prompts == [plain]


def test_a_prompt_of_marks_alone_is_refused() -> None:
    with pytest.raises(RequestError, match="empty"):
        run(MotionRequest("\u2026 !"))
    with pytest.raises(RequestError, match="Beat 1"):
        run(MotionRequest("", beats=(("?!", 1.0),)))


def test_take_k_without_a_length_is_the_single_take_of_seed_plus_k() -> None:
    together = run(MotionRequest("someone walks", seed=5, takes=6))
    assert [clip.frames for clip in together.clips] == [28, 20, 24, 28, 20, 24]
    for take, clip in enumerate(together.clips):
        alone = run(MotionRequest("someone walks", seed=5 + take))
        np.testing.assert_array_equal(clip.root_pos, alone.clips[0].root_pos)
        assert together.root_gaps[take] == alone.root_gaps[0]
        assert len(together.contacts[take]) == clip.frames


def test_a_result_tells_how_many_takes_are_different() -> None:
    assert run(MotionRequest("someone walks", 1.0, takes=6)).different_takes == 6
    assert run(MotionRequest("someone walks", 1.0), SeedGenerator()).different_takes == 1
    alike = run(MotionRequest("someone walks", 1.0, takes=6), SeedGenerator(period=4))
    assert alike.different_takes == 4
    assert difference_note(alike).startswith("Of 6 takes only 4 are different")


def test_takes_are_the_same_up_to_half_a_centimetre() -> None:
    clip = swinging_clip(10, 1.0, 0.2)
    near = clip.moved(0.0, np.array([0.004, 0.0, 0.0]))
    far = clip.moved(0.0, np.array([0.006, 0.0, 0.0]))
    assert run_to_end(count_different([clip, near])) == 1
    assert run_to_end(count_different([clip, far, clip.cut(0, 9)])) == 3
    assert len(list(count_different([clip] * 4))) == 3  # it yields between takes


@pytest.mark.parametrize("different", [0, 2])
def test_takes_that_all_differ_or_were_not_counted_need_no_note(different: int) -> None:
    clip = swinging_clip(4, 1.0, 0.2)
    assert difference_note(MotionResult((clip, clip), different_takes=different)) == ""


class FullGenerator(SeedGenerator):
    """On a graphics card whose memory does not suffice once a fill has begun."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__(device=torch.device("cuda"))
        self.error = error or torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    def fill(self, canvas, watch):
        yield Progress(0, 1, "Filling")
        raise self.error


@pytest.mark.parametrize(
    "request_made",
    [MotionRequest("walk", 2.0, seed=3, takes=2), MotionRequest("walk", seed=3),
     MotionRequest("", beats=(("walk", 1.0), ("jump", 1.0)), seed=3)],
    ids=["of a length", "without one", "of beats"],
)  # fmt: skip
def test_a_take_whose_memory_does_not_suffice_is_made_on_the_cpu(request_made):
    engine = SystemEngine(FullGenerator(), SeedGenerator)
    assert engine.device == "cuda"
    labels: list[str] = []
    made = run_to_end(engine.run(request_made), lambda news: labels.append(news.label))
    expected = run(request_made)
    for clip, wanted in zip(made.clips, expected.clips, strict=True):
        np.testing.assert_array_equal(clip.root_pos, wanted.root_pos)
    assert labels.count(NO_ROOM) == 1
    assert engine.device == "cpu"
    run_to_end(engine.run(request_made), lambda news: labels.append(news.label))
    assert labels.count(NO_ROOM) == 1


def test_other_errors_and_a_full_cpu_are_told():
    with pytest.raises(RuntimeError, match="illegal memory access"):
        broken = FullGenerator(RuntimeError("CUDA error: an illegal memory access"))
        run_to_end(SystemEngine(broken, SeedGenerator).run(MotionRequest("walk", 2.0)))
    with pytest.raises(torch.OutOfMemoryError):
        run_to_end(SystemEngine(FullGenerator()).run(MotionRequest("walk", 2.0)))
    with pytest.raises(torch.OutOfMemoryError):
        run_to_end(SystemEngine(FullGenerator(), FullGenerator).run(MotionRequest("walk", 2.0)))


def test_the_full_engine_is_gone_before_the_cpu_computes():
    lives: list[object] = []

    class Watching(SeedGenerator):
        def fill(self, canvas, watch):
            gc.collect()
            lives.append(full())
            return (yield from super().fill(canvas, watch))

    generator = FullGenerator()
    full = weakref.ref(generator)
    engine = SystemEngine(generator, Watching)
    del generator
    run_to_end(engine.run(MotionRequest("walk", 2.0)))
    assert lives == [None]
