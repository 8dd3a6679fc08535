"""Models side by side: steps that survive, rows, figures, and the whole command."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from keyfill_extension.engine.data.corpus import CorpusError
from keyfill_extension.engine.evaluation import run
from keyfill_extension.engine.evaluation.comparison import command, cost, figures
from keyfill_extension.engine.evaluation.comparison import report as report_text
from keyfill_extension.engine.evaluation.comparison.cache import open_cache
from keyfill_extension.engine.evaluation.comparison.figures import Yardstick, motion_figures
from keyfill_extension.engine.evaluation.comparison.held_out import HeldOut, choose_evenly
from keyfill_extension.engine.evaluation.comparison.samples import Sample, measure_sample
from keyfill_extension.engine.evaluation.comparison.sources import RandomTraining, Takes
from keyfill_extension.engine.evaluation.prompts.frozen import FROZEN
from keyfill_extension.engine.measuring.metrics import Interval, frechet_distance
from keyfill_extension.engine.models.description import ModelError

from . import comparing


def yardstick(vectors: np.ndarray, repeats: int = 1) -> Yardstick:
    count = len(vectors)
    return Yardstick(
        vectors,
        [vectors] * repeats,
        [f"group {k}" for k in range(count)],
        [(f"caption {k}",) for k in range(count)],
        seed=0,
        draws=50,
    )


def sample_of(vectors: np.ndarray) -> Sample:
    column = np.arange(len(vectors), dtype=float)
    return Sample(vectors, {"slide": column, "penetration": column, "jerk": column})


VECTORS = np.random.default_rng(0).normal(size=(40, 4))


def test_a_done_step_is_not_done_twice_and_a_changed_dependency_does_it_anew(tmp_path: Path):
    made = []

    def make() -> dict[str, int]:
        made.append(1)
        return {"n": len(made)}

    assert open_cache(tmp_path, "a row", {"weights": "1"}).step("time", make) == {"n": 1}
    assert open_cache(tmp_path, "a row", {"weights": "1"}).step("time", make) == {"n": 1}
    assert open_cache(tmp_path, "a row", {"weights": "2"}).step("time", make) == {"n": 2}
    assert open_cache(tmp_path, "a row", {"weights": "1"}, ("ti",)).step("time", make) == {"n": 3}
    assert open_cache(tmp_path, "a row", {"weights": "1"}).step("time", make) == {"n": 3}


def test_a_damaged_step_is_done_anew(tmp_path: Path):
    cache = open_cache(tmp_path, "row", {})
    cache.step("x", lambda: {"n": 1})
    (cache.folder / "x.json").write_text('{"n": ')
    assert cache.step("x", lambda: {"n": 2}) == {"n": 2}


def test_samples_come_back_from_json():
    sample = measure_sample(comparing.judge(), comparing.CLIPS[:2])
    sample.physics["slide"][0] = np.nan
    again = Sample.from_json(json.loads(json.dumps(sample.to_json(), allow_nan=False)))
    np.testing.assert_allclose(again.vectors, sample.vectors, atol=1e-6)
    assert np.isnan(again.physics["slide"][0])
    np.testing.assert_array_equal(again.physics["jerk"], sample.physics["jerk"])


def test_a_prompt_is_one_of_the_clips_captions_and_repeats_differ():
    held_out = comparing.held_out()
    drawn = [held_out.prompts(repeat) for repeat in range(8)]
    for row in drawn:
        assert all(text in own for text, own in zip(row, held_out.captions, strict=True))
    assert len(set(map(tuple, drawn))) > 1
    assert held_out.prompts(2) == drawn[2]


def test_no_two_takes_of_the_table_share_a_seed():
    held_out = comparing.held_out()
    seeds = [held_out.seed_of(repeat, clip) for repeat in range(3) for clip in range(6)]
    assert len(set(seeds)) == 18


def test_takes_are_as_long_as_the_real_clips_and_have_their_prompts():
    engine, held_out = comparing.FakeEngine(), comparing.held_out()
    clips = Takes("fake", engine, held_out).make(held_out.prompts(1), 1)
    assert [clip.frames for clip in clips] == [clip.frames for clip in held_out.clips]
    assert [request.prompt for request in engine.requests] == held_out.prompts(1)


def test_random_training_clips_are_different_ones_and_change_with_the_repeat():
    source = RandomTraining(comparing.held_out().entries, seed=0)
    drawn = [source.make(["a"] * 5, repeat) for repeat in range(4)]
    assert all(len({id(clip) for clip in clips}) == 5 for clips in drawn)
    assert len({tuple(map(id, clips)) for clips in drawn}) > 1


def test_the_same_clips_are_at_distance_0_and_match_their_captions():
    found = motion_figures([sample_of(VECTORS)], yardstick(VECTORS))
    assert found["fid"]["value"] == pytest.approx(0.0, abs=1e-6)
    assert found["mm_dist"]["value"] == 0.0
    assert found["r1"]["value"] == 1.0


def test_takes_of_shuffled_captions_are_found_by_chance_alone():
    order = np.random.default_rng(1).permutation(40)
    found = motion_figures([sample_of(VECTORS[order])], yardstick(VECTORS))
    assert found["r3"]["value"] < 0.3, "chance is 3 of 32"
    assert found["fid"]["value"] == pytest.approx(0.0, abs=1e-6), "FID sees no captions"


def test_fid_is_the_mean_over_repeats_inside_its_interval():
    shifted = [VECTORS + shift for shift in (1.0, 2.0)]
    found = motion_figures([sample_of(v) for v in shifted], yardstick(VECTORS, 2))["fid"]
    wanted = np.mean([frechet_distance(VECTORS, vectors) for vectors in shifted])
    assert found["value"] == pytest.approx(wanted)
    assert found["low"] < found["value"] < found["high"]


def test_kid_leaves_out_the_pairs_of_a_clip_and_its_take():
    real, made = VECTORS[:3], VECTORS[3:6]
    kernel = lambda a, b: (a @ b / 4 + 1) ** 3  # noqa: E731
    pairs = [(i, j) for i in range(3) for j in range(3) if i != j]
    wanted = np.mean(
        [
            kernel(real[i], real[j]) + kernel(made[i], made[j]) - 2 * kernel(real[i], made[j])
            for i, j in pairs
        ]
    )
    assert figures.paired_kernel_distance(real, made) == pytest.approx(wanted)
    assert figures.paired_kernel_distance(real, real) == pytest.approx(0.0)


def test_physics_are_medians_and_gaps_count_nothing():
    sample = sample_of(VECTORS[:5])
    sample.physics["slide"][:] = [np.nan, 1.0, 2.0, 9.0, np.nan]
    found = motion_figures([sample], yardstick(VECTORS[:5]))
    assert found["slide"]["value"] == 2.0
    assert found["jerk"]["value"] == 2.0


def test_a_figure_that_no_clip_has_is_none():
    sample = sample_of(VECTORS[:5])
    sample.physics["slide"][:] = np.nan
    assert "no clip" in motion_figures([sample], yardstick(VECTORS[:5]))["slide"]["none"]


def test_an_interval_ends_where_the_figure_must():
    found = figures.measured(lambda: Interval(0.9, -0.2, 1.3), most=1.0)
    assert found == {"value": 0.9, "low": 0.0, "high": 1.0}
    assert figures.measured(lambda: Interval(0.0, -0.2, 1.3), least=None)["low"] == -0.2


def test_too_few_clips_for_a_pool_leave_the_reason_in_its_place():
    found = motion_figures([sample_of(VECTORS[:5])], yardstick(VECTORS[:5]))
    assert "R-precision needs 32" in found["r1"]["none"]
    assert found["fid"]["value"] == pytest.approx(0.0, abs=1e-6)


def test_takes_that_are_all_alike_have_no_multimodality():
    takes = np.repeat(VECTORS[:3, None], 6, axis=1)
    groups = ["a", "b", "c"]
    assert figures.multimodality(takes, groups, yardstick(VECTORS))["value"] == 0.0
    takes = takes + np.random.default_rng(0).normal(size=takes.shape)
    assert figures.multimodality(takes, groups, yardstick(VECTORS))["value"] > 0.5


def test_halves_of_real_motion_keep_groups_together_and_lie_near_each_other():
    near = figures.halves_of_real(yardstick(VECTORS))["fid"]["value"]
    moved = np.concatenate([VECTORS, VECTORS + 30.0])
    yard = yardstick(moved)
    yard.groups[:] = ["first"] * 40 + ["second"] * 40
    assert figures.halves_of_real(yard)["fid"]["value"] > 1000 * near


def test_chosen_clips_lie_evenly_over_the_split(tmp_path: Path):
    corpus = command.read_split(comparing.write_corpus(tmp_path / "corpus"), "val")
    assert len(corpus.clips) == 5, "one of six was captured in part"
    assert [entry.id for entry in choose_evenly(corpus, 2)] == ["clip_3", "clip_7"]
    assert choose_evenly(corpus, None) == corpus.clips


def test_a_corpus_without_the_split_is_refused_with_the_cure(tmp_path: Path):
    folder = comparing.write_corpus(tmp_path / "corpus")
    lines = (folder / "clips.jsonl").read_text().replace('"val"', '"train"')
    (folder / "clips.jsonl").write_text(lines)
    with pytest.raises(CorpusError, match=r"split val; mark clips"):
        compare(tmp_path, folder)


def test_an_unknown_model_is_refused_with_the_known_ones(tmp_path: Path):
    with pytest.raises(ModelError, match=r"no model nobody.*grid"):
        command.main(["--model", "nobody"])


def test_of_all_models_the_missing_ones_are_told(tmp_path: Path, monkeypatch):
    def only_grid(model: Path) -> Path:
        if model.name != "grid":
            raise ModelError(f"There is no model {model.name}.", "Train it.")
        return grid

    grid = comparing.write_model(tmp_path / "weights")
    monkeypatch.setattr(command, "model_folder", only_grid)
    found, missing = command.find_models(["all"])
    assert found == {"grid": grid}
    assert missing[0] == "The model hifigpt is left out: There is no model hifigpt."
    assert len(missing) == 3


@pytest.fixture(scope="module", autouse=True)
def one_measured_machine():
    """The machine's rates are measured once for all reports."""
    with pytest.MonkeyPatch.context() as patch:
        described = cache(cost.describe)
        for module in (command, cost):
            patch.setattr(module, "describe", described)
        yield


@pytest.fixture
def blank_charts(monkeypatch):
    """Reports whose charts another test looks at."""
    monkeypatch.setattr(report_text, "draw_chart", lambda chart: "<svg/>")


def compare(folder: Path, corpus: Path, *more: str, engine=None) -> int:
    model = folder / "walker"
    if not model.is_dir():
        comparing.write_model(model)
        (model / "masked.log.jsonl").write_text('{"seconds": 60.0, "val_nll": 4.5}\n')
    words = [
        "--model", str(model), "--corpus", str(corpus), "--out", str(folder / "report"),
        "--draws", "20", "--repeats", "2", "--prompts", "2", "--takes", "2", "--edits", "2",
        "--evaluator", str(comparing.write_evaluator(folder / "evaluator.safetensors")),
        "--obeyed", "1", "--cache", str(folder / "cache"), *more,
    ]  # fmt: skip
    return command.main(words, comparing.doors(engine or comparing.FakeEngine()))


@pytest.fixture(scope="module")
def compared(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("comparison")
    assert compare(folder, comparing.write_corpus(folder / "corpus")) == 0
    return folder


def test_the_command_writes_json_a_table_and_plots(compared: Path):
    report = json.loads((compared / "report" / "report.json").read_text())
    assert list(report["rows"]) == [
        "real motion", "training clips at random", "nearest caption's clip", "walker",
    ]  # fmt: skip
    walker = report["rows"]["walker"]
    assert set(walker) == {
        "figures", "edits", "time", "cost", "confidence", "tokenizers", "training",
        "decoding", "obeyed",
    }  # fmt: skip
    singles = walker["obeyed"]["singles"]
    assert singles["takes"] == len(FROZEN.singles)
    assert 0.0 < singles["share"] < 0.5  # it walks whatever is asked
    nearest = report["rows"]["nearest caption's clip"]["obeyed"]["singles"]
    assert nearest["takes"] == 3 * len(FROZEN.singles)
    assert walker["figures"]["fid"]["value"] > 0.0
    assert "fp32" in walker["time"]["machine"] and "bf16" in walker["time"]["machine"]
    text = (compared / "report" / "report.md").read_text()
    assert "| walker, reconstruction (tokenizer) |" in text
    assert f"| walker | {100 * singles['share']:.0f} ({singles['takes']}) |" in text
    assert "| walker, masked | 1 | 4.5 | 4.5 | 4.5 |" in text
    assert "| real motion |" in text and "MultiModality: 2 prompts" in text
    assert text.count("FID and KID of real motion from itself are 0.") == 1
    for name in ("reconstruction", "codes-used", "codes-entropy", "time", "training-transformers"):
        assert f"({name}.svg)" in text
        assert "<svg" in (compared / "report" / f"{name}.svg").read_text(encoding="utf-8")


def test_a_report_on_test_names_the_weights_that_had_seen_its_clips(
    compared: Path, blank_charts, tmp_path: Path, capsys
):
    report = json.loads((compared / "report" / "report.json").read_text())
    assert (report["split"], report["learnt_before"]) == ("val", "")
    corpus = comparing.write_corpus(tmp_path / "corpus")
    lines = (corpus / "clips.jsonl").read_text().replace('"val"', '"test"')
    (corpus / "clips.jsonl").write_text(lines)
    few = ["--clips", "2", "--repeats", "1", "--edits", "1", "--obeyed", "0"]
    assert compare(tmp_path, corpus, "--split", "test", *few) == 0
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["split"] == "test"
    told = "The weights of walker and the evaluator were trained on most of the test split's"
    assert report["learnt_before"].startswith(told)
    text = (tmp_path / "report" / "report.md").read_text()
    assert told in text and "Prompts obeyed" not in text


def test_rows_that_need_words_are_explained_once():
    words = {"what": "Retrieval, played back: clips."}
    halves = {"halves": {"fid": {"none": "few"}, "kid": {"none": "few"}}}
    rows = {"real motion": halves, "grid, retrieval": words, "own, retrieval": words}
    assert report_text._halves({"rows": rows}).count(words["what"]) == 1


def test_masks_that_a_model_cannot_fill_are_told_with_the_reason(compared: Path):
    report = json.loads((compared / "report" / "report.json").read_text())
    edits = report["rows"]["walker"]["edits"]
    assert edits["upper body"] == {"refused": "The model fake fills whole frames."}
    assert edits["gap of 1 s"]["clips"] == 2
    assert "* walker, upper body: The model fake fills" in (
        compared / "report" / "report.md"
    ).read_text()


def test_a_second_run_makes_nothing_again_and_says_the_same(compared: Path, blank_charts):
    before = json.loads((compared / "report" / "report.json").read_text())
    engine = comparing.FakeEngine()
    assert compare(compared, compared / "corpus", engine=engine) == 0
    after = json.loads((compared / "report" / "report.json").read_text())
    assert engine.requests == []
    assert after["rows"] == before["rows"]


def test_an_interrupted_run_goes_on_where_it_was(compared: Path, blank_charts, tmp_path: Path):
    class Interrupted(comparing.FakeEngine):
        def run(self, request):
            if len(self.requests) == 7:  # five takes are a repeat
                raise KeyboardInterrupt
            return super().run(request)

    corpus = compared / "corpus"
    with pytest.raises(KeyboardInterrupt):
        compare(tmp_path, corpus, "--obeyed", "0", engine=Interrupted())
    assert not (tmp_path / "report").exists()
    engine = comparing.FakeEngine()
    assert compare(tmp_path, corpus, "--obeyed", "0", engine=engine) == 0
    # The second repeat is begun anew, the first one is not.
    held_out = HeldOut(command.read_split(corpus, "val").clips, "val", 0)
    assert [request.seed for request in engine.requests[:5]] == [
        held_out.seed_of(1, clip) for clip in range(5)
    ]


def test_another_seed_is_measured_anew(compared: Path, blank_charts):
    engine = comparing.FakeEngine()
    compare(compared, compared / "corpus", "--seed", "9", "--obeyed", "0", engine=engine)
    assert engine.requests


def test_too_many_takes_and_a_file_in_the_folders_place_are_refused(compared: Path):
    with pytest.raises(command.EvaluationError, match="choose 2 to 16"):
        compare(compared, compared / "corpus", "--takes", "17")
    with pytest.raises(command.EvaluationError, match="name a folder"):
        compare(compared, compared / "corpus", "--out", str(compared / "evaluator.safetensors"))
    with pytest.raises(SystemExit):
        compare(compared, compared / "corpus", "--repeats", "0")


def test_the_older_measurements_are_still_reached_by_their_names(monkeypatch, tmp_path: Path):
    asked = []
    monkeypatch.setattr(run, "compare", lambda words: asked.append(words) or 0)
    assert run.main(["--model", "all", "--split", "val"]) == 0
    assert run.main(["--model=grid"]) == 0
    corpus = comparing.write_corpus(tmp_path / "corpus")
    run.main(["checks", "--corpus", str(corpus)])
    assert asked == [["--model", "all", "--split", "val"], ["--model=grid"]]
