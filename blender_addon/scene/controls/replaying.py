"""What the second Blender does: makes a double of the file's armature and plays keys on it."""

from __future__ import annotations

import os
from typing import IO, Any

import bpy
import numpy as np

from ....engine import protocol
from ....engine.protocol import Message
from ...core.replay.replay_process import PLAY, READY, message_to_keys
from ..reading.stage import lend_stage
from .rig_double import Double, make_double


def serve() -> None:
    """Answer questions on the standard input until it ends."""
    answers, questions = os.fdopen(os.dup(1), "wb"), os.fdopen(os.dup(0), "rb")
    # What Blender prints from now on must not come between the frames.
    os.dup2(2, 1)
    answers.write(b"\n" + READY)
    answers.flush()
    first = protocol.read_message(questions)
    if first is None:
        return
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    assert scene is not None
    scene.render.fps, scene.render.fps_base = first.fields["fps"], first.fields["fps_base"]
    with lend_stage(scene, ()) as stage:
        double = _open(stage, first)
        protocol.write_message(answers, _facts(double))
        _answer_all(double, questions, answers)


def _open(stage: bpy.types.Scene, first: Message) -> Double:
    fields = first.fields
    libraries: Any = bpy.data.libraries
    with libraries.load(fields["path"]) as (_, target):
        target.objects = [fields["twin"]]
    twin: Any = target.objects[0]
    double = make_double(stage, twin, fields["bones"])
    if not fields["keeps_action"]:
        double.forget_action()
    for bone, name, value in fields["switches"]:
        double.set_property(bone, name, value)
    return double


def _facts(double: Double) -> Message:
    bones = double.bones
    return Message(
        PLAY,
        0,
        {"names": list(bones.names), "parents": list(bones.parents)},
        {"rests": bones.rests, "has_local_location": bones.has_local_location},
    )


def _answer_all(double: Double, questions: IO[bytes], answers: IO[bytes]) -> None:
    while (question := protocol.read_message(questions)) is not None:
        watched = [(bone, name) for bone, name in question.fields["watched"]]
        frames = [int(frame) for frame in question.arrays["frames"]]
        posed = double.play(frames, message_to_keys(question), watched)
        switches = np.zeros((0, len(frames)))
        if watched:
            switches = np.stack([posed.switches[one] for one in watched])
        arrays = {
            "matrices": posed.matrices, "bases": posed.bases, "worlds": posed.worlds,
            "switches": switches,
        }  # fmt: skip
        protocol.write_message(answers, Message(PLAY, 0, {}, arrays))
