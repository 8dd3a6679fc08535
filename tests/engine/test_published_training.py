"""One command trains the three published systems; what it writes can be carried in pieces."""

from __future__ import annotations

import argparse
from pathlib import Path
from threading import Lock

import pytest
from keyfill_extension.engine.__main__ import main
from keyfill_extension.engine.api import load_engine
from keyfill_extension.engine.config import to_json
from keyfill_extension.engine.motion.request import MotionRequest
from keyfill_extension.engine.motion.running import run_to_end
from keyfill_extension.engine.presets import LENGTH_PRESETS, SENTENCE_WIDTH
from keyfill_extension.engine.systems.registry import SYSTEMS, presets_of
from keyfill_extension.engine.training import pieces
from keyfill_extension.engine.training.whole_body import published

from .small_corpus import write_small_corpus


def told(size: str, **more: object) -> argparse.Namespace:
    return argparse.Namespace(corpus=Path("c"), out=Path("o"), size=size, system=None, **more)


@pytest.mark.parametrize("size", published.SIZES)
@pytest.mark.parametrize("system", published.NEEDED)
def test_every_network_of_a_system_has_a_preset_of_every_size(system: str, size: str) -> None:
    assert set(published.NEEDED[system]) == set(SYSTEMS[system].networks)
    for network in published.NEEDED[system]:
        command = published.command_of(system, network, told(size))
        preset = command[command.index("--preset") + 1]
        known = LENGTH_PRESETS if command[0] == "length" else presets_of(command[0])
        assert preset in known


@pytest.mark.parametrize(("kind", "trained", "shown"), [
    ("momask", "gpu", "tiny"), ("words", "mmm-gpu", "mmm-tiny"),
    ("words", "mmm-upper-gpu", "mmm-upper-tiny"), ("gpt", "hifigpt-gpu", "hifigpt-tiny"),
    ("body_tokenizer", "mmm-gpu", "mmm-tiny"), ("body_tokenizer", "hifigpt-gpu", "hifigpt-tiny"),
    ("body_tokenizer", "mmm-halves-gpu", "mmm-halves-tiny"),
])  # fmt: skip
def test_what_is_shown_on_a_cpu_differs_in_sizes_alone(kind, trained, shown):
    numbers, lengths = {True: [], False: []}, ("steps", "batch", "warmup")
    for is_shown, name in ((False, trained), (True, shown)):
        preset = to_json(presets_of(kind)[name])
        parts = [preset[n] for n in ("tokenizer", "masked", "residual")] if kind == "momask" else [
            preset
        ]
        for part in parts:
            loop = {k: v for k, v in part["loop"].items() if k not in lengths}
            numbers[is_shown].append({k: v for k, v in loop.items() if "every" not in k})
            assert part["loop"]["is_halved"]
    assert numbers[True] == numbers[False]


def test_each_training_waits_for_what_it_needs(tmp_path, monkeypatch):
    order, lock = [], Lock()

    def run(command, log, environment):
        with lock:
            order.append(command[0])
        Path(command[1]).write_text("done")

    monkeypatch.setattr(published, "_run", run)
    jobs = {
        name: published.Job([name, str(tmp_path / name)], tmp_path / name, tmp_path / "log", needs)
        for name, needs in (("a", ()), ("b", ()), ("c", ("a",)), ("d", ("c", "b")))
    }
    (tmp_path / "b").write_text("done before")
    published.run_all(jobs, together=2)
    assert order == ["a", "c", "d"]
    unused = published.Job(["e", "e"], tmp_path / "e", tmp_path / "log", is_kept=False)
    published.run_all({**jobs, "e": unused}, together=2)
    assert order == ["a", "c", "d"]
    all_jobs = published.jobs_of(told("small"))
    for number, job in enumerate(all_jobs.values()):
        assert set(job.needs) <= set(list(all_jobs)[:number])
    assert set(all_jobs["mmm upper"].needs) == {"tower", "captions", "mmm halves"}


@pytest.fixture
def run_here(monkeypatch):
    """Have trainings run in this process, one after another, but for the first, the tower's.

    A process a network takes longer to start than to train so few steps.
    """
    run_beside = published._run

    def run(command, log, environment=None):
        if command[0] == "text_tower":
            run_beside(command, log, environment)
        elif main(["train", *command]):
            raise published.TrainingError(f"`train {command[0]}` failed")

    monkeypatch.setattr(published, "_run", run)


@pytest.mark.slow
def test_all_three_are_trained_and_trained_only_once(run_here, tmp_path, capsys):
    corpus, out = write_small_corpus(tmp_path / "corpus"), tmp_path / "out"
    words = ["--size", "tiny", "--corpus", str(corpus), "--out", str(out), "--together", "1"]
    assert published.main(words) == 0
    printed = capsys.readouterr().out
    for system in published.NEEDED:
        assert str(out / "models" / system) in printed
        pieces.main([str(out / "pieces" / system), "--out", str(out / "joined" / system)])
        engine = load_engine(out / "joined" / system, "cpu")
        assert engine.generator.text_encoder.sentence_width == SENTENCE_WIDTH
        take = run_to_end(engine.run(MotionRequest("hop", 1.0)))
        assert take.clips[0].frames == 30
    states = {path: path.stat().st_mtime_ns for path in out.glob("*/*/state.pt")}
    assert published.main(words) == 0
    assert states and states == {path: path.stat().st_mtime_ns for path in states}


def test_a_large_file_is_carried_in_pieces(tmp_path):
    (tmp_path / "model").mkdir()
    files = {"system.json": b"{}", "large.safetensors": bytes(range(256)) * 5, "empty.txt": b""}
    for name, content in files.items():
        (tmp_path / "model" / name).write_bytes(content)
    written = pieces.write_pieces(tmp_path / "model", tmp_path / "pieces", most=100)
    assert max(path.stat().st_size for path in written) <= 100
    assert len([path for path in written if ".part" in path.name]) == 13
    assert pieces.main([str(tmp_path / "pieces"), "--out", str(tmp_path / "joined")]) == 0
    joined = {path.name: path.read_bytes() for path in (tmp_path / "joined").iterdir()}
    assert joined == files
    written[-2].unlink()
    with pytest.raises(pieces.TrainingError, match=written[-2].name):
        pieces.join_pieces(tmp_path / "pieces", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_training_that_fails_says_where_its_words_are(tmp_path):
    words = ["--size", "tiny", "--corpus", str(tmp_path / "none"), "--out", str(tmp_path / "out")]
    with pytest.raises(published.TrainingError, match=r"tower.*output\.txt"):
        published.main([*words, "--system", "hifigpt"])
    assert "corpus" in (tmp_path / "out" / "tower" / "output.txt").read_text()
