"""The evaluator: what its vectors depend on, its file, and that training teaches it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from keyfill_extension.engine.checkpoint import WeightsError, save_checkpoint
from keyfill_extension.engine.config import to_json
from keyfill_extension.engine.features import clip_to_features
from keyfill_extension.engine.measuring.evaluator import (
    DESCRIBED_WIDTH,
    EvaluatorConfig,
    MotionTextEvaluator,
    describe,
    embed_captions,
    embed_clips,
    load_evaluator,
)
from keyfill_extension.engine.text_encoder import FakeTextEncoder
from keyfill_extension.engine.training import evaluator as training
from keyfill_extension.engine.training.evaluator import EVALUATOR_PRESETS

from ..small_corpus import swinging_clip, write_small_corpus


@pytest.fixture
def model() -> MotionTextEvaluator:
    torch.manual_seed(0)
    return MotionTextEvaluator(EvaluatorConfig(text_width=16, width=12, outputs=6)).eval()


CLIPS = tuple(swinging_clip(20 + 7 * k, 0.4 * k, 0.3 * k - 0.5, k) for k in range(5))


def test_every_clip_has_a_vector_of_one_length(model) -> None:
    vectors = embed_clips(model, CLIPS)
    assert vectors.shape == (5, 6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), np.sqrt(6), rtol=1e-5)


@pytest.mark.parametrize("frames", [1, 2, 4, 5])
def test_the_shortest_clips_have_vectors(model, frames: int) -> None:
    assert np.isfinite(embed_clips(model, [swinging_clip(frames, 1.0, 0.0)])).all()


def test_nothing_gives_no_rows(model) -> None:
    assert embed_clips(model, []).shape == (0, 6)
    assert embed_captions(model, FakeTextEncoder(), []).shape == (0, 6)


def test_a_clip_has_the_same_vector_in_any_batch(model) -> None:
    alone = np.concatenate([embed_clips(model, [clip]) for clip in CLIPS])
    np.testing.assert_allclose(embed_clips(model, CLIPS), alone, atol=1e-5)


def test_what_stands_behind_the_end_does_not_matter(model) -> None:
    described = describe(clip_to_features(CLIPS[2])[0][None])
    assert described.shape[-1] == DESCRIBED_WIDTH
    length = torch.tensor([23])
    noisy = described.clone()
    noisy[:, 23:] += 3.0
    torch.testing.assert_close(model.motion(described, length), model.motion(noisy, length))


def test_where_a_clip_stands_and_faces_does_not_matter(model) -> None:
    moved = [clip.moved(0.7, np.array([2.0, 0.0, -1.0])) for clip in CLIPS]
    np.testing.assert_allclose(embed_clips(model, moved), embed_clips(model, CLIPS), atol=1e-3)


def test_a_clip_and_its_mirror_image_differ(model) -> None:
    first, second = embed_clips(model, [CLIPS[4], CLIPS[4].mirrored()])
    assert np.abs(first - second).max() > 1e-3


def test_a_caption_has_the_same_vector_in_any_batch(model) -> None:
    encoder = FakeTextEncoder()
    captions = ["someone walks", "a person jumps high and lands", "kick", ""]
    alone = np.concatenate([embed_captions(model, encoder, [text]) for text in captions])
    np.testing.assert_allclose(embed_captions(model, encoder, captions), alone, atol=1e-5)


def test_at_most_64_numbers_are_allowed() -> None:
    with pytest.raises(ValueError, match="64"):
        EvaluatorConfig(outputs=65)


def test_a_saved_evaluator_gives_the_same_vectors(model, tmp_path: Path) -> None:
    path = tmp_path / "evaluator.safetensors"
    save_checkpoint(path, model.state_dict(), to_json(model.config))
    np.testing.assert_array_equal(
        embed_clips(load_evaluator(path), CLIPS), embed_clips(model, CLIPS)
    )


def test_another_models_file_is_refused(model, tmp_path: Path) -> None:
    path = tmp_path / "evaluator.safetensors"
    save_checkpoint(path, model.state_dict(), {"classes": 3})
    with pytest.raises(WeightsError, match="no evaluator"):
        load_evaluator(path)
    with pytest.raises(WeightsError, match="missing"):
        load_evaluator(tmp_path / "other.safetensors")


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> training.EvaluatorTask:
    base = tmp_path_factory.mktemp("evaluator")
    corpus = write_small_corpus(base / "corpus", 30)
    return training.prepare(EVALUATOR_PRESETS["smoke"], corpus, (), base / "run")


def test_clips_without_all_parts_stay_out(task) -> None:
    # Every third of 30 clips is held out, and one of the others lacks its legs.
    assert len(task.held_out.captions) == 10
    assert len(task.data.captions) == 2 * 19


def test_mirrored_clips_have_mirrored_words(task) -> None:
    captions = task.data.texts.captions
    first, mirrored = (
        {captions[row] for row in task.data.captions[clip]} for clip in (0, 19)
    )
    assert "a person walks to the left" in first
    assert "a person walks to the right" in mirrored
    assert task.data.groups[0] == task.data.groups[19]


def test_clips_of_one_recording_and_like_captions_are_no_negatives(task) -> None:
    sentences = torch.nn.functional.one_hot(torch.tensor([0, 1, 2, 2])).float()
    is_same = task._is_same(torch.tensor([0, 19, 2, 3]), sentences)
    assert is_same.tolist() == [
        [True, True, False, False],
        [True, True, False, False],
        [False, False, True, True],
        [False, False, True, True],
    ]


def test_the_loss_ignores_what_is_no_negative() -> None:
    scores = torch.zeros(3, 3)
    nobody, own = torch.zeros(3, 3, dtype=torch.bool), torch.eye(3, dtype=torch.bool)
    assert training._contrast(scores, nobody | own).item() == pytest.approx(np.log(3))
    pair = torch.tensor([[True, True, False], [True, True, False], [False, False, True]])
    wanted = (2 * np.log(2) + np.log(3)) / 3
    assert training._contrast(scores, pair).item() == pytest.approx(wanted)


def test_optimiser_steps_lower_the_loss(task) -> None:
    model = task.model.eval()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(8):
        torch.manual_seed(0)
        loss = task.batch_loss(16)[0]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.1


def test_a_split_too_small_for_pools_is_trained_without_figures(tmp_path: Path) -> None:
    corpus = write_small_corpus(tmp_path / "corpus")
    out = tmp_path / "run"
    assert training.main(["--preset", "smoke", "--corpus", str(corpus), "--out", str(out)]) == 0
    assert load_evaluator(out / "evaluator.safetensors").config.outputs == 8
    log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert log[-1]["step"] == 3
    assert np.isfinite(log[-1]["loss"])
