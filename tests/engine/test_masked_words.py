"""MMM's masked transformer: shapes, marks, what it sees, training."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from keyfill_extension.engine.config import from_json, to_json
from keyfill_extension.engine.transformers.masked_words import (
    TextCondition,
    WordsConfig,
    WordsMasked,
)

SMALL = WordsConfig(
    codebook_size=20, text_width=6, width=16, heads=2, word_layers=1, layers=2, dropout=0.0
)


def network(*, has_lower: bool = False) -> WordsMasked:
    torch.manual_seed(0)
    model = WordsMasked(replace(SMALL, has_lower=has_lower))
    for parameter in model.parameters():  # no silent start: every path must be seen
        torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


def text(batch: int = 2, words: int = 3) -> TextCondition:
    torch.manual_seed(1)
    mask = torch.ones(batch, words, dtype=torch.bool)
    return TextCondition(torch.randn(batch, 6), torch.randn(batch, words, 6), mask)


def sequence(*lengths: int, seed: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    codes = torch.randint(20, (len(lengths), max(lengths)))
    is_step = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return codes, is_step


@pytest.mark.parametrize("steps", [0, 1, 9])
@pytest.mark.parametrize("words", [1, 4])
def test_logits_have_a_row_a_step(steps: int, words: int) -> None:
    logits = network()(*sequence(steps, steps), text(2, words))
    assert logits.shape == (2, steps, 20)
    assert torch.isfinite(logits).all()


def test_end_follows_the_last_step_and_padding_fills_up() -> None:
    model = network()
    codes, _ = sequence(4, 4, 4)
    marked = model.with_end(codes, torch.tensor([4, 2, 0]))
    end, pad = model.end_code, model.padding_code
    assert marked[0].tolist() == [*codes[0].tolist(), end]
    assert marked[1].tolist() == [*codes[1, :2].tolist(), end, pad, pad]
    assert marked[2].tolist() == [end, pad, pad, pad, pad]
    assert len({model.mask_code, end, pad} | set(range(20))) == 23


def test_a_clip_in_a_longer_batch_gets_the_same_logits() -> None:
    model, condition = network(), text()
    codes, is_step = sequence(9, 5)
    together = model(codes, is_step, condition)
    alone = TextCondition(condition.sentence[1:], condition.words[1:], condition.word_mask[1:])
    single = model(codes[1:, :5], is_step[1:, :5], alone)
    torch.testing.assert_close(together[1:, :5], single)


def test_what_stands_behind_the_end_is_not_seen() -> None:
    model, condition = network(), text()
    codes, is_step = sequence(9, 5)
    other = torch.where(is_step, codes, 3)
    first, second = (model(c, is_step, condition) for c in (codes, other))
    torch.testing.assert_close(first[is_step], second[is_step])


def test_the_length_is_seen() -> None:
    model = network()
    codes = torch.full((2, 8), model.mask_code)
    is_step = torch.arange(8) < torch.tensor([[8], [4]])
    one = text(1).repeated(2)
    logits = model(codes, is_step, one)
    assert (logits[0, :4] - logits[1, :4]).abs().max() > 1e-3


def test_padded_words_are_not_seen_and_real_ones_are() -> None:
    model, condition = network(), text()
    codes, is_step = sequence(6, 6)
    condition.word_mask[:, 2] = False
    noise = torch.zeros(1, 3, 1)
    noise[:, 2] = 5.0
    padded = replace(condition, words=condition.words + noise)
    torch.testing.assert_close(
        model(codes, is_step, condition), model(codes, is_step, padded)
    )
    changed = replace(condition, words=condition.words + noise.flip(1))
    difference = model(codes, is_step, condition) - model(codes, is_step, changed)
    assert difference.abs().max() > 1e-3


def test_the_sentence_is_seen_unless_the_text_is_dropped() -> None:
    model, condition = network(), text()
    codes, is_step = sequence(6, 6)
    other = replace(condition, sentence=condition.sentence + 1, words=condition.words - 1)
    keep = torch.tensor([True, False])
    first, second = (model(codes, is_step, c.dropped(keep)) for c in (condition, other))
    assert (first[0] - second[0]).abs().max() > 1e-3
    torch.testing.assert_close(first[1], second[1])


def test_every_step_sees_every_other() -> None:
    model, condition = network(), text(1)
    codes, is_step = sequence(7)
    whole = model(codes, is_step, condition)
    for step in (0, 6):
        changed = codes.clone()
        changed[0, step] = (codes[0, step] + 1) % 20
        difference = (model(changed, is_step, condition) - whole).abs().amax(-1)
        assert (difference > 1e-5).all()


def test_the_upper_body_sees_the_lower_one_step_by_step() -> None:
    model, condition = network(has_lower=True), text(1)
    codes, is_step = sequence(5)
    lower = sequence(5, seed=3)[0]
    whole = model(codes, is_step, condition, lower)
    hidden = lower.clone()
    hidden[0, 2] = model.mask_code
    assert (model(codes, is_step, condition, hidden) - whole).abs().max() > 1e-3


@pytest.mark.parametrize("has_lower", [True, False])
def test_lower_codes_in_the_wrong_place_are_refused(has_lower: bool) -> None:
    codes, is_step = sequence(5)
    lower = None if has_lower else codes
    with pytest.raises(ValueError, match="upper-body"):
        network(has_lower=has_lower)(codes, is_step, text(1), lower)


@pytest.mark.parametrize("has_lower", [True, False])
def test_every_parameter_has_a_gradient(has_lower: bool) -> None:
    model = network(has_lower=has_lower)
    codes, is_step = sequence(9, 5)
    codes[:, ::2] = model.mask_code
    condition = text().dropped(torch.tensor([True, False]))
    logits = model(codes, is_step, condition, codes if has_lower else None)
    logits[is_step].square().sum().backward()
    silent = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []


def test_an_optimiser_step_lowers_the_loss() -> None:
    torch.manual_seed(0)
    model = WordsMasked(SMALL)
    codes, is_step = sequence(9, 5)
    masked = torch.where(torch.rand(codes.shape) < 0.6, model.mask_code, codes)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(2):
        logits = model(masked, is_step, text())
        loss = torch.nn.functional.cross_entropy(logits[is_step], codes[is_step])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[1] < losses[0]


def test_the_published_sizes_are_the_default_and_survive_json() -> None:
    config = WordsConfig()
    assert (config.width, config.heads, config.word_layers + config.layers) == (1024, 16, 18)
    assert from_json(WordsConfig, to_json(config)) == config
    with pytest.raises(ValueError, match="multiple of heads"):
        WordsConfig(width=30, heads=4)
