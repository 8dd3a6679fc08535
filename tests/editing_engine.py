"""An engine without a model for edits: it lifts and bends what the mask says, and nothing else.

The worker loads this file by its path, where `engine` is the top package.
"""

import time
from dataclasses import replace

import numpy as np

from engine.models.description import read_description
from engine.motion import quaternions
from engine.motion.clip import Clip
from engine.motion.request import MotionResult, Progress, RequestError
from engine.motion.skeleton import FPS, JOINT_INDEX, JOINTS, PARTS, STANDING_PELVIS_HEIGHT
from engine.motion.tracks import Track
from engine.systems.registry import reason_against

AUTO_SECONDS = 2.0

BENT = ("left_knee", "neck", "left_elbow", "right_elbow")
"""One joint of each part, in the order of PARTS."""


class EditingEngine:
    """Raises the pelvis and bends one joint a part on masked frames; the seed says how far."""

    device = "cpu"

    def run(self, request):
        request.check()
        plan = () if request.clip else plan_of(request)
        if request.plan_only:
            yield Progress(0, 1, "Reading the prompt")
            return MotionResult((), plan=plan)
        clips = []
        for take in range(request.takes):
            yield Progress(take, request.takes, "Choosing movements")
            if "fail" in request.prompt:
                raise ZeroDivisionError("the reason for the log")
            clips.append(make(request, request.seed + take))
        return MotionResult(tuple(clips), plan=plan)


def plan_of(request):
    """Return a request's own tracks, or one for each of its prompts."""
    tracks, start = [], 0.0
    for prompt, seconds in request.beats or [(request.prompt, request.seconds or AUTO_SECONDS)]:
        tracks.append(Track(prompt, PARTS, start, start + seconds))
        start += seconds
    return request.tracks or tuple(tracks)


class UnhurriedEngine(EditingEngine):
    """Takes half a second, so that something else can happen meanwhile."""

    def run(self, request):
        for step in range(10):
            yield Progress(step, 10, "Choosing movements")
            time.sleep(0.05)
        return (yield from super().run(request))


class SystemEngine(EditingEngine):
    """Refuses the masks that its system cannot fill, as the real ones do."""

    def __init__(self, system):
        self.system = system

    def run(self, request):
        reason = None if request.mask is None else reason_against(self.system, request.mask)
        if reason is not None:
            raise RequestError(reason, "Choose another model.")
        return (yield from super().run(request))


def amount(request, seed):
    """Metres and radians."""
    return (0.1 + 0.02 * (seed % 10)) * (request.variation or 1.0) + request.strength


def make(request, seed):
    if request.clip is None:
        return walk(request.seconds or max(track.end for track in plan_of(request)), seed)
    rot, root_pos = np.array(request.clip.rot, float), np.array(request.clip.root_pos, float)
    for column, joint in enumerate(BENT):
        rows = np.flatnonzero(request.mask[:, column])
        turn = quaternions.axis_angle_to_quaternion(
            np.array([1.0, 0.0, 0.0]), np.full(len(rows), amount(request, seed))
        )
        place = JOINT_INDEX[joint]
        rot[rows, place] = quaternions.multiply(rot[rows, place], turn)
    root_pos[request.mask[:, PARTS.index("LOWER_BODY")], 1] += amount(request, seed)
    return replace(request.clip, root_pos=root_pos, rot=rot)


def walk(seconds, seed=0):
    """Return a clip that goes along +Z at 1 m/s and swings the arms once a second."""
    times = np.arange(max(round(seconds * FPS), 1)) / FPS
    root_pos = np.zeros((len(times), 3))
    root_pos[:, 1] = STANDING_PELVIS_HEIGHT
    root_pos[:, 2] = times * (1.0 + seed % 10 / 10)
    rot = np.tile(quaternions.IDENTITY, (len(times), len(JOINTS), 1))
    swing = 0.6 * np.sin(2.0 * np.pi * times)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        rot[:, JOINT_INDEX[f"{side}_shoulder"]] = quaternions.axis_angle_to_quaternion(
            np.array([0.0, 1.0, 0.0]), sign * swing
        )
    return Clip(root_pos, rot)


def load_engine(weights, device):
    return EditingEngine()


def load_unhurried(weights, device):
    return UnhurriedEngine()


def load_system(weights, device):
    """Return an engine that fills what the system of the folder fills."""
    return SystemEngine("grid" if weights is None else read_description(weights).system)
