"""Lends a second Blender that plays keys on the double of a rig, where one can be had.

Starting it costs the main thread one slice: a copy of the armature object goes into a file of
its own and is gone again.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import bpy

from ...core.replay.replay_process import BOOTSTRAP, DoubleFile, ReplayError, ReplayProcess
from ...core.rigs.double_bones import Property
from .rig_double import depends_on_scripts, lend_twin


@contextmanager
def lend_replay(
    scene: bpy.types.Scene,
    ob: bpy.types.Object,
    bones: Collection[str],
    switches: Mapping[Property, float] | None = None,
) -> Iterator[ReplayProcess | None]:
    """Lend a second Blender; None where it cannot pose the rig, or cannot be started.

    Both objects are needed while the block begins only.

    Args:
        scene: its frame rate counts.
        ob: the armature object, not in Edit Mode.
        bones: what the double has to pose.
        switches: custom properties to set, while keys alone are played; None plays the object's
            animation.
    """
    if depends_on_scripts(ob, bones):
        yield None
        return
    handle, path = tempfile.mkstemp(".blend", "keyfill_double_", bpy.app.tempdir)
    os.close(handle)
    process = None
    try:
        with contextlib.suppress(ReplayError):
            process = _start(scene, ob, bones, switches, path)
        del scene, ob
        yield process
    finally:
        if process is not None:
            process.end()
        with contextlib.suppress(OSError):
            Path(path).unlink()


def _start(
    scene: bpy.types.Scene,
    ob: bpy.types.Object,
    bones: Collection[str],
    switches: Mapping[Property, float] | None,
    path: str,
) -> ReplayProcess:
    with lend_twin(ob) as twin:
        bpy.data.libraries.write(path, {twin}, path_remap="ABSOLUTE", compress=False)
        name = twin.name
    double = DoubleFile(
        path=path,
        twin=name,
        bones=tuple(bones),
        fps=scene.render.fps,
        fps_base=scene.render.fps_base,
        keeps_action=switches is None,
        switches=switches or {},
    )
    return ReplayProcess(_command(), double)


def _command() -> list[str]:
    """Return how a second Blender is started: as this one, without windows, files and network."""
    if not bpy.app.binary_path:  # Blender as a module of Python
        return [sys.executable, str(BOOTSTRAP)]
    return [
        bpy.app.binary_path, "--background", "--factory-startup", "--offline-mode",
        "--disable-autoexec", "--python-exit-code", "1", "--python", str(BOOTSTRAP),
    ]  # fmt: skip
