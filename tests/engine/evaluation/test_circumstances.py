"""Reports name the split they measured on, what the weights had seen, and how they decoded."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from keyfill_extension.engine.data.corpus import CorpusError
from keyfill_extension.engine.decoding import DecodingConfig
from keyfill_extension.engine.evaluation import run
from keyfill_extension.engine.evaluation.comparison import command
from keyfill_extension.engine.evaluation.scores.circumstances import (
    decoding_settings,
    learnt_before,
)
from keyfill_extension.engine.evaluation.scores.motion_scores import score_motion
from keyfill_extension.engine.measuring import reconstruction
from keyfill_extension.engine.models.description import SystemDescription, write_description
from keyfill_extension.engine.systems.grid.system import GridDecoding

from ..small_corpus import write_small_corpus
from .actions import go
from .real_clips import real_clip
from .test_comparison_parts import grid_generator
from .test_scores import CLIPS, ClappingEngine

EVALUATION = Path(run.__file__).parent


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Return a corpus of which clips 5 and 11 are of the split test, 2 and 8 of val."""
    folder = write_small_corpus(tmp_path / "corpus")
    lines = [json.loads(line) for line in (folder / "clips.jsonl").read_text().splitlines()]
    for number in (5, 11):
        lines[number]["split"] = "test"
    (folder / "clips.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    return folder


def motion(tmp_path: Path, corpus: Path, monkeypatch, *more: str) -> dict:
    monkeypatch.setattr(run, "load_engine", lambda weights, device: ClappingEngine())
    out = tmp_path / "report.json"
    words = ["motion", "--corpus", str(corpus), "--out", str(out), "--clips", "1", *more]
    assert run.main([*words, "--weights", str(tmp_path)]) == 0
    return json.loads(out.read_text())


def test_a_report_is_on_val_unless_test_is_asked_for(tmp_path, corpus, monkeypatch, capsys):
    found = motion(tmp_path, corpus, monkeypatch)
    assert (found["split"], found["learnt_before"], found["clips"]) == ("val", "", ["clip_2"])
    assert "Measured on the split val." in capsys.readouterr().out
    found = motion(tmp_path, corpus, monkeypatch, "--split", "test")
    assert (found["split"], found["clips"]) == ("test", ["clip_5"])
    said = "The weights of this model were trained on most of the test split's recordings before"
    assert found["learnt_before"].startswith(said)
    assert f"Measured on the split test. {said}" in capsys.readouterr().out
    write_description(tmp_path, SystemDescription(splits=("train", "val", "test")))
    assert motion(tmp_path, corpus, monkeypatch, "--split", "test")["learnt_before"] == ""


@pytest.mark.parametrize("what", ["motion", "edits", "tokenizer"])
def test_a_report_on_an_empty_split_is_refused(tmp_path, monkeypatch, what):
    monkeypatch.setattr(run, "load_engine", lambda weights, device: ClappingEngine())
    monkeypatch.setattr(reconstruction, "load_grid_tokenizer", lambda weights: None)
    folder = write_small_corpus(tmp_path / "corpus")
    with pytest.raises(CorpusError, match="split test"):
        run.main([what, "--corpus", str(folder), "--split", "test"])


def test_edits_need_clips_that_they_can_be_tried_on(corpus, monkeypatch):
    monkeypatch.setattr(run, "load_engine", lambda weights, device: ClappingEngine())
    with pytest.raises(CorpusError, match=r"no clip that an edit could be tried on.*4\.3 s"):
        run.main(["edits", "--corpus", str(corpus)])


def test_train_is_no_held_out_split_and_prompts_have_none(corpus, capsys):
    for words in (["motion", "--split", "train"], ["prompts", "--split", "test"]):
        with pytest.raises(SystemExit):
            run.main([*words, "--corpus", str(corpus)])
    assert "--split goes with motion, edits, tokenizer" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command.parse(["--model", "grid", "--split", "train"])
    assert command.parse(["--model", "grid", "--split", "test"]).split == "test"
    assert command.parse(["--model", "grid"]).split == "val"


def test_checks_are_rated_without_the_test_split(corpus, monkeypatch):
    rated = []
    monkeypatch.setattr(run, "Rater", lambda clips: rated.append(clips) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run.main(["checks", "--corpus", str(corpus)])
    assert {clip.entry.split for clip in rated[0]} == {"train", "val"}


def test_all_weights_that_had_seen_the_split_are_named(tmp_path: Path):
    for name, splits in (("old", ()), ("two", ("train", "val")), ("new", ("train", "test"))):
        (tmp_path / name).mkdir()
        write_description(tmp_path / name, SystemDescription(splits=splits))
    folders = {name: tmp_path / name for name in ("old", "two", "new")}
    assert "The weights of old and two were trained on" in learnt_before("test", folders)
    assert learnt_before("val", folders) == ""
    assert learnt_before("test", {"new": tmp_path / "new"}) == ""


def test_real_clips_are_all_compared_however_few_takes_are_made():
    held_out = [
        real_clip(f"val {k}", go(ahead=0.3 + 0.3 * k, seconds=3.0), "glides", split="val")
        for k in range(5)
    ]
    few = score_motion(ClappingEngine(), (*CLIPS, *held_out), most_clips=1)
    more = score_motion(ClappingEngine(), (*CLIPS, *held_out), most_clips=5)
    assert few["novelty"]["real"] == more["novelty"]["real"]
    assert few["novelty"]["real"]["clips"] == 5
    assert few["novelty"]["takes"]["clips"] == 3
    real = few["novelty"]["real"]
    assert real["low_m"] <= real["median_m"] <= real["high_m"]


def test_the_settings_are_those_of_the_loaded_system():
    generator = grid_generator()
    shipped = decoding_settings(SimpleNamespace(generator=generator))
    assert shipped["base"]["iterations"] == GridDecoding().base.iterations
    system = replace(generator.system, decoding=GridDecoding(DecodingConfig(iterations=3)))
    changed = decoding_settings(SimpleNamespace(generator=replace(generator, system=system)))
    assert changed["base"]["iterations"] == 3
    assert decoding_settings(SimpleNamespace()) == {}


def test_takes_of_other_settings_are_not_taken_from_the_cache(tmp_path: Path):
    """A finished step says nothing about takes that are decoded in another way."""
    options = SimpleNamespace(
        evaluator=tmp_path / "evaluator", prompts=1, takes=2, edits=1, again=[], cache=tmp_path,
        device="cpu",
    )
    options.evaluator.write_bytes(b"x")
    bench = SimpleNamespace(held_out=SimpleNamespace(digest=lambda: "clips"))
    comparison = command.Comparison(options, bench, None)
    caches = [
        command.cache_of(comparison, "grid", tmp_path, SimpleNamespace(generator=each))
        for each in (SimpleNamespace(decoding=DecodingConfig(iterations=n)) for n in (12, 15, 12))
    ]
    assert caches[0].folder == caches[2].folder != caches[1].folder


def test_no_report_decodes_with_settings_of_its_own():
    """Only the ablation, which changes one thing at a time, may name other settings."""
    named = []
    for path in EVALUATION.rglob("*.py"):
        if "ablation" in path.relative_to(EVALUATION).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Name | ast.Attribute):
                word = node.id if isinstance(node, ast.Name) else node.attr
                if word.endswith(("Decoding", "DecodingConfig")):
                    named.append(f"{path.name}: {word}")
    assert named == []


def test_windows_of_the_definition_are_those_that_are_measured():
    from keyfill_extension.engine.evaluation.scores import novelty

    assert pytest.approx(1.6) == novelty.WINDOW_FRAMES / 30
    assert pytest.approx(0.5) == novelty.QUERY_STRIDE / 30
    assert np.isclose(novelty.LIBRARY_STRIDE / 30, 0.2)
    for words in ("windows of 1.6 s", "every half second", "every 0.2 s"):
        assert words in novelty.DEFINITION
