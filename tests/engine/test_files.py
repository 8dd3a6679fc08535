"""Names that files may have on every system, and text files that are the same on each."""

import pytest
from keyfill_extension.engine.files import LONGEST_NAME, is_file_name, write_text


@pytest.mark.parametrize(
    "name",
    ["walk", "läuft schnell", "a.b", "console", "com", "com10", "nullify", ".hidden", "走る",
     "x" * LONGEST_NAME],
)
def test_common_names_pass(name):
    assert is_file_name(name)


@pytest.mark.parametrize(
    "name",
    ["", " ", "a ", " a", "a.", "..", "a/b", "a\\b", "a:b", "a?", "a\x00", "a\x85", "a\ud800",
     "con", "CON", "con.x", "con .x", "nul", "prn.a.b", "aux", "com0", "com1", "COM¹", "lpt9.npz",
     "conin$", "x" * (LONGEST_NAME + 1), "ü" * (LONGEST_NAME // 2 + 1)],
)
def test_what_some_system_refuses_or_renames_is_no_name(name):
    assert not is_file_name(name)


def test_lines_end_the_same_on_every_system(tmp_path):
    write_text(tmp_path / "folder" / "a.json", "läuft\nweit")
    assert (tmp_path / "folder" / "a.json").read_bytes() == "läuft\nweit\n".encode()
