"""One large codebook in few dimensions: look-up, gradients, use, training."""

from __future__ import annotations

import pytest
import torch
from keyfill_extension.engine.config import from_json, to_json
from keyfill_extension.engine.tokenizer.codebook import CodebookConfig
from keyfill_extension.engine.tokenizer.factorized_codebook import (
    FactorizedConfig,
    FactorizedQuantizer,
)

WIDTH = 24


def quantizer(*, size: int = 64, is_factorized: bool = True) -> FactorizedQuantizer:
    torch.manual_seed(0)
    width = 4 if is_factorized else WIDTH
    book = CodebookConfig(size=size, width=width, decay=0.9, revive_below=0.2)
    config = FactorizedConfig(book, WIDTH, is_factorized)
    return FactorizedQuantizer(config)


def filled(**options: bool) -> FactorizedQuantizer:
    model = quantizer(**options).train()
    model(torch.randn(300, WIDTH))
    return model.eval()


@pytest.mark.parametrize("steps", [0, 1, 7])
@pytest.mark.parametrize("is_factorized", [True, False])
def test_codes_and_vectors_have_their_shapes(steps: int, is_factorized: bool) -> None:
    model = filled(is_factorized=is_factorized)
    vectors = torch.randn(2, steps, WIDTH)
    codes = model.encode(vectors)
    assert codes.shape == (2, steps, 1)
    assert codes.dtype == torch.int64
    assert model.decode(codes).shape == (2, steps, WIDTH)
    assert model(vectors).vectors.shape == (2, steps, WIDTH)
    model.train()
    assert torch.isfinite(model(vectors).commitment)


def test_forward_gives_what_encode_and_decode_give() -> None:
    model, vectors = filled(), torch.randn(3, 5, WIDTH)
    quantized = model(vectors)
    torch.testing.assert_close(quantized.codes, model.encode(vectors))
    torch.testing.assert_close(quantized.vectors, model.decode(quantized.codes))


def test_the_entry_nearest_in_the_few_dimensions_is_chosen() -> None:
    model, vectors = filled(), torch.randn(40, WIDTH)
    distances = torch.cdist(model.down(vectors), model.book.entries)
    torch.testing.assert_close(model.encode(vectors)[:, 0], distances.argmin(1))


def test_gradients_reach_the_vectors_and_both_maps_but_no_entry() -> None:
    model = filled()
    vectors = torch.randn(6, WIDTH, requires_grad=True)
    quantized = model(vectors)
    (quantized.vectors.square().sum() + quantized.commitment).backward()
    assert vectors.grad is not None and vectors.grad.abs().sum() > 0
    assert model.down.weight.grad.abs().sum() > 0
    assert model.up.weight.grad.abs().sum() > 0
    assert not model.book.entries.requires_grad


def test_the_look_up_lets_the_gradient_through_unchanged() -> None:
    model = filled()
    low = torch.randn(6, WIDTH, requires_grad=True)
    weights = torch.randn(6, WIDTH)
    (model(low).vectors * weights).sum().backward()
    expected = weights @ model.up.weight @ model.down.weight
    torch.testing.assert_close(low.grad, expected)


def test_masked_vectors_teach_nothing() -> None:
    vectors = torch.randn(50, WIDTH)
    mask = torch.arange(50) < 30
    books = []
    for noise in (0.0, 100.0):
        model = filled().train()
        torch.manual_seed(1)
        quantized = model(vectors + noise * ~mask[:, None], mask)
        books.append((model.book.entries.clone(), quantized.commitment))
    torch.testing.assert_close(books[0], books[1])


def test_without_training_the_entries_stay() -> None:
    model = filled()
    before = model.book.entries.clone()
    model(torch.randn(50, WIDTH))
    torch.testing.assert_close(model.book.entries, before)


def test_training_brings_vectors_back_and_keeps_the_codes_in_use() -> None:
    torch.manual_seed(2)
    model = quantizer(size=256).train()
    basis = torch.randn(4, WIDTH)
    rows = torch.randn(512, 4) @ basis  # four-dimensional data in 24 numbers
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    errors = []
    for _ in range(60):
        quantized = model(rows)
        error = (quantized.vectors - rows).square().mean()
        optimizer.zero_grad()
        (error + 0.02 * quantized.commitment).backward()
        optimizer.step()
        errors.append(error.item())
    assert errors[-1] < 0.35 * errors[0]
    assert len(model.eval().encode(rows).unique()) > 0.8 * 256


def test_the_plain_codebook_must_be_as_wide_as_its_vectors() -> None:
    with pytest.raises(ValueError, match="as wide as"):
        FactorizedConfig(CodebookConfig(size=8, width=4), 6, is_factorized=False)


def test_the_config_survives_json_and_defaults_are_the_published_ones() -> None:
    config = FactorizedConfig()
    assert (config.codebook.size, config.codebook.width, config.stages) == (8192, 32, 1)
    assert from_json(FactorizedConfig, to_json(config)) == config
