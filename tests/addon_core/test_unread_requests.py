"""Workers that do not read, do not end, or are stopped while they start: real child processes."""

import contextlib
import os
import re
import signal
import sys
import textwrap
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from keyfill_extension.blender_addon import engine_link
from keyfill_extension.blender_addon.core.errors import UserError
from keyfill_extension.blender_addon.core.link import conversation
from keyfill_extension.blender_addon.core.link.jobs import JobCancelled
from keyfill_extension.blender_addon.core.link.worker_settings import WorkerSettings
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.request import MotionRequest

REPOSITORY = Path(__file__).resolve().parents[2]
FAKE_ENGINE = REPOSITORY / "tests" / "fake_engine.py"
PATIENCE_SECONDS = 20.0
FRAMES = 9000
"""300 s: 6.6 MB, far more than a pipe holds."""

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="fork, SIGSTOP")


@pytest.fixture
def connect():
    yield lambda settings: engine_link.connect(lambda: settings)
    engine_link.disconnect()
    assert engine_link.worker_pid() == 0


def engine_file(tmp_path, source):
    """An engine whose file does something before the worker reads its first request."""
    path = tmp_path / "engine_file.py"
    path.write_text(textwrap.dedent(source), encoding="utf-8")
    return WorkerSettings(engine=f"{path}:load")


def never_reading(tmp_path):
    return engine_file(tmp_path, "import time\ntime.sleep(60)")


def long_edit():
    rot = np.zeros((FRAMES, 22, 4))
    rot[..., 0] = 1.0
    clip = Clip(np.random.default_rng(0).normal(size=(FRAMES, 3)), rot)
    return MotionRequest("a long walk", clip=clip, mask=np.ones((FRAMES, 4), dtype=bool))


def sending():
    """A job whose worker runs, one second into sending it a long clip."""
    job = engine_link.generation_job(long_edit())
    job.start()
    assert wait_for(engine_link.worker_pid)
    time.sleep(1.0)
    assert not job.is_finished
    return job, engine_link.worker_pid()


def wait_for(condition):
    end = time.monotonic() + PATIENCE_SECONDS
    while not (holds := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return holds


def is_gone(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return False
    return True



def in_time(action):
    """Run an action in a thread; whether it is over in time. The test goes on if it hangs."""
    thread = threading.Thread(target=action, daemon=True)
    thread.start()
    thread.join(PATIENCE_SECONDS / 2)
    return not thread.is_alive()


def test_a_long_clip_reaches_the_worker_and_comes_back(connect):
    connect(WorkerSettings(engine=f"{FAKE_ENGINE}:load_engine"))
    request = long_edit()
    made = engine_link.generation_job(request).run_blocking(lambda progress: None)
    np.testing.assert_array_equal(made.clips[0].root_pos, request.clip.root_pos)


def test_a_job_is_cancelled_while_its_request_is_sent(connect, tmp_path):
    connect(never_reading(tmp_path))
    job, pid = sending()
    job.cancel()
    assert job.wait(PATIENCE_SECONDS)
    with pytest.raises(JobCancelled):
        job.result()
    assert wait_for(lambda: is_gone(pid))
    connect(WorkerSettings(engine=f"{FAKE_ENGINE}:load_engine"))
    assert engine_link.generation_job(long_edit()).run_blocking(lambda progress: None).clips


@needs_posix
def test_a_job_is_cancelled_whose_worker_stands_still_in_mid_reading(connect):
    connect(WorkerSettings(engine=f"{FAKE_ENGINE}:load_engine"))
    engine_link.load_job().run_blocking(lambda progress: None)
    os.kill(engine_link.worker_pid(), signal.SIGSTOP)
    job, pid = sending()
    job.cancel()
    assert job.wait(PATIENCE_SECONDS)
    assert wait_for(lambda: is_gone(pid))


def test_progress_goes_on_while_a_request_is_sent(connect, tmp_path):
    connect(never_reading(tmp_path))
    job, _ = sending()
    job.poll()
    assert wait_for(lambda: job.poll() is not None)
    job.cancel()
    assert job.wait(PATIENCE_SECONDS)


def test_a_worker_that_never_reads_is_given_up(connect, tmp_path, monkeypatch):
    monkeypatch.setattr(engine_link, "UNREAD_SECONDS", 0.5)
    connect(never_reading(tmp_path))
    job = engine_link.generation_job(long_edit())
    job.start()
    assert job.wait(PATIENCE_SECONDS)
    with pytest.raises(UserError, match=r"has not answered for 0.5 s.*Generate again"):
        job.result()
    assert engine_link.worker_pid() == 0


def test_a_stop_ends_a_job_whose_request_is_sent(connect, tmp_path):
    connect(never_reading(tmp_path))
    job, pid = sending()
    engine_link.stop()
    assert is_gone(pid)
    assert job.wait(PATIENCE_SECONDS)
    with pytest.raises(UserError, match="was stopped"):
        job.result()


@needs_posix
def test_a_stop_is_quick_though_a_process_of_the_worker_keeps_the_pipes_open(connect, tmp_path):
    connect(engine_file(tmp_path, f"""
        import os, pathlib, time
        child = os.fork()
        if child == 0:
            os.setsid()  # out of reach: not even the group's end ends it
            time.sleep(60)
            os._exit(0)
        pathlib.Path({str(tmp_path / "part")!r}).write_text(str(child), encoding="ascii")
        pathlib.Path({str(tmp_path / "part")!r}).rename({str(tmp_path / "child")!r})
        time.sleep(60)
    """))
    job = engine_link.generation_job(long_edit())
    job.start()
    assert wait_for((tmp_path / "child").exists)
    try:
        time.sleep(0.3)
        pid = engine_link.worker_pid()
        assert in_time(engine_link.stop)
        assert is_gone(pid)
        assert job.wait(PATIENCE_SECONDS)
        with pytest.raises(UserError, match="was stopped"):
            job.result()
    finally:
        os.kill(int((tmp_path / "child").read_text(encoding="ascii")), signal.SIGKILL)


@needs_posix
def test_a_script_around_python_leaves_no_python_behind(connect, tmp_path):
    script, pid_file = tmp_path / "python", tmp_path / "pid"
    script.write_text(
        f'#!/bin/sh\n"{sys.executable}" -c "import os, time; '
        f"open('{pid_file}', 'w', encoding='ascii').write(str(os.getpid())); time.sleep(60)\"\n"
        "exit $?\n",
        encoding="utf-8",
    )
    script.chmod(0o755)
    connect(WorkerSettings(python=str(script)))
    job = engine_link.generation_job(long_edit())
    job.start()
    assert wait_for(lambda: pid_file.exists() and pid_file.read_text(encoding="ascii"))
    inner = int(pid_file.read_text(encoding="ascii"))
    assert in_time(engine_link.stop)
    assert job.wait(PATIENCE_SECONDS)
    assert wait_for(lambda: is_gone(inner) or is_zombie(inner))


def is_zombie(pid):
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"


@dataclass(frozen=True)
class HeldSettings(WorkerSettings):
    """Settings that are slow to read, so that a stop falls into the start of the worker."""

    asked: threading.Event = threading.Event()
    go_on: threading.Event = threading.Event()

    def environment(self):
        self.asked.set()
        assert self.go_on.wait(PATIENCE_SECONDS)
        return super().environment()


def test_a_stop_while_the_worker_starts_leaves_none_behind(connect):
    settings = HeldSettings(
        engine=f"{FAKE_ENGINE}:load_engine", asked=threading.Event(), go_on=threading.Event()
    )
    connect(settings)
    job = engine_link.generation_job(MotionRequest("a walk", 1.0))
    job.start()
    assert settings.asked.wait(PATIENCE_SECONDS)
    engine_link.stop()
    settings.go_on.set()
    assert job.wait(PATIENCE_SECONDS)
    with pytest.raises(UserError, match="was stopped"):
        job.result()
    assert engine_link.worker_pid() == 0
    assert engine_link.generation_job(MotionRequest("a walk", 1.0)).run_blocking(
        lambda progress: None
    ).clips


def test_a_job_made_before_a_stop_starts_no_worker(connect):
    connect(WorkerSettings(engine=f"{FAKE_ENGINE}:load_engine"))
    job = engine_link.generation_job(MotionRequest("a walk", 1.0))
    engine_link.stop()
    with pytest.raises(UserError, match="was stopped"):
        job.run_blocking(lambda progress: None)
    assert engine_link.worker_pid() == 0


def test_a_model_that_loads_long_shows_for_how_long(connect):
    connect(WorkerSettings(engine=f"{FAKE_ENGINE}:load_for_a_minute"))
    job = engine_link.load_job()
    job.start()
    pattern = re.compile(r"Loading the model \((\d+) s\)")
    told = []
    assert wait_for(
        lambda: (progress := job.poll()) and told.extend(pattern.findall(progress.label)) or told
    )
    assert int(told[0]) >= conversation.TOLD_SECONDS
    job.cancel()
    assert job.wait(PATIENCE_SECONDS)
