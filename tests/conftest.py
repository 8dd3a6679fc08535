"""Give tests the shape of the installed extension: keyfill_extension.{blender_addon, engine}."""

import os
import sys
import types
from pathlib import Path

# One thread a process: the suites run in several processes, and threads of small arrays only wait
# for each other. Set before NumPy and torch are imported; workers of the tests inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest  # noqa: E402

REPOSITORY = Path(__file__).resolve().parent.parent

extension = types.ModuleType("keyfill_extension")
extension.__path__ = [str(REPOSITORY)]
sys.modules["keyfill_extension"] = extension


@pytest.fixture(scope="session")
def repository() -> Path:
    """The repository's root."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder beside the repository with the corpus and the characters; skips without it."""
    folder = REPOSITORY.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"needs the corpus and the characters of {folder}, which is not there")
    return folder
