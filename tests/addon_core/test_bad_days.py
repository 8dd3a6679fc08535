"""The worker on bad days: whatever happens to its process, the animator is told, and goes on.

Real processes, fake engines. Each fault is a function: it makes the trouble and returns what
the waiting job raised, if anything. Behind every one of them the same is asked: no process is
left, and the next take is made. `tests/addon_blender/test_bad_days_in_blender.py` has the
faults that need a scene.
"""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from keyfill_extension.blender_addon import engine_link
from keyfill_extension.blender_addon.core.errors import UserError
from keyfill_extension.blender_addon.core.link import conversation
from keyfill_extension.blender_addon.core.link.worker_settings import WorkerSettings
from keyfill_extension.engine.motion.request import MotionRequest
from keyfill_extension.tests.model_folders import write_model

REPOSITORY = Path(__file__).resolve().parents[2]
FAKE_ENGINE = REPOSITORY / "tests" / "fake_engine.py"
PATIENCE_SECONDS = 120.0
HEALTHY = WorkerSettings(engine=f"{FAKE_ENGINE}:load_engine")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals and /proc")


class Day:
    """What a fault may use: settings to connect with, jobs to start, a folder, patches."""

    def __init__(self, folder, patch):
        self.folder = folder
        self.patch = patch

    def use(self, function, **changes):
        engine_link.connect(lambda: WorkerSettings(engine=f"{FAKE_ENGINE}:{function}", **changes))

    def use_source(self, source):
        """Connect with an engine of a few lines; `load(weights, device)` makes it."""
        path = self.folder / "engine_of_the_day.py"
        path.write_text(
            "import sys, os, time, signal\n"
            f"sys.path.insert(0, {str(FAKE_ENGINE.parent)!r})\n"
            f"from fake_engine import *\n{textwrap.dedent(source)}",
            encoding="utf-8",
        )
        engine_link.connect(lambda: WorkerSettings(engine=f"{path}:load"))

    def job(self, prompt="a long walk", **more):
        job = engine_link.generation_job(MotionRequest(prompt, 1.0, **more))
        job.start()
        return job

    def job_at(self, label="Choosing movements", prompt="a long walk"):
        """A job up to where the engine does this."""
        job = self.job(prompt)
        assert wait_for(lambda: (p := job.poll()) and p.label == label)
        return job


def wait_for(condition):
    end = time.monotonic() + PATIENCE_SECONDS
    while not (holds := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return holds


def told(job):
    """The sentence and the cure of a job's error."""
    assert job.wait(PATIENCE_SECONDS)
    with pytest.raises(UserError) as error:
        job.result()
    return str(error.value)


def kill(sign=signal.SIGKILL):
    os.kill(engine_link.worker_pid(), sign)


def workers():
    """Process numbers of all workers that this process or one of its children started."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (folder / "cmdline").read_bytes()
            if state != "Z":
                found[int(folder.name)] = int(parent), b"engine.worker" in command
    ours, grown = {os.getpid()}, True
    while grown:
        grown = {pid for pid, (parent, _) in found.items() if parent in ours} - ours
        ours |= grown
    return {pid for pid in ours if found[pid][1]}


# Faults of the process.


def killed_while_computing(day):
    day.use("load_deaf_engine")
    job = day.job_at()
    kill()
    return told(job)


def killed_while_loading(day):
    day.use("load_for_a_minute")
    job = day.job_at("Loading the model")
    kill()
    return told(job)


def killed_while_idle(day):
    day.use("load_engine")
    assert day.job().wait(PATIENCE_SECONDS)
    kill()
    assert wait_for(lambda: not engine_link.worker_pid())
    job = day.job()
    assert job.wait(PATIENCE_SECONDS)
    assert job.result().clips
    return ""


def killed_while_a_cancel_waits(day):
    day.use("load_deaf_engine")
    job = day.job_at()
    job.cancel()
    assert job.wait(PATIENCE_SECONDS)
    kill()
    return ""


def interrupted(day):
    """Ctrl-C in the terminal must not reach it; another program's SIGINT may."""
    # Where the tests run in the background, a shell has SIGINT ignored, and workers inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    day.use("load_slow_engine")
    job = day.job_at()
    kill(signal.SIGINT)
    return told(job)


def crashed_in_c(day):
    day.use_source("""
        class Crashing(FakeEngine):
            def run(self, request):
                yield Progress(0, 1, "Choosing movements")
                os.kill(os.getpid(), signal.SIGSEGV)
                time.sleep(60)
        def load(weights, device):
            return Crashing()
    """)
    return told(day.job())


def exited_by_itself(day):
    day.use("load_dying_engine")
    return told(day.job("die"))


def hung_and_cancelled(day):
    day.use("load_deaf_engine")
    job = day.job_at()
    first = engine_link.worker_pid()
    job.cancel()
    assert job.wait(PATIENCE_SECONDS)
    assert wait_for(lambda: engine_link.worker_pid() not in (0, first))
    return ""


def hung_without_a_word(day):
    day.patch.setattr(engine_link, "SILENCE_SECONDS", 1.0)
    day.use("load_deaf_engine")
    return told(day.job())


def stopped_in_mid_motion(day):
    """As a debugger or a laptop's sleep stops it; nothing is lost when it goes on."""
    day.use("load_slow_engine")
    job = day.job_at()
    kill(signal.SIGSTOP)
    time.sleep(0.5)
    assert not job.is_finished
    kill(signal.SIGCONT)
    job.poll()
    assert wait_for(job.poll)
    job.cancel()
    assert job.wait(PATIENCE_SECONDS)
    return ""


# Faults of the memory and of the files.


def out_of_memory(day):
    day.use_source("""
        import resource
        class Hungry(FakeEngine):
            def run(self, request):
                yield Progress(0, 1, "Choosing movements")
                used = int(open("/proc/self/statm").read().split()[0]) * 4096
                resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20),) * 2)
                np.ones((1 << 30,))
        def load(weights, device):
            return Hungry()
    """)
    return told(day.job())


def weights_deleted_while_running(day):
    folder = write_model(day.folder / "weights")
    day.use("load_engine", weights=str(folder))
    (folder / "net.safetensors").unlink()
    return told(day.job())


def own_models_deleted_while_running(day):
    write_model(day.folder / "models" / "mine", system="momask")
    day.use("load_folder_engine", models=str(day.folder / "models"))
    job = day.job(model="own/mine")
    assert job.wait(PATIENCE_SECONDS)
    assert job.result().prompt_cut.startswith("mine")
    for path in sorted((day.folder / "models" / "mine").iterdir()):
        path.unlink()
    (day.folder / "models" / "mine").rmdir()
    return told(day.job(model="own/mine"))


def weights_damaged(day):
    folder = write_model(day.folder / "weights")
    (folder / "net.safetensors").write_bytes(b"something else")
    day.use("load_engine", weights=str(folder))
    return told(day.job())


def python_gone(day):
    python = day.folder / "python"
    python.symlink_to(sys.executable)
    day.use("load_engine", python=str(python))
    python.unlink()
    return told(day.job())


def engine_that_cannot_be_imported(day):
    day.use_source("raise ImportError('libtorch_cpu.so: cannot open shared object file')")
    return told(day.job())


# Faults of the pipe.


def write_to_blender(bytes_written):
    """An engine that writes bytes between the worker's frames, as no library can by accident."""
    return f"""
        class Writing(FakeEngine):
            def run(self, request):
                yield Progress(0, 1, "Choosing movements")
                for descriptor in range(3, 12):
                    if os.path.exists(f"/proc/self/fd/{{descriptor}}") and os.readlink(
                        f"/proc/self/fd/{{descriptor}}").startswith("pipe:"):
                        try:
                            os.write(descriptor, {bytes_written!r})
                        except OSError:
                            pass
                time.sleep(60)
        def load(weights, device):
            return Writing()
    """


def garbage_on_the_pipe(day):
    day.use_source(write_to_blender(b"no frame at all, whatever it is" * 100))
    return told(day.job())


def another_version_on_the_pipe(day):
    day.use_source(write_to_blender(b"KFL0" + bytes(100)))
    return told(day.job())


def half_a_frame_and_the_end(day):
    day.use_source(write_to_blender(b"KFL1" + bytes(10)).replace("time.sleep(60)", "os._exit(9)"))
    return told(day.job())


def an_answer_without_its_arrays(day):
    day.use_source("""
        from engine import protocol, worker
        worker.result_to_message = lambda id, result: protocol.Message(protocol.RESULT, id)
        def load(weights, device):
            return FakeEngine()
    """)
    # Run as a program, the worker is another module than engine.worker.
    source = (day.folder / "engine_of_the_day.py").read_text(encoding="utf-8")
    source = source.replace("worker.result_to", "sys.modules['__main__'].result_to")
    (day.folder / "engine_of_the_day.py").write_text(source, encoding="utf-8")
    return told(day.job())


def a_closed_answer_pipe(day):
    closing = write_to_blender(b"").replace("os.write(descriptor, b'')", "os.close(descriptor)")
    day.use_source(closing)
    return told(day.job())


def a_flood_of_log_lines(day):
    day.use_source("""
        class Chatty(FakeEngine):
            def run(self, request):
                for line in range(20000):
                    sys.stderr.write("a line of the log " * 8 + "\\n")
                return (yield from super().run(request))
        def load(weights, device):
            return Chatty()
    """)
    job = day.job()
    assert job.wait(PATIENCE_SECONDS)
    assert job.result().clips
    return ""


# Faults of use.


def ten_requests_in_a_row(day):
    day.use("load_engine")
    numbers = set()
    for seed in range(10):
        job = day.job(seed=seed)
        assert job.wait(PATIENCE_SECONDS)
        assert job.result().clips
        numbers.add(engine_link.worker_pid())
    assert len(numbers) == 1
    return ""


def ten_requests_at_once(day):
    day.use("load_slow_engine")
    first = day.job_at()
    others = [day.job() for _ in range(9)]
    sentences = {told(job) for job in others}
    assert len(sentences) == 1
    assert not first.is_finished
    first.cancel()
    assert first.wait(PATIENCE_SECONDS)
    return sentences.pop()


def ten_requests_each_cancelled(day):
    day.use("load_slow_engine")
    numbers = set()
    for _ in range(10):
        job = day.job_at()
        numbers.add(engine_link.worker_pid())
        job.cancel()
        assert job.wait(PATIENCE_SECONDS)
    assert len(numbers) == 1
    return ""


def stops_and_starts_from_many_threads(day):
    day.use("load_engine")
    end = time.monotonic() + 2.0

    def stop_often():
        while time.monotonic() < end:
            engine_link.stop()
            time.sleep(0.05)

    threads = [threading.Thread(target=stop_often) for _ in range(3)]
    for thread in threads:
        thread.start()
    while time.monotonic() < end:
        job = day.job()
        assert job.wait(PATIENCE_SECONDS)
    for thread in threads:
        thread.join()
    return ""


SECOND = f"""
import sys, types
extension = types.ModuleType("keyfill_extension")
extension.__path__ = [{str(REPOSITORY)!r}]
sys.modules["keyfill_extension"] = extension
from keyfill_extension.blender_addon import engine_link
from keyfill_extension.blender_addon.core.link.worker_settings import WorkerSettings
from keyfill_extension.engine.motion.request import MotionRequest
engine_link.connect(lambda: WorkerSettings(engine={str(FAKE_ENGINE) + ":load_engine"!r}))
job = engine_link.generation_job(MotionRequest("walk", 1.0))
assert job.run_blocking(lambda progress: None).clips
print(engine_link.worker_pid(), flush=True)
sys.stdin.read()
"""


def two_blenders(day, ending=lambda process: process.stdin.close()):
    """Each has a worker of its own; the end of one does not touch the other's."""
    day.use("load_slow_engine")
    job = day.job_at()
    own = engine_link.worker_pid()
    with subprocess.Popen(
        [sys.executable, "-c", SECOND], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        theirs = int(other.stdout.readline())
        assert {own, theirs} == workers()
        ending(other)
        other.wait(PATIENCE_SECONDS)
    assert wait_for(lambda: workers() == {own})
    assert not job.is_finished
    job.cancel()
    assert job.wait(PATIENCE_SECONDS)
    return ""


def one_of_two_blenders_killed(day):
    return two_blenders(day, subprocess.Popen.kill)


FAULTS = {
    killed_while_computing: "ended by the system, often for want of memory",
    killed_while_loading: "ended by the system, often for want of memory",
    killed_while_idle: "",
    killed_while_a_cancel_waits: "",
    interrupted: "stopped unexpectedly",
    crashed_in_c: "stopped unexpectedly",
    exited_by_itself: "stopped unexpectedly (last words)",
    hung_and_cancelled: "",
    hung_without_a_word: "has not answered for 1 s",
    stopped_in_mid_motion: "",
    out_of_memory: "The memory does not suffice",
    weights_deleted_while_running: "net.safetensors",
    own_models_deleted_while_running: "There is no model own/mine",
    weights_damaged: "net.safetensors",
    python_gone: "cannot be started",
    engine_that_cannot_be_imported: "libtorch_cpu.so",
    garbage_on_the_pipe: "answer is damaged",
    another_version_on_the_pipe: "another version of Keyfill",
    half_a_frame_and_the_end: "stopped unexpectedly",
    an_answer_without_its_arrays: "answer is damaged",
    a_closed_answer_pipe: "stopped unexpectedly",
    a_flood_of_log_lines: "",
    ten_requests_in_a_row: "",
    ten_requests_at_once: "busy with another request",
    ten_requests_each_cancelled: "",
    stops_and_starts_from_many_threads: "",
    two_blenders: "",
    one_of_two_blenders_killed: "",
}
"""Each fault, and what the animator is told of it; nothing where nothing is lost."""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_bad_day_is_told_leaves_nothing_behind_and_the_next_take_is_made(
    fault, tmp_path, monkeypatch
):
    monkeypatch.setattr(conversation, "CANCEL_SECONDS", 0.5)
    day = Day(tmp_path, monkeypatch)
    try:
        sentence = fault(day)
        assert FAULTS[fault] in sentence
        monkeypatch.undo()
        engine_link.connect(lambda: HEALTHY)
        job = engine_link.generation_job(MotionRequest("a short walk", 1.0))
        assert job.run_blocking(lambda progress: None).clips[0].frames == 30
        assert workers() == {engine_link.worker_pid()}
    finally:
        engine_link.disconnect()
    assert wait_for(lambda: not workers())
