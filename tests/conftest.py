"""Give tests the shape of the installed extension: keyfill_extension.{blender_addon, engine}."""

import sys
import types
from pathlib import Path

import pytest

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
