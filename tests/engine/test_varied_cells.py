"""Which cells a variation makes anew: the least certain first, in further takes others."""

from __future__ import annotations

import torch
from keyfill_extension.engine.systems.grid.choosing import varied_cells


def test_the_first_take_makes_the_least_likely_masked_cells_anew() -> None:
    chances = torch.arange(80.0).view(20, 4) - 100.0
    mask = torch.ones(20, 4, dtype=torch.bool)
    mask[:5] = False
    chosen = varied_cells(chances, mask, 0.1, seed=0)
    assert chosen.flatten().nonzero().flatten().tolist() == [20, 21, 22, 23, 24, 25]


def test_sixteen_takes_make_sixteen_sets_of_cells_anew_and_a_seed_always_the_same() -> None:
    chances, mask = -torch.rand(20, 4), torch.ones(20, 4, dtype=torch.bool)
    sets = [varied_cells(chances, mask, 0.05, seed) for seed in range(40, 56)]
    assert all(int(cells.sum()) == 4 for cells in sets)
    assert len({cells.numpy().tobytes() for cells in sets}) == 16
    assert torch.equal(varied_cells(chances, mask, 0.05, 43), sets[3])


def test_at_least_one_cell_is_chosen_and_never_an_unmasked_one() -> None:
    chances, mask = -torch.rand(6, 4), torch.zeros(6, 4, dtype=torch.bool)
    mask[2, 1] = True
    for seed in range(4):
        assert torch.equal(varied_cells(chances, mask, 0.01, seed), mask)
