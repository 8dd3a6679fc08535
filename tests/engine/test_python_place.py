"""Remedies name a Python and commands that the user's system has."""

from pathlib import Path

import pytest
from keyfill_extension.engine.python_place import setup_remedy, venv_python

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = [
    path
    for folder in ("engine", "blender_addon")
    for path in sorted((REPOSITORY / folder).rglob("*.py"))
    if path.name != "python_place.py"
]


def test_windows_is_told_of_no_make_and_of_its_own_python():
    remedy = setup_remedy("torch", "win32")
    assert "make" not in remedy
    assert r".venv\Scripts\python.exe" in remedy
    assert "docs/windows.md" in remedy
    assert (REPOSITORY / "docs" / "windows.md").is_file()


@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_other_systems_are_told_of_make_setup(system):
    assert "`make setup`" in setup_remedy("numpy", system)
    assert "has numpy" in setup_remedy("numpy", system)
    assert venv_python(system) == ".venv/bin/python"


def test_no_other_module_names_what_one_system_lacks():
    texts = {path: path.read_text(encoding="utf-8") for path in SOURCES}
    found = [path for path, text in texts.items() if "`make " in text or ".venv/bin" in text]
    assert found == []
