"""Published tokenizers in our features: one stage or several, steps of 4 or 8 frames, halves."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
import torch
from keyfill_extension.engine.config import from_json, to_json
from keyfill_extension.engine.data.windows import WindowBatch
from keyfill_extension.engine.features import WIDTH, clip_to_features
from keyfill_extension.engine.presets import TokenizerLosses
from keyfill_extension.engine.tokenizer.codebook import CodebookConfig
from keyfill_extension.engine.tokenizer.dilated import DilatedConfig
from keyfill_extension.engine.tokenizer.factorized_codebook import FactorizedConfig
from keyfill_extension.engine.tokenizer.halves import (
    LOWER_WIDTH,
    UPPER_WIDTH,
    HalvesConfig,
    HalvesTokenizer,
)
from keyfill_extension.engine.tokenizer.residual_quantizer import (
    QuantizerConfig,
    ResidualQuantizer,
)
from keyfill_extension.engine.tokenizer.rvq_vae import RvqVae, RvqVaeConfig
from keyfill_extension.engine.training.whole_body.losses import body_losses

from .small_corpus import swinging_clip

FEATURES_ALONE = TokenizerLosses(
    feature=1.0, joints=0, bones=0, velocity=0, feet=0, path=0, heading=0, commitment=0.02
)


@cache
def windows(frames: int = 32, count: int = 6) -> torch.Tensor:
    clips = [swinging_clip(frames, 0.3 * k, 0.2 * k - 0.5, k) for k in range(count)]
    return torch.stack([clip_to_features(clip)[0] for clip in clips])


def batch(features: torch.Tensor) -> WindowBatch:
    shape = features.shape[:2]
    return WindowBatch(features, torch.ones(shape, dtype=torch.bool), torch.ones(shape[0], 4) > 0)


def config(kind: str, features: int = WIDTH) -> RvqVaeConfig:
    halvings = 3 if kind == "shared x8" else 2
    network = DilatedConfig(features, width=16, depth=2, halvings=halvings)
    if kind in ("factorized", "linear"):
        book = CodebookConfig(size=32, width=4)
        return RvqVaeConfig(FactorizedConfig(book, code_width=12), network, kind == "linear")
    book = CodebookConfig(size=16, width=12)
    shared = QuantizerConfig(3, book, is_shared=kind != "separate", stage_dropout=0.0)
    return RvqVaeConfig(shared, network)


def tokenizer(kind: str) -> RvqVae | HalvesTokenizer:
    torch.manual_seed(0)
    if kind == "halves":
        lower, upper = (config("factorized", width) for width in (LOWER_WIDTH, UPPER_WIDTH))
        model: RvqVae | HalvesTokenizer = HalvesTokenizer(HalvesConfig(lower, upper))
    else:
        model = RvqVae(config(kind))
    model.set_statistics(windows().flatten(0, 1))
    model.train()
    model(windows())
    return model.eval()


KINDS = ("factorized", "linear", "shared x4", "shared x8", "separate", "halves")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", [1, 4])
def test_codes_have_a_cell_a_step_part_and_stage(kind: str, steps: int) -> None:
    model = tokenizer(kind)
    frames = steps * model.frames_per_step
    codes = model.encode(windows(frames))
    assert model.frames_per_step == (8 if kind == "shared x8" else 4)
    assert codes.shape == (6, steps, len(model.parts), model.stages)
    assert codes.min() >= 0 and codes.max() < model.codebook_size
    assert model.decode(codes).shape == (6, frames, WIDTH)


@pytest.mark.parametrize("kind", KINDS)
def test_forward_decodes_the_codes_of_encode(kind: str) -> None:
    model, features = tokenizer(kind), windows()
    decoded, quantized = model(features)
    restored = decoded * model.spread + model.mean
    torch.testing.assert_close(restored, model.decode(model.encode(features)))
    # Columns that never change have a spread of 1e-4, which magnifies rounding.
    torch.testing.assert_close(model.normalised(restored), decoded, atol=5e-3, rtol=1e-3)
    assert quantized.commitment > 0


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_has_a_gradient(kind: str) -> None:
    model = tokenizer(kind).train()
    body_losses(model, batch(windows()), TokenizerLosses())[0].backward()
    silent = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []


@pytest.mark.parametrize("kind", KINDS)
def test_optimiser_steps_lower_the_loss(kind: str) -> None:
    model, data = tokenizer(kind).train(), batch(windows())
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    losses = []
    for _ in range(30):
        loss = body_losses(model, data, TokenizerLosses())[0]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_training_in_16_bits_keeps_speeds_and_codebooks_in_32(kind: str) -> None:
    exact, halved = tokenizer(kind).train(), tokenizer(kind).train()
    terms = []
    for model, is_halved in ((exact, False), (halved, True)):
        torch.manual_seed(0)  # what the codebooks start on
        with torch.autocast("cpu", torch.bfloat16, enabled=is_halved):
            loss, report = body_losses(model, batch(windows()), TokenizerLosses(acceleration=40.0))
        loss.backward()
        terms.append(report)
    for name in ("velocity", "acceleration", "feet"):
        assert terms[1][name] == pytest.approx(terms[0][name], rel=0.02), name
    assert all(p.grad is None or p.grad.dtype == torch.float32 for p in halved.parameters())
    entries = [value for name, value in halved.state_dict().items() if name.endswith("entries")]
    assert entries and all(value.dtype == torch.float32 for value in entries)


def test_a_linear_start_is_the_principal_components_of_a_step() -> None:
    model = RvqVae(config("linear")).eval()
    data = windows()
    model.set_statistics(data.flatten(0, 1))
    model.spread.fill_(1.0)
    model.start_linear(data)
    frames = model.normalised(data)
    steps = frames.reshape(-1, 4 * WIDTH)
    axes = torch.linalg.svd(steps, full_matrices=False).Vh[:12]
    restored = model.frames(model.vectors(frames)).reshape(-1, 4 * WIDTH)
    torch.testing.assert_close(restored, steps @ axes.T @ axes, atol=1e-3, rtol=1e-2)
    kept = model.quantizer.up(model.quantizer.down(model.vectors(frames)))
    torch.testing.assert_close(kept[..., :4], model.vectors(frames)[..., :4])
    assert not kept[..., 4:].any()


def test_a_shared_codebook_starts_with_long_and_short_entries() -> None:
    torch.manual_seed(0)
    book = CodebookConfig(size=200, width=12)
    quantizer = ResidualQuantizer(QuantizerConfig(4, book, is_shared=True, stage_dropout=0.0))
    vectors = torch.randn(500, 12)
    quantizer.train()(vectors)
    quantizer.eval()
    left = [vectors]
    for stage in range(4):
        codes = quantizer.encode(vectors)[:, : stage + 1]
        left.append(vectors - quantizer.decode(codes))
    misses = [float(rows.square().mean()) for rows in left]
    assert misses == sorted(misses, reverse=True)
    assert misses[4] < 0.75 * misses[1]


def test_stages_share_one_codebook_or_have_their_own() -> None:
    assert len(tokenizer("shared x4").quantizer.books) == 1
    assert len(tokenizer("separate").quantizer.books) == 3


def test_no_half_knows_the_other_one() -> None:
    model, features = tokenizer("halves"), windows()
    changed = features.clone()
    changed[..., LOWER_WIDTH:] += 0.5
    codes, other = model.encode(features), model.encode(changed)
    torch.testing.assert_close(codes[:, :, 0], other[:, :, 0])
    assert (codes[:, :, 1] != other[:, :, 1]).any()
    mixed = model.decode(torch.cat([codes[:, :, :1], other[:, :, 1:]], 2))
    decoded = model.decode(codes)
    torch.testing.assert_close(decoded[..., :LOWER_WIDTH], mixed[..., :LOWER_WIDTH])


class Lifted:
    """A "tokenizer" that gives its features back with some change."""

    frames_per_step = 4
    mean, spread = torch.zeros(WIDTH), torch.ones(WIDTH)

    def __init__(self, change: torch.Tensor) -> None:
        self.change = change

    def normalised(self, features: torch.Tensor) -> torch.Tensor:
        return features

    def __call__(self, features: torch.Tensor, mask: torch.Tensor | None = None):
        model = tokenizer("factorized")
        quantized = replace(model(windows())[1], commitment=torch.zeros(()))
        return features + self.change, quantized


def test_a_lifted_body_misses_joints_but_no_bone_and_no_speed() -> None:
    lift = torch.zeros(WIDTH)
    lift[3] = 0.1  # the root's height, metres
    _, terms = body_losses(Lifted(lift), batch(windows()), TokenizerLosses())
    assert terms["joints"] == pytest.approx(0.1 / 3, rel=1e-3)  # of three coordinates one
    assert terms["bones"] < 1e-6
    assert terms["velocity"] < 1e-6
    assert terms["feature"] == pytest.approx(0.5 * 0.1**2 / WIDTH, rel=1e-3)


def test_a_trembling_body_misses_speeds() -> None:
    tremble = torch.zeros(32, WIDTH)
    tremble[::2, 3] = 0.1
    _, terms = body_losses(Lifted(tremble), batch(windows()), TokenizerLosses())
    assert terms["velocity"] == pytest.approx(0.1 / 3, rel=1e-3)
    assert terms["bones"] < 1e-6


def test_a_bent_knee_misses_bones() -> None:
    bend = torch.zeros(WIDTH)
    bend[8 + 6 * 3 : 8 + 6 * 5] = 0.3  # rotations of the lower body
    _, terms = body_losses(Lifted(bend), batch(windows()), TokenizerLosses())
    assert terms["bones"] > 1e-3


def test_terms_without_weight_are_not_computed() -> None:
    _, terms = body_losses(Lifted(torch.zeros(WIDTH)), batch(windows()), FEATURES_ALONE)
    assert set(terms) == {"feature", "commitment"}


def test_frames_behind_a_clips_end_count_nothing() -> None:
    features = windows()
    change = torch.zeros(32, WIDTH)
    change[24:, 3] = 0.1
    whole = batch(features)
    cut = replace(whole, is_real=whole.is_real & (torch.arange(32) < 24))
    assert body_losses(Lifted(change), whole, TokenizerLosses())[0] > 1e-3
    assert body_losses(Lifted(change), cut, TokenizerLosses())[0] < 1e-5


@pytest.mark.parametrize("kind", KINDS[:5])
def test_a_config_survives_json(kind: str) -> None:
    assert from_json(RvqVaeConfig, to_json(config(kind))) == config(kind)


def test_halves_of_the_wrong_width_are_refused() -> None:
    with pytest.raises(ValueError, match="the halves have"):
        HalvesConfig(config("factorized"), config("factorized"))
