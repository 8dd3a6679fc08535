"""A folder below `engine/systems` is all that a fifth system needs: every list has it then."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from keyfill_extension.engine.motion.clip import load_clip

TOY = Path(__file__).parent / "toy_system"

COMMANDS = """
import json, sys
import engine.api as api
from engine.__main__ import main
from engine.text_encoder import FakeTextEncoder

api.load_text_encoder = lambda *wanted: FakeTextEncoder()
for words in json.loads(sys.argv[1]):
    try:
        status = main(words)
    except SystemExit as end:
        status = end.code
    print("status", status)
"""
"""Runs command lines one after another, with a text encoder that reads no files."""


@pytest.fixture(scope="module")
def tree(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a copy of the engine, its systems and the toy, and no weights."""
    tree = tmp_path_factory.mktemp("five")
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(repository / "engine", tree / "engine", ignore=unwanted)
    shutil.copytree(TOY, tree / "engine" / "systems" / "toy", ignore=unwanted)
    return tree


def answer(tree: Path, *words: str) -> str:
    """Run a Python process in the copy and return what it prints."""
    process = subprocess.run([sys.executable, *words], cwd=tree, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.fixture(scope="module")
def model(tree: Path) -> Path:
    """Return the folder of a toy that was trained and gathered as any other system's model."""
    folder = tree / "weights" / "toy"
    commands = [
        ["train", "toy", "--preset", "wild", "--out", "run"],
        ["train", "weights", "--system", "toy", "--run", "run", "--out", str(folder)],
        ["generate", "--model", "toy", "--prompt", "somebody sways", "--out", "take.npz"],
        ["generate", "--model", str(folder), "--prompt", "x", "--takes", "2", "--out", "x.bvh"],
    ]
    told = answer(tree, "-c", COMMANDS, json.dumps(commands))
    assert told.count("status 0") == len(commands), told
    return folder


def test_its_model_is_trained_gathered_and_generates(tree: Path, model: Path) -> None:
    assert json.loads((model / "system.json").read_text())["system"] == "toy"
    take = load_clip(tree / "take.npz")
    assert take.frames == 60, "a second a word"
    assert np.abs(take.root_pos[:, 0]).max() == pytest.approx(0.5, abs=0.01)
    assert (tree / "x_1.bvh").is_file() and (tree / "x_2.bvh").is_file()


def test_its_model_is_listed_with_what_it_fills(tree: Path, model: Path) -> None:
    lines = answer(tree, "-m", "engine", "models").splitlines()
    own = lines[lines.index("toy") :]
    assert own[1] == "  Toy, 0.0 MB; sways on the spot: new takes only"
    assert own[2] == "  serves: new takes"


def test_the_command_line_trains_it(tree: Path) -> None:
    usage = answer(tree, "-m", "engine", "train", "--help")
    assert {"toy", "gpt", "masked"} <= set(usage.split()[5].split("|"))


def test_sentences_about_abilities_name_it_where_it_serves(tree: Path) -> None:
    script = (
        "from engine.systems.registry import *; print(*SYSTEMS); print(titles_serving(['take']));"
        "print(titles_serving(['take', 'extend']))"
    )
    systems, takes, both = answer(tree, "-c", script).splitlines()
    assert systems == "grid hifigpt mmm momask toy"
    assert takes == "the grid model, T2M-HiFiGPT, MMM, MoMask or Toy"
    assert both == "the grid model, T2M-HiFiGPT, MMM or MoMask"


CONFIDENCE = """
from engine.systems.contract import CodeGuesser
from engine.systems.mmm.system import Mmm
from engine.systems.toy.system import Sway, SwayConfig, Toy

print(isinstance(Toy(Sway(SwayConfig()), None), CodeGuesser), hasattr(Mmm, "guess_codes"))
"""


def test_comparison_and_ablation_have_it_and_its_confidence_is_not_measured(tree: Path) -> None:
    commands = [["evaluate", "--model", "all", "--help"], ["ablate", "--help"]]
    told = answer(tree, "-c", COMMANDS + CONFIDENCE, json.dumps(commands))
    compared, ablated, confidence = " ".join(told.split()).split("status 0")
    assert "(grid, hifigpt, mmm, momask, toy)" in compared
    assert "swaying" in ablated and "corruption" in ablated
    assert confidence.split() == ["False", "True"]
