"""A Python that the user chose: looked at once, everything that it lacks in one sentence."""

import sys

import pytest
from keyfill_extension.blender_addon.core.link import python_check


@pytest.fixture
def python(tmp_path):
    """A function that writes a program which answers as a Python would."""

    def write(answer):
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\necho '{answer}'\n")
        path.chmod(0o755)
        return str(path)

    return write


def test_the_python_of_the_tests_can_run_the_engine():
    told = python_check.check_python(sys.executable)
    assert told.startswith("This Python can run the engine: 3.") and python_check.can_run(told)


def test_everything_that_is_missing_is_in_one_sentence(python):
    told = python_check.check_python(
        python('{"version": [3, 9, 1], "missing": ["tokenizers", "numpy"], "torch": "1.13.1+cpu"}')
    )
    assert told == (
        "This Python lacks Python 3.11 or newer (it is 3.9.1), torch 2.5 or newer "
        "(it has 1.13.1+cpu), tokenizers and numpy."
    )
    assert not python_check.can_run(told)


@pytest.mark.parametrize("program", ["/no/such/python", "/bin/true"])
def test_what_is_no_python_is_told(program):
    assert python_check.check_python(program) == f"{program} is no Python that can be run."


def test_the_answer_comes_from_a_thread(python):
    program = python('{"version": [3, 11, 7], "missing": ["torch"], "torch": ""}')
    python_check.check_in_background(program).join(30.0)
    assert python_check.told_of(program) == "This Python lacks torch."
    assert python_check.told_of("/another/python") == ""
