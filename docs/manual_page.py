"""Make the page that the panel's manual button opens: `python docs/manual_page.py`.

Its source, docs/manual.md, is read on the web; the page in blender_addon/manual lies in the
package with its pictures, which `make ui-test PICTURES=1` takes. A test holds the page against
this script.
"""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt

REPOSITORY = Path(__file__).resolve().parent.parent
SOURCE = REPOSITORY / "docs" / "manual.md"
PAGE = REPOSITORY / "blender_addon" / "manual" / "index.html"
PICTURES = "../blender_addon/manual/"
"""Where the source sees the pictures; they lie beside the page."""

HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Keyfill manual</title>
<style>
body { max-width: 50em; margin: 2em auto; padding: 0 1em; font: 16px/1.5 sans-serif; }
table { border-collapse: collapse; }
td, th { padding: .2em .8em .2em 0; text-align: left; vertical-align: top; }
img { max-width: 100%; }
</style>
"""


def make_page(text: str) -> str:
    """Return the page of the manual's Markdown."""
    body = MarkdownIt("commonmark").enable("table").render(text)
    return f"{HEAD}{body.replace(PICTURES, '')}</html>\n"


if __name__ == "__main__":
    PAGE.write_text(make_page(SOURCE.read_text(encoding="utf-8")), encoding="utf-8")
