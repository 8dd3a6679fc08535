"""Two processes give what one gives: logs, weights, codebooks; one of them writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from keyfill_extension.engine.checkpoint import load_checkpoint
from keyfill_extension.engine.config import to_json
from keyfill_extension.engine.presets import with_options
from keyfill_extension.engine.shares import Share, mean_of_all, own_rows, rand_rows, sharing
from keyfill_extension.engine.training import loop, tokenizer

from . import trainers_in_turn
from .small_corpus import write_small_corpus
from .test_training import InterruptedTask, no_report

LAUNCH = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Train everything in this process, then in two; the second also resumes a broken run."""
    base = tmp_path_factory.mktemp("distributed")
    corpus = write_small_corpus(base / "corpus")
    # As many threads as the processes have: sums in another order flip nearest codes.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        trainers_in_turn.train_all(corpus, base / "one")
        break_off(corpus, base / "broken")
    finally:
        torch.set_num_threads(threads)
    script = Path(trainers_in_turn.__file__)
    words = [*LAUNCH, str(script), str(corpus), str(base / "two"), str(base / "broken")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    answer = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, env=environment, timeout=900
    )
    assert answer.returncode == 0, answer.stderr[-3000:]
    return base / "one", base / "two"


def break_off(corpus: Path, out: Path) -> None:
    preset = with_options(tokenizer.TOKENIZER_PRESETS["smoke"], trainers_in_turn.STEPS)
    task = InterruptedTask(tokenizer.prepare(preset, corpus, ()), after=4)
    config = {"preset": to_json(preset), "without": []}
    with pytest.raises(KeyboardInterrupt):
        loop.train(loop.Run(task.model, task.batch_loss, no_report, out, config), preset.loop)


def read_log(folder: Path) -> list[dict[str, float]]:
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [{name: row[name] for name in row if name != "seconds"} for row in rows]


RUNS = [name for *_, name, _ in trainers_in_turn.RUNS if name != "momask"]
RUNS += [f"momask/{name}" for name in ("tokenizer", "masked", "residual", "length")]


@pytest.mark.parametrize("name", RUNS)
def test_two_processes_log_what_one_logs(both, name: str) -> None:
    one, two = (read_log(folder / name) for folder in both)
    assert [row["step"] for row in one] == [row["step"] for row in two]
    assert one[-1]["step"] == trainers_in_turn.STEPS
    for mine, theirs in zip(one, two, strict=True):
        assert mine == pytest.approx(theirs, rel=2e-5, abs=2e-6)


@pytest.mark.parametrize("name", RUNS)
def test_two_processes_write_the_weights_that_one_writes(both, name: str) -> None:
    files = sorted((both[0] / name).glob("*.safetensors"))
    assert files
    for file in files:
        mine, config = load_checkpoint(file)
        theirs, other = load_checkpoint(both[1] / name / file.name)
        assert config == other
        for key, tensor in mine.items():
            # A twentieth of a step: Adam makes much of the rounding of a gradient near 0.
            torch.testing.assert_close(theirs[key], tensor, rtol=1e-3, atol=5e-5)


def test_nothing_half_written_is_left_and_momask_is_a_model(both) -> None:
    assert not list(both[1].rglob("*.part"))
    assert (both[1] / "momask" / "manifest.json").is_file()


def test_two_processes_go_on_with_what_one_began(both) -> None:
    whole = load_checkpoint(both[0] / "grid" / "tokenizer.safetensors")[0]
    resumed = load_checkpoint(both[1].parent / "broken" / "tokenizer.safetensors")[0]
    for name, tensor in whole.items():
        torch.testing.assert_close(resumed[name], tensor, rtol=1e-3, atol=2e-5)


def test_codebooks_move_and_are_revived_alike_everywhere(both) -> None:
    wanted = trainers_in_turn.move_codebook(Share())
    wanted["gradient"] = trainers_in_turn.contrast_gradient(Share())
    assert bool((wanted["use"] == 1.0).any())  # some entries have just been revived
    found = [torch.load(both[1] / f"found_{index}.pt") for index in range(2)]
    for name, tensor in wanted.items():
        torch.testing.assert_close(found[0][name], tensor)
        torch.testing.assert_close(found[1][name], found[0][name], rtol=0, atol=0)


def test_every_process_is_told_why_a_run_is_refused(both) -> None:
    told = [(both[1] / f"refused_{index}.txt").read_text() for index in range(2)]
    assert "another --out" in told[0] and told[0] == told[1]


def test_a_batch_that_cannot_be_shared_evenly_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(loop, "join_processes", lambda: Share(count=3))
    run = loop.Run(torch.nn.Linear(1, 1), lambda _: None, no_report, tmp_path / "run", {})
    with pytest.raises(loop.TrainingError, match="batch of 4 evenly: start 2, 4 with"):
        loop.train(run, loop.LoopConfig(batch=4))
    assert not (tmp_path / "run").exists()


@dataclass(frozen=True)
class Pair:
    numbers: torch.Tensor
    names: list[str]
    missing: torch.Tensor | None = None


def test_shares_are_the_rows_and_random_numbers_of_the_whole() -> None:
    batch = Pair(torch.arange(6), list("abcdef"))
    torch.manual_seed(3)
    whole = rand_rows(6, 2)
    for index in range(3):
        torch.manual_seed(3)
        with sharing(Share(index, 3)):
            own, drawn = own_rows(batch), rand_rows(2, 2)
        rows = slice(2 * index, 2 * index + 2)
        assert own.numbers.tolist() == [2 * index, 2 * index + 1]
        assert own.names == batch.names[rows] and own.missing is None
        torch.testing.assert_close(drawn, whole[rows])
    assert own_rows(batch).names == batch.names


def test_a_mean_over_nothing_is_zero_and_has_a_gradient() -> None:
    values = torch.ones(0, requires_grad=True)
    mean = mean_of_all(values)
    mean.backward()
    assert mean.item() == 0.0 and values.grad is not None
