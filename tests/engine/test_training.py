"""Every trainer runs, resumes and writes weights that the engine loads and obeys."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from keyfill_extension.engine.api import SystemEngine, load_engine
from keyfill_extension.engine.checkpoint import WeightsError, load_checkpoint, write_manifest
from keyfill_extension.engine.config import to_json
from keyfill_extension.engine.motion.request import MotionRequest, MotionResult, span_mask
from keyfill_extension.engine.motion.skeleton import PART_JOINTS, PARTS
from keyfill_extension.engine.presets import LoopConfig
from keyfill_extension.engine.training import length, masked, residual, tokenizer
from keyfill_extension.engine.training.loop import Run, TrainingError, train

from .small_corpus import swinging_clip, write_small_corpus


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Train all networks for three steps each; return the corpus and the weights folder."""
    base = tmp_path_factory.mktemp("training")
    corpus = write_small_corpus(base / "corpus")
    common = ["--preset", "smoke", "--corpus", str(corpus)]
    runs = base / "runs"
    tokenizer.main([*common, "--out", str(runs / "tokenizer")])
    common_codes = [*common, "--tokenizer", str(runs / "tokenizer")]
    masked.main([*common_codes, "--out", str(runs / "masked")])
    residual.main([*common_codes, "--out", str(runs / "residual")])
    length.main([*common, "--out", str(runs / "length")])
    weights = base / "weights"
    weights.mkdir()
    for file in runs.glob("*/*.safetensors"):
        shutil.copy(file, weights)
    write_manifest(weights)
    return corpus, weights


@pytest.fixture(scope="module")
def engine(trained: tuple[Path, Path]) -> SystemEngine:
    return load_engine(trained[1], "cpu")


def run(engine: SystemEngine, request: MotionRequest) -> MotionResult:
    steps = engine.run(request)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def test_three_steps_leave_a_log_and_a_resolved_config(trained: tuple[Path, Path]) -> None:
    folder = trained[0].parent / "runs" / "tokenizer"
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    config = json.loads((folder / "config.json").read_text())
    assert log[-1]["step"] == 3
    assert np.isfinite(log[-1]["val_all_mm"])
    assert config["preset"]["frames"] == 16


def test_a_resumed_run_gives_the_unbroken_runs_weights(tmp_path: Path) -> None:
    corpus = write_small_corpus(tmp_path / "corpus", 6)
    arguments = ["--preset", "smoke", "--corpus", str(corpus), "--out"]
    tokenizer.main([*arguments, str(tmp_path / "whole")])
    preset = tokenizer.TOKENIZER_PRESETS["smoke"]
    assert preset.loop.save_every == 2  # so that a state after two of three steps exists
    state = tmp_path / "broken"
    interrupted = InterruptedTask(tokenizer.prepare(preset, corpus, ()), after=2)
    config = {"preset": to_json(preset), "without": []}
    with pytest.raises(KeyboardInterrupt):
        train(Run(interrupted.model, interrupted.batch_loss, no_report, state, config), preset.loop)
    tokenizer.main([*arguments, str(state)])
    whole = load_checkpoint(tmp_path / "whole" / "tokenizer.safetensors")[0]
    resumed = load_checkpoint(state / "tokenizer.safetensors")[0]
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


class InterruptedTask:
    """Stops a smoke training, as Ctrl-C would, after some steps."""

    def __init__(self, task: tokenizer.TokenizerTask, after: int) -> None:
        self.task, self.model, self.left = task, task.model, after

    def batch_loss(self, count: int) -> tuple[torch.Tensor, dict[str, float]]:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        return self.task.batch_loss(count)


def no_report(_: torch.nn.Module) -> dict[str, float]:
    return {}


def test_another_preset_in_a_used_folder_is_refused(trained: tuple[Path, Path]) -> None:
    corpus, weights = trained
    folder = weights.parent / "runs" / "length"
    with pytest.raises(TrainingError, match="another --out"):
        length.main(
            ["--preset", "smoke", "--steps", "5", "--corpus", str(corpus), "--out", str(folder)]
        )


@pytest.mark.parametrize("seconds", [0.5, 1.0, 2.5])
def test_a_take_has_the_asked_length_and_starts_at_the_origin(
    engine: SystemEngine, seconds: float
) -> None:
    clip = run(engine, MotionRequest("a person walks", seconds)).clips[0]
    assert clip.frames == round(30 * seconds)
    np.testing.assert_allclose(clip.root_pos[0, [0, 2]], 0, atol=1e-6)


def test_the_same_seed_gives_the_same_motion_and_another_seed_another(engine: SystemEngine) -> None:
    first = run(engine, MotionRequest("a person walks", 1.0, seed=3)).clips[0]
    again = run(engine, MotionRequest("a person walks", 1.0, seed=3)).clips[0]
    other = run(engine, MotionRequest("a person walks", 1.0, seed=4)).clips[0]
    np.testing.assert_array_equal(first.rot, again.rot)
    assert np.abs(first.rot - other.rot).max() > 1e-4


def test_take_k_is_the_single_take_of_seed_plus_k(engine: SystemEngine) -> None:
    both = run(engine, MotionRequest("a person walks", 1.0, seed=5, takes=2)).clips
    second = run(engine, MotionRequest("a person walks", 1.0, seed=6)).clips[0]
    np.testing.assert_allclose(both[1].rot, second.rot, atol=1e-5)


def test_a_take_longer_than_the_window_slides(engine: SystemEngine) -> None:
    clip = run(engine, MotionRequest("a person walks", 21.0)).clips[0]
    assert clip.frames == 630
    assert np.isfinite(clip.rot).all()


@pytest.mark.parametrize(
    ("span", "parts"),
    [
        ((20, 47), None),
        ((0, 30), ("LEFT_ARM",)),
        (None, ("LEFT_ARM", "RIGHT_ARM")),
        ((50, 90), ("LOWER_BODY",)),
        (None, None),
    ],
)
def test_an_edit_changes_its_cells_and_nothing_else(
    engine: SystemEngine, span: tuple[int, int] | None, parts: tuple[str, ...] | None
) -> None:
    clip = swinging_clip(90, 1.0, 0.3)
    mask = span_mask(90, span, parts)
    edited = run(engine, MotionRequest("someone waves", clip=clip, mask=mask, seed=1)).clips[0]
    for index, part in enumerate(PARTS):
        joints = list(PART_JOINTS[part])
        kept = ~mask[:, index]
        np.testing.assert_array_equal(edited.rot[kept][:, joints], clip.rot[kept][:, joints])
        is_same = np.array_equal(edited.rot[:, joints], clip.rot[:, joints])
        assert mask[:, index].any() != is_same
    np.testing.assert_array_equal(edited.root_pos[~mask[:, 0]], clip.root_pos[~mask[:, 0]])


def test_what_the_mask_hides_has_no_influence(engine: SystemEngine) -> None:
    clip = swinging_clip(80, 1.0, 0.0)
    noise = swinging_clip(80, 3.0, 2.0, seed=9)
    mask = span_mask(80, (24, 52), None)
    rot, root = clip.rot.copy(), clip.root_pos.copy()
    rot[24:52], root[24:52] = noise.rot[24:52], noise.root_pos[24:52]
    other = replace(clip, rot=rot, root_pos=root)
    first = run(engine, MotionRequest("a person walks", clip=clip, mask=mask)).clips[0]
    second = run(engine, MotionRequest("a person walks", clip=other, mask=mask)).clips[0]
    np.testing.assert_array_equal(first.rot, second.rot)
    np.testing.assert_array_equal(first.root_pos, second.root_pos)


def test_damaged_weights_are_named(trained: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(trained[1], folder)
    file = folder / "masked.safetensors"
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(WeightsError, match="masked.safetensors"):
        load_engine(folder, "cpu")


class FadingTask:
    """A model of one number; its likelihood gets worse after the step that is told."""

    def __init__(self, best: int) -> None:
        self.model = torch.nn.Linear(1, 1)
        self.best, self.measured = best, 0

    def batch_loss(self, count: int):
        return self.model(torch.ones(count, 1)).square().mean(), {}

    def validate(self, averaged: torch.nn.Module):
        self.measured += 1
        return {"nll": float(abs(self.measured - self.best))}


def watched(steps: int = 20) -> LoopConfig:
    return LoopConfig(steps=steps, batch=2, warmup=1, patience=0.2, validate_every=1, save_every=1)


def test_a_training_ends_when_nothing_has_improved_for_a_fifth_of_its_steps(tmp_path):
    task = FadingTask(best=6)
    trained = train(Run(task.model, task.batch_loss, task.validate, tmp_path, {}), watched())
    steps = [json.loads(line)["step"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert steps[-1] == 11  # more than four steps after the sixth
    best = torch.load(tmp_path / "best.pt", weights_only=True)
    assert torch.equal(trained.weight, best["weight"])


def test_a_resumed_training_remembers_its_best(tmp_path):
    task = FadingTask(best=3)
    interrupted = InterruptedTask(task, after=5)
    run = Run(interrupted.model, interrupted.batch_loss, task.validate, tmp_path, {})
    with pytest.raises(KeyboardInterrupt):
        train(run, watched())
    train(Run(task.model, task.batch_loss, task.validate, tmp_path, {}), watched())
    assert json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])["step"] == 8


def test_products_in_16_bits_train_weights_of_32(tmp_path):
    task = FadingTask(best=0)
    loop = replace(watched(3), patience=0.0, is_halved=True)
    trained = train(Run(task.model, task.batch_loss, task.validate, tmp_path, {}), loop)
    assert trained.weight.dtype == torch.float32 and bool(torch.isfinite(trained.weight).all())
