"""Threads that wait sleep, and there are fewer of them while Blender is busy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from keyfill_extension.engine import threads

REPOSITORY = Path(__file__).resolve().parents[2]

ENTRIES = {
    "the worker": (
        "from engine import worker\nworker.take_over_pipes = lambda: 1 / 0\nrun = worker.main"
    ),
    "the command line": "from engine.__main__ import main\nrun = lambda: main(['no such'])",
}


def told_by_openmp(code, **environment):
    """What OpenMP says of its settings when torch is imported after some code."""
    code = f"{code}\ntry: run()\nexcept ZeroDivisionError: pass\nimport torch"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_DISPLAY_ENV": "true", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.strip() for line in ran.stderr.splitlines() if "OMP_WAIT_POLICY" in line]


@pytest.mark.skipif(sys.platform != "linux", reason="the OpenMP of GNU")
@pytest.mark.parametrize("entry", ENTRIES)
def test_waiting_threads_sleep_from_every_entry(entry, monkeypatch):
    for name in threads.WAITING:
        monkeypatch.delenv(name, raising=False)
    told = told_by_openmp(ENTRIES[entry])
    assert told
    assert all("PASSIVE" in line for line in told)


@pytest.mark.skipif(sys.platform != "linux", reason="the OpenMP of GNU")
def test_what_the_user_set_stays():
    told = told_by_openmp(ENTRIES["the worker"], OMP_WAIT_POLICY="active")
    assert told
    assert all("ACTIVE" in line for line in told)


@pytest.mark.parametrize(("all_of_them", "fewer"), [(1, 1), (2, 1), (3, 1), (8, 4), (16, 8)])
def test_half_of_the_threads_compute_beside_blender_and_one_at_least(all_of_them, fewer):
    assert threads.fewer_threads(all_of_them) == fewer


TAKE_TURNS = """
import os
from engine.threads import Threads
import torch
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
assert os.getuid() != 0
torch.set_num_threads(4)
own = Threads()
for is_busy in (False, True, True, False, True, False):
    own.follow(is_busy)
    print(torch.get_num_threads())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="uids")
def test_an_ordinary_user_gets_all_threads_back():
    ran = subprocess.run(
        [sys.executable, "-c", TAKE_TURNS], cwd=REPOSITORY, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert ran.stdout.split() == ["4", "2", "2", "4", "2", "4"]


def test_without_torch_nothing_happens(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    threads.Threads().follow(True)
    assert sys.modules["torch"] is None  # nothing loaded it
