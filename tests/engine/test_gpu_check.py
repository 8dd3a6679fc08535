"""The check of a graphics card, on the CPU against itself and against a copy that is off."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from keyfill_extension.engine.api import NO_ROOM, SystemEngine
from keyfill_extension.engine.evaluation.device import trials
from keyfill_extension.engine.evaluation.device.agreement import (
    compare,
    difference,
    find_networks,
    recorded_calls,
)
from keyfill_extension.engine.evaluation.device.run import run_all_networks, table
from keyfill_extension.engine.features import WIDTH
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.request import MotionRequest
from keyfill_extension.engine.motion.running import run_to_end

from .test_momask import make_system
from .test_published_systems import hifigpt, mmm
from .toy_grid import toy_grid

SYSTEMS = {
    "grid": toy_grid,
    "mmm": mmm,
    "hifigpt": lambda: hifigpt(2),
    "momask": lambda: make_system(WIDTH),
    "momask of 16 bits": lambda: make_system(WIDTH, is_halved=True),
}
REQUEST = MotionRequest("a person walks", 2.0, seed=1)


def agreement(cpu, other):
    with recorded_calls(cpu) as calls:
        run_all_networks(SystemEngine(cpu), REQUEST)
    return compare(cpu, other, calls, "a person walks")


@pytest.mark.parametrize("kind", SYSTEMS)
def test_a_model_agrees_with_itself_to_the_bit(kind):
    system = SYSTEMS[kind]()
    found = agreement(system, deepcopy(system))
    assert (found.guesses, found.features) == (0.0, 0.0)
    assert set(found.networks.values()) == {0.0}
    assert all(finding.is_good for finding in trials.judge(found))


@pytest.mark.parametrize("kind", SYSTEMS)
def test_every_network_that_a_take_calls_is_compared(kind):
    system = SYSTEMS[kind]()
    found = agreement(system, deepcopy(system))
    names = {name.split(".")[1] for name in found.networks}
    assert names >= {"tokenizer"}
    assert names & {"masked", "gpt"}
    assert ("residual" in names) == (kind == "grid" or "momask" in kind)


@pytest.mark.parametrize("kind", SYSTEMS)
def test_a_network_that_is_off_is_named(kind):
    system = SYSTEMS[kind]()
    other = deepcopy(system)
    for path, network in find_networks(other):
        if path[-1] in ("masked", "gpt"):
            with torch.no_grad():
                for values in network.parameters():
                    values.add_(0.2 * torch.randn_like(values))
    found = agreement(system, other)
    worst = max(found.networks, key=found.networks.get)
    assert worst.split(".")[1] in ("masked", "gpt")
    assert found.guesses > trials.MOST_NATS
    assert found.features == 0.0
    judged = trials.judge(found)
    assert [finding.is_good for finding in judged] == [False, True, False]
    assert worst in judged[2].told
    assert "| NO |" in table(judged)[2]


def test_hooks_are_gone_behind_the_recording():
    system = mmm()
    with recorded_calls(system) as calls:
        pass
    run_to_end(SystemEngine(system).run(REQUEST))
    assert calls == []


def test_differences_are_measured_beside_the_spread():
    wanted = torch.tensor([0.0, 2.0, -torch.inf])
    assert difference(wanted, wanted) == 0.0
    assert difference(wanted, torch.tensor([0.0, 2.5, -torch.inf])) == pytest.approx(0.5)
    assert difference((wanted, [wanted]), (wanted, [wanted + torch.tensor([0.0, 1.0, 0.0])])) == 1.0
    assert difference(None, None) == 0.0


def test_a_take_without_room_is_made_on_the_cpu_and_told(tmp_path):
    finding = trials.run_without_room(tmp_path, "cpu", REQUEST, mmm())
    assert finding.is_good
    assert finding.told == "made on cpu, told"
    assert "CPU" in NO_ROOM


def test_takes_are_made_together_and_counted():
    finding = trials.time_takes(mmm(), "a person walks", 1.0, 3)
    assert finding.is_good
    assert finding.what == "3 takes of 1 s"


def test_frames_that_part_ways_are_only_reported():
    rot = np.zeros((4, 22, 4))
    rot[..., 0] = 1.0
    clip = Clip(np.zeros((4, 3)), rot)
    finding = trials.compare_clips(clip, clip.moved(0.0, np.array([1.0, 0.0, 0.0])), 1.0)
    assert finding.told.startswith("0 % of the frames")
    assert finding.is_good


def test_memory_that_stays_taken_is_not_good(monkeypatch):
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda: 500e6)
    assert not trials.judge_memory("cuda", 100.0).is_good
    assert trials.judge_memory("cuda", 500.0).is_good
    assert trials.judge_memory("cpu", 0.0).is_good
