"""The worker as a real child process, with engines that need no model."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from keyfill_extension.engine import protocol
from keyfill_extension.engine.motion.request import MotionRequest
from keyfill_extension.engine.protocol import Message
from keyfill_extension.tests.model_folders import write_model

REPOSITORY = Path(__file__).resolve().parents[2]
FAKE_ENGINE = REPOSITORY / "tests" / "fake_engine.py"
ENDS_WITHIN_SECONDS = 10.0
STEPS_AFTER_CANCEL = 100
"""Most steps that the slow engine may still report after a cancel, of the 1200 of its motion."""


class Child:
    """A running worker and the test's ends of its pipes."""

    def __init__(self, function, *options):
        command = [sys.executable, "-m", "engine.worker", "--engine", f"{FAKE_ENGINE}:{function}"]
        self.process = subprocess.Popen(
            [*command, *options],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def send(self, message):
        protocol.write_message(self.process.stdin, message)

    def ask(self, id, prompt, seconds=1.0, **more):
        self.send(protocol.request_to_message(id, MotionRequest(prompt, seconds, **more)))

    def answers_until(self, *kinds):
        """Every answer up to and with the first of these kinds."""
        answers = []
        while not answers or answers[-1].kind not in kinds:
            answer = protocol.read_message(self.process.stdout)
            assert answer is not None, self.process.stderr.read().decode()
            answers.append(answer)
        return answers

    def end(self):
        """Close the input; return the exit status and what was written to stderr."""
        self.process.stdin.close()
        status = self.process.wait(ENDS_WITHIN_SECONDS)
        return status, self.process.stderr.read().decode()


@pytest.fixture
def start():
    children = []

    def start_child(function="load_engine", *options):
        children.append(Child(function, *options))
        return children[-1]

    yield start_child
    for child in children:
        child.process.kill()
        child.process.wait()
        for pipe in (child.process.stdin, child.process.stdout, child.process.stderr):
            pipe.close()


def test_a_request_is_answered_with_progress_and_a_motion(start):
    child = start()
    child.ask(11, "someone walks", 2.0, takes=2)
    answers = child.answers_until(protocol.RESULT)
    assert {answer.id for answer in answers} == {11}
    labels = [answer.fields["label"] for answer in answers if answer.kind == protocol.PROGRESS]
    assert labels[0] == "Loading the model"
    assert "Choosing movements" in labels
    result = protocol.message_to_result(answers[-1])
    assert [clip.frames for clip in result.clips] == [60, 60]
    assert child.end()[0] == 0


def test_the_engine_stays_warm(start):
    child = start()
    child.send(Message(protocol.LOAD, 1))
    loaded = child.answers_until(protocol.LOADED)
    assert loaded[-1].fields["device"] == "cpu"
    child.ask(2, "someone walks")
    labels = [answer.fields.get("label") for answer in child.answers_until(protocol.RESULT)]
    assert "Loading the model" not in labels


def test_prints_of_every_kind_go_to_stderr_and_leave_the_frames_whole(start):
    child = start("load_noisy_engine")
    child.ask(1, "someone walks")
    assert child.answers_until(protocol.RESULT, protocol.ERROR)[-1].kind == protocol.RESULT
    status, log = child.end()
    assert status == 0
    for text in ("printed by Python", "written to descriptor 1", "put by C", "printed by a child"):
        assert text in log


def test_cancel_is_answered_within_a_few_steps_and_the_next_request_is_served(start):
    child = start("load_slow_engine")
    child.ask(1, "someone walks")
    assert child.answers_until(protocol.PROGRESS)[-1].id == 1
    time.sleep(0.2)
    child.send(Message(protocol.CANCEL, 1))
    answers = child.answers_until(protocol.CANCELLED, protocol.RESULT)
    assert (answers[-1].kind, answers[-1].id) == (protocol.CANCELLED, 1)
    assert len(answers) <= STEPS_AFTER_CANCEL
    child.ask(99, "someone walks")
    assert child.answers_until(protocol.PROGRESS)[-1].id == 99


def test_a_late_cancel_of_another_request_does_not_disturb(start):
    child = start()
    child.send(Message(protocol.CANCEL, 1))
    child.ask(2, "someone walks")
    assert child.answers_until(protocol.RESULT, protocol.CANCELLED)[-1].kind == protocol.RESULT


@pytest.mark.parametrize(
    ("prompt", "seconds", "message"),
    [("", 1.0, "prompt is empty"), ("walk", 600.0, "600 s"), ("walk", 0.1, "0.1 s")],
)
def test_a_refused_request_comes_back_as_sentence_and_cure(start, prompt, seconds, message):
    child = start()
    child.ask(1, prompt, seconds)
    text, remedy = protocol.message_to_error(child.answers_until(protocol.ERROR)[-1])
    assert message in text
    assert remedy
    child.ask(2, "walk", 1.0)
    assert child.answers_until(protocol.RESULT)[-1].id == 2


def test_missing_weights_come_back_as_sentence_and_cure(start, tmp_path):
    child = start("load_engine", "--weights", str(tmp_path / "nowhere"))
    child.ask(1, "walk")
    text, remedy = protocol.message_to_error(child.answers_until(protocol.ERROR)[-1])
    assert "nowhere" in text
    assert "weights folder" in remedy


def test_an_unforeseen_error_is_short_for_people_and_whole_in_the_log(start):
    child = start("load_failing_engine")
    child.ask(1, "fail")
    text, remedy = protocol.message_to_error(child.answers_until(protocol.ERROR)[-1])
    assert "ZeroDivisionError" not in text + remedy
    child.ask(2, "walk")
    assert child.answers_until(protocol.RESULT)[-1].id == 2
    log = child.end()[1]
    assert "Traceback" in log
    assert "the reason for the log" in log


def test_want_of_memory_has_its_own_cure(start):
    child = start("load_failing_engine")
    child.ask(1, "memory")
    text, remedy = protocol.message_to_error(child.answers_until(protocol.ERROR)[-1])
    assert "memory" in text
    assert "fewer seconds" in remedy


def test_an_engine_that_goes_on_on_another_device_says_so_before_the_motion(start):
    child = start("load_moving_engine")
    for id, devices in ((1, ["cuda", "cpu"]), (2, ["cpu"])):
        child.ask(id, "someone walks")
        answers = child.answers_until(protocol.RESULT)
        assert [a.fields["device"] for a in answers if a.kind == protocol.LOADED] == devices


def test_a_request_that_was_cancelled_while_it_waited_loads_nothing(start, models):
    child = start("load_folder_engine", "--models", str(models))
    child.send(Message(protocol.CANCEL, 2))
    child.ask(2, "someone walks", model="own/first")
    assert [answer.kind for answer in child.answers_until(protocol.CANCELLED)] == [
        protocol.CANCELLED
    ]
    assert served(child, 3, "own/first") == (["Loading the model first"], "first 1")


@pytest.fixture
def models(tmp_path):
    """Two models of the user's, and one that looks whole and cannot be loaded."""
    for name in ("first", "second", "broken"):
        write_model(tmp_path / name, system="momask")
    (tmp_path / "broken" / "refused").touch()
    return tmp_path


def served(child, id, model):
    """Ask for a motion; return what was loaded, and folder and living engines of the answer."""
    child.ask(id, "someone walks", model=model)
    answers = child.answers_until(protocol.RESULT, protocol.ERROR)
    if answers[-1].kind == protocol.ERROR:
        return protocol.message_to_error(answers[-1])
    labels = [str(answer.fields.get("label")) for answer in answers]
    loaded = [label for label in labels if label.startswith("Loading")]
    assert [a.fields["model"] for a in answers if a.kind == protocol.LOADED] == [model]
    return loaded, protocol.message_to_result(answers[-1]).prompt_cut


def test_a_request_is_served_by_the_model_that_it_names(start, models):
    child = start("load_folder_engine", "--models", str(models))
    assert served(child, 1, "own/first") == (["Loading the model first"], "first 1")
    assert served(child, 2, "own/first") == ([], "first 1")
    # One engine lives at a time: the earlier model's memory is given back.
    assert served(child, 3, "own/second") == (["Loading the model second"], "second 1")
    assert served(child, 4, "") == (["Loading the model"], "None 1")
    assert served(child, 5, "grid") == ([], "None 1")


def test_a_model_may_be_loaded_ahead(start, models):
    child = start("load_folder_engine", "--models", str(models))
    child.send(protocol.load_message(1, "own/second"))
    assert child.answers_until(protocol.LOADED)[-1].fields["model"] == "own/second"
    assert served(child, 2, "own/second") == ([], "second 1")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("own/broken", "The weights in broken are damaged."),
        ("own/none", "There is no model own/none."),
        ("own/cut", "The model own/cut cannot be used: "),
    ],
)
def test_a_model_that_cannot_be_loaded_is_told_and_the_earlier_one_stays(
    start, models, name, told
):
    write_model(models / "cut")
    (models / "cut" / "net.safetensors").write_bytes(b"")
    child = start("load_folder_engine", "--models", str(models))
    served(child, 1, "own/first")
    message, remedy = served(child, 2, name)
    assert message.startswith(told)
    assert remedy
    assert served(child, 3, "own/first") == ([], "first 1")


@pytest.mark.parametrize("function", ["load_deaf_engine", "load_for_a_minute"])
def test_the_worker_ends_with_its_input_even_in_mid_computation(start, function):
    child = start(function)
    child.ask(1, "a long walk")
    child.answers_until(protocol.PROGRESS)
    time.sleep(0.2)
    assert child.end()[0] == 0  # in far less than the minute that the computation takes


def test_the_worker_ends_at_a_damaged_frame_and_says_so(start):
    child = start()
    child.process.stdin.write(b"this is no frame, whatever it is")
    status, log = child.end()
    assert status == 3
    assert "damaged" in log


def test_an_engine_that_is_not_there_is_named(start):
    status, log = start("load_nothing").end()
    assert status != 0
    assert "load_nothing" in log


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_the_worker_is_gone_after_its_parent_was_killed(tmp_path):
    pid_file = tmp_path / "pid"
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(f"""
            import subprocess, sys, pathlib
            from engine import protocol
            from engine.motion.request import MotionRequest
            child = subprocess.Popen(
                [sys.executable, "-m", "engine.worker",
                 "--engine", {str(FAKE_ENGINE) + ":load_deaf_engine"!r}],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            request = protocol.request_to_message(1, MotionRequest("a long walk", 1.0))
            protocol.write_message(child.stdin, request)
            while protocol.read_message(child.stdout).fields.get("label") != "Choosing movements":
                pass
            pathlib.Path({str(pid_file) + ".part"!r}).write_text(str(child.pid))
            pathlib.Path({str(pid_file) + ".part"!r}).rename({str(pid_file)!r})
            child.wait()
        """)],
        cwd=REPOSITORY,
    )
    try:
        assert wait_for(pid_file.exists, 20.0)
        worker = int(pid_file.read_text())
        assert is_running(worker)
    finally:
        parent.kill()
        parent.wait()
    try:
        assert wait_for(lambda: not is_running(worker), ENDS_WITHIN_SECONDS)
    finally:
        if is_running(worker):
            os.kill(worker, signal.SIGKILL)


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while not (holds := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return holds


def is_running(pid):
    """Whether the process computes; one that only waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    except OSError:
        os.kill(pid, 0)
        return True
    return state != "Z"
