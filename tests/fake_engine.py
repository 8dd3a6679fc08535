"""Engines without a model for the worker's --engine option: same promises, other behaviour.

The worker loads this file by its path, where `engine` is the top package.
"""

import ctypes
import os
import subprocess
import sys
import time
import types
import weakref
from dataclasses import replace

import numpy as np

from engine.motion import quaternions
from engine.motion.clip import Clip
from engine.motion.request import MotionResult, Progress
from engine.motion.skeleton import FPS, JOINT_INDEX, JOINTS, PARTS, STANDING_PELVIS_HEIGHT
from engine.motion.tracks import KNOWN, Track

WORDS_READ = 10
AUTO_SECONDS = 2.0


class FakeEngine:
    """Walks straight ahead with swinging arms; the seed decides how fast."""

    device = "cpu"

    def run(self, request):
        request.check()
        yield Progress(0, 2, "Reading the prompt")
        plan = () if request.clip else plan_of(request)
        notes = notes_of(plan) if not request.tracks else ()
        cut = " ".join(request.prompt.split()[WORDS_READ:])
        if request.plan_only:
            return MotionResult((), prompt_cut=cut, plan=plan, notes=notes)
        clips = []
        for take in range(request.takes):
            yield Progress(1, 2, "Choosing movements")
            seconds = request.seconds or plan and plan[-1].end
            clips.append(request.clip or walk(seconds, request.seed + take))
        return MotionResult(
            tuple(clips),
            tuple(np.zeros((clip.frames, 4), dtype=bool) for clip in clips),
            cut,
            {"text": 0.001},
            plan=plan,
            notes=notes,
        )


def plan_of(request):
    """Return an action for each ", then " of a prompt, all of one length; or a request's own."""
    if request.tracks:
        return tuple(described(track) for track in request.tracks)
    tracks, start = [], 0.0
    for prompt, seconds in request.beats or [(request.prompt, request.seconds or AUTO_SECONDS)]:
        texts = prompt.split(", then ")
        length = seconds / len(texts)
        for text in texts:
            tracks.append(described(Track(text, PARTS, start, start + length)))
            start += length
    return tuple(tracks)


def described(track):
    """Return a track with what is known of it: nothing of violins."""
    is_known = "violin" not in track.text
    nearest = ("a person plays the guitar", "a person plays golf", "a person waves")
    return replace(track, known=0.9 if is_known else 0.1, nearest=nearest)


def notes_of(plan):
    return tuple(
        f'"{track.told}" is not known; nearest: "{track.nearest[0]}"'
        for track in plan if track.known < KNOWN
    )  # fmt: skip


def walk(seconds, seed):
    """Return a clip that goes along +Z at 1 to 2 m/s and swings the arms."""
    frames = max(round(seconds * FPS), 1)
    times = np.arange(frames) / FPS
    root_pos = np.zeros((frames, 3))
    root_pos[:, 1] = STANDING_PELVIS_HEIGHT
    root_pos[:, 2] = times * (1.0 + seed % 10 / 10)
    rot = np.tile(quaternions.IDENTITY, (frames, len(JOINTS), 1))
    swing = 0.6 * np.sin(4.0 * times)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        rot[:, JOINT_INDEX[f"{side}_shoulder"]] = quaternions.axis_angle_to_quaternion(
            np.array([0.0, 1.0, 0.0]), sign * swing
        )
    return Clip(root_pos, rot)


class SlowEngine(FakeEngine):
    """Keeps its promise to yield, but takes a minute."""

    def run(self, request):
        for step in range(1200):
            yield Progress(step, 1200, "Choosing movements")
            time.sleep(0.05)
        return (yield from super().run(request))


class DeafEngine(FakeEngine):
    """Computes for a minute without a yield where the prompt says so."""

    def run(self, request):
        yield Progress(0, 1, "Choosing movements")
        end = time.monotonic() + (60.0 if "long" in request.prompt else 0.0)
        while time.monotonic() < end:
            np.linalg.svd(np.ones((60, 60)))
        return (yield from super().run(request))


class NoisyEngine(FakeEngine):
    """Writes to every kind of stdout and reads stdin, as libraries do."""

    def run(self, request):
        print("printed by Python", flush=True)  # noqa: T201
        os.write(1, b"written to descriptor 1\n")
        ctypes.CDLL(None).puts(b"put by C")
        ctypes.CDLL(None).fflush(None)
        subprocess.run([sys.executable, "-c", "print('printed by a child')"], check=True)
        assert sys.stdin.read() == ""
        return (yield from super().run(request))


class FailingEngine(FakeEngine):
    """Fails in a way that nobody foresaw where the prompt says so."""

    def run(self, request):
        yield Progress(0, 1, "Choosing movements")
        if "fail" in request.prompt:
            raise ZeroDivisionError("the reason for the log")
        if "memory" in request.prompt:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return (yield from super().run(request))


class FolderEngine(FakeEngine):
    """Tells which folder it was loaded from, and how many like it are in memory."""

    living = weakref.WeakSet()

    def __init__(self, folder):
        self.folder = folder
        self.myself = self  # a cycle, as networks have them
        FolderEngine.living.add(self)

    def run(self, request):
        made = yield from super().run(request)
        told = f"{self.folder and self.folder.name} {len(FolderEngine.living)}"
        return replace(made, prompt_cut=told)


class FakeTorch:
    """As much of torch as says how many threads compute; no model needs to be loaded."""

    cuda = types.SimpleNamespace(is_available=lambda: False)
    backends = types.SimpleNamespace(mps=cuda)

    def __init__(self):
        self.threads = 4

    def get_num_threads(self):
        return self.threads

    def set_num_threads(self, count):
        self.threads = count


class ThreadCountingEngine(FakeEngine):
    """Tells before each of its steps with how many threads it computes."""

    def run(self, request):
        told = []
        for step in range(1200 if "long" in request.prompt else 3):
            told.append(str(sys.modules["torch"].get_num_threads()))
            yield Progress(step, 1200, f"{told[-1]} threads")
            time.sleep(0.05)
        made = yield from super().run(request)
        return replace(made, prompt_cut=" ".join(told))


class MovingEngine(FakeEngine):
    """Goes on on the CPU, as an engine does whose graphics memory does not suffice."""

    device = "cuda"

    def run(self, request):
        made = yield from super().run(request)
        self.device = "cpu"
        return made


class DyingEngine(FakeEngine):
    """Takes the process down where the prompt says so."""

    def run(self, request):
        yield Progress(0, 1, "Choosing movements")
        if "die" in request.prompt:
            print("last words", file=sys.stderr, flush=True)  # noqa: T201
            os._exit(7)
        return (yield from super().run(request))


def load_engine(weights, device):
    """Check the weights as the real engine does, where a folder is named."""
    if weights is not None:
        from engine.checkpoint import verify_weights

        verify_weights(weights)
    return FakeEngine()


def load_folder_engine(weights, device):
    """Refuse a folder with a file called "refused", as the real engine refuses damaged ones."""
    if weights is not None and (weights / "refused").exists():
        from engine.checkpoint import WeightsError

        raise WeightsError(f"The weights in {weights.name} are damaged.", "Restore them.")
    return FolderEngine(weights)


def load_slow_engine(weights, device):
    return SlowEngine()


def load_deaf_engine(weights, device):
    return DeafEngine()


def load_noisy_engine(weights, device):
    return NoisyEngine()


def load_failing_engine(weights, device):
    return FailingEngine()


def load_moving_engine(weights, device):
    return MovingEngine()


def load_dying_engine(weights, device):
    return DyingEngine()


def load_thread_counting_engine(weights, device):
    sys.modules["torch"] = FakeTorch()
    return ThreadCountingEngine()


def load_for_three_seconds(weights, device):
    time.sleep(3)
    return FakeEngine()


def load_for_a_minute(weights, device):
    """A load that takes long: it cannot be interrupted, for it yields nothing."""
    time.sleep(60)
    return FakeEngine()
