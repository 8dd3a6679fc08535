"""Codebooks, residual quantization and the grid: shapes, gradients, locality, independence."""

from __future__ import annotations

import pytest
import torch
from keyfill_extension.engine.features import PART_SLICES, WIDTH, clip_to_features
from keyfill_extension.engine.motion.skeleton import PARTS
from keyfill_extension.engine.tokenizer.codebook import Codebook, CodebookConfig
from keyfill_extension.engine.tokenizer.convolution import ConvolutionConfig, shifted
from keyfill_extension.engine.tokenizer.grid import GridTokenizer, GridTokenizerConfig
from keyfill_extension.engine.tokenizer.residual_quantizer import (
    QuantizerConfig,
    ResidualQuantizer,
)
from keyfill_extension.engine.tokenizer.smoothing import soften_borders

from .small_corpus import swinging_clip


@pytest.fixture
def tokenizer() -> GridTokenizer:
    torch.manual_seed(0)
    sizes = ConvolutionConfig(width=16, blocks=3, frame_width=8)
    quantizer = QuantizerConfig(stages=3, codebook=CodebookConfig(size=32, width=12))
    model = GridTokenizer(GridTokenizerConfig(quantizer, sizes, sizes))
    windows = torch.stack(
        [clip_to_features(swinging_clip(32, 0.2 * k, 0.1 * k, k))[0] for k in range(8)]
    )
    model.set_statistics(windows, {part: torch.ones(8, dtype=torch.bool) for part in PARTS})
    for parameter in model.parameters():  # so that the network beside the PCA is not silent
        torch.nn.init.normal_(parameter, std=0.1) if not parameter.any() else None
    model.train()
    model(windows, {part: torch.ones(8, 8, dtype=torch.bool) for part in PARTS})
    return model.eval()


def features(frames: int, seed: int = 0) -> torch.Tensor:
    return clip_to_features(swinging_clip(frames, 1.0, 0.4, seed))[0][None]


def quantizer(stages: int, dropout: float = 0.0, is_shared: bool = False) -> ResidualQuantizer:
    torch.manual_seed(1)
    config = QuantizerConfig(
        stages, CodebookConfig(size=64, width=6), is_shared=is_shared, stage_dropout=dropout
    )
    model = ResidualQuantizer(config).train()
    model(torch.randn(500, 6))
    return model


@pytest.mark.parametrize("frames", [4, 8, 60])
@pytest.mark.parametrize("stages", [1, 3])
def test_encode_and_decode_have_the_grids_shape(tokenizer, frames: int, stages: int) -> None:
    codes = tokenizer.encode(features(frames))
    assert codes.shape == (1, frames // 4, 4, 3)
    assert tokenizer.decode(codes[..., :stages]).shape == (1, frames, WIDTH)


@pytest.mark.parametrize("part", PARTS)
def test_a_change_of_one_part_leaves_the_codes_of_the_others(tokenizer, part: str) -> None:
    clip = features(40)
    other = clip.clone()
    other[..., PART_SLICES[part]] = features(40, seed=5)[..., PART_SLICES[part]] * 1.5
    before, after = tokenizer.encode(clip), tokenizer.encode(other)
    for index, name in enumerate(PARTS):
        is_same = torch.equal(before[:, :, index], after[:, :, index])
        assert is_same == (name != part)


def test_a_code_sees_half_a_second_to_each_side_and_no_more(tokenizer) -> None:
    clip = features(80)
    moved = clip.clone()
    moved[:, 40:44] += 0.5
    vectors = [
        torch.stack([tokenizer.part(part).vectors(each) for part in PARTS[1:2]])
        for each in (clip, moved)
    ]
    touched = (vectors[0] - vectors[1]).abs().amax((0, 1, 3)) > 0
    # Three blocks see one step each; the speeds in the input see one frame more.
    assert touched.nonzero().flatten().tolist() == list(range(7, 15))
    assert (14 - 10) * 4 / 30 < 0.55


def test_a_code_reaches_two_thirds_of_a_second_and_no_farther(tokenizer) -> None:
    codes = tokenizer.encode(features(80))
    other = codes.clone()
    other[:, 10] = (other[:, 10] + 1) % 32
    changed = (tokenizer.decode(codes) != tokenizer.decode(other)).any(-1).flatten()
    first, last = changed.nonzero().flatten()[[0, -1]].tolist()
    # Three steps by the decoder, five frames more by softening the borders of steps.
    assert 40 - first <= 20
    assert last - 43 <= 20


def test_the_gradient_passes_straight_through() -> None:
    model = quantizer(4)
    vectors = torch.randn(10, 6, requires_grad=True)
    model.eval()(vectors).vectors.sum().backward()
    torch.testing.assert_close(vectors.grad, torch.ones(10, 6))


def test_more_stages_come_nearer() -> None:
    model = quantizer(6).eval()
    vectors = torch.randn(200, 6)
    codes = model.encode(vectors)
    errors = [(model.decode(codes[:, :q]) - vectors).norm() for q in range(1, 7)]
    assert all(later < earlier for earlier, later in zip(errors, errors[1:], strict=False))


def test_encode_finds_the_nearest_entry() -> None:
    model = quantizer(1).eval()
    vectors = torch.randn(30, 6)
    slow = torch.cdist(vectors, model.book(0).entries).argmin(1)
    assert torch.equal(model.encode(vectors)[:, 0], slow)


def test_a_shared_codebook_is_one_table() -> None:
    model = quantizer(3, is_shared=True)
    assert len(model.books) == 1
    assert model.book(0) is model.book(2)


def test_masked_vectors_do_not_teach_the_codebooks() -> None:
    model = quantizer(1)
    before = model.book(0).entries.clone()
    far = torch.full((20, 6), 1000.0)
    mask = torch.zeros(40, dtype=torch.bool)
    mask[20:] = True
    model(torch.cat([far, torch.randn(20, 6)]), mask)
    assert model.book(0).entries.abs().max() < 100
    assert not torch.equal(before, model.book(0).entries)


def test_dead_entries_are_revived_on_vectors_of_the_batch() -> None:
    torch.manual_seed(0)
    book = Codebook(CodebookConfig(size=8, width=2, decay=0.5, revive_below=0.3))
    book.fill(torch.randn(100, 2))
    batch = torch.randn(50, 2) + 10.0  # so far away that few entries win it
    for _ in range(20):
        book.update(batch, book.nearest(batch))
    assert len(book.nearest(batch).unique()) >= 6


def test_borders_of_steps_are_softened_and_smooth_motion_stays() -> None:
    time = torch.arange(32.0)
    smooth = torch.stack([0.05 * time, torch.sin(time / 8)], -1)[None]
    assert (soften_borders(smooth, 4) - smooth)[:, 4:-4].abs().max() < 0.01
    stairs = (time // 4)[None, :, None]
    softened = soften_borders(stairs, 4)
    assert softened.diff(dim=1).max() < 0.5
    assert softened.mean() == pytest.approx(float(stairs.mean()), abs=0.02)
    one_step = torch.randn(2, 4, 3)
    assert torch.equal(soften_borders(one_step, 4), one_step)


def test_quantizer_dropout_trains_prefixes() -> None:
    model = quantizer(6, dropout=0.99)
    lasts = {model._last_stage() for _ in range(300)}
    assert lasts == set(range(6))


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_shifted_repeats_the_edges(steps: int) -> None:
    values = torch.arange(float(steps)).view(1, steps, 1)
    got = shifted(values, 1)[0]
    for step in range(steps):
        wanted = [max(step - 1, 0), step, min(step + 1, steps - 1)]
        assert got[step].tolist() == [float(w) for w in wanted]


@pytest.mark.parametrize("config", [{"size": 1}, {"decay": 1.0}, {"width": 0}])
def test_impossible_codebooks_are_refused(config) -> None:
    with pytest.raises(ValueError, match="not"):
        CodebookConfig(**config)
