"""The door to the worker, without Blender: real child processes, fake engines."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from keyfill_extension.blender_addon import engine_link
from keyfill_extension.blender_addon.core.errors import UserError
from keyfill_extension.blender_addon.core.link import conversation
from keyfill_extension.blender_addon.core.link.jobs import JobCancelled
from keyfill_extension.blender_addon.core.link.worker_process import LOG_LINES
from keyfill_extension.blender_addon.core.link.worker_settings import WorkerSettings
from keyfill_extension.engine.motion.request import MotionRequest

REPOSITORY = Path(__file__).resolve().parents[2]
FAKE_ENGINE = REPOSITORY / "tests" / "fake_engine.py"
PATIENCE_SECONDS = 20.0
"""When a test gives up; the slow engines work for a minute."""


def fake(function, **changes):
    return WorkerSettings(engine=f"{FAKE_ENGINE}:{function}", **changes)


@pytest.fixture
def connect():
    yield lambda settings: engine_link.connect(lambda: settings)
    engine_link.disconnect()
    assert engine_link.worker_pid() == 0


def generate(prompt="someone walks", on_progress=lambda progress: None, **more):
    request = MotionRequest(prompt, 1.0, **more)
    return engine_link.generation_job(request).run_blocking(on_progress)


def started(label="Choosing movements"):
    """A job in its thread, up to where the engine does this."""
    job = engine_link.generation_job(MotionRequest("a long walk", 1.0))
    job.start()
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        progress = job.poll()
        if progress is not None and progress.label.startswith(label):
            return job
        assert not job.is_finished
        time.sleep(0.01)
    raise TimeoutError("the engine did not start")


def cancel(job):
    """Cancel a job; it ends long before its engine's minute is over."""
    job.cancel()
    assert job.wait(PATIENCE_SECONDS)
    with pytest.raises(JobCancelled):
        job.result()


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


def test_a_motion_arrives_and_the_worker_stays_warm(connect):
    connect(fake("load_engine"))
    labels = []
    result = generate("one two three", lambda progress: labels.append(progress.label), takes=2)
    assert [clip.frames for clip in result.clips] == [30, 30]
    assert labels[0] == "Starting the engine"
    first = engine_link.worker_pid()
    assert engine_link.device() == "cpu"
    assert generate(" ".join("abcdefghijkl")).prompt_cut == "k l"
    assert engine_link.worker_pid() == first != 0


def test_the_engine_can_be_loaded_ahead(connect):
    connect(fake("load_engine"))
    assert engine_link.load_job().run_blocking(lambda progress: None) == "cpu"
    labels = []
    generate(on_progress=lambda progress: labels.append(progress.label))
    assert "Loading the model" not in labels


def test_other_settings_start_another_worker(connect):
    connect(fake("load_engine"))
    generate()
    first = engine_link.worker_pid()
    connect(fake("load_engine", device="cpu"))
    generate()
    assert engine_link.worker_pid() not in (0, first)
    assert is_gone(first)


def test_the_engines_refusal_becomes_a_user_error(connect):
    connect(fake("load_engine"))
    with pytest.raises(UserError) as refused:
        generate("  ")
    assert refused.value.message == "The prompt is empty."
    assert refused.value.remedy


def test_an_answered_cancel_keeps_the_worker(connect, monkeypatch):
    # A machine that stands still for a moment: the worker is waited for, not given up.
    monkeypatch.setattr(conversation, "CANCEL_SECONDS", PATIENCE_SECONDS)
    connect(fake("load_slow_engine"))
    job = started()
    pid = engine_link.worker_pid()
    cancel(job)
    assert engine_link.worker_pid() == pid != 0


def test_an_unanswered_cancel_ends_the_job_first_and_the_worker_later(connect, monkeypatch):
    monkeypatch.setattr(conversation, "CANCEL_SECONDS", PATIENCE_SECONDS / 4)
    connect(fake("load_deaf_engine"))
    job = started()
    pid = engine_link.worker_pid()
    cancel(job)
    assert engine_link.worker_pid() == pid  # it may still answer
    assert wait_for(lambda: is_gone(pid))
    # The next worker is started and loads before anybody asks for it.
    assert wait_for(lambda: engine_link.worker_pid() not in (0, pid))
    second = engine_link.worker_pid()
    assert generate("a short walk").clips
    assert engine_link.worker_pid() == second


def test_a_cancelled_worker_loads_on_and_serves_the_next_request(connect):
    connect(fake("load_for_three_seconds"))
    job = started("Loading the model")
    pid = engine_link.worker_pid()
    cancel(job)
    labels = []
    assert generate(on_progress=lambda progress: labels.append(progress.label)).clips
    assert "Ending the cancelled motion" in labels
    assert "Loading the model" not in labels
    assert engine_link.worker_pid() == pid


def test_a_worker_that_loads_for_ever_is_replaced_after_a_cancel(connect, monkeypatch):
    monkeypatch.setattr(conversation, "LOADING_SECONDS", 0.5)
    connect(fake("load_for_a_minute"))
    job = started("Loading the model")
    pid = engine_link.worker_pid()
    cancel(job)
    assert wait_for(lambda: is_gone(pid))
    connect(fake("load_engine"))
    assert generate().clips


def test_other_settings_do_not_wait_for_a_cancelled_worker(connect):
    connect(fake("load_for_a_minute"))
    job = started("Loading the model")
    pid = engine_link.worker_pid()
    cancel(job)
    connect(fake("load_engine"))
    assert generate().clips
    assert is_gone(pid)


def test_no_worker_is_started_for_a_cancel_after_a_stop(connect, monkeypatch):
    monkeypatch.setattr(conversation, "CANCEL_SECONDS", 0.5)
    connect(fake("load_deaf_engine"))
    job = started()
    cancel(job)
    engine_link.stop()
    time.sleep(1.0)
    assert engine_link.worker_pid() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_worker_is_told_with_its_cure_and_replaced(connect):
    connect(fake("load_deaf_engine"))
    job = started()
    os.kill(engine_link.worker_pid(), signal.SIGKILL)
    assert job.wait(PATIENCE_SECONDS)
    with pytest.raises(UserError) as died:
        job.result()
    assert "ended by the system" in died.value.message
    assert "Generate again" in died.value.remedy
    assert generate("a short walk").clips


def test_a_worker_killed_while_idle_is_replaced_unnoticed(connect):
    connect(fake("load_engine"))
    generate()
    first = engine_link.worker_pid()
    os.kill(first, signal.SIGTERM)
    end = time.monotonic() + PATIENCE_SECONDS
    while engine_link.worker_pid() and time.monotonic() < end:
        time.sleep(0.01)
    assert generate().clips
    assert engine_link.worker_pid() != first


def test_a_crash_shows_the_logs_last_line(connect):
    connect(fake("load_dying_engine"))
    with pytest.raises(UserError) as died:
        generate("die")
    assert "stopped unexpectedly (last words)" in died.value.message
    assert "last words" in engine_link.log_lines()
    assert generate("walk").clips


def test_a_second_request_is_told_to_wait(connect):
    connect(fake("load_slow_engine"))
    job = started()
    with pytest.raises(UserError, match="busy"):
        generate()
    assert not job.is_finished
    job.cancel()
    assert job.wait(PATIENCE_SECONDS)


def test_stop_ends_the_worker_and_the_job_that_waits_for_it(connect):
    connect(fake("load_deaf_engine"))
    job = started()
    pid = engine_link.worker_pid()
    engine_link.stop()
    assert is_gone(pid)
    assert job.wait(PATIENCE_SECONDS)
    with pytest.raises(UserError, match="was stopped"):
        job.result()
    assert engine_link.device() == ""


def test_the_log_is_bounded(connect, tmp_path):
    engine = tmp_path / "chatty.py"
    engine.write_text(textwrap.dedent(f"""
        import sys
        def load(weights, device):
            for line in range({LOG_LINES * 10}):
                sys.stderr.write(f"line {{line}} " + "x" * 100 + "\\n")
            raise SystemExit(1)
    """))
    connect(WorkerSettings(engine=f"{engine}:load"))
    with pytest.raises(UserError, match="stopped unexpectedly"):
        generate()
    assert len(engine_link.log_lines()) == LOG_LINES
    assert engine_link.log_lines()[-1].startswith(f"line {LOG_LINES * 10 - 1} ")


@pytest.mark.parametrize("python", ["no/such/python", str(REPOSITORY)])
def test_a_python_that_cannot_be_started_is_named(connect, python):
    connect(WorkerSettings(python=python))
    with pytest.raises(UserError) as refused:
        generate()
    assert f"The Python {python} cannot be started" in refused.value.message
    assert "preferences" in refused.value.remedy


@pytest.mark.parametrize("package", ["torch", "numpy"])
def test_a_python_without_a_package_is_told_with_its_cure(connect, monkeypatch, tmp_path, package):
    (tmp_path / f"{package}.py").write_text(
        f"raise ModuleNotFoundError(\"No module named '{package}'\", name='{package}')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    connect(WorkerSettings())
    with pytest.raises(UserError) as refused:
        generate()
    assert f"has no {package}" in refused.value.message
    assert "make setup" in refused.value.remedy


def test_a_program_that_is_no_python_is_named(connect):
    connect(WorkerSettings(python="/bin/true"))
    with pytest.raises(UserError) as refused:
        generate()
    assert "/bin/true cannot run the engine" in refused.value.message


def threads_told(**more):
    """What an engine of tests/fake_engine.py that counts its threads says it computes with."""
    return generate("walk", **more).prompt_cut.split()


def test_a_worker_computes_with_fewer_threads_while_blender_is_busy(connect):
    connect(fake("load_thread_counting_engine"))
    assert threads_told() == ["4"] * 3
    engine_link.tell_busy(True)
    assert threads_told() == ["2"] * 3
    engine_link.stop()  # the next worker is told, too
    assert threads_told() == ["2"] * 3
    engine_link.tell_busy(False)
    assert threads_told() == ["4"] * 3


def test_a_take_that_is_made_meanwhile_gets_fewer_threads_and_more_again(connect):
    connect(fake("load_thread_counting_engine"))
    job = engine_link.generation_job(MotionRequest("a long walk", 1.0))
    job.start()
    for is_busy, threads in ((True, "2"), (False, "4")):
        engine_link.tell_busy(is_busy)
        assert wait_for(lambda told=threads: (p := job.poll()) and p.label == f"{told} threads")
    job.cancel()
    assert job.wait(PATIENCE_SECONDS)


def test_the_environment_is_clean_and_offline(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "blenders")
    monkeypatch.setenv("PYTHONHOME", "blenders")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    other = WorkerSettings(python="/other/python").environment()
    assert "PYTHONHOME" not in other
    assert "PYTHONPATH" not in other
    assert other["OMP_NUM_THREADS"] == "3"
    assert other["HF_HUB_OFFLINE"] == other["TRANSFORMERS_OFFLINE"] == "1"


def run_script(script, **more):
    """A process of its own that uses the link; it prints the worker's process number."""
    script = textwrap.dedent(f"""
        import sys, types
        extension = types.ModuleType("keyfill_extension")
        extension.__path__ = [{str(REPOSITORY)!r}]
        sys.modules["keyfill_extension"] = extension
        from keyfill_extension.blender_addon import engine_link
        from keyfill_extension.blender_addon.core.link.worker_settings import WorkerSettings
        from keyfill_extension.engine.motion.request import MotionRequest
        settings = WorkerSettings(engine={f"{FAKE_ENGINE}:load_deaf_engine"!r})
        engine_link.connect(lambda: settings)
        job = engine_link.generation_job(MotionRequest("a long walk", 1.0))
        job.start()
        while (progress := job.poll()) is None or progress.label != "Choosing movements":
            pass
        print(engine_link.worker_pid(), flush=True)
    """) + textwrap.dedent(script)
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, **more)


def test_nothing_is_left_when_the_program_quits_in_mid_motion():
    with run_script("") as parent:
        pid = int(parent.stdout.readline())
        assert parent.wait(PATIENCE_SECONDS) == 0
    assert is_gone(pid)


def test_nothing_is_left_when_the_program_is_killed_in_mid_motion():
    with run_script("import time; time.sleep(60)") as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_gone(pid) and time.monotonic() < end:
        time.sleep(0.02)
    is_left = not is_gone(pid) and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    assert not is_left
