"""The second Blender's process, played by small scripts: what it prints, and how it may fail."""

import sys
import time

import numpy as np
import pytest
from keyfill_extension.blender_addon.core.link.jobs import Job
from keyfill_extension.blender_addon.core.replay.replay_process import (
    DoubleFile,
    ReplayError,
    ReplayProcess,
    message_to_keys,
)
from keyfill_extension.blender_addon.core.rigs.posed import BoneKeys

FILE = DoubleFile("nowhere.blend", "rig", ("hips",), 24, 1.0, True, {})


def process(script):
    return ReplayProcess([sys.executable, "-c", script], FILE)


def wait_until_gone(one):
    end = time.monotonic() + 20.0
    while one._process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    return one._process.poll() is not None


def test_a_program_that_is_not_there_is_told():
    with pytest.raises(ReplayError):
        ReplayProcess(["/no/such/blender"], FILE)


@pytest.mark.parametrize("script", [
    "",
    "print('Blender 4.5.0', flush=True)",
    "print('keyfill replay', flush=True)",
    "print('keyfill replay\\nno frame at all, but long enough', flush=True)",
])  # fmt: skip
def test_one_that_ends_or_talks_nonsense_is_told(script):
    one = process(script)
    with pytest.raises(ReplayError):
        Job(one.open()).run_blocking(lambda _: None)
    one.end()
    assert wait_until_gone(one)


def test_one_that_hangs_ends_with_the_block():
    one = process("import time; time.sleep(600)")
    job = Job(one.open())
    job.start()
    job.cancel()
    assert job.wait(20.0)
    one.end()
    assert wait_until_gone(one)


def test_keys_arrive_as_they_were_sent():
    from keyfill_extension.blender_addon.core.replay.replay_process import _question

    keys = BoneKeys({"hips": np.ones((3, 4)), "head": np.zeros((3, 4))}, {"hips": np.ones((3, 3))})
    found = message_to_keys(_question(range(3), keys, ()))
    assert list(found.rotations) == ["hips", "head"]
    assert (found.locations["hips"] == 1.0).all()
    assert (found.rotations["head"] == 0.0).all()
    assert message_to_keys(_question(range(3), None, ())) is None
