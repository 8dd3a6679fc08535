"""One command trains the three published systems; what it writes can be carried in pieces."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from keyfill_extension.engine.api import load_engine
from keyfill_extension.engine.motion.request import MotionRequest
from keyfill_extension.engine.motion.running import run_to_end
from keyfill_extension.engine.systems.registry import SYSTEMS, presets_of
from keyfill_extension.engine.training.whole_body import published

from .small_corpus import write_small_corpus


@pytest.mark.parametrize("size", published.SIZES)
@pytest.mark.parametrize("system", published.SYSTEM_RUNS)
def test_every_network_of_a_system_has_a_preset_of_every_size(system: str, size: str) -> None:
    assert set(published.SYSTEM_RUNS[system]) == set(SYSTEMS[system].networks)
    options = argparse.Namespace(corpus=Path("c"), out=Path("o"), size=size)
    for network in published.SYSTEM_RUNS[system]:
        command = published.command_of(system, network, options)
        preset = command[command.index("--preset") + 1]
        if command[0] != "length":
            assert preset in presets_of(command[0])


@pytest.mark.slow
def test_all_three_are_trained_and_trained_only_once(tmp_path, capsys):
    corpus, out = write_small_corpus(tmp_path / "corpus"), tmp_path / "out"
    told = ["--size", "smoke", "--corpus", str(corpus), "--out", str(out), "--together", "2"]
    assert published.main(told) == 0
    printed = capsys.readouterr().out
    for system in published.SYSTEM_RUNS:
        assert str(out / "models" / system) in printed
        engine = load_engine(out / "models" / system, "cpu")
        take = run_to_end(engine.run(MotionRequest("hop", 1.0)))
        assert take.clips[0].frames == 30
    states = {path: path.stat().st_mtime_ns for path in out.glob("*/*/state.pt")}
    assert published.main(told) == 0
    assert states and states == {path: path.stat().st_mtime_ns for path in states}


def test_a_large_file_is_carried_in_pieces(tmp_path):
    (tmp_path / "model").mkdir()
    files = {"system.json": b"{}", "large.safetensors": bytes(range(256)) * 5, "empty.txt": b""}
    for name, content in files.items():
        (tmp_path / "model" / name).write_bytes(content)
    written = published.write_pieces(tmp_path / "model", tmp_path / "pieces", most=100)
    assert max(path.stat().st_size for path in written) <= 100
    assert len([path for path in written if ".part" in path.name]) == 13
    published.join_pieces(tmp_path / "pieces", tmp_path / "joined")
    joined = {path.name: path.read_bytes() for path in (tmp_path / "joined").iterdir()}
    assert joined == files


def test_a_training_that_fails_says_where_its_words_are(tmp_path):
    told = ["--size", "smoke", "--corpus", str(tmp_path / "none"), "--out", str(tmp_path / "out")]
    with pytest.raises(published.TrainingError, match=r"tower.*output\.txt"):
        published.main(told)
    assert "corpus" in (tmp_path / "out" / "tower" / "output.txt").read_text()
