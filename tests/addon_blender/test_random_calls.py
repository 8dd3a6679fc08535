"""Whatever is called in whatever order: nothing fails unforeseen, and no key is lost.

500 calls with a fake engine; `make fuzz` makes 10,000, and 300 with the real engine.
"""

import os

import pytest
from keyfill_extension.blender_addon import engine_link, preferences
from keyfill_extension.blender_addon.core.link.worker_settings import WorkerSettings
from keyfill_extension.tests.addon_blender.edited_characters import ENGINE
from keyfill_extension.tests.addon_blender.fake_worker import WORKER_PYTHON
from keyfill_extension.tests.addon_blender.random_calls import Calls

CALLS_A_BLOCK = 50
FIRST_BLOCK = int(os.environ.get("KEYFILL_RANDOM_BLOCK", "0"))
CALLS = int(os.environ.get("KEYFILL_RANDOM_CALLS", "500"))
IS_REAL = os.environ.get("KEYFILL_RANDOM_ENGINE") == "real"


@pytest.fixture(scope="module", autouse=True)
def engine(registered_addon):
    fake = "" if IS_REAL else f"{ENGINE}:load_engine"
    settings = WorkerSettings(python=WORKER_PYTHON, engine=fake, device="cpu")
    engine_link.connect(lambda: settings)
    yield
    engine_link.stop()
    engine_link.connect(preferences.worker_settings)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(FIRST_BLOCK, FIRST_BLOCK - (-CALLS // CALLS_A_BLOCK)))
def test_random_calls(block, empty_scene):
    calls = Calls(block)
    for _ in range(CALLS_A_BLOCK):
        calls.call()
    # Calls that are all refused would prove little.
    done = [words for words in calls.done if words.endswith("FINISHED")]
    assert len(done) >= CALLS_A_BLOCK / 10
