"""Tracks through the whole grid model: laid, filled, decoded, finished; tiny random networks."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from keyfill_extension.engine.features import WIDTH
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.request import MOST_TAKES
from keyfill_extension.engine.motion.skeleton import JOINTS, PARTS
from keyfill_extension.engine.motion.tracks import Track
from keyfill_extension.engine.systems.contract import Canvas, Made, Stopwatch
from keyfill_extension.engine.systems.grid import planned
from keyfill_extension.engine.systems.grid.generator import GridGenerator
from keyfill_extension.engine.systems.grid.planned import MOST_JUDGED, MOST_WRONG
from keyfill_extension.tests.engine.toy_grid import toy_grid


@cache
def grid() -> GridGenerator:
    return toy_grid()


def made(tracks: tuple[Track, ...], seeds: tuple[int, ...], frames: int = 80) -> Made:
    rest = np.zeros((frames, len(JOINTS), 4))
    rest[..., 0] = 1.0
    clip = Clip(np.zeros((frames, 3)), rest)
    mask = np.ones((frames, len(PARTS)), dtype=bool)
    text = grid().text_encoder.encode([""])
    canvas = Canvas(clip, mask, "", text, seeds, is_new=True, tracks=tracks)
    running = grid().fill(canvas, Stopwatch())
    while True:
        try:
            next(running)
        except StopIteration as stopped:
            return stopped.value


def rotations(take: Made, number: int = 0) -> np.ndarray:
    return take.clips[number].rot


WALK = Track("a person walks", PARTS, 0.0, 1.2)
JUMP = Track("a person jumps", PARTS, 1.2, 80 / 30)


def test_tracks_make_takes_of_their_length_that_differ() -> None:
    takes = made((WALK, JUMP), (0, 1, 2))
    assert len(takes.clips) == 3
    for clip in takes.clips:
        assert clip.frames == 80
        assert np.isfinite(clip.rot).all()
        assert np.isfinite(clip.root_pos).all()
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(rotations(takes, one) - rotations(takes, other)).max() > 0.01


def test_a_seed_makes_the_same_take_whatever_the_others_are() -> None:
    together = made((WALK, JUMP), (0, 1, 2))
    for seed in (0, 2):
        alone = made((WALK, JUMP), (seed,))
        np.testing.assert_allclose(rotations(alone), rotations(together, seed), atol=1e-5)


class Judge:
    """Judges takes in the order in which they are laid; what is laid later is right."""

    def __init__(self, *shortcomings: float) -> None:
        self.left = list(shortcomings)
        self.judged: dict[bytes, float] = {}

    def __call__(self, acts, facts) -> float:
        key = facts.values.tobytes()
        if key not in self.judged:
            self.judged[key] = self.left.pop(0) if self.left else 0.0
        return self.judged[key]


def as_judged(monkeypatch: pytest.MonkeyPatch, *shortcomings: float) -> None:
    """Judge takes of a memory that was not measured as if it were."""
    monkeypatch.setattr(planned, "shortcoming", Judge(*shortcomings))
    monkeypatch.setattr(planned, "is_judged", lambda index, laid: True)


def test_takes_that_show_what_is_asked_for_come_first(monkeypatch) -> None:
    plain = made((WALK, JUMP), (0, 1, 2))
    as_judged(monkeypatch, 0.8, 0.0, 0.3)
    chosen = made((WALK, JUMP), (0, 1, 2))
    np.testing.assert_allclose(rotations(chosen, 0), rotations(plain, 1), atol=1e-5)
    assert np.abs(rotations(chosen, 1) - rotations(plain, 2)).max() > 0.01


def test_the_best_of_wrong_takes_is_shown_where_none_is_right(monkeypatch) -> None:
    plain = made((WALK, JUMP), (0, 1))
    as_judged(monkeypatch, 0.8, 0.3, *[0.9] * MOST_JUDGED)
    chosen = made((WALK, JUMP), (0,))
    np.testing.assert_allclose(rotations(chosen), rotations(plain, 1), atol=1e-5)


@pytest.mark.parametrize(
    "shortcomings", [(0.8, 0.0, 0.3), (0.9, 0.7, 0.8, *[0.9] * (MOST_WRONG - 3), 0.0)]
)
def test_a_seed_is_one_take_however_many_are_judged(monkeypatch, shortcomings) -> None:
    as_judged(monkeypatch, *shortcomings)
    together = made((WALK, JUMP), (0, 1, 2))
    for seed in (0, 1, 2, MOST_TAKES, MOST_TAKES + 1):
        alone = made((WALK, JUMP), (seed,))
        np.testing.assert_allclose(
            rotations(alone), rotations(together, seed % MOST_TAKES), atol=1e-5
        )


@pytest.mark.parametrize("frames", [77, 79, 81])
def test_a_take_need_not_be_whole_steps_long(frames) -> None:
    assert made((WALK,), (0,), frames).clips[0].frames == frames


def test_legs_that_nobody_moves_are_filled_too() -> None:
    arms = Track("a person waves", ("LEFT_ARM", "RIGHT_ARM"), 0.4, 2.0)
    clip = made((arms,), (0,)).clips[0]
    assert np.isfinite(clip.rot).all()
    assert clip.frames == 80


def test_a_track_of_too_many_times_is_no_error() -> None:
    often = Track("a person shrugs", PARTS, 0.0, 0.4, count=50)
    assert made((often,), (0,), 20).clips[0].frames == 20


@pytest.mark.parametrize("steps", [4, 6, 10, 13])
def test_retiming_gives_so_many_steps_of_codes(steps) -> None:
    system = grid().system
    codes = system.memory.clip_codes(0)
    assert system.retime(codes, steps).shape == (steps, *codes.shape[1:])
    features = system.tokenizer.decode(codes[None])
    assert features.shape == (1, 40, WIDTH)
    assert torch.equal(system.retime(codes, 10), system.tokenizer.encode(features)[0])
