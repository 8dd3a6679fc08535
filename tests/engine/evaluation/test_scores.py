import json

import numpy as np
import pytest
from keyfill_extension.engine.evaluation import run
from keyfill_extension.engine.evaluation.checks.measures import Body
from keyfill_extension.engine.evaluation.prompts.prompt import Prompt, pair, sequence
from keyfill_extension.engine.evaluation.prompts.sets import SETS
from keyfill_extension.engine.evaluation.scores.baseline import CaptionBaseline
from keyfill_extension.engine.evaluation.scores.motion_scores import motion_table, score_motion
from keyfill_extension.engine.evaluation.scores.positives import join_bodies
from keyfill_extension.engine.evaluation.scores.prompt_report import TITLES
from keyfill_extension.engine.evaluation.scores.prompt_scores import score_prompts, scores_table
from keyfill_extension.engine.evaluation.scores.takes import make_takes, measure_takes
from keyfill_extension.engine.motion.request import MotionResult, Progress
from keyfill_extension.engine.text_encoder import FakeTextEncoder

from ..small_corpus import write_small_corpus
from .actions import clap, go, kick_left, stand
from .real_clips import real_clip


class ClappingEngine:
    """Claps when asked to, else stands; every second take walks off."""

    def run(self, request):
        request.check()
        yield Progress(0, 1, "Choosing movements")
        makes = clap if "clap" in request.prompt else stand
        clips = [
            go(ahead=1.0, seconds=request.seconds) if take % 2 else makes()
            for take in range(request.takes)
        ]
        return MotionResult(tuple(clips))


CLIPS = (
    real_clip("clap", clap(), "a person claps the hands", "clapping for joy"),
    real_clip("kick", kick_left(), "someone kicks with the left leg"),
    real_clip("stand", stand(), "nothing moves"),
)


def test_the_nearest_captions_come_first_and_every_clip_once():
    baseline = CaptionBaseline(FakeTextEncoder(), CLIPS)

    assert baseline.nearest("a person claps the hands", 1)[0].entry.id == "clap"
    assert baseline.nearest("nothing moves", 1)[0].entry.id == "stand"
    ids = [clip.entry.id for clip in baseline.nearest("someone kicks with the left leg")]
    assert ids[0] == "kick"
    assert sorted(ids) == ["clap", "kick", "stand"]


def test_takes_come_out_of_the_engines_generator():
    clips = make_takes(ClappingEngine(), "clap", 3.0, 3)

    assert len(clips) == 3
    assert clips[1].frames == 90


def test_pass_rates_and_failures_are_counted():
    clapping = Prompt("clap", 4.0, ("claps",))
    kicking = Prompt("kick", 4.0, ("kicks_left",))
    takes = {
        prompt.text: measure_takes(ClappingEngine(), prompt.text, 4.0, 3)
        for prompt in (clapping, kicking)
    }

    scores = score_prompts((clapping, kicking), takes, CaptionBaseline(FakeTextEncoder(), CLIPS))

    assert scores["pass_rate"] == pytest.approx(2 / 6)
    assert scores["baseline_pass_rate"] == pytest.approx(2 / 6)
    assert scores["failures"] == ["kick"]
    assert scores["partly"] == ["clap"]
    assert scores["rows"][0]["takes"] == [True, False, True]
    table = scores_table("Single actions", scores)
    assert "| clap | claps | 2/3 | 1/3 |" in table
    assert "Never passed: kick." in table


def test_a_pairs_row_tells_which_of_its_checks_failed():
    both = pair("both", 4.0, "walks_forward", "claps")
    takes = {"both": [Body.from_clip(clap())]}

    scores = score_prompts((both,), takes, CaptionBaseline(FakeTextEncoder(), CLIPS))

    assert scores["rows"][0]["takes"] == [False]
    assert scores["rows"][0]["takes_by_check"] == {"walks_forward": [False], "claps": [True]}


def test_a_sequences_take_passes_in_its_order_only():
    prompt = sequence("walk, then clap", 8.0, "walks_forward", "claps")
    walking, clapping = Body.from_clip(go(ahead=1.1, seconds=4.0)), Body.from_clip(clap())
    takes = {
        prompt.text: [join_bodies([walking, clapping]), join_bodies([clapping, walking])],
    }

    scores = score_prompts((prompt,), takes, CaptionBaseline(FakeTextEncoder(), CLIPS))

    assert scores["rows"][0]["takes"] == [True, False]
    assert scores["pass_rate"] == 0.5
    assert "| walks_forward, then claps | 1/2 |" in scores_table("In order", scores)


def test_motion_scores_compare_takes_with_validation_clips():
    clips = (*CLIPS, real_clip("val", go(ahead=0.5, seconds=3.0), "a glide", split="val"))

    scores = score_motion(ClappingEngine(), clips, most_clips=5)

    assert scores["clips"] == ["val"]
    assert scores["physics"]["clips"] == {"real": 1, "generated": 3}
    assert scores["novelty"]["takes"]["nearest_m"] == pytest.approx(0.0, abs=1e-4)
    assert scores["seed_spread_m"] > 0.1
    assert "| slide, m/s | 0.5 |" in motion_table(scores)


def test_clips_captured_in_part_are_no_measure_of_motion():
    upper = real_clip("arms", stand(), "arms", split="val", parts=("LEFT_ARM",))

    scores = score_motion(ClappingEngine(), (*CLIPS, upper), most_clips=5)

    assert scores["clips"] == []
    assert scores["seed_spread_m"] is None


def test_the_command_measures_checks_and_writes_a_report(tmp_path, capsys):
    corpus = write_small_corpus(tmp_path / "corpus")
    report = tmp_path / "deep" / "checks.json"

    status = run.main(["checks", "--corpus", str(corpus), "--out", str(report)])

    assert status == 1, "made-up walks cannot show forty actions"
    written = json.loads(report.read_text())
    assert len(written["tuning"]["rates"]) == 55
    assert len(written["frozen"]["rates"]) == 110
    assert written["tuning"]["sha256"] != written["frozen"]["sha256"]
    printed = capsys.readouterr().out
    assert "## The frozen set" in printed
    assert "| prompt | checks |" in printed


@pytest.mark.parametrize(("words", "name"), [((), "frozen"), (("--set", "tuning"), "tuning")])
def test_the_command_scores_the_chosen_set(tmp_path, capsys, monkeypatch, words, name):
    monkeypatch.setattr(run, "load_engine", lambda weights, device: ClappingEngine())
    monkeypatch.setattr(run, "load_text_encoder", lambda name: FakeTextEncoder())
    corpus = write_small_corpus(tmp_path / "corpus")
    report = tmp_path / "prompts.json"

    status = run.main(["prompts", "--corpus", str(corpus), "--out", str(report), *words])

    assert status == 0
    written = json.loads(report.read_text())
    assert written["set"] == name
    groups = SETS[name].groups
    for group, prompts in groups.items():
        assert [row["prompt"] for row in written[group]["rows"]] == [p.text for p in prompts]
        assert 0.0 <= written[group]["pass_rate"] <= 1.0
    if name == "tuning":
        clapped = [row for row in written["singles"]["rows"] if row["checks"] == ["claps"]]
        assert clapped[0]["takes"] == [True, False, True]
    titles = [line[3:] for line in capsys.readouterr().out.splitlines() if line[:3] == "## "]
    assert titles == [*(TITLES[group] for group in groups), "Whole takes"]


@pytest.mark.parametrize("name", ["open", "counted", "subjects", "spellings"])
def test_the_command_scores_a_later_set_with_losses_and_whole_takes(tmp_path, monkeypatch, name):
    monkeypatch.setattr(run, "load_engine", lambda weights, device: ClappingEngine())
    monkeypatch.setattr(run, "load_text_encoder", lambda name: FakeTextEncoder())
    corpus = write_small_corpus(tmp_path / "corpus")
    report, page = tmp_path / "prompts.json", tmp_path / "prompts.md"

    words = ["prompts", "--corpus", str(corpus), "--set", name, "--seeds", "1"]
    assert run.main([*words, "--out", str(report), "--markdown", str(page)]) == 0

    written = json.loads(report.read_text())
    assert written["seeds"] == 1
    assert written["completeness"]["takes"] == len(list(SETS[name]))
    assert len(written["completeness"]["seeds_differ"]) == 5
    assert not any(written["completeness"]["seeds_differ"].values()), "every second take is alike"
    assert ("lost" in written) is (name in ("subjects", "spellings"))
    text = page.read_text()
    assert text.startswith(f"# Prompts: the {name} set\n")
    assert ("## Lost against" in text) is ("lost" in written)
    assert ("| prompt | checks |" in text) is ("lost" not in written)


def test_a_report_is_written_whole_or_not_at_all(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        run._write(tmp_path / "report.json", {"bad": float("nan")})

    assert list(tmp_path.iterdir()) == []


def test_takes_of_a_prompt_differ_by_more_than_rounding():
    bodies = measure_takes(ClappingEngine(), "clap", 4.0, 2)

    assert not np.allclose(bodies[0].joints[:90, 0], bodies[1].joints[:90, 0])
