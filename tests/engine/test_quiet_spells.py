"""No system is silent for long: at most two passes of a network between two yields."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from keyfill_extension.engine.api import SystemEngine
from keyfill_extension.engine.features import WIDTH, clip_to_features
from keyfill_extension.engine.motion.clip import Clip, headings
from keyfill_extension.engine.motion.files import humanml3d
from keyfill_extension.engine.motion.request import SHORTEST_SECONDS, MotionRequest, span_mask
from keyfill_extension.engine.motion.running import run_to_end
from keyfill_extension.engine.splicing import _yaws
from keyfill_extension.engine.systems.contract import Canvas, Stopwatch, TakePlanner
from keyfill_extension.engine.systems.finishing import finish, finish_takes
from keyfill_extension.engine.systems.grid.generator import GridGenerator
from keyfill_extension.engine.systems.sliding import CPU_STEPS, takes_together
from keyfill_extension.engine.tokenizer.dilated import DilatedDecoder, DilatedEncoder
from keyfill_extension.engine.transformers.causal import CausalTrunk
from keyfill_extension.engine.transformers.double_tier import DoubleTierGpt
from keyfill_extension.engine.transformers.length import LengthEstimator, LengthPredictor
from keyfill_extension.engine.transformers.masked_words import WordsMasked
from keyfill_extension.engine.transformers.sentence import SentenceMasked, SentenceResidual

from .quiet_spells import counted_functions, counted_networks, most_between_yields
from .small_corpus import swinging_clip
from .test_momask import make_system
from .test_published_systems import ENCODER, hifigpt, mmm
from .toy_grid import toy_grid

NETWORKS = (
    DilatedEncoder, DilatedDecoder, WordsMasked, SentenceMasked, SentenceResidual, CausalTrunk,
    LengthEstimator, LengthPredictor,
)  # fmt: skip
FILLING = (WordsMasked, SentenceMasked, SentenceResidual)
FRAMES = 700
"""More than one window of every system."""

SYSTEMS = {
    "grid": toy_grid,
    "mmm": mmm,
    "hifigpt x4": lambda: hifigpt(2),
    "hifigpt x8": lambda: hifigpt(3),
    "momask": lambda: make_system(WIDTH),
    "momask of 16 bits": lambda: make_system(WIDTH, is_halved=True),
    "momask as published": lambda: make_system(humanml3d.FEATURES),
}


def networks_of(system, kinds=NETWORKS) -> list[torch.nn.Module]:
    """The networks of a system that are called as a whole; of the grid's a block stands for each.

    Its masked transformer has two entries.
    """
    if isinstance(system, GridGenerator):
        own = system.system
        return [own.masked.blocks[0], own.residual.blocks[0], own.length]
    scoring = getattr(system, "scoring", None)
    roots = [getattr(system.networks, name) for name in system.networks.__slots__]
    roots += [] if scoring is None else [scoring.masked, scoring.residual]
    found = {m for root in roots for m in root.modules() if isinstance(m, kinds)}
    assert found
    return list(found)


def requests_for(system) -> list[MotionRequest]:
    clip = swinging_clip(FRAMES, 1.0, 0.3)
    end = span_mask(FRAMES, (600, FRAMES), None)
    wanted = [
        MotionRequest("a person walks"),
        MotionRequest("a person walks", FRAMES / 30),
        MotionRequest("a person walks", 3.0, takes=7),
        MotionRequest("a person jumps", clip=clip, mask=end, takes=2),
    ]
    middle = span_mask(FRAMES, (30, 650), None)
    if system.can_fill(middle) is None:
        varied = MotionRequest("a person jumps", clip=clip, mask=middle, variation=0.4, takes=2)
        wanted += [varied, replace(varied, variation=0.0, strength=0.5)]
    return wanted


@pytest.mark.parametrize("kind", SYSTEMS)
def test_a_network_runs_twice_at_most_between_two_yields(kind: str) -> None:
    system = SYSTEMS[kind]()
    with counted_networks(*networks_of(system)) as calls:
        for request in requests_for(system):
            before = calls()
            assert most_between_yields(SystemEngine(system).run(request), calls) <= 2
            # A plan's new take may be copied whole: no transformer need run.
            is_planned = isinstance(system, TakePlanner) and request.clip is None
            assert calls() - before > 2 or is_planned


@pytest.mark.parametrize("kind", ["mmm", "momask", "momask of 16 bits"])
def test_a_pass_on_a_cpu_sees_few_takes_at_a_time(kind: str) -> None:
    system = SYSTEMS[kind]()
    with counted_networks(*networks_of(system, FILLING)) as calls:
        run_to_end(SystemEngine(system).run(MotionRequest("a walk", 5.0, takes=9)))
        assert 0 < calls.most_steps <= 2 * CPU_STEPS  # with the text and without


@pytest.mark.parametrize(
    ("takes", "steps", "sizes"),
    [(1, 76, [1]), (16, 76, [1] * 16), (5, 40, [2, 2, 1]), (3, 1, [3]), (2, 300, [1, 1]),
     (0, 9, [])],
)
def test_takes_are_scored_in_groups(takes: int, steps: int, sizes: list[int]) -> None:
    groups = takes_together(torch.zeros(takes, steps, dtype=torch.long))
    rows = [list(range(takes))[group] for group in groups]
    assert [len(own) for own in rows] == sizes
    assert sum(rows, []) == list(range(takes))
    one_by_one = takes_together(torch.zeros(takes, steps), is_one_by_one=True)
    assert len(one_by_one) == takes


@pytest.mark.parametrize("is_new", [True, False])
def test_a_long_take_is_cleaned_up_in_pieces(is_new: bool) -> None:
    clip = swinging_clip(1800, 1.0, 0.3)
    mask = np.ones((1800, 4), bool) if is_new else span_mask(1800, (100, 1700), None)
    canvas = Canvas(clip, mask, "a walk", ENCODER.encode(["a walk"]), (1,), is_new=is_new)
    features = clip_to_features(clip)[0]
    with counted_functions() as calls:
        before = calls()
        task = finish_takes([features], partial(finish, canvas), Stopwatch())
        most = most_between_yields(task, calls)
        assert most < 0.5 * (calls() - before)
    assert most < 6000  # no dozens of calls for each frame


def test_each_heading_is_read_from_its_own_frame() -> None:
    rotations = np.random.default_rng(4).normal(size=(500, 4))
    rotations /= np.linalg.norm(rotations, axis=-1, keepdims=True)
    alone = np.concatenate([headings(rotation[None]) for rotation in rotations])
    np.testing.assert_array_equal(_yaws(rotations), alone)
    assert (alone == 0.0).any()
    assert (alone != 0.0).any()


def ending_with(system, bias: float):
    """A T2M-HiFiGPT whose network gives the end a certain weight."""
    gpt = DoubleTierGpt(system.networks.gpt.config)
    gpt.load_state_dict(system.networks.gpt.state_dict())
    torch.nn.init.constant_(gpt.heads[0].bias[gpt.end_code : gpt.end_code + 1].data, bias)
    networks = replace(system.networks, gpt=gpt.eval().requires_grad_(False))
    return replace(system, networks=networks)


@pytest.mark.parametrize("kind", SYSTEMS)
def test_no_take_without_a_length_is_shorter_than_the_shortest(kind: str) -> None:
    system = SYSTEMS[kind]()
    if kind.startswith("hifigpt"):
        system = ending_with(system, 50.0)
    else:
        length = system.system.length if kind == "grid" else system.networks.length
        last = length.layers[-1] if isinstance(length, LengthPredictor) else length.outward
        last.bias[0] = 50.0
    made = run_to_end(SystemEngine(system).run(MotionRequest("a person dances")))
    assert made.clips[0].frames >= round(30 * SHORTEST_SECONDS)


def test_a_take_without_a_length_is_the_start_of_a_longer_one() -> None:
    system = ending_with(hifigpt(2), math.log(4.0))
    engine = SystemEngine(system)
    chosen: Clip = run_to_end(engine.run(MotionRequest("a walk", seed=3))).clips[0]
    assert 15 <= chosen.frames < 300
    asked = run_to_end(engine.run(MotionRequest("a walk", chosen.frames / 30, seed=3))).clips[0]
    np.testing.assert_array_equal(chosen.rot, asked.rot)
