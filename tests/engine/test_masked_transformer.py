"""The masked transformer: its two ways to a likelihood agree, and nothing leaks."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from keyfill_extension.engine.transformers.masked import (
    Condition,
    MaskedConfig,
    MaskedTransformer,
)

CONFIG = MaskedConfig(codebook_size=10, text_width=6, width=16, heads=2, layers=2, dropout=0.0)


@pytest.fixture
def model() -> MaskedTransformer:
    torch.manual_seed(0)
    model = MaskedTransformer(CONFIG).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model


def condition(batch: int, memory_steps: int) -> Condition:
    generator = torch.Generator().manual_seed(1)
    place = torch.stack([torch.zeros(memory_steps), torch.arange(memory_steps)], -1).long()
    return Condition(
        torch.randn(batch, 6, generator=generator),
        torch.randn(batch, 3, 6, generator=generator),
        torch.ones(batch, 3, dtype=torch.bool),
        torch.randint(10, (batch, memory_steps, 4), generator=generator),
        place.expand(batch, -1, -1),
    )


def codes(batch: int, steps: int) -> torch.Tensor:
    return torch.randint(11, (batch, steps, 4), generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("memory_steps", [0, 1, 7])
@pytest.mark.parametrize("steps", [1, 5])
def test_scores_are_log_probabilities(model, memory_steps: int, steps: int) -> None:
    is_step = torch.ones(2, steps, dtype=torch.bool)
    scores = model(codes(2, steps), is_step, condition(2, memory_steps))
    assert scores.shape == (2, steps, 4, 10)
    torch.testing.assert_close(scores.exp().sum(-1), torch.ones(2, steps, 4))


def test_the_likelihood_of_one_code_is_that_of_the_whole_distribution(model) -> None:
    given, is_step = codes(3, 6), torch.ones(3, 6, dtype=torch.bool)
    wanted = given.clamp_max(9)
    scores = model(given, is_step, condition(3, 5))
    chances, _ = model.log_likelihood(given, is_step, condition(3, 5), wanted)
    torch.testing.assert_close(chances, scores.gather(-1, wanted[..., None]).squeeze(-1))


def test_padding_and_dropped_conditions_have_no_influence(model) -> None:
    is_step = torch.ones(2, 8, dtype=torch.bool)
    is_step[:, 5:] = False
    first = model(codes(2, 8), is_step, condition(2, 4))
    other = codes(2, 8)
    other[:, 5:] = 0
    torch.testing.assert_close(model(other, is_step, condition(2, 4))[:, :5], first[:, :5])
    nothing = torch.zeros(2, dtype=torch.bool)
    changed = condition(2, 4)
    changed = replace(changed, sentence=changed.sentence + 1, words=changed.words + 1)
    torch.testing.assert_close(
        model(codes(2, 8), is_step, condition(2, 4).dropped(nothing, nothing)),
        model(codes(2, 8), is_step, changed.dropped(nothing, nothing)),
    )


def test_a_closed_gate_copies_nothing_and_an_open_one_only_the_memory(model) -> None:
    given, is_step = codes(1, 4), torch.ones(1, 4, dtype=torch.bool)
    remembered = condition(1, 3)
    model.copy_gate.weight.data.zero_()
    model.copy_gate.bias.data.fill_(50.0)
    chances = model(given, is_step, remembered).exp()
    for part in range(4):
        held = set(remembered.memory[0, :, part].tolist())
        likely = (chances[0, :, part] > 1e-6).any(0).nonzero().flatten().tolist()
        assert set(likely) <= held
    model.copy_gate.bias.data.fill_(-50.0)
    alone = model(given, is_step, remembered.dropped(torch.tensor([True]), torch.tensor([True])))
    assert (alone.exp() > 1e-6).all()
