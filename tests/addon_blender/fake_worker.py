"""Has the add-on start a real worker process with an engine of tests/fake_engine.py."""

import os
from contextlib import contextmanager
from pathlib import Path

from keyfill_extension.blender_addon import engine_link, preferences
from keyfill_extension.blender_addon.core.link.worker_settings import WorkerSettings

WORKER_PYTHON = os.environ.get("KEYFILL_WORKER_PYTHON", "")
"""Python that runs the workers, such as one with torch for a Blender without; empty: this one."""

FAKE_ENGINE = Path(__file__).resolve().parents[1] / "fake_engine.py"


@contextmanager
def fake_worker(function="load_engine", **changes):
    settings = WorkerSettings(
        **{"python": WORKER_PYTHON, "engine": f"{FAKE_ENGINE}:{function}"} | changes
    )
    engine_link.connect(lambda: settings)
    try:
        yield
    finally:
        engine_link.stop()
        engine_link.connect(preferences.worker_settings)
