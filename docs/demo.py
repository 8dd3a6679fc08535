"""What `make demo` runs: a prompt becomes keyframes on the mannequin, in real Blender.

Registers the add-on, adds the mannequin, types the prompt, presses Generate,
and leaves a .blend, a .bvh, a movie and a contact sheet in the output folder.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import preview_film
import preview_stage
from tqdm import tqdm

REPOSITORY = Path(__file__).resolve().parent.parent
PROMPT = "a person walks forward and waves with the right hand"
FRAMES_PER_SECOND = 30
MOVIE_SIZE = (480, 270)
OUTPUTS = ("keyfill.blend", "take.bvh", "preview.mp4", "contact_sheet.png")
TICK_SECONDS = 0.2


class DemoError(RuntimeError):
    """The demo cannot go on; one sentence with the cure."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the take shall be."""

    prompt: str = PROMPT
    seconds: float = 0.0
    """0 lets the engine choose."""
    seed: int = 0


@dataclass(slots=True)
class Stopwatch:
    """Notes how long each stage took."""

    stages: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        start = time.perf_counter()
        yield
        self.stages[name] = time.perf_counter() - start


def read_wishes(environment: Mapping[str, str]) -> Wishes:
    """Read KEYFILL_PROMPT, KEYFILL_SECONDS and KEYFILL_SEED where they are set.

    Raises:
        DemoError: if a number is none.
    """
    return Wishes(
        prompt=environment.get("KEYFILL_PROMPT", PROMPT),
        seconds=_read_number(environment, "SECONDS", float, "4 or 2.5"),
        seed=_read_number(environment, "SEED", int, "3"),
    )


def _read_number(
    environment: Mapping[str, str], name: str, kind: Callable[[str], Any], example: str
) -> Any:
    text = environment.get(f"KEYFILL_{name}", "0")
    try:
        return kind(text)
    except ValueError:
        raise DemoError(f"{name} is {text!r}: give a number such as {example}.") from None


def load_extension() -> types.ModuleType:
    """Give the sources the shape that they have when installed, and return the add-on."""
    package = types.ModuleType("keyfill_extension")
    package.__path__ = [str(REPOSITORY)]
    sys.modules["keyfill_extension"] = package
    from keyfill_extension import blender_addon

    return blender_addon


def add_mannequin(scene: bpy.types.Scene) -> bpy.types.Object:
    """Empty the scene, set its rate, and add the mannequin at the origin."""
    for ob in list(scene.objects):
        bpy.data.objects.remove(ob)
    scene.render.fps, scene.render.fps_base = FRAMES_PER_SECOND, 1.0
    scene.frame_set(1)
    bpy.ops.keyfill.add_mannequin()
    return bpy.context.object


def start_engine() -> None:
    """Start the worker and load the model, showing what it is at.

    Raises:
        DemoError: with the worker's sentence, if it cannot.
    """
    from keyfill_extension.blender_addon import engine_link
    from keyfill_extension.blender_addon.core.errors import UserError

    with tqdm(desc="engine", bar_format="{desc}: {elapsed}", mininterval=TICK_SECONDS) as bar:
        def show(progress: Any) -> None:
            bar.set_description_str(progress.label, refresh=False)
            bar.update(1)

        try:
            engine_link.load_job().run_blocking(show)
        except UserError as error:
            raise DemoError(str(error)) from error


def generate(scene: bpy.types.Scene, armature: bpy.types.Object, wishes: Wishes) -> range:
    """Press Generate and return the scene frames that got keys.

    Raises:
        DemoError: with the operator's sentence, if it refuses.
    """
    settings = scene.keyfill
    settings.prompt, settings.seconds, settings.seed = wishes.prompt, wishes.seconds, wishes.seed
    try:
        with _ticking("generate"):
            bpy.ops.keyfill.generate()
    except RuntimeError as error:  # an ERROR report, as Blender hands it to scripts
        raise DemoError(str(error).removeprefix("Error: ").strip()) from error
    action = armature.animation_data.action
    first, last = (round(frame) for frame in action.frame_range)
    scene.frame_start, scene.frame_end = first, last
    return range(first, last + 1)


@contextlib.contextmanager
def _ticking(label: str) -> Iterator[None]:
    """Show the time that goes by while a blocking call runs."""
    done = threading.Event()
    with tqdm(desc=label, bar_format="{desc}: {elapsed}") as bar:
        def tick() -> None:
            while not done.wait(TICK_SECONDS):
                bar.update(1)

        thread = threading.Thread(target=tick, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def write_take(
    scene: bpy.types.Scene, armature: bpy.types.Object, frames: range, path: Path
) -> None:
    """Read the keyed motion back from the bones and write it as BVH."""
    from keyfill_extension.blender_addon.scene.reading import armature as reading
    from keyfill_extension.engine.motion.files.bvh_writing import write_bvh
    from keyfill_extension.engine.motion.retargeting.clip_to_rig import rig_pose_to_clip
    from keyfill_extension.engine.motion.rig import RigPose

    rig = reading.read_rig(armature)
    poses = []
    for frame in frames:
        scene.frame_set(frame)
        depsgraph = bpy.context.evaluated_depsgraph_get()
        poses.append(reading.read_pose(armature, rig, depsgraph))
    pose = RigPose(
        np.concatenate([pose.rotations for pose in poses]),
        np.concatenate([pose.heads for pose in poses]),
    )
    bone_map = reading.read_bone_map(armature, rig)
    write_bvh(rig_pose_to_clip(pose, rig, bone_map, float(FRAMES_PER_SECOND)), path)


def save_blend(scene: bpy.types.Scene, path: Path) -> None:
    """Save the scene as it should greet whoever opens it."""
    scene.frame_set(scene.frame_start)
    bpy.context.preferences.filepaths.save_version = 0
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=True)


def make_demo(wishes: Wishes, out: Path, watch: Stopwatch) -> None:
    """Do all of it, stage by stage."""
    scene = bpy.context.scene
    with watch.stage("mannequin"):
        armature = add_mannequin(scene)
    with watch.stage("engine start"):
        start_engine()
    with watch.stage("generate"):
        frames = generate(scene, armature, wishes)
    with watch.stage("take.bvh"):
        write_take(scene, armature, frames, out / "take.bvh")
    with watch.stage("stage"):
        scene.render.resolution_x, scene.render.resolution_y = MOVIE_SIZE
        scene.render.resolution_percentage = 100
        track = preview_stage.follow_character(scene, armature, frames)
        preview_stage.build_stage(scene, track)
        preview_film.set_look(scene, preview_film.find_render_engine())
    with watch.stage("keyfill.blend"):
        save_blend(scene, out / "keyfill.blend")
    with watch.stage("preview.mp4"):
        preview_film.render_movie(scene, out / "preview.mp4", wishes.prompt)
    with watch.stage("contact_sheet.png"):
        sheet = preview_film.Sheet(note=wishes.prompt)
        preview_film.render_contact_sheet(scene, track, out / "contact_sheet.png", sheet)


def report(out: Path, watch: Stopwatch) -> None:
    """Say what was written and how long each stage took."""
    print()
    for name in OUTPUTS:
        path = out / name
        print(f"  {path}  {path.stat().st_size / 1e6:.2f} MB")
    stages = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in watch.stages.items())
    print(f"\n  {sum(watch.stages.values()):.1f} s in all: {stages}")


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; 1 and one sentence where something is missing."""
    parser = argparse.ArgumentParser(description="From a prompt to keyframes on the mannequin.")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "demo", help="output folder")
    out = parser.parse_args(arguments).out.resolve()
    watch = Stopwatch()
    try:
        wishes = read_wishes(os.environ)
        print(f'"{wishes.prompt}", {wishes.seconds:g} s (0 is auto), seed {wishes.seed}')
        out.mkdir(parents=True, exist_ok=True)
        for name in OUTPUTS:  # a file that is there afterwards is from this run
            (out / name).unlink(missing_ok=True)
        addon = load_extension()
        addon.register()
        try:
            make_demo(wishes, out, watch)
        finally:
            # A class that is left registered hangs bpy 4.5 at exit.
            addon.unregister()
    except (DemoError, OSError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    report(out, watch)
    return 0


if __name__ == "__main__":
    sys.exit(main())
