"""Trainers of MMM and T2M-HiFiGPT: from a corpus to a folder that the engine loads."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from keyfill_extension.engine.api import load_engine
from keyfill_extension.engine.checkpoint import write_manifest
from keyfill_extension.engine.data.body_codes import (
    CodeBank,
    CodeBatch,
    all_codes,
    collate_codes,
    draw_codes,
)
from keyfill_extension.engine.data.tokens import TextBank
from keyfill_extension.engine.data.windows import FeatureBank
from keyfill_extension.engine.models.description import SystemDescription, write_description
from keyfill_extension.engine.motion.request import MotionRequest, RequestError, span_mask
from keyfill_extension.engine.systems.hifigpt.presets import GPT_PRESETS
from keyfill_extension.engine.systems.mmm.presets import WORDS_PRESETS
from keyfill_extension.engine.systems.registry import presets_of
from keyfill_extension.engine.training import length
from keyfill_extension.engine.training.loop import TrainingError
from keyfill_extension.engine.training.whole_body import gpt, words
from keyfill_extension.engine.training.whole_body import tokenizer as body_tokenizer
from keyfill_extension.engine.transformers.double_tier import DoubleTierGpt
from keyfill_extension.engine.transformers.masked_words import WordsMasked

from .small_corpus import swinging_clip, write_small_corpus


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Train both systems for three steps a network; return their folders, and the corpus."""
    base = tmp_path_factory.mktemp("systems")
    corpus = write_small_corpus(base / "corpus")
    runs = base / "runs"

    def train(trainer, preset: str, *more: str) -> Path:
        out = runs / f"{trainer.__name__.rsplit('.', 1)[-1]}-{preset}"
        common = ["--preset", preset, "--corpus", str(corpus), "--out", str(out), *more]
        assert trainer.main(common) == 0
        return out

    whole, halves, shared = (
        train(body_tokenizer, preset) for preset in ("smoke", "smoke-halves", "smoke-shared")
    )
    parts = {
        "mmm": [
            whole, halves, train(length, "smoke"),
            train(words, "smoke", "--tokenizer", str(whole)),
            train(words, "smoke-upper", "--tokenizer", str(halves)),
        ],
        "hifigpt": [shared, train(gpt, "smoke", "--tokenizer", str(shared))],
    }  # fmt: skip
    for name, folders in parts.items():
        (base / name).mkdir()
        for file in (file for folder in folders for file in folder.glob("*.safetensors")):
            shutil.copy(file, base / name)
        write_manifest(base / name)
        write_description(base / name, SystemDescription(name))
    return {"corpus": corpus, "runs": runs, "mmm": base / "mmm", "hifigpt": base / "hifigpt"}


@pytest.mark.parametrize("system", ["mmm", "hifigpt"])
def test_a_trained_folder_makes_and_extends_motion(trained, system: str) -> None:
    engine = load_engine(trained[system], "cpu")
    clip = swinging_clip(40, 1.0, 0.2)
    edit = MotionRequest("a person turns", clip=clip, mask=span_mask(40, (20, 40), None))
    for request in (MotionRequest("a person walks", 1.5, takes=2), edit):
        running = engine.run(request)
        while True:
            try:
                next(running)
            except StopIteration as finished:
                made = finished.value.clips
                break
        assert all(np.isfinite(own.rot).all() for own in made)
        assert made[0].frames in (45, 40)


def test_three_steps_leave_figures_in_the_log(trained) -> None:
    wanted = {
        "tokenizer-smoke": {"val_base_mm", "val_all_mm"},
        "tokenizer-smoke-shared": {"val_base_mm", "val_all_mm"},
        "words-smoke": {"val_nll", "val_accuracy"},
        "words-smoke-upper": {"val_nll", "val_accuracy"},
        "gpt-smoke": {"val_nll", "val_nll_base"},
    }
    for run, names in wanted.items():
        lines = (trained["runs"] / run / "log.jsonl").read_text().splitlines()
        last = json.loads(lines[-1])
        assert last["step"] == 3
        assert all(np.isfinite(last[name]) for name in names)


def test_a_tokenizer_of_other_sizes_is_refused(trained, tmp_path: Path) -> None:
    common = ["--preset", "smoke", "--corpus", str(trained["corpus"]), "--out", str(tmp_path)]
    with pytest.raises(TrainingError, match="own preset"):
        words.main([*common, "--tokenizer", str(trained["hifigpt"])])
    with pytest.raises(TrainingError, match="own preset"):
        gpt.main([*common, "--tokenizer", str(trained["mmm"])])


@pytest.mark.parametrize("preset", ["smoke", "smoke-halves", "smoke-shared"])
def test_refitted_codebooks_miss_less(trained, preset: str) -> None:
    task = body_tokenizer.prepare(presets_of("body_tokenizer")[preset], trained["corpus"], ())
    model = task.model.train()
    task.batch_loss(8)
    model.eval()

    def missed() -> float:
        with torch.no_grad():
            return sum(float(model(clip)[1].commitment) for clip in clips(task.bank))

    before = missed()
    body_tokenizer.refit_body(model, task.bank)
    assert missed() < before


def clips(bank: FeatureBank) -> list[torch.Tensor]:
    rows = zip(bank.starts.tolist(), bank.lengths.tolist(), strict=True)
    return [bank.features[None, start : start + length - length % 8] for start, length in rows]


@pytest.mark.parametrize("preset", ["smoke", "smoke-halves", "smoke-shared"])
def test_use_is_the_share_of_codes_that_clips_have(trained, preset: str) -> None:
    task = body_tokenizer.prepare(presets_of("body_tokenizer")[preset], trained["corpus"], ())
    model = task.model
    model.train()
    task.batch_loss(8)
    model.eval()
    use = body_tokenizer.codes_in_use(model, task.bank)
    rows = zip(task.bank.starts.tolist(), task.bank.lengths.tolist(), strict=True)
    stride = model.frames_per_step
    codes = torch.cat(
        [
            model.encode(task.bank.features[None, start : start + length - length % stride])[0]
            for start, length in rows
        ]
    )
    for part, stages in enumerate(use):
        for stage, share in enumerate(stages):
            assert share == pytest.approx(len(codes[:, part, stage].unique()) / 16)


def bank(lengths: tuple[int, ...], parts: int = 1, stages: int = 1) -> CodeBank:
    torch.manual_seed(0)
    codes = [torch.randint(16, (steps, parts, stages)) for steps in lengths]
    texts = TextBank(["a", "b"], torch.randn(2, 384), [torch.randn(3, 384), torch.randn(1, 384)])
    return CodeBank(codes, [[0, 1]] * len(lengths), texts, torch.ones(len(lengths)))


def test_batches_are_padded_and_say_where() -> None:
    source = bank((5, 2, 9))
    batch = collate_codes(source.codes, [0, 1, 0], source.texts)
    assert batch.codes.shape == (3, 9, 1, 1)
    assert batch.is_step.sum(1).tolist() == [5, 2, 9]
    assert batch.condition.word_mask.sum(1).tolist() == [3, 1, 3]
    torch.testing.assert_close(batch.codes[1, :2], source.codes[1])


def test_every_held_out_clip_is_in_one_batch() -> None:
    batches = all_codes(bank(tuple(range(1, 71))))
    lengths = [int(n) for batch in batches for n in batch.is_step.sum(1)]
    assert lengths == list(range(1, 71))


def test_drawn_clips_lose_at_most_a_quarter_of_their_first_steps() -> None:
    source = bank((20,))
    torch.manual_seed(1)
    lengths = set()
    for _ in range(20):
        batch = draw_codes(source, 4)
        for row, real in zip(batch.codes, batch.is_step, strict=True):
            count = int(real.sum())
            lengths.add(count)
            torch.testing.assert_close(row[real], source.codes[0][20 - count :])
    assert min(lengths) >= 15 and max(lengths) == 20 and len(lengths) > 2


def masked(preset: str, lengths: tuple[int, ...], seed: int = 0):
    chosen = WORDS_PRESETS[preset]
    source = bank(lengths, parts=2 if chosen.model.has_lower else 1)
    batch = collate_codes(source.codes, [0] * len(lengths), source.texts)
    torch.manual_seed(seed)
    model = WordsMasked(chosen.model)
    return words.mask_codes(chosen, batch, model), batch, model


@pytest.mark.parametrize("preset", ["smoke", "smoke-upper"])
def test_at_least_half_of_each_clip_is_hidden_and_only_that_teaches(preset: str) -> None:
    for seed in range(5):
        shown, batch, model = masked(preset, (40, 1, 7, 23), seed)
        share = shown.teaches.sum(1) / batch.is_step.sum(1)
        assert (share >= 0.5).all() and (share <= 1.0).all()
        assert not (shown.teaches & ~batch.is_step).any()
        assert (shown.shown[shown.teaches] == model.mask_code).all()
        assert (shown.shown[~shown.teaches] != model.mask_code).all()


def test_some_shown_codes_are_wrong_and_most_are_right() -> None:
    shown, batch, _ = masked("smoke", (200,) * 20)
    visible = ~shown.teaches
    wrong = (shown.shown != batch.codes[:, :, 0, 0])[visible].float().mean()
    assert wrong == pytest.approx(0.1 * 15 / 16, abs=0.03)


def test_some_of_the_lower_body_is_hidden_and_none_of_it_is_changed() -> None:
    shown, batch, model = masked("smoke-upper", (200,) * 20)
    gone = shown.lower == model.mask_code
    assert gone.float().mean() == pytest.approx(0.15, abs=0.06)
    torch.testing.assert_close(shown.lower[~gone], batch.codes[:, :, 0, 0][~gone])


@pytest.mark.parametrize("kind", ["words", "gpt"])
def test_optimiser_steps_lower_the_loss(kind: str) -> None:
    torch.manual_seed(0)
    source = bank((12, 9, 12, 7), stages=2 if kind == "gpt" else 1)
    batch: CodeBatch = collate_codes(source.codes, [0, 1, 0, 1], source.texts)
    preset = (GPT_PRESETS if kind == "gpt" else WORDS_PRESETS)["smoke"]
    model = (DoubleTierGpt if kind == "gpt" else WordsMasked)(preset.model)
    loss_of = gpt.gpt_loss if kind == "gpt" else words.words_loss
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(12):
        torch.manual_seed(3)
        loss = loss_of(model, preset, batch)[0]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


def test_hifigpt_tells_why_it_cannot_fill_a_gap(trained) -> None:
    engine = load_engine(trained["hifigpt"], "cpu")
    clip = swinging_clip(40, 1.0, 0.2)
    request = MotionRequest("a person turns", clip=clip, mask=span_mask(40, (10, 20), None))
    with pytest.raises(RequestError, match="hifigpt"):
        list(engine.run(request))
