"""Draws `docs/edits.png`: ten edits in real Blender, before and after, the mask shaded.

    python docs/edits.py [--out FILE]

Each edit starts from the same generated take on the mannequin.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy
import demo
import numpy as np
import preview_film
import preview_stage
from numpy.typing import NDArray

Array = NDArray[np.floating]

TAKE = demo.Wishes(prompt="a person walks forward", seconds=5.0, seed=4)
COLUMNS = 10
PICTURE = (110, 140)
SHADE = np.array([1.0, 0.86, 0.6, 1.0])
"""What pictures inside the mask are multiplied by."""

GAP_PIXELS = 14


@dataclass(frozen=True, slots=True)
class Edit:
    """One button with its settings."""

    title: str
    operator: str
    settings: dict[str, Any] = field(default_factory=dict)
    span: tuple[int, int] = (1, 150)
    """Scene frames of the mask, first and last included, as they lie after the edit."""


RANGE = {"frame_start": 50, "frame_end": 109}
EDITS = (
    Edit("Regenerate 2 s: jumps up", "regenerate", {"prompt": "a person jumps up", **RANGE},
         (50, 109)),
    Edit("Regenerate the right arm: waves", "regenerate",
         {"prompt": "someone waves with the right hand", "parts": {"RIGHT_ARM"}}),
    Edit("Regenerate legs, 2 s: kicks", "regenerate",
         {"prompt": "someone kicks with the right leg", "parts": {"LOWER_BODY", "TORSO"}, **RANGE},
         (50, 109)),
    Edit("Upper body: claps", "edit_upper_body", {"prompt": "a person claps the hands"}),
    Edit("In-between, no prompt", "in_between", {"prompt": "", **RANGE}, (51, 108)),
    Edit("Extend: sits down", "extend",
         {"prompt": "a person sits down", "extend_seconds": 3.0}, (151, 240)),
    Edit("Extend the start", "extend",
         {"prompt": "", "extend_seconds": 1.5, "extend_where": "start"}, (-44, 0)),
    Edit("Loop in place", "make_loop", {"prompt": "", "loop_in_place": True}),
    Edit("Vary by 30 %", "vary", {"prompt": "a person walks forward", "variation": 0.3}),
    Edit("Long take: walks, sits down, stands up", "long_take",
         {"beats": "3: a person walks forward\n3: a person sits down\n3: a person stands up"},
         (1, 1000)),
)  # fmt: skip


def film(scene: bpy.types.Scene, armature: bpy.types.Object, note: str, path: Path) -> Array:
    """Return one row of pictures of the armature's action, (height, width, 4)."""
    first, last = (round(f) for f in armature.animation_data.action.frame_range)
    track = preview_stage.follow_character(scene, armature, range(first, last + 1))
    if scene.camera is None:
        preview_stage.build_stage(scene, track)
    sheet = preview_film.Sheet(COLUMNS, 1, *PICTURE, note=note)
    preview_film.render_contact_sheet(scene, track, path, sheet)
    return preview_film.read_picture(path)


def shade(row: Array, frames: tuple[int, int], span: tuple[int, int]) -> Array:
    """Shade the pictures of a row that lie inside a span of scene frames."""
    shown = np.linspace(*frames, COLUMNS).round()
    row = row.copy()
    for number in np.flatnonzero((shown >= span[0]) & (shown <= span[1])):
        left = number * (PICTURE[0] + preview_film.GAP_PIXELS)
        row[:, left : left + PICTURE[0]] *= SHADE
    return row


def draw(edit: Edit, folder: Path) -> list[Array]:
    """Do one edit on a fresh take; return its two rows."""
    scene = bpy.context.scene
    armature = demo.add_mannequin(scene)
    demo.generate(scene, armature, TAKE)
    preview_film.set_look(scene, preview_film.find_render_engine())
    before = film(scene, armature, "before", folder / "before.png")
    settings = scene.keyfill
    settings.seed = 3
    for name, value in edit.settings.items():
        setattr(settings, name, value)
    getattr(bpy.ops.keyfill, edit.operator)()
    frames = tuple(round(f) for f in armature.animation_data.action.frame_range)
    after = film(scene, armature, edit.title, folder / "after.png")
    for name in edit.settings:
        settings.property_unset(name)
    return [before, shade(after, frames, edit.span)]


def main(arguments: list[str] | None = None) -> int:
    """Draw all edits; 1 and one sentence where it cannot be done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=demo.REPOSITORY / "docs" / "edits.png")
    out = parser.parse_args(arguments).out.resolve()
    addon = demo.load_extension()
    addon.register()
    try:
        demo.start_engine()
        rows: list[Array] = []
        with tempfile.TemporaryDirectory(prefix="keyfill-edits-") as folder:
            for edit in EDITS:
                rows += draw(edit, Path(folder))
        gap = np.ones((GAP_PIXELS, rows[0].shape[1], 4))
        pairs = [np.concatenate([*rows[i : i + 2], gap]) for i in range(0, len(rows), 2)]
        preview_film.write_picture(np.concatenate(pairs), out)
    except (demo.DemoError, OSError, RuntimeError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    finally:
        addon.unregister()
    print(out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
