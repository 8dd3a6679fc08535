"""The split test: no training reads it, and a model says whether it was there when it was made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from keyfill_extension.engine.data.corpus import CorpusError, load_corpus
from keyfill_extension.engine.models.description import (
    SystemDescription,
    read_description,
    write_description,
)
from keyfill_extension.engine.training import (
    evaluator,
    length,
    masked,
    residual,
    tokenizer,
    weights,
)
from keyfill_extension.engine.training.starting import run_record, trained_splits
from keyfill_extension.engine.training.whole_body import gpt, momask, words
from keyfill_extension.engine.training.whole_body import tokenizer as body_tokenizer

from .small_corpus import add_unreadable_test_clip, write_small_corpus

ALL = ("train", "val", "test")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a corpus of three splits, a run of each network, and one of two."""
    base = tmp_path_factory.mktemp("unseen")
    write_small_corpus(base / "two")
    add_unreadable_test_clip(write_small_corpus(base / "three"))
    train(tokenizer, base, "three", "tokenizer")
    for name, trainer in (("masked", masked), ("residual", residual)):
        train(trainer, base, "three", name, "--tokenizer", str(base / "three-tokenizer"))
    for corpus in ("two", "three"):
        train(length, base, corpus, "length")
    return base


def train(trainer, base: Path, corpus: str, run: str, *more: str) -> Path:
    out = base / f"{corpus}-{run}"
    common = ["--preset", "smoke", "--corpus", str(base / corpus), "--out", str(out)]
    assert trainer.main([*common, "--steps", "1", *more]) == 0
    return out


def gathered(base: Path, out: Path, corpora: dict[str, str], *more: str) -> tuple[str, ...]:
    runs = [f"--run={base / f'{corpus}-{name}'}" for name, corpus in corpora.items()]
    assert weights.main([*runs, "--out", str(out), *more]) == 0
    return read_description(out).splits


RUNS = ("tokenizer", "masked", "residual", "length")


def test_the_test_clip_of_these_corpora_cannot_be_read(base: Path) -> None:
    with pytest.raises(CorpusError, match="motion.npz ends before the clip unseen"):
        load_corpus(base / "three", "test")


def test_the_grid_models_runs_and_weights_say_which_splits_there_were(
    base: Path, tmp_path: Path
) -> None:
    assert [trained_splits(base / f"three-{name}") for name in RUNS] == [ALL] * 4
    assert trained_splits(base / "two-length") == ALL[:2]
    assert gathered(base, tmp_path / "apart", dict.fromkeys(RUNS, "three")) == ALL
    mixed = dict.fromkeys(RUNS, "three") | {"length": "two"}
    assert gathered(base, tmp_path / "mixed", mixed) == ALL[:2]


def test_weights_that_begin_with_old_ones_have_seen_what_those_saw(
    base: Path, tmp_path: Path
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    gathered(base, new, dict.fromkeys(RUNS, "three"))
    shutil.copytree(new, old)
    write_description(old, SystemDescription())
    tuned = train(length, base, "three", "tuned", "--init", str(old))
    assert trained_splits(tuned) == ()
    assert run_record(ALL, new / "length.safetensors")["splits"] == list(ALL)
    assert gathered(base, tmp_path / "out", {"length": "three"}, "--init", str(old)) == ()
    assert gathered(base, tmp_path / "in", {"length": "three"}, "--init", str(new)) == ALL
    # A file that is in place already counts, too.
    assert gathered(base, old, {"length": "three"}) == ()


def test_the_other_systems_trainings_read_no_test_clip(base: Path) -> None:
    whole = train(body_tokenizer, base, "three", "whole")
    mmm = train(words, base, "three", "words", "--tokenizer", str(whole))
    common = ["--corpus", str(base / "three"), "--steps", "1"]
    for trainer, preset, run, more in (
        (body_tokenizer, "smoke-shared", "shared", []),
        (gpt, "smoke", "gpt", ["--tokenizer", str(base / "three-shared")]),
    ):
        out = ["--out", str(base / f"three-{run}")]
        assert trainer.main([*common, "--preset", preset, *out, *more]) == 0
        assert trained_splits(base / f"three-{run}") == ALL
    assert trained_splits(mmm) == ALL
    assert trained_splits(train(evaluator, base, "three", "evaluator")) == ALL


def test_momask_says_it_and_keeps_what_its_tokenizers_start_says(base: Path) -> None:
    first = train(momask, base, "three", "momask")
    assert read_description(first).splits == ALL
    write_description(first, SystemDescription("momask", splits=ALL[:2]))
    tuned = train(momask, base, "three", "tuned-momask", "--init", str(first))
    assert trained_splits(tuned / "tokenizer") == ALL[:2]
    assert read_description(tuned).splits == ALL[:2]


def test_a_folder_that_says_nothing_knew_no_test_split(tmp_path: Path) -> None:
    assert read_description(tmp_path).splits == ()
    assert trained_splits(tmp_path) == ()
    assert run_record(ALL, tmp_path)["splits"] == []
    assert run_record(ALL, None) == {"init": "", "splits": list(ALL)}
    (tmp_path / "system.json").write_text(json.dumps({"system": "mmm", "text_encoder": "minilm"}))
    assert read_description(tmp_path) == SystemDescription("mmm")
