"""Ablations: one change a row, finished rows stay, the table names budget and figures."""

from __future__ import annotations

import json
import shutil
from dataclasses import fields, is_dataclass, replace
from functools import cache, partial
from pathlib import Path

import pytest
from keyfill_extension.engine.api import load_engine
from keyfill_extension.engine.checkpoint import write_manifest
from keyfill_extension.engine.config import to_json
from keyfill_extension.engine.data.corpus import load_corpus
from keyfill_extension.engine.decoding import DecodingConfig
from keyfill_extension.engine.evaluation.ablation import (
    hifigpt_axes,
    mmm_axes,
    momask_axes,
    run,
    takes,
    training_rows,
)
from keyfill_extension.engine.evaluation.ablation.axes import (
    DECODING_ROWS,
    SCALES,
    DecodingRow,
    row_told,
)
from keyfill_extension.engine.evaluation.ablation.axes import training_rows as all_rows
from keyfill_extension.engine.evaluation.ablation.table import Line, best_two, table_of
from keyfill_extension.engine.evaluation.ablation.takes import decoded_anew
from keyfill_extension.engine.evaluation.prompts.tuning import TUNING
from keyfill_extension.engine.evaluation.scores.takes import measure_takes
from keyfill_extension.engine.measuring.evaluator import FILE_NAME
from keyfill_extension.engine.models.description import (
    ModelError,
    SystemDescription,
    write_description,
)
from keyfill_extension.engine.systems.hifigpt.presets import GPT_PRESETS
from keyfill_extension.engine.systems.registry import SYSTEMS
from keyfill_extension.engine.training import evaluator
from keyfill_extension.engine.training.whole_body import gpt, momask
from keyfill_extension.engine.training.whole_body import tokenizer as body_tokenizer

from ..small_corpus import write_small_corpus


@pytest.fixture(scope="module", autouse=True)
def quick_figures():
    """Intervals come of few draws, and the machine's rates are measured once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(takes, "Yardstick", partial(takes.Yardstick, draws=20))
        patch.setattr(run, "describe", cache(run.describe))
        yield


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a corpus and weights: evaluator, T2M-HiFiGPT, MoMask, barely trained."""
    base = tmp_path_factory.mktemp("ablation")
    corpus = write_small_corpus(base / "corpus")
    common = ["--corpus", str(corpus), "--out"]
    evaluator.main(["--preset", "smoke", *common, str(base / "weights")])
    model = base / "weights" / "hifigpt"
    body_tokenizer.main(["--preset", "smoke-shared", *common, str(model)])
    gpt.main(["--preset", "smoke", "--tokenizer", str(model), *common, str(model / "run")])
    (model / "run" / "gpt.safetensors").rename(model / "gpt.safetensors")
    write_description(model, SystemDescription("hifigpt"))
    write_manifest(model)
    momask.main(["--preset", "smoke", *common, str(base / "weights" / "momask")])
    return base


def ablate(base: Path, out: Path, *more: str) -> str:
    words = ["--corpus", str(base / "corpus"), "--weights", str(base / "weights"),
             "--out", str(out), "--scale", "smoke", "--clips", "3", "--repeats", "1"]  # fmt: skip
    assert run.main([*words, *more]) == 0
    return (out / "table.md").read_text()


ONLY = ("--only", "shared", "--only", "corruption", "--only", "mask ratio 0.6",
        "--only", "data, tokenizer 25", "--only", "temperature 0.5")  # fmt: skip


@pytest.fixture(scope="module")
def finished(base: Path) -> Path:
    out = base / "out"
    ablate(base, out, *ONLY)
    return out


def test_the_table_names_budget_machine_and_figures(finished: Path) -> None:
    told, _, head, _, *rows = (finished / "table.md").read_text().strip().splitlines()
    assert "tokenizers 2, T2M-HiFiGPT's GPT 2, MoMask's masked transformer 2 (presets" in told
    assert "3 held-out clips" in told and "TFLOP/s" in told
    for heading in ("all stages, mm", "codes used, %", "coding 6 s, ms", "nats a code", "FID"):
        assert heading in head
    cells = {tuple(row.split(" | ")[:2]): row.split(" | ") for row in rows}
    assert cells["| codebooks of the stages", "shared"][2] == "4"  # the batch
    assert ("| sampling, temperature", "hifigpt, 0.5") in cells
    assert ("| sampling, temperature", "momask, 0.5") in cells
    assert ("| mask ratio", "0.6 to 1") in cells
    assert ("| data, tokenizer", "25 %") in cells


def test_the_two_best_of_an_axis_have_a_second_seed(finished: Path) -> None:
    rows = [row for row in (finished / "table.md").read_text().splitlines() if "corruption" in row]
    assert len(rows) == 3
    seeds = [row.count(" / ") > 0 for row in rows]
    assert sum(seeds) == 2


def test_finished_rows_are_kept_and_a_stopped_table_is_completed(
    base: Path, finished: Path, monkeypatch
) -> None:
    table = (finished / "table.md").read_text()
    (finished / "table.md").unlink()
    gone = next((finished / "rows").glob("corruption-code-seed0*/row.json"))
    before = json.loads(gone.read_text())
    gone.unlink()
    done = []

    def note(row, *others):
        done.append((row.axis, row.value))
        return training_rows.measure_training(row, *others)

    monkeypatch.setattr(run, "measure_training", note)
    again = ablate(base, finished, *ONLY)
    assert done == [("corruption", "code")]
    assert len(again.splitlines()) == len(table.splitlines())
    # The row's own training was finished: its weights, and so its figures, are the same.
    after = json.loads(gone.read_text())
    assert after["figures"]["nll"] == before["figures"]["nll"]
    assert after["depends_on"] == before["depends_on"]


def test_another_budget_is_another_row(base: Path, finished: Path, monkeypatch) -> None:
    done = []
    monkeypatch.setattr(
        run, "measure_training", lambda row, *_: done.append(row.value) or {"nll": 1.0}
    )
    ablate(base, finished, "--only", "corruption", "--steps", "3")
    assert sorted(set(done)) == ["code", "none", "step"]
    rows = [json.loads(path.read_text()) for path in (finished / "rows").glob("corruption*/*.json")]
    assert {row["depends_on"]["preset"][1]["loop"]["steps"] for row in rows} == {2, 3}


def test_how_long_presets_train_elsewhere_changes_no_row(
    base: Path, finished: Path, monkeypatch
) -> None:
    smoke = GPT_PRESETS["smoke"]
    longer = replace(smoke, loop=replace(smoke.loop, steps=smoke.loop.steps + 7))
    monkeypatch.setitem(GPT_PRESETS, "smoke", longer)
    done = []
    monkeypatch.setattr(
        run, "measure_training", lambda row, *_: done.append(row.value) or {"nll": 1.0}
    )
    ablate(base, finished, "--only", "corruption")
    assert not done


def test_an_unknown_axis_and_a_missing_evaluator_are_refused(base: Path, tmp_path, capsys) -> None:
    with pytest.raises(SystemExit):
        ablate(base, tmp_path / "out", "--only", "colour")
    assert "no axis is called 'colour'" in capsys.readouterr().err
    words = ["--corpus", str(base / "corpus"), "--out", str(tmp_path / "out")]
    with pytest.raises(RuntimeError, match="evaluator.safetensors is missing"):
        run.main([*words, "--weights", str(tmp_path)])
    assert not (tmp_path / "out").exists()


def test_rows_on_the_codes_of_a_system_need_it_trained(base: Path, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    shutil.copy(base / "weights" / FILE_NAME, tmp_path / "weights")
    words = ["--corpus", str(base / "corpus"), "--out", str(tmp_path / "out"), "--scale", "smoke"]
    with pytest.raises(ModelError, match=r"learn the codes of a trained hifigpt.*--weights"):
        run.main([*words, "--weights", str(tmp_path / "weights"), "--only", "corruption"])


def leaves(value, prefix: str = "") -> dict[str, object]:
    if isinstance(value, dict):
        return {k: v for key in value for k, v in leaves(value[key], f"{prefix}.{key}").items()}
    return {prefix: value}


@pytest.mark.parametrize("scale", SCALES)
def test_rows_of_an_axis_differ_and_change_little_of_their_base(scale: str) -> None:
    rows = all_rows(scale)
    assert len({(row.axis, row.value) for row in rows}) == len(rows)
    bases = [leaves(to_json(base)) for system in (momask_axes, mmm_axes, hifigpt_axes)
             for base in system.bases(scale)]  # fmt: skip
    for axis in {row.axis for row in rows}:
        own = [row for row in rows if row.axis == axis]
        described = {json.dumps([to_json(row.preset), row.data_percent]) for row in own}
        assert len(described) == len(own) >= 2
        for row in own:
            mine = leaves(to_json(row.preset))
            changed = [
                sum(mine[key] != base[key] for key in mine)
                for base in bases if mine.keys() == base.keys()
            ]  # fmt: skip
            assert min(changed) <= 2


def test_every_open_axis_is_there() -> None:
    axes = {row.axis for row in (*all_rows("small"), *DECODING_ROWS)}
    assert axes >= {
        "RVQ stages", "quantizer dropout", "codebook size x dimension", "factorized against plain",
        "codebooks of the stages", "frames a step", "bone and velocity loss", "mask ratio",
        "corruption", "guidance", "decoding steps", "sampling, temperature", "data, tokenizer",
    }  # fmt: skip


def test_smaller_shares_of_the_data_lie_within_larger_ones(base: Path, tmp_path: Path) -> None:
    found = {}
    for percent in (25, 50, 100):
        folder = training_rows.subset_corpus(base / "corpus", percent, tmp_path)
        found[percent] = {
            split: {entry.id for entry in load_corpus(folder, split).clips}
            for split in ("train", "val")
        }
    trained = [found[percent]["train"] for percent in (25, 50, 100)]
    assert trained[0] < trained[1] < trained[2]
    assert [len(ids) for ids in trained] == [2, 4, 8]
    assert found[25]["val"] == found[100]["val"]


def decodings(thing) -> list[DecodingConfig]:
    if isinstance(thing, DecodingConfig):
        return [thing]
    if not is_dataclass(thing):
        return []
    return [d for field in fields(thing) for d in decodings(getattr(thing, field.name))]


def test_a_change_of_decoding_reaches_every_decoding_and_nothing_else(base: Path) -> None:
    generator = load_engine(base / "weights" / "hifigpt", "cpu").generator
    changed = decoded_anew(generator, DecodingRow("guidance", "5", guidance=5.0))
    assert decodings(changed) == [replace(d, guidance=5.0) for d in decodings(generator)] != []
    assert changed.networks is generator.networks
    assert decoded_anew(generator, DecodingRow("decoding", "as shipped")) == generator


def test_candidates_are_changed_where_a_system_has_them(base: Path) -> None:
    row = DecodingRow("candidates", "4", candidates=4)
    assert [name for name in SYSTEMS if row.serves(name)] == ["hifigpt", "mmm", "momask"]
    for name in ("hifigpt", "momask"):
        generator = load_engine(base / "weights" / name, "cpu").generator
        assert decoded_anew(generator, row).decoding == replace(generator.decoding, candidates=4)


def test_changes_are_measured_together_with_the_prompts_that_are_obeyed(
    base: Path, tmp_path: Path, monkeypatch
) -> None:
    told = "temperature=0.5,guidance=2, candidates=2"
    assert row_told(told) == DecodingRow(
        "together", told.replace(" ", ""), guidance=2.0, temperature=0.5, candidates=2
    )
    asked = []

    def measure(engine, prompt, seconds, takes, seed):
        asked.append((prompt, takes, seed, engine.generator.decoding.candidates))
        return measure_takes(engine, prompt, 0.5, takes, seed)

    monkeypatch.setattr(takes, "measure_takes", measure)
    monkeypatch.setattr(takes, "TUNING", replace(TUNING, singles=TUNING.singles[:2]))
    text = ablate(base, tmp_path / "out", "--decode", told, "--prompts", "2")
    rows = [row for row in text.splitlines() if row.startswith("| together")]
    assert [row.split(" | ")[1].split(",")[0] for row in rows] == ["hifigpt", "momask"]
    assert "obeyed, share" in text and "foot slide, m/s" in text
    assert asked == [(prompt.text, 2, 100, 2) for prompt in TUNING.singles[:2]] * 2


@pytest.mark.parametrize(("told", "words"), [
    ("speed=3", "no 'speed'"), ("guidance=much", "guidance cannot be 'much'"),
    ("is_outward=perhaps", "is_outward cannot be 'perhaps'"),
])  # fmt: skip
def test_what_cannot_be_changed_is_refused(base: Path, tmp_path, capsys, told, words) -> None:
    with pytest.raises(SystemExit):
        ablate(base, tmp_path / "out", "--decode", told)
    assert words in capsys.readouterr().err


def test_the_best_two_are_judged_by_the_first_figure_that_all_have() -> None:
    values = {"a": 3.0, "b": 1.0, "c": 2.0}
    lines = [Line("x", name, 0, 4, {"nll": 9.0, "fid": fid}) for name, fid in values.items()]
    assert [line.value for line in best_two(lines)] == ["b", "c"]
    lines.append(Line("x", "d", 0, 4, {"nll": 1.0}))
    assert best_two(lines)[0].value == "d"
    assert best_two([Line("y", "a", 0, 4, {})]) == []


def test_seeds_stand_beside_each_other_and_missing_figures_are_dashes() -> None:
    lines = [Line("x", "a", 0, 4, {"all_mm": 1.25}), Line("x", "b", 0, 4, {"nll": 2.0}),
             Line("x", "a", 1, 4, {"all_mm": 1.5})]  # fmt: skip
    rows = table_of(lines, "budget").splitlines()
    assert rows[2] == "| axis | value | batch | all stages, mm | nats a code |"
    assert rows[4:] == ["| x | a | 4 | 1.2 / 1.5 | – |", "| x | b | 4 | – | 2.000 |"]
