"""A screen in memory, which Xvfb draws; what it shows is read from the file that backs it."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def screen(programs, size):
    """Start a screen of that size, (width, height); yield its name and its file of pixels."""
    width, height = size
    with tempfile.TemporaryDirectory(prefix="keyfill-screen-") as folder:
        reading, writing = os.pipe()
        xvfb = programs.start(
            "Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24",
            "+extension", "GLX", "-nocursor", "-nolisten", "tcp", "-fbdir", folder,
            pass_fds=(writing,),
        )  # fmt: skip
        os.close(writing)
        try:
            with os.fdopen(reading, encoding="ascii") as told:
                number = told.readline().strip()
            if not number:
                raise RuntimeError("Xvfb did not start: see its own words above.")
            yield f":{number}", Path(folder) / "Xvfb_screen0"
        finally:
            xvfb.terminate()
            xvfb.wait(timeout=20)
