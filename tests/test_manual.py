"""There is one manual: its page is made of docs/manual.md, and its pictures lie beside the page."""

import importlib.util
import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
SCRIPT = REPOSITORY / "docs" / "manual_page.py"
FOLDER = REPOSITORY / "blender_addon" / "manual"

MOST_BYTES = 1_000_000
"""What the pictures may add to the package."""


def manual_script():
    spec = importlib.util.spec_from_file_location("manual_page", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def test_the_page_is_the_one_that_the_script_makes():
    script = manual_script()
    text = script.SOURCE.read_text(encoding="utf-8")
    assert script.PAGE.read_text(encoding="utf-8") == script.make_page(text)


def test_every_picture_is_shown_and_every_shown_one_is_there():
    page = (FOLDER / "index.html").read_text(encoding="utf-8")
    shown = set(re.findall(r'<img src="([^"]+)"', page))
    assert shown == {path.name for path in FOLDER.iterdir()} - {"index.html"}
    assert len(shown) >= 5


def test_the_pictures_are_small():
    sizes = [path.stat().st_size for path in FOLDER.iterdir()]
    assert sum(sizes) < MOST_BYTES
    assert max(sizes) < 200_000


def test_pages_have_no_way_out_to_the_net():
    page = (FOLDER / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"(?:src|href)=.https?:", page)
