"""Films the open scene without a display: a movie, and a contact sheet of numbered frames.

Workbench draws, or Cycles on the CPU where there is no OpenGL. Knows no Keyfill.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import bpy
import numpy as np
import preview_stage
from tqdm import tqdm

WORKBENCH = "BLENDER_WORKBENCH"
CYCLES = "CYCLES"
CYCLES_SAMPLES = 8
PROBE_SECONDS = 60.0
MOST_FULL_RATE_FRAMES = 180
GAP_PIXELS = 4
LONGEST_NOTE = 70

_PROBE = """
import os, bpy
render = bpy.context.scene.render
render.engine, render.resolution_x, render.resolution_y = "BLENDER_WORKBENCH", 16, 16
render.filepath = os.environ["KEYFILL_PROBE"]
bpy.ops.render.render(write_still=True)
os._exit(0 if os.path.exists(render.filepath) else 1)
"""


@dataclass(frozen=True, slots=True)
class Sheet:
    """How a contact sheet is laid out."""

    columns: int = 5
    rows: int = 2
    width: int = 384
    """Pixels of one picture."""
    height: int = 440
    note: str = ""
    """Stands in the first picture: the prompt."""


def find_render_engine() -> str:
    """Return Workbench if it draws on this machine, else Cycles.

    Tried in a process of its own: without OpenGL, Blender may end the one that asks.
    """
    with tempfile.TemporaryDirectory(prefix="keyfill-probe-") as folder:
        picture = str(Path(folder) / "probe.png")
        try:
            answer = subprocess.run(
                [sys.executable, "-c", _PROBE],
                env={**os.environ, "KEYFILL_PROBE": picture},
                capture_output=True,
                timeout=PROBE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return CYCLES
    return WORKBENCH if answer.returncode == 0 else CYCLES


def set_look(scene: bpy.types.Scene, engine: str) -> None:
    """Set the render engine, with shadows and plain colours."""
    scene.render.engine = engine
    scene.view_settings.view_transform = "Standard"
    if engine == CYCLES:
        scene.cycles.device = "CPU"
        scene.cycles.samples = CYCLES_SAMPLES
        scene.cycles.use_denoising = False
        scene.render.use_persistent_data = True
        return
    shading = scene.display.shading
    shading.light = "STUDIO"
    shading.color_type = "MATERIAL"
    shading.show_shadows = True
    shading.shadow_intensity = 0.45
    # Workbench counts these axes as a screen's: x to the right, y up, z towards the front view.
    sun = preview_stage.SUN
    scene.display.light_direction = (sun.x, sun.z, -sun.y)
    # Eight samples take six times as long where the CPU does the drawing.
    scene.display.render_aa = "FXAA"


def render_movie(scene: bpy.types.Scene, path: Path, note: str) -> None:
    """Render the scene's frame range as H.264 in MP4, with a bar.

    Raises:
        OSError: if no movie came of it.
    """
    _set_stamp(scene, note, font_size=11)
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):  # Blender 5: still pictures and movies are kept apart
        settings.media_type = "VIDEO"
    settings.file_format = "FFMPEG"
    scene.render.ffmpeg.format = "MPEG4"
    scene.render.ffmpeg.codec = "H264"
    scene.render.ffmpeg.constant_rate_factor = "HIGH"
    scene.render.filepath = str(path)
    path.unlink(missing_ok=True)
    with _every_second_frame_of_long_takes(scene) as total, _quiet() as terminal:
        bar = tqdm(total=total, desc="preview", unit="frame", file=terminal)
        with bar, _counted_frames(bar):
            bpy.ops.render.render(animation=True)
    if not path.is_file() or path.stat().st_size == 0:
        raise OSError(f"Blender wrote no movie to {path}: make room on the disk and try again.")


def render_contact_sheet(
    scene: bpy.types.Scene, track: preview_stage.Track, path: Path, sheet: Sheet
) -> None:
    """Render evenly spread frames of a character's path into one picture, left to right.

    Raises:
        OSError: if a picture cannot be written.
    """
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = "IMAGE"
    settings.file_format = "PNG"
    settings.color_mode = "RGB"
    scene.render.resolution_x, scene.render.resolution_y = sheet.width, sheet.height
    preview_stage.aim_camera(scene, track)
    frames = np.asarray(track.frames)
    count = min(sheet.columns * sheet.rows, len(frames))
    frames = frames[np.linspace(0, len(frames) - 1, count).round().astype(int)]
    pictures = []
    with tempfile.TemporaryDirectory(prefix="keyfill-sheet-") as folder, _quiet() as terminal:
        for frame in tqdm(frames.tolist(), desc="contact sheet", unit="frame", file=terminal):
            _set_stamp(scene, sheet.note if frame == frames[0] else "", font_size=16)
            scene.frame_set(frame)
            scene.render.filepath = str(Path(folder) / f"{frame:05d}.png")
            bpy.ops.render.render(write_still=True)
            pictures.append(read_picture(Path(scene.render.filepath)))
    write_picture(_join_pictures(pictures, sheet), path)


def _set_stamp(scene: bpy.types.Scene, note: str, font_size: int) -> None:
    """Burn the frame number, and a note if there is one, into what is rendered."""
    render = scene.render
    for name in dir(render):
        if name.startswith("use_stamp_"):
            setattr(render, name, False)
    render.use_stamp = True
    render.use_stamp_frame = True
    render.use_stamp_note = bool(note)
    render.stamp_note_text = note if len(note) <= LONGEST_NOTE else note[: LONGEST_NOTE - 1] + "…"
    render.stamp_font_size = font_size
    render.stamp_foreground = (1.0, 1.0, 1.0, 1.0)
    render.stamp_background = (0.0, 0.0, 0.0, 0.6)
    render.use_stamp_labels = False


@contextlib.contextmanager
def _every_second_frame_of_long_takes(scene: bpy.types.Scene) -> Iterator[int]:
    """Halve the frame rate while a long take renders; yields how many frames come of it."""
    total = scene.frame_end - scene.frame_start + 1
    step = 1 if total <= MOST_FULL_RATE_FRAMES else 2
    kept = scene.frame_step, scene.render.fps_base
    scene.frame_step, scene.render.fps_base = step, scene.render.fps_base * step
    try:
        yield -(-total // step)
    finally:
        scene.frame_step, scene.render.fps_base = kept


@contextlib.contextmanager
def _counted_frames(bar: tqdm) -> Iterator[None]:
    """Move the bar with each rendered frame; the handler goes whatever happens."""
    def count(*_: object) -> None:
        bar.update(1)

    bpy.app.handlers.render_post.append(count)
    try:
        yield
    finally:
        bpy.app.handlers.render_post.remove(count)


@contextlib.contextmanager
def _quiet() -> Iterator[TextIO]:
    """Keep Blender's and OpenGL's chatter off the terminal; yields the terminal, for bars.

    Errors still arrive: Blender raises them in Python.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with (
        os.fdopen(os.dup(2), "w", encoding="utf-8") as terminal,
        Path(os.devnull).open("wb") as nowhere,
    ):
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield terminal
        finally:
            for number, descriptor in enumerate(kept, start=1):
                os.dup2(descriptor, number)
                os.close(descriptor)


def read_picture(path: Path) -> np.ndarray:
    """Return a rendered PNG as (height, width, 4) numbers from 0 to 1, top row first."""
    image = bpy.data.images.load(str(path))
    width, height = image.size
    pixels = np.empty(width * height * 4, dtype=np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(height, width, 4)[::-1]


def _join_pictures(pictures: list[np.ndarray], sheet: Sheet) -> np.ndarray:
    """Lay pictures out in rows with thin gaps; cells that are left over stay white."""
    columns = min(sheet.columns, len(pictures))
    rows = -(-len(pictures) // columns)
    cell_height, cell_width = sheet.height + GAP_PIXELS, sheet.width + GAP_PIXELS
    whole = np.ones((rows * cell_height - GAP_PIXELS, columns * cell_width - GAP_PIXELS, 4))
    for number, picture in enumerate(pictures):
        top, left = number // columns * cell_height, number % columns * cell_width
        whole[top : top + sheet.height, left : left + sheet.width] = picture
    return whole


def write_picture(pixels: np.ndarray, path: Path) -> None:
    """Write (height, width, 4) numbers, top row first, as PNG."""
    height, width = pixels.shape[:2]
    image = bpy.data.images.new(path.stem, width, height, alpha=False)
    try:
        image.pixels.foreach_set(pixels[::-1].astype(np.float32).reshape(-1))
        image.filepath_raw = str(path)
        image.file_format = "PNG"
        image.save()
    except RuntimeError as error:
        raise OSError(f"{path} could not be written: {error}") from error
    finally:
        bpy.data.images.remove(image)
