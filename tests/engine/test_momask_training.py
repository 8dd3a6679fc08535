"""Every network of MoMask trains, and together they are a model that the engine loads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from keyfill_extension.engine.api import SystemEngine, load_engine
from keyfill_extension.engine.data.body_codes import CodeBatch
from keyfill_extension.engine.motion.request import MotionRequest
from keyfill_extension.engine.systems.momask.presets import MOMASK_PRESETS, SentencePreset
from keyfill_extension.engine.tokenizer.rvq_vae import RvqVae
from keyfill_extension.engine.training.loop import TrainingError
from keyfill_extension.engine.training.whole_body import momask
from keyfill_extension.engine.transformers.masked_words import TextCondition
from keyfill_extension.engine.transformers.sentence import SentenceMasked, SentenceResidual

from .small_corpus import swinging_clip, write_small_corpus

SMOKE = MOMASK_PRESETS["smoke"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("momask")
    corpus = write_small_corpus(base / "corpus")
    momask.main(["--preset", "smoke", "--corpus", str(corpus), "--out", str(base / "model")])
    return base / "model"


@pytest.fixture(scope="module")
def engine(trained: Path) -> SystemEngine:
    return load_engine(trained, "cpu")


def run(engine: SystemEngine, request: MotionRequest):
    steps = engine.run(request)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def test_the_trained_model_makes_takes(engine):
    assert engine.generator.name == "momask"
    assert run(engine, MotionRequest("a person walks", 1.0)).clips[0].frames == 30


def test_the_trained_model_fills_spans_and_keeps_the_rest(engine):
    clip = swinging_clip(60, 1.0, 0.0)
    mask = np.zeros((60, 4), bool)
    mask[20:40] = True
    edited = run(engine, MotionRequest("a person walks", clip=clip, mask=mask)).clips[0]
    np.testing.assert_array_equal(edited.rot[:20], clip.rot[:20])
    np.testing.assert_array_equal(edited.root_pos[40:], clip.root_pos[40:])


def test_one_network_alone_is_no_model_yet(tmp_path):
    corpus = write_small_corpus(tmp_path / "corpus", 6)
    common = ["--preset", "smoke", "--corpus", str(corpus), "--out", str(tmp_path / "out")]
    momask.main([*common, "--network", "tokenizer"])
    assert (tmp_path / "out" / "tokenizer" / "tokenizer.safetensors").is_file()
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_tokenizer_of_other_sizes_is_refused(tmp_path, trained):
    corpus = write_small_corpus(tmp_path / "corpus", 6)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tokenizer").symlink_to(trained / "tokenizer")
    common = ["--preset", "small", "--corpus", str(corpus), "--out", str(tmp_path / "out")]
    with pytest.raises(TrainingError, match="own preset"):
        momask.main([*common, "--network", "masked"])
    assert not (tmp_path / "out" / "masked").exists()


def tiny_batch() -> CodeBatch:
    torch.manual_seed(1)
    codes = torch.randint(16, (6, 12, 1, 2))
    lengths = torch.tensor([12, 12, 9, 7, 2, 1])
    is_step = torch.arange(12) < lengths[:, None]
    word_mask = torch.ones(6, 1, dtype=torch.bool)
    condition = TextCondition(torch.randn(6, 384), torch.zeros(6, 1, 384), word_mask)
    return CodeBatch(codes, is_step, condition)


def without_noise(preset: SentencePreset) -> SentencePreset:
    return SentencePreset(preset.model, preset.loop, without_text=0.0, randomised=0.0, shown=0.0)


def test_hidden_steps_are_real_and_at_least_one_a_clip():
    torch.manual_seed(0)
    is_step = tiny_batch().is_step
    drawn = torch.stack([momask.hidden_steps(is_step) for _ in range(300)])
    assert (drawn.sum(2) >= 1).all() and not (drawn & ~is_step).any()
    share = drawn[:, 0].float().mean()  # the cosine's mean is 2 / pi
    assert abs(float(share) - 2 / torch.pi) < 0.05


def test_early_stages_are_drawn_more_often_and_every_stage_at_times():
    torch.manual_seed(0)
    counts = torch.bincount(momask.draw_stages(6000, 6), minlength=6)
    assert counts[0] == 0 and len(counts) == 6 and (counts[1:] > 0).all()
    assert counts[1] > counts[3]


@pytest.mark.parametrize("kind", ["masked", "residual"])
def test_an_optimiser_step_lowers_the_loss(kind):
    batch, preset = tiny_batch(), without_noise(SMOKE.masked)
    torch.manual_seed(0)
    model = SentenceMasked(preset.model) if kind == "masked" else SentenceResidual(preset.model)
    model.eval()  # no dropout, so that two losses can be compared
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)

    before = loss_of(model, preset, batch)
    before.backward()
    optimizer.step()
    assert loss_of(model, preset, batch).item() < before.item() - 1e-4


def loss_of(
    model: SentenceMasked | SentenceResidual, preset: SentencePreset, batch: CodeBatch
) -> torch.Tensor:
    torch.manual_seed(7)  # the same hidden steps
    if isinstance(model, SentenceMasked):
        return momask.masked_loss(model, preset, batch)[0]
    stages = torch.ones(6, dtype=torch.long)
    return momask.residual_loss(model, preset, batch, stages)[0]


def test_text_matters_to_the_loss_and_dropping_all_of_it_does_not_read_it():
    batch = tiny_batch()
    torch.manual_seed(0)
    model = SentenceMasked(SMOKE.masked.model).train()
    torch.nn.init.normal_(model.trunk.sentence.weight, std=1.0)
    none = SentencePreset(SMOKE.masked.model, SMOKE.masked.loop, without_text=1.1)
    momask.masked_loss(model, none, batch)[0].backward()
    assert model.trunk.sentence.weight.grad is not None
    assert model.trunk.sentence.weight.grad.abs().sum() == 0
    model.zero_grad()
    some = SentencePreset(SMOKE.masked.model, SMOKE.masked.loop, without_text=0.0)
    momask.masked_loss(model, some, batch)[0].backward()
    assert model.trunk.sentence.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("name", ["small", "paper"])
def test_the_networks_of_a_preset_fit_each_other(name):
    preset = MOMASK_PRESETS[name]
    tokenizer = RvqVae(preset.tokenizer.model)
    for config in (preset.masked.model, preset.residual.model):
        assert (config.stages, config.codebook_size) == (tokenizer.stages, tokenizer.codebook_size)
        assert config.text_width == preset.length.model.text_width
