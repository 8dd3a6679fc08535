"""The text tower: it trains, tells directions apart, and stands behind a system's sentences."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch
from keyfill_extension.engine.api import load_engine
from keyfill_extension.engine.checkpoint import load_checkpoint, save_checkpoint
from keyfill_extension.engine.config import to_json
from keyfill_extension.engine.data.directions import contradict, directions, opposite
from keyfill_extension.engine.evaluation.run import main as evaluate
from keyfill_extension.engine.features import DESCRIBED_WIDTH
from keyfill_extension.engine.measuring.direction_probe import _is_clear, right_of
from keyfill_extension.engine.motion.request import MotionRequest
from keyfill_extension.engine.motion.running import run_to_end
from keyfill_extension.engine.presets import LENGTH_PRESETS
from keyfill_extension.engine.systems.momask.presets import MOMASK_PRESETS
from keyfill_extension.engine.text_encoder import FakeTextEncoder, load_text_encoder
from keyfill_extension.engine.training import text_tower
from keyfill_extension.engine.training.loop import TrainingError
from keyfill_extension.engine.training.whole_body import momask
from keyfill_extension.engine.transformers.text_tower import (
    FILE_NAME,
    TowerConfig,
    Towers,
    TowerTextEncoder,
    with_tower,
)

from .small_corpus import write_small_corpus

TINY = TowerConfig(text_width=16, width=16, heads=2, layers=1, outputs=8)


def towers(config: TowerConfig = TINY) -> Towers:
    torch.manual_seed(0)
    return Towers(config).eval()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a corpus and the run of a tower trained on it for three steps."""
    base = tmp_path_factory.mktemp("tower")
    corpus = write_small_corpus(base / "corpus")
    text_tower.main(["--preset", "smoke", "--corpus", str(corpus), "--out", str(base / "tower")])
    return corpus, base / "tower"


@pytest.mark.parametrize(
    ("caption", "kind", "expected"),
    [
        ("waves with the left hand", "left", "waves with the right hand"),
        ("walks backwards, then left", "forward", "walks forwards, then left"),
        ("raises both arms up", "up", "lowers both arms down"),
        ("turns counterclockwise", "clockwise", "turns clockwise"),
        ("jumps", "up", "jumps"),
        ("copies an upset leftover", "left", "copies an upset leftover"),
    ],
)
def test_the_opposite_of_a_caption_exchanges_one_kind_of_direction(caption, kind, expected):
    assert opposite(caption, kind) == expected


def test_captions_contradict_each_other_by_direction_alone():
    assert contradict("waves the left hand", "waves the right hand")
    assert contradict("steps forward", "someone steps backward slowly")
    assert not contradict("steps forward", "steps")
    assert not contradict("steps forward, left hand up", "raises the left hand")
    assert directions("from left to right") == {"left": frozenset({True, False})}


def test_a_prompt_has_the_same_vector_in_any_batch():
    tower, encoder = towers().text, FakeTextEncoder()
    alone = encoder.encode(["a man waves"])
    together = encoder.encode(["a man waves", "someone walks backwards for a very long time"])
    first = tower(alone.sentence, alone.words, alone.word_mask)
    second = tower(together.sentence, together.words, together.word_mask)
    torch.testing.assert_close(first[0], second[0])
    assert first.norm().item() == pytest.approx(8**0.5, abs=1e-5)


def test_what_stands_behind_a_clip_does_not_matter():
    tower = towers().motion
    frames = torch.randn(1, 40, DESCRIBED_WIDTH)
    longer = torch.cat([frames, torch.full((1, 12, DESCRIBED_WIDTH), 9.0)], 1)
    lengths = torch.tensor([40])
    torch.testing.assert_close(tower(frames, lengths), tower(longer, lengths))


def test_the_words_order_matters():
    encoder, tower = FakeTextEncoder(), towers().text
    text = encoder.encode(["left then right", "right then left"])
    same = torch.zeros_like(text.sentence)
    one, other = tower(same, text.words, text.word_mask)
    assert (one - other).norm() > 1e-3


def test_the_encoder_puts_the_tower_behind_the_sentence():
    plain = FakeTextEncoder()
    behind = TowerTextEncoder(plain, towers().text, 8)
    assert (behind.width, behind.sentence_width) == (16, 24)
    found, expected = behind.encode(["a man waves"]), plain.encode(["a man waves"])
    torch.testing.assert_close(found.sentence[:, :16], expected.sentence * 4.0)
    assert found.sentence.shape == (1, 24)
    assert torch.equal(found.words, expected.words)


def test_a_folder_without_a_tower_keeps_its_encoder(tmp_path):
    plain = FakeTextEncoder()
    assert with_tower(plain, tmp_path) is plain
    save_checkpoint(tmp_path / FILE_NAME, towers().state_dict(), to_json(TINY))
    assert with_tower(plain, tmp_path).encode(["hops"]).sentence.shape == (1, 24)


def test_a_batch_holds_each_clip_with_its_mirror_image(trained):
    task = text_tower.prepare(text_tower.TOWER_PRESETS["smoke"], trained[0], (), trained[1])
    assert {"left", "forward"} <= {pair.kind for pair in task.probe}
    for pair in task.probe:
        right, wrong = (task.held_out.texts.captions[row] for row in (pair.right, pair.wrong))
        assert right in {task.held_out.texts.captions[r] for r in task.held_out.captions[pair.clip]}
        assert contradict(right, wrong)
    loss, _ = task.batch_loss(3)
    loss.backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in task.model.parameters())


def test_sides_are_no_positives_of_each_other(trained):
    task = text_tower.prepare(text_tower.TOWER_PRESETS["smoke"], trained[0], (), trained[1])
    index = task.data.texts.captions.index
    rows = [index("a person walks to the left"), index("a person walks to the right")]
    near = task.data.texts.sentence[rows]
    assert near[0] @ near[1] > task.preset.same_above
    assert task._is_same(rows).tolist() == [[True, False], [False, True]]


def test_systems_learn_with_the_tower_and_are_loaded_with_it(trained, tmp_path, monkeypatch):
    corpus, tower = trained
    smoke = MOMASK_PRESETS["smoke"]
    wider = replace(
        smoke,
        masked=replace(smoke.masked, model=replace(smoke.masked.model, text_width=392)),
        residual=replace(smoke.residual, model=replace(smoke.residual.model, text_width=392)),
        length=replace(smoke.length, model=replace(smoke.length.model, text_width=392)),
    )
    monkeypatch.setitem(MOMASK_PRESETS, "smoke", wider)
    monkeypatch.setitem(LENGTH_PRESETS, "smoke", wider.length)
    common = ["--preset", "smoke", "--corpus", str(corpus), "--out", str(tmp_path)]
    with pytest.raises(TrainingError, match="--tower"):
        momask.main(common)
    momask.main([*common, "--tower", str(tower)])
    assert (tmp_path / FILE_NAME).is_file()
    engine = load_engine(tmp_path, "cpu")
    assert engine.generator.text_encoder.sentence_width == 392
    assert run_to_end(engine.run(MotionRequest("waves the left hand", 1.0))).clips[0].frames == 30
    momask.main([*common[:-1], str(tmp_path / "finer"), "--init", str(tmp_path)])
    towers = [load_checkpoint(folder / FILE_NAME)[0] for folder in (tmp_path, tmp_path / "finer")]
    assert all(torch.equal(tensor, towers[1][name]) for name, tensor in towers[0].items())


def test_the_minilm_encoder_has_sentences_as_wide_as_words():
    encoder = load_text_encoder("minilm")
    assert encoder.sentence_width == encoder.width == 384


def test_the_probe_counts_the_pairs_of_each_direction(trained, tmp_path, capsys):
    corpus, tower = trained
    words = ["directions", "--corpus", str(corpus), "--weights", str(tower), "--split", "val"]
    assert evaluate([*words, "--out", str(tmp_path / "probe.json")]) == 0
    report = json.loads((tmp_path / "probe.json").read_text())
    assert set(report["right_by_kind"]) == {"left or right", "forward or back"}
    right, pairs = (sum(column) for column in zip(*report["right_by_kind"].values(), strict=True))
    assert pairs == report["pairs"] >= 4
    assert report["right"] == pytest.approx(right / pairs)
    assert len(report["wrong"]) == pairs - right
    assert all(contradict(*wrong) for wrong in report["wrong"])
    assert f"| all | {right / pairs:.0%} | {pairs} |" in capsys.readouterr().out


@pytest.mark.parametrize(("caption", "kind", "expected"), [
    ("steps to the left", "left", True),
    ("steps to the left, then to the right", "left", False),
    ("steps to the left", "up", False),
    ("lifts the feet without moving forward", "forward", False),
    ("backs up, dribbling", "up", False),
])  # fmt: skip
def test_pairs_are_made_of_captions_whose_opposite_is_another_motion(caption, kind, expected):
    assert _is_clear(caption, kind) is expected


def test_a_pair_is_right_whose_own_caption_lies_nearer(trained):
    task = text_tower.prepare(text_tower.TOWER_PRESETS["smoke"], trained[0], (), trained[1])
    pair = task.probe[0]
    towers = Mock()
    towers.motion.return_value = torch.tensor([[1.0, 0.0]])
    for texts, expected in (([[2.0, 0.0], [1.0, 9.0]], True), ([[1.0, 9.0], [2.0, 0.0]], False)):
        towers.text.return_value = torch.tensor(texts)
        assert right_of(towers, task.held_out, pair) is expected
