"""What make and the check of the system do before anything is installed."""

import shutil
import subprocess
import sys
import tomllib

import pytest
from keyfill_extension.requirements import check_system

ECHO = """
import os
for name in ("PROMPT", "SECONDS", "SEED"):
    print(name, repr(os.environ.get("KEYFILL_" + name)))
"""


def test_all_libraries_are_missing_where_none_loads():
    assert check_system.missing_libraries(lambda name: False) == list(check_system.LIBRARIES)
    assert check_system.missing_libraries(lambda name: True) == []


def test_a_library_that_is_nowhere_cannot_be_loaded():
    assert not check_system.is_loadable("libkeyfill-that-is-nowhere.so.1")


@pytest.mark.parametrize(
    ("manager", "has_venv", "line"),
    [
        (
            "apt-get",
            True,
            "sudo apt-get update && sudo apt-get install -y libx11-6 libegl1",
        ),
        (
            "apt-get",
            False,
            "sudo apt-get update && sudo apt-get install -y libx11-6 libegl1 python3.11-venv",
        ),
        ("dnf", True, "sudo dnf install libX11 libglvnd-egl"),
        ("", True, "with your package manager, what provides libX11.so.6, libEGL.so.1"),
    ],
)
def test_the_line_to_run_fits_the_system(manager, has_venv, line):
    find = {manager: f"/usr/bin/{manager}"}.get
    assert check_system.install_line(["libX11.so.6", "libEGL.so.1"], has_venv, find) == line


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize(
    "prompt",
    [
        "someone sneaks forward",
        "she's at the dragon's door",
        'he says "hello" and waves',
        "pays $5 and $HOME and $(shell echo no) and `date`",
        "50% faster; then # stops \\ here",
        "",
    ],
)
def test_make_hands_a_prompt_over_unread(repository, tmp_path, prompt):
    assert _demo_environment(repository, tmp_path, f"PROMPT={prompt}", "SECONDS=4", "SEED=3") == [
        f"PROMPT {prompt!r}",
        "SECONDS '4'",
        "SEED '3'",
    ]


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_hands_over_nothing_that_was_not_asked(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPT", "$P$G")
    monkeypatch.setenv("SECONDS", "17")
    told = _demo_environment(repository, tmp_path)
    assert told == ["PROMPT None", "SECONDS None", "SEED None"]


def _demo_environment(repository, folder, *variables):
    """Run `make demo` with a Python that only tells what it was handed."""
    (folder / "echo.py").write_text(ECHO)
    ready = folder / "ready"
    ready.touch()
    command = ["make", "-s", "demo", f"PY={sys.executable} {folder / 'echo.py'}", f"READY={ready}"]
    answer = subprocess.run(
        [*command, *variables], cwd=repository, capture_output=True, text=True, check=True
    )
    return answer.stdout.splitlines()


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_a_blender_without_its_python_is_left_out_with_a_clear_line(repository, tmp_path):
    answer = _test_versions(repository, tmp_path, "5.2.3", "PYTHON313=/no/such/python")
    assert answer.returncode == 0
    assert answer.stdout == (
        "Blender 5.2.3 is skipped: it needs Python 3.13, "
        "name it with PYTHON313=/path/to/python3.13.\n"
    )


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_a_blender_that_nobody_pinned_is_refused(repository, tmp_path):
    answer = _test_versions(repository, tmp_path, "3.6.0")
    assert answer.returncode != 0
    assert "requirements/blender-3.6.0.txt" in answer.stderr


def test_the_oldest_blender_that_is_tested_is_the_manifests(repository):
    manifest = (repository / "blender_addon" / "blender_manifest.toml").read_text("utf-8")
    least = tomllib.loads(manifest)["blender_version_min"]
    pinned = [path.stem.removeprefix("blender-") for path in _pinned_blenders(repository)]
    oldest = min(pinned, key=lambda version: tuple(map(int, version.split("."))))
    assert oldest.split(".")[:2] == least.split(".")[:2]
    assert f"OLDEST := {oldest}\n" in (repository / "Makefile").read_text("utf-8")


def test_every_blenders_file_pins_that_blender(repository):
    for path in _pinned_blenders(repository):
        assert f"bpy=={path.stem.removeprefix('blender-')}" in path.read_text("utf-8").split("\n")


def _pinned_blenders(repository):
    return sorted((repository / "requirements").glob("blender-*.txt"))


def _test_versions(repository, folder, version, *variables):
    """Run `make test-versions` for one version where everything is set up."""
    ready = folder / "ready"
    ready.touch()
    command = ["make", "-s", "test-versions", f"VERSIONS={version}", f"READY={ready}"]
    return subprocess.run([*command, *variables], cwd=repository, capture_output=True, text=True)
