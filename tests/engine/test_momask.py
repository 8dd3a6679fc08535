"""MoMask as a system: which masks it fills, what stays, and what its networks promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from keyfill_extension.engine.api import SystemEngine
from keyfill_extension.engine.features import WIDTH
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.files import humanml3d
from keyfill_extension.engine.motion.request import MotionRequest, RequestError, span_mask
from keyfill_extension.engine.motion.skeleton import PARTS
from keyfill_extension.engine.systems.momask.body_frames import (
    OwnFrames,
    PublishedFrames,
    body_frames,
    steps_to_fill,
)
from keyfill_extension.engine.systems.momask.system import (
    MoMask,
    MoMaskNetworks,
    Scoring,
    plain_scoring,
)
from keyfill_extension.engine.systems.token_steps import bridge_masked
from keyfill_extension.engine.text_encoder import FakeTextEncoder
from keyfill_extension.engine.tokenizer.codebook import CodebookConfig
from keyfill_extension.engine.tokenizer.dilated import DilatedConfig, DilatedDecoder, DilatedEncoder
from keyfill_extension.engine.tokenizer.residual_quantizer import QuantizerConfig
from keyfill_extension.engine.tokenizer.rvq_vae import RvqVae, RvqVaeConfig
from keyfill_extension.engine.transformers.length import LengthEstimator, LengthEstimatorConfig
from keyfill_extension.engine.transformers.sentence import (
    SentenceConfig,
    SentenceMasked,
    SentenceResidual,
)

from .small_corpus import swinging_clip

SIZES = SentenceConfig(
    stages=3, codebook_size=16, code_width=8, text_width=12, width=16, heads=2, layers=2,
    feed_width=32,
)  # fmt: skip


def make_system(features: int, is_halved: bool = False) -> MoMask:
    """Return a MoMask of random tiny networks over features of a width."""
    torch.manual_seed(3)
    quantizer = QuantizerConfig(stages=3, codebook=CodebookConfig(size=16, width=8))
    tokenizer = RvqVae(RvqVaeConfig(quantizer, DilatedConfig(features, 16, 2)))
    for stage in range(3):
        tokenizer.quantizer.book(stage).entries.normal_()
    networks = MoMaskNetworks(
        tokenizer,
        SentenceMasked(SIZES),
        SentenceResidual(SIZES),
        LengthEstimator(LengthEstimatorConfig(12, (8, 8, 8), 50)),
    )
    for network in (networks.masked, networks.residual):
        for values in network.parameters():
            if values.dim() > 1:
                torch.nn.init.normal_(values, std=0.5)
    for network in (tokenizer, networks.masked, networks.residual, networks.length):
        network.eval().requires_grad_(False)
    frames = body_frames(features, tokenizer.frames_per_step)
    assert frames is not None
    scoring = Scoring.halved(networks) if is_halved else plain_scoring(networks)
    return MoMask(networks, scoring, frames, FakeTextEncoder(12))


@pytest.fixture(scope="module", params=[humanml3d.FEATURES, WIDTH], ids=["published", "own"])
def engine(request: pytest.FixtureRequest) -> SystemEngine:
    return SystemEngine(make_system(request.param))


def run(engine: SystemEngine, request: MotionRequest):
    steps = engine.run(request)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


@pytest.mark.parametrize("seconds", [0.5, 1.0, 2.5])
def test_a_take_has_the_asked_length(engine, seconds):
    result = run(engine, MotionRequest("a person walks", seconds))
    assert result.clips[0].frames == round(30 * seconds)
    assert result.contacts[0].shape == (round(30 * seconds), 4)


def test_without_a_length_one_is_chosen(engine):
    clip = run(engine, MotionRequest("a person walks", seed=3)).clips[0]
    assert clip.frames > 1


def test_the_same_seed_gives_the_same_motion_and_another_seed_another(engine):
    first = run(engine, MotionRequest("a person walks", 1.0, seed=3)).clips[0]
    again = run(engine, MotionRequest("a person walks", 1.0, seed=3)).clips[0]
    other = run(engine, MotionRequest("a person walks", 1.0, seed=4)).clips[0]
    np.testing.assert_array_equal(first.rot, again.rot)
    assert np.abs(first.rot - other.rot).max() > 1e-4


def test_take_k_is_the_single_take_of_seed_plus_k(engine):
    both = run(engine, MotionRequest("a person walks", 1.0, seed=5, takes=2)).clips
    second = run(engine, MotionRequest("a person walks", 1.0, seed=6)).clips[0]
    np.testing.assert_allclose(both[1].rot, second.rot, atol=1e-4)


def test_copies_in_16_bits_score_nearly_the_same_and_each_take_by_itself():
    plain, halved = make_system(WIDTH), make_system(WIDTH, is_halved=True)
    sentence = FakeTextEncoder(12).encode(["walk", "jump"]).sentence
    shown, codes = torch.randint(17, (2, 9)), torch.randint(16, (2, 9, 2))
    for method, values in (("base_scores", shown), ("detail_scores", codes)):
        exact, near = (getattr(s, method)(values, sentence) for s in (plain, halved))
        assert 0.0 < float((near.exp() - exact.exp()).abs().mean()) < 0.02
        alone = getattr(halved, method)(values[1:], sentence[1:])
        assert torch.equal(alone, near[1:])


def test_the_prompt_matters(engine):
    walk = run(engine, MotionRequest("a person walks", 1.0, seed=3)).clips[0]
    jump = run(engine, MotionRequest("somebody jumps high", 1.0, seed=3)).clips[0]
    assert np.abs(walk.rot - jump.rot).max() > 1e-4


def test_a_take_longer_than_the_window_slides(engine):
    assert run(engine, MotionRequest("a person walks", 14.0)).clips[0].frames == 420


@pytest.mark.parametrize("span", [(20, 47), (0, 30), (60, 90), (44, 45), None])
def test_a_filled_span_changes_and_nothing_else(engine, span):
    clip = swinging_clip(90, 1.0, 0.3)
    mask = span_mask(90, span, None)
    edited = run(engine, MotionRequest("someone waves", clip=clip, mask=mask, seed=1)).clips[0]
    kept = ~mask[:, 0]
    np.testing.assert_array_equal(edited.rot[kept], clip.rot[kept])
    np.testing.assert_array_equal(edited.root_pos[kept], clip.root_pos[kept])
    assert not np.array_equal(edited.rot, clip.rot)


def test_gaps_without_a_prompt_are_filled(engine):
    clip = swinging_clip(60, 1.0, 0.0)
    mask = span_mask(60, (20, 40), None)
    request = MotionRequest("", clip=clip, mask=mask, needs_prompt=False)
    edited = run(engine, request).clips[0]
    np.testing.assert_array_equal(edited.rot[:20], clip.rot[:20])


def test_what_the_mask_hides_has_no_influence(engine):
    clip, noise = swinging_clip(80, 1.0, 0.0), swinging_clip(80, 3.0, 2.0, seed=9)
    mask = span_mask(80, (24, 52), None)
    rot, root = clip.rot.copy(), clip.root_pos.copy()
    rot[24:52], root[24:52] = noise.rot[24:52], noise.root_pos[24:52]
    other = replace(clip, rot=rot, root_pos=root)
    first = run(engine, MotionRequest("a person walks", clip=clip, mask=mask)).clips[0]
    second = run(engine, MotionRequest("a person walks", clip=other, mask=mask)).clips[0]
    np.testing.assert_array_equal(first.rot, second.rot)
    np.testing.assert_array_equal(first.root_pos, second.root_pos)


@pytest.mark.parametrize("changes", [{"variation": 0.3}, {"strength": 0.5}])
def test_variation_and_strength_are_served(engine, changes):
    clip = swinging_clip(80, 1.0, 0.0)
    mask = span_mask(80, (24, 52), None)
    request = MotionRequest("a person walks", clip=clip, mask=mask, **changes)
    edited = run(engine, request).clips[0]
    np.testing.assert_array_equal(edited.rot[52:], clip.rot[52:])
    plain = run(engine, MotionRequest("a person walks", clip=clip, mask=mask)).clips[0]
    assert not np.array_equal(edited.rot, plain.rot)


@pytest.mark.parametrize("parts", [("LEFT_ARM",), PARTS[1:], ("LOWER_BODY",)])
def test_masks_of_body_parts_are_refused_with_the_reason(engine, parts):
    clip = swinging_clip(40, 1.0, 0.0)
    mask = span_mask(40, (10, 30), parts)
    assert "whole frames" in (engine.generator.can_fill(mask) or "")
    with pytest.raises(RequestError, match="whole frames"):
        next(engine.run(MotionRequest("wave", clip=clip, mask=mask)))


def test_masks_of_whole_frames_can_be_filled(engine):
    mask = span_mask(40, (10, 30), None) | span_mask(40, (35, 36), None)
    assert engine.generator.can_fill(mask) is None


def test_only_two_kinds_of_features_are_known():
    assert isinstance(body_frames(263, 4), PublishedFrames)
    assert isinstance(body_frames(WIDTH, 4), OwnFrames)
    assert body_frames(251, 4) is None


@pytest.mark.parametrize("frames", [1, 2, 3, 7, 30, 31])
def test_every_masked_frame_lies_in_a_step_to_fill(frames):
    rows = humanml3d.rows_of(frames)
    steps = -(-rows // 4)
    for frame in range(frames):
        masked = np.zeros(frames, bool)
        masked[frame] = True
        touched = steps_to_fill(masked, steps, 4)
        assert touched[min(int(frame * 2 / 3) // 4, steps - 1)]
    assert not steps_to_fill(np.zeros(frames, bool), steps, 4).any()


def test_bridged_frames_hold_nothing_of_what_is_masked():
    clip = swinging_clip(50, 1.0, 0.5)
    masked = np.zeros(50, bool)
    masked[:5] = masked[20:30] = masked[45:] = True
    bridged = bridge_masked(clip, masked)
    np.testing.assert_allclose(np.abs((bridged.rot * clip.rot).sum(-1))[~masked], 1.0, atol=1e-9)
    np.testing.assert_allclose(bridged.root_pos[~masked], clip.root_pos[~masked], atol=1e-9)
    np.testing.assert_allclose(bridged.root_pos[:5], clip.root_pos[5:6].repeat(5, 0), atol=1e-9)
    steps = np.diff(bridged.root_pos[19:31], axis=0)
    np.testing.assert_allclose(steps, steps[:1].repeat(11, 0), atol=1e-9)
    assert isinstance(bridged, Clip)


@torch.no_grad()
def test_padding_changes_nothing_before_it():
    torch.manual_seed(0)
    masked, residual = SentenceMasked(SIZES).eval(), SentenceResidual(SIZES).eval()
    codes, text = torch.randint(16, (1, 6)), torch.randn(1, 12)
    is_step = torch.ones(1, 6, dtype=torch.bool)
    padded = torch.nn.functional.pad(codes, (0, 3)), torch.nn.functional.pad(is_step, (0, 3))
    torch.testing.assert_close(masked(*padded, text)[:, :6], masked(codes, is_step, text))
    sums, stages = torch.randn(1, 6, 8), torch.tensor([2])
    longer = torch.cat([sums, torch.randn(1, 3, 8)], 1)
    torch.testing.assert_close(
        residual(longer, padded[1], text, stages)[:, :6], residual(sums, is_step, text, stages)
    )


def test_shared_tables_are_one_tensor_shifted_by_a_stage():
    residual = SentenceResidual(SIZES)
    assert residual.tables.shape[0] == SIZES.stages
    one_hot = torch.zeros(1, 1, 1, dtype=torch.long)
    read = residual.sums(one_hot)[0, 0]
    assert torch.equal(read, residual.tables[0, 0])
    logits = residual(
        torch.zeros(1, 1, 8), torch.ones(1, 1, dtype=torch.bool), torch.zeros(1, 12),
        torch.tensor([2]),
    )  # fmt: skip
    logits.sum().backward()
    assert residual.tables.grad is not None
    assert residual.tables.grad[2].abs().sum() > 0  # stage 2 predicts by table 2
    assert residual.tables.grad[:2].abs().sum() == 0


def test_unshared_tables_have_their_own_outputs():
    residual = SentenceResidual(replace(SIZES, is_shared=False))
    assert residual.tables.shape[0] == SIZES.stages - 1
    assert residual.own_outputs is not None and residual.own_outputs.shape[0] == 2


@pytest.mark.parametrize("frames", [4, 8, 64])
def test_the_tokenizer_keeps_length_and_order(frames):
    sizes = DilatedConfig(features=5, width=8, depth=2)
    encoder, decoder = DilatedEncoder(6, sizes), DilatedDecoder(6, sizes)
    values = torch.randn(2, frames, 5)
    encoded = encoder(values)
    assert encoded.shape == (2, frames // 4, 6) and decoder(encoded).shape == values.shape
    torch.testing.assert_close(encoder(values[1:]), encoded[1:])


def test_statistics_share_one_spread_within_a_group():
    tokenizer = RvqVae(RvqVaeConfig(network=DilatedConfig(4, 8, 1)))
    features = torch.randn(5000, 4) * torch.tensor([1.0, 3.0, 10.0, 0.0]) + 2.0
    tokenizer.set_statistics(features, groups=(2, 1, 1))
    torch.testing.assert_close(tokenizer.mean, features.mean(0))
    assert tokenizer.spread[0] == tokenizer.spread[1]
    assert abs(float(tokenizer.spread[0]) - 2.0) < 0.1
    assert float(tokenizer.spread[3]) > 0.0


def test_published_sizes_have_the_published_numbers_of_parameters():
    masked, residual = SentenceMasked(SentenceConfig()), SentenceResidual(SentenceConfig())
    tokenizer = RvqVae(RvqVaeConfig())
    millions = [
        sum(p.numel() for p in network.parameters()) / 1e6
        for network in (masked, residual, tokenizer)
    ]
    assert [round(m, 1) for m in millions] == [12.0, 13.4, 19.4]
