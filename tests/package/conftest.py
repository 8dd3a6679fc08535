"""The zip, built once, and a way to try it in a Blender of its own."""

import fcntl
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

PATIENCE_SECONDS = 600
MOMENT_SECONDS = 2.0
"""A worker ends so soon after its input closes."""

SCRIPT = Path(__file__).with_name("install_and_use.py")
MARK = "KEYFILL_TEST_MARK"


WORKER_PYTHON = os.environ.get("KEYFILL_WORKER_PYTHON") or sys.executable
"""A Python that has the engine: it builds the packages."""

BUILT_FROM = ("blender_addon", "engine", "requirements", "build_addon.py", "LICENSE", "weights")
"""What a package's bytes come from; of the weights their lists, which hold checksums."""


@pytest.fixture(scope="session")
def addon_zip(repository) -> Path:
    """The light package."""
    return _build(repository, "--light")


@pytest.fixture(scope="session")
def complete_zip(repository) -> Path:
    """The complete package for this machine and this Blender's Python.

    Skips where its wheels cannot be had, as without a registry of packages.
    """
    return _build(repository, "--python", ".".join(platform.python_version_tuple()[:2]))


def _build(repository: Path, *options: str) -> Path:
    """Build a package, once for one state of the sources: other Blenders' suites find it there."""
    kind = "".join(options).strip("-").replace(".", "")
    folder = repository / ".cache" / "packages" / f"{kind}-{_state(repository)}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a suite runs in several processes
        if not list(folder.glob("*.zip")):
            for old in folder.parent.glob(f"{kind}-*"):
                shutil.rmtree(old)
            command = [WORKER_PYTHON, "build_addon.py", "--out", str(folder), *options]
            answer = subprocess.run(command, cwd=repository, capture_output=True, text=True)
            if "pip finds" in answer.stderr:
                pytest.skip(f"the wheels cannot be had here: {answer.stderr.strip()}")
            assert answer.returncode == 0, answer.stderr
    return next(folder.glob("*.zip"))


def _state(repository: Path) -> str:
    digest = hashlib.sha256()
    for name in BUILT_FROM:
        place = repository / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            is_read = path.suffix in (".py", ".toml", ".txt", ".json", ".md", "")
            if path.is_file() and is_read and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(repository)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Visit:
    """What one Blender process told, and what it left running."""

    told: dict
    left_running: list[int]


@pytest.fixture(scope="module")
def visit_blender(addon_zip, tmp_path_factory):
    """A function that installs the zip in a fresh Blender and does the named steps there."""
    return partial(_visit, [sys.executable], addon_zip, tmp_path_factory)


@pytest.fixture(scope="module")
def visit_bare_blender(complete_zip, bare_python, tmp_path_factory):
    """Likewise with the complete package, where there is bpy, no torch and no network."""
    return partial(_visit, [str(bare_python)], complete_zip, tmp_path_factory)


@pytest.fixture(scope="module")
def visit_light_bare(addon_zip, bare_python, tmp_path_factory):
    """Likewise with the light package, whose engine is nowhere."""
    return partial(_visit, [str(bare_python)], addon_zip, tmp_path_factory)


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory) -> Path:
    """A Python with bpy and NumPy and nothing else."""
    if importlib.util.find_spec("torch") is None:
        return Path(sys.executable)
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    inside = next(folder.glob("lib/python*/site-packages"))
    packages = Path(importlib.util.find_spec("bpy").origin).parents[1]
    for name in ("bpy", "numpy", "numpy.libs"):
        if (packages / name).is_dir():
            (inside / name).symlink_to(packages / name)
    return folder / "bin" / "python"


def _visit(
    python: list[str], package: Path, folders: pytest.TempPathFactory, *steps: str
) -> Visit:
    folder = folders.mktemp("visit")
    mark = uuid.uuid4().hex
    environment = {**os.environ, "BLENDER_USER_RESOURCES": str(folder / "blender"), MARK: mark}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # what is compiled in there, the worker compiled
    if "light" not in package.name:
        environment.pop("KEYFILL_WORKER_PYTHON", None)
        # Whatever asks the network waits for nobody: port 9 throws away.
        environment |= {f"{name}_proxy": "http://127.0.0.1:9" for name in ("http", "https", "all")}
    answer = subprocess.run(
        [*python, str(SCRIPT), str(package), *steps],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    lines = [line for line in answer.stdout.splitlines() if line.startswith("TOLD ")]
    assert answer.returncode == 0 and lines, answer.stdout[-2000:] + answer.stderr[-2000:]
    return Visit(json.loads(lines[-1].removeprefix("TOLD ")), _marked(mark))


def _marked(mark: str) -> list[int]:
    """Processes that inherited the mark and go on running (Linux; elsewhere none is found)."""
    end = time.monotonic() + MOMENT_SECONDS
    while (found := _running(mark)) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def _running(mark: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{MARK}={mark}".encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:  # ended meanwhile, or another user's
            continue
    return found
