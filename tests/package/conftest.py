"""The zip, built once, and a way to try it in a Blender of its own."""

import json
import os
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from keyfill_extension import build_addon

PATIENCE_SECONDS = 300
SCRIPT = Path(__file__).with_name("install_and_use.py")
MARK = "KEYFILL_TEST_MARK"


@pytest.fixture(scope="session")
def addon_zip(tmp_path_factory) -> Path:
    validator = build_addon.find_validator()
    assert validator is not None, "bpy brings Blender's validator"
    return build_addon.build(tmp_path_factory.mktemp("dist"), validator)


@dataclass(frozen=True)
class Visit:
    """What one Blender process told, and what it left running."""

    told: dict
    left_running: list[int]


@pytest.fixture(scope="module")
def visit_blender(addon_zip, tmp_path_factory):
    """A function that installs the zip in a fresh Blender and does the named steps there."""
    return lambda *steps: _visit(addon_zip, tmp_path_factory.mktemp("visit"), *steps)


def _visit(addon_zip: Path, folder: Path, *steps: str) -> Visit:
    mark = uuid.uuid4().hex
    answer = subprocess.run(
        [sys.executable, str(SCRIPT), str(addon_zip), *steps],
        env={**os.environ, "BLENDER_USER_RESOURCES": str(folder / "blender"), MARK: mark},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    lines = [line for line in answer.stdout.splitlines() if line.startswith("TOLD ")]
    assert answer.returncode == 0 and lines, answer.stdout[-2000:] + answer.stderr[-2000:]
    return Visit(json.loads(lines[-1].removeprefix("TOLD ")), _marked(mark))


def _marked(mark: str) -> list[int]:
    """Processes that inherited the mark and still run (Linux; elsewhere none is found)."""
    time.sleep(0.5)  # a worker ends a moment after its input closes
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{MARK}={mark}".encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:  # ended meanwhile, or another user's
            continue
    return found
