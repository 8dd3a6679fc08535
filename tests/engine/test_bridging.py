"""Promises of bridging gaps by remembered motion: it comes from the memory and fits both sides."""

import numpy as np
import pytest
import torch
from keyfill_extension.engine.evaluation.baselines.at_once import measure_legs
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.running import run_to_end
from keyfill_extension.engine.motion.skeleton import PARTS
from keyfill_extension.engine.retrieval.bridging import BridgeFinder, Gap
from keyfill_extension.engine.retrieval.memory import MotionMemory
from keyfill_extension.engine.systems.grid.presets import TOKENIZER_PRESETS
from keyfill_extension.engine.systems.token_steps import gaps_of
from keyfill_extension.engine.tokenizer.grid import GridTokenizer
from keyfill_extension.tests.motion.toy_rigs import wild_clip

LENGTHS = (9, 14, 30)


@pytest.fixture(scope="module")
def finder():
    torch.manual_seed(3)
    tokenizer = GridTokenizer(TOKENIZER_PRESETS["smoke"].model).eval()
    for part in PARTS:
        own = tokenizer.part(part)
        for stage in range(tokenizer.stages):
            own.quantizer.book(stage).entries.normal_()
        torch.nn.init.orthogonal_(own.linear_out.weight)
    total = sum(LENGTHS)
    codes = torch.randint(16, (total, len(PARTS), tokenizer.stages), dtype=torch.int16)
    starts = torch.tensor([0, *np.cumsum(LENGTHS)])
    memory = MotionMemory(["a", "b", "c"], torch.arange(3), torch.eye(3), codes, starts)
    return BridgeFinder(tokenizer, memory)


def clips_of(finder, count):
    starts = finder.memory.starts.tolist()
    return [finder.memory.codes[a:b].long() for a, b in zip(starts, starts[1:], strict=False)][
        :count
    ]


def test_a_remembered_clip_with_a_hole_gets_its_own_motion_back(finder):
    whole = clips_of(finder, 3)[2]
    holed = whole.clone()
    holed[10:17] = 0
    found = finder.find(holed, Gap(10, 17, None), 2)
    assert torch.equal(found[0].codes, whole[10:17])
    assert found[0].misfit == pytest.approx(0.0, abs=1e-3)
    assert found[1].misfit > found[0].misfit


def test_an_open_side_is_judged_by_the_other_alone(finder):
    whole = clips_of(finder, 3)[2]
    for first, last in ((0, 8), (22, 30)):
        holed = whole.clone()
        holed[first:last] = 0
        found = finder.find(holed, Gap(first, last, None), 1)
        assert torch.equal(found[0].codes, whole[first:last])


def test_a_bridge_never_runs_from_one_clip_into_the_next(finder):
    whole = clips_of(finder, 3)[2]
    starts = finder.memory.starts.tolist()
    every = [bridge.codes for bridge in finder.find(whole, Gap(8, 15, None), 50)]
    assert 0 < len(every) <= len(LENGTHS)  # one a clip at most
    inside = [
        finder.memory.codes[at : at + 7].long()
        for start, end in zip(starts, starts[1:], strict=False)
        for at in range(start, end - 6)
    ]
    assert all(any(torch.equal(codes, stretch) for stretch in inside) for codes in every)


def test_a_gap_longer_than_every_memory_is_left_to_the_transformer(finder):
    codes = torch.zeros(60, len(PARTS), finder.memory.codes.shape[-1], dtype=torch.long)
    assert finder.find(codes, Gap(5, 50, None), 3) == []
    assert run_to_end(finder.fill(codes, [Gap(5, 50, None)], (0, 1))) is None


def test_the_way_counts_where_both_sides_are_kept(finder):
    whole = clips_of(finder, 3)[2]
    path = finder._path
    first, last = 4 * (sum(LENGTHS[:2]) + 10) - 1, 4 * (sum(LENGTHS[:2]) + 17)
    yaw = float(path[first, 2])
    moved = (path[last] - path[first]).tolist()
    side = np.cos(yaw) * moved[0] - np.sin(yaw) * moved[1]
    ahead = np.sin(yaw) * moved[0] + np.cos(yaw) * moved[1]
    true = finder.find(whole, Gap(10, 17, (side, ahead, moved[2])), 1)[0]
    assert torch.equal(true.codes, whole[10:17])
    assert true.misfit == pytest.approx(0.0, abs=2e-2)
    assert finder.find(whole, Gap(10, 17, (side + 1.0, ahead, moved[2])), 1)[0].misfit > 10


def test_takes_differ_and_a_seed_gives_the_same_take_whatever_the_others(finder):
    whole = clips_of(finder, 3)[2]
    gaps = [Gap(10, 13, None)]
    filled = run_to_end(finder.fill(whole, gaps, (0, 1)))
    assert torch.equal(filled[0], whole)  # the nearest bridge is the clip's own motion
    assert not torch.equal(filled[0, 10:13], filled[1, 10:13])
    assert torch.equal(run_to_end(finder.fill(whole, gaps, (1,)))[0], filled[1])
    kept = [*range(10), *range(13, 30)]
    assert torch.equal(filled[:, kept], whole.repeat(2, 1, 1, 1)[:, kept])


def test_sixteen_takes_of_a_gap_are_sixteen_motions_though_there_are_three_clips(finder):
    whole = clips_of(finder, 3)[2]
    filled = run_to_end(finder.fill(whole, [Gap(10, 14, None)], tuple(range(16))))
    assert len({take[10:14].numpy().tobytes() for take in filled}) == 16
    first = [bridge.codes for bridge in finder.find(whole, Gap(10, 14, None), 3)]
    assert all(torch.equal(filled[take, 10:14], first[take]) for take in range(3))


def test_a_half_turn_costs_the_same_to_either_side(finder):
    length, turn = 7, 3.0
    starts = torch.arange(len(finder._path) // 4 - length)
    plain = finder._missed(starts, length, (0.0, 0.0, turn))
    for other in (turn - 2 * np.pi, turn + 2 * np.pi):
        assert torch.allclose(finder._missed(starts, length, (0.0, 0.0, other)), plain, atol=0.1)
    farthest = (10.0 * 1.5 * 0.3 * np.pi) ** 2
    way = torch.zeros(len(starts), 2)
    first, last = (4 * starts - 1).clamp_min(0), 4 * (starts + length)
    yaw = finder._path[:, 2]
    moved = finder._path[last] - finder._path[first]
    way[:, 0] = yaw[first].cos() * moved[:, 0] - yaw[first].sin() * moved[:, 1]
    way[:, 1] = yaw[first].sin() * moved[:, 0] + yaw[first].cos() * moved[:, 1]
    assert ((plain - (15.0 * way).square().sum(1)) <= farthest + 1.0).all()


def test_the_finder_yields_while_it_turns_the_memory_into_points(finder):
    fresh = BridgeFinder(finder.tokenizer, finder.memory)
    assert len(list(fresh.prepare())) >= 2
    assert list(fresh.prepare()) == []
    assert torch.equal(fresh._keys, finder._keys) and torch.equal(fresh._path, finder._path)


def test_legs_are_measured_by_how_far_they_go_and_how_fast(finder):
    still = clips_of(finder, 1)[0][:1].repeat(6, 1, 1)
    assert measure_legs(finder, still).reach == measure_legs(finder, still).liveliness == 0.0
    lively = measure_legs(finder, clips_of(finder, 3)[2])
    assert lively.reach > 0.0 and lively.liveliness > 0.0


def test_gaps_are_whole_body_and_their_way_is_seen_from_the_heading_before():
    clip = wild_clip(40)
    turned = quaternions.yaw_to_quaternion(np.asarray(np.pi / 2))
    root = np.zeros((40, 3))
    root[:, 0] = np.arange(40) * 0.1  # towards +X
    rot = np.tile(quaternions.IDENTITY, (40, 22, 1))
    rot[:, 0] = turned  # and facing it
    steps = torch.zeros(10, 4, dtype=torch.bool)
    steps[3:6] = True
    (gap,) = gaps_of(Clip(root, rot, 30.0), steps)
    assert (gap.first, gap.last) == (3, 6)
    assert gap.way == pytest.approx((0.0, 1.3, 0.0), abs=1e-9)
    steps[5, 1] = False
    assert gaps_of(clip, steps) == []
    steps[3:6, 1] = False
    (gap,) = gaps_of(clip, steps)
    assert gap.parts == (0, 2, 3) and not gap.is_whole
    assert gaps_of(clip, torch.ones(10, 4, dtype=torch.bool)) == []
    steps = torch.zeros(10, 4, dtype=torch.bool)
    steps[7:] = True
    assert gaps_of(clip, steps)[0].way is None
