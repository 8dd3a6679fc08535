"""Iterative decoding with three-line models."""

from __future__ import annotations

import pytest
import torch
from keyfill_extension.engine.decoding import (
    DecodingConfig,
    distance_to_known,
    draw,
    fill_masked,
    guide,
    hidden_share,
)

MASK = 7


def uniform(codes: torch.Tensor, _: slice = slice(None)) -> torch.Tensor:
    return torch.full((*codes.shape, MASK), 1.0 / MASK).log()


def certain(codes: torch.Tensor, _: slice = slice(None)) -> torch.Tensor:
    """Knows that every cell holds its step's number."""
    wanted = torch.arange(codes.shape[1])[None, :, None].expand_as(codes) % MASK
    return torch.nn.functional.one_hot(wanted, MASK).float().clamp_min(1e-6).log()


def generators(count: int, seed: int = 0) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed + k) for k in range(count)]


def fill(model, codes, mask, config=None, seed=0):
    config = config or DecodingConfig(top_share=1.0)
    steps = fill_masked(model, codes, mask, config, generators(len(codes), seed))
    progress = []
    while True:
        try:
            progress.append(next(steps))
        except StopIteration as stop:
            return (*stop.value, progress)


def masked_grid(batch: int, steps: int, parts: int = 4):
    codes = torch.full((batch, steps, parts), MASK)
    return codes, torch.ones(batch, steps, parts, dtype=torch.bool)


@pytest.mark.parametrize("steps", [0, 1, 2, 40])
@pytest.mark.parametrize("iterations", [1, 2, 12])
def test_nothing_stays_masked(steps: int, iterations: int) -> None:
    codes, mask = masked_grid(2, steps)
    filled, confidence, _ = fill(uniform, codes, mask, DecodingConfig(iterations=iterations))
    assert (filled < MASK).all()
    assert ((confidence > 0) & (confidence <= 1)).all()


def test_kept_cells_never_change() -> None:
    codes, mask = masked_grid(2, 20)
    mask[:, 5:9] = False
    mask[:, :, 2] = False
    codes[~mask] = 3
    filled, confidence, _ = fill(uniform, codes, mask)
    assert (filled[~mask] == 3).all()
    assert (confidence[~mask] == 1).all()


def test_a_certain_model_is_obeyed() -> None:
    codes, mask = masked_grid(1, 12)
    filled, confidence, _ = fill(certain, codes, mask)
    assert torch.equal(filled[0, :, 0], torch.arange(12) % MASK)
    assert (confidence > 0.99).all()


def test_the_same_seed_gives_the_same_codes_in_any_batch() -> None:
    codes, mask = masked_grid(3, 10)
    together = fill(uniform, codes, mask, seed=4)[0]
    alone = fill(uniform, codes[:1], mask[:1], seed=6)[0]
    assert torch.equal(together[2], alone[0])
    assert not torch.equal(together[0], together[1])


def test_progress_counts_up_to_the_iterations() -> None:
    codes, mask = masked_grid(1, 10)
    progress = fill(uniform, codes, mask, DecodingConfig(iterations=6))[2]
    assert [p.done for p in progress] == [1, 2, 3, 4, 5]
    assert {p.total for p in progress} == {6}


def test_each_pass_decides_the_cosines_share() -> None:
    seen = []

    def watch(codes: torch.Tensor, _: slice) -> torch.Tensor:
        seen.append(int((codes == MASK).sum()))
        return uniform(codes)

    codes, mask = masked_grid(1, 25)
    fill(watch, codes, mask, DecodingConfig(iterations=5, is_outward=False))
    assert seen == [int(100 * hidden_share(k / 5)) for k in range(5)]


def test_cells_are_decided_from_the_known_ones_on() -> None:
    order = []

    def watch(codes: torch.Tensor, _: slice) -> torch.Tensor:
        order.append((codes[0, :, 0] == MASK).nonzero().flatten().tolist())
        return uniform(codes)

    codes, mask = masked_grid(1, 10, parts=1)
    mask[:, :2] = mask[:, 8:] = False
    codes[~mask] = 0
    fill(watch, codes, mask, DecodingConfig(iterations=3))
    assert order == [[2, 3, 4, 5, 6, 7], [3, 4, 5, 6], [4, 5]]
    order.clear()
    fill(watch, *masked_grid(1, 6, parts=1), DecodingConfig(iterations=3))
    assert order == [[0, 1, 2, 3, 4, 5], [2, 3, 4, 5], [4, 5]]


def test_distance_counts_within_a_part() -> None:
    mask = torch.tensor([[[True, False], [True, True], [False, True], [True, True]]])
    assert distance_to_known(mask)[0].T.tolist() == [[2, 1, 0, 1], [0, 1, 2, 3]]
    assert distance_to_known(torch.ones(1, 3, 1, dtype=torch.bool)).flatten().tolist() == [1, 2, 3]


def test_only_the_likeliest_share_is_drawn() -> None:
    scores = torch.linspace(-5, 0, 50).log_softmax(-1).expand(1, 400, 1, 50)
    drawn = draw(scores, DecodingConfig(top_share=0.1), generators(1))
    assert set(drawn.flatten().tolist()) == {45, 46, 47, 48, 49}


def test_no_temperature_takes_the_likeliest() -> None:
    scores = torch.randn(2, 5, 3, 9).log_softmax(-1)
    drawn = draw(scores, DecodingConfig(temperature=0.0), generators(2))
    assert torch.equal(drawn, scores.argmax(-1))


def test_guidance_of_one_is_the_conditional_and_more_goes_beyond() -> None:
    conditional = torch.tensor([0.5, 0.3, 0.2]).log()
    without = torch.tensor([0.2, 0.3, 0.5]).log()
    torch.testing.assert_close(guide(conditional, without, 1.0), conditional)
    assert guide(conditional, without, 3.0).exp()[0] > 0.8
