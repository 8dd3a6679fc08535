"""Candidates of a take: which of them fits the prompt best."""

from __future__ import annotations

import torch
from keyfill_extension.engine.motion.running import run_to_end
from keyfill_extension.engine.systems.candidates import (
    best_rows,
    candidate_generators,
    fit_of_steps,
)
from keyfill_extension.engine.systems.sliding import StepScores

MASK_CODE = 9


def scores_for(favourite: int, seen: list[torch.Tensor]) -> StepScores:
    """Return a network that expects one code everywhere."""

    def score(shown: torch.Tensor, _: slice) -> torch.Tensor:
        seen.append(shown.clone())
        logits = torch.zeros(*shown.shape, MASK_CODE)
        logits[..., favourite] = 3.0
        return logits.log_softmax(-1)

    return StepScores(score, MASK_CODE, longest=30)


def test_the_codes_fit_best_that_the_prompt_makes_likelier():
    seen: list[torch.Tensor] = []
    asked, nothing = scores_for(4, seen), scores_for(2, seen)
    codes = torch.tensor([[1, 4, 4, 4, 1], [1, 2, 2, 2, 1], [1, 4, 0, 2, 1]])
    mask = torch.tensor([False, True, True, True, False])
    fit = run_to_end(fit_of_steps(asked, nothing, codes, mask))
    torch.testing.assert_close(fit, torch.tensor([3.0, -3.0, 0.0]))
    expected = torch.tensor([[1, MASK_CODE, MASK_CODE, MASK_CODE, 1]])
    assert all(torch.equal(shown, expected) for shown in seen) and len(seen) == 2


def test_long_clips_are_judged_window_by_window():
    asked, nothing = scores_for(4, []), scores_for(2, [])
    codes = torch.full((2, 100), 4)
    codes[1, 80:] = 2
    fit = run_to_end(fit_of_steps(asked, nothing, codes, torch.ones(100, dtype=torch.bool)))
    torch.testing.assert_close(fit, torch.tensor([3.0, 3.0 * 0.8 - 3.0 * 0.2]))


def test_each_take_keeps_one_of_its_own_candidates():
    fit = torch.tensor([0.1, 0.5, 0.3, 9.0, 8.0, 7.0])
    assert best_rows(fit, 3).tolist() == [1, 3]
    assert best_rows(fit, 1).tolist() == [0, 1, 2, 3, 4, 5]


def test_the_first_candidate_is_the_take_of_its_seed_alone():
    several = candidate_generators((5, 6), 3)
    alone = candidate_generators((6,), 1)[0]
    assert len(several) == 6
    assert torch.equal(torch.rand(4, generator=several[3]), torch.rand(4, generator=alone))
