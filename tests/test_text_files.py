"""Text files and text pipes are UTF-8 on every system: each call says so.

Without an encoding Python takes the system's, on Windows mostly cp1252: a caption with an
umlaut then cannot be read where another machine wrote it.
"""

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SOURCES = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for folder in ("engine", "blender_addon", "docs", "benchmarks", "requirements")
    for path in (REPOSITORY / folder).rglob("*.py")
) + ["build_addon.py"]

ENCODING_PLACES = {"read_text": 0, "write_text": 1}
"""Where the encoding stands when it is given without its name."""

OTHER_OPENS = ("os.open", "zipfile.", "archive.", "wave.", "tarfile.", "Image.", "webbrowser.",
               "replay.")
"""Calls of an `open` that opens no text."""


def calls_without_encoding(source):
    """Return the lines of calls that read or write text in the system's encoding."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return sorted(call.lineno for call in calls if _lacks_encoding(call))


def _lacks_encoding(call):
    named = {word.arg: word.value for word in call.keywords}
    whole = ast.unparse(call.func)
    name = whole.rpartition(".")[2]
    if "encoding" in named:
        return False
    if name in ENCODING_PLACES:
        return "." in whole and len(call.args) <= ENCODING_PLACES[name]
    if name in ("open", "fdopen"):
        if whole.startswith(OTHER_OPENS):
            return False
        place = 1 if whole in ("open", "io.open", "os.fdopen") else 0
        mode = named.get("mode", call.args[place] if len(call.args) > place else None)
        return not (isinstance(mode, ast.Constant) and "b" in str(mode.value))
    is_text = any(name in named for name in ("text", "universal_newlines"))
    return whole.startswith("subprocess.") and is_text


@pytest.mark.parametrize("path", SOURCES)
def test_every_text_file_is_utf_8(path):
    assert calls_without_encoding((REPOSITORY / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "path.read_text()",
        "path.read_text(errors='replace')",
        "path.write_text(text)",
        "(folder / 'x').open()",
        "path.open('a')",
        "path.open(mode='w')",
        "open(path)",
        "open(path, 'w', newline='')",
        "os.fdopen(1, 'w')",
        "subprocess.run(command, text=True)",
    ],
)
def test_a_call_without_encoding_is_found(line):
    assert calls_without_encoding(line) == [1]


@pytest.mark.parametrize(
    "line",
    [
        "path.read_text('utf-8', 'replace')",
        "path.read_text(encoding='utf-8')",
        "path.write_text(text, 'utf-8')",
        "write_text(path, text)",
        "path.open('rb')",
        "path.open('a', encoding='utf-8')",
        "open(path, 'wb')",
        "os.fdopen(1, 'rb')",
        "os.open(os.devnull, os.O_RDONLY)",
        "subprocess.run(command, text=True, encoding='utf-8')",
        "subprocess.run(command)",
    ],
)
def test_what_reads_bytes_or_names_its_encoding_passes(line):
    assert calls_without_encoding(line) == []
