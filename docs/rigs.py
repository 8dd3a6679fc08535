"""Draws `docs/rigs.png`: one prompt on many characters, the same five frames of each.

    python docs/rigs.py --rigs FOLDER [FOLDER ...] [--out FILE]

Every character file of the folders (.glb, .vrm, .fbx, .blend, .bvh) is imported plainly;
characters whose meshes show no body are dressed in sticks.
"""

from __future__ import annotations

import argparse
import struct
import sys
import tempfile
import zlib
from pathlib import Path

import bpy
import demo
import numpy as np
import preview_film
import preview_stage
from mathutils import Matrix, Vector
from numpy.typing import NDArray

Array = NDArray[np.floating]

TAKE = demo.Wishes(prompt="someone kicks with the right leg", seconds=3.0, seed=1)
COLUMNS = 5
PICTURE = (150, 168)
HEIGHT_METRES = 1.7
"""A character whose file has no metres is scaled to it."""

_IMPORTERS = {".fbx": "io_scene_fbx", ".bvh": "io_anim_bvh"}
# A person's skin is about 0.6 square heights large; less than this shows no body, nor do
# single pieces that hang from bones unless they are large.
_LEAST_SKIN, _LEAST_PIECES = 0.25, 1.5
_SHADES, _HUES = 40, 6
_STICK_SIDES = 6
_STICK_WIDTH = 0.16
_SKIN = (0.78, 0.68, 0.60, 1.0)


def import_character(path: Path) -> bpy.types.Object:
    """Import a file into an empty scene with the importer's own settings; return the armature."""
    import addon_utils  # there once Blender runs

    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    if path.suffix == ".blend":
        with bpy.data.libraries.load(str(path)) as (source, target):
            target.objects = source.objects
        for ob in target.objects:
            bpy.context.collection.objects.link(ob)
    else:
        addon_utils.enable(_IMPORTERS.get(path.suffix, "io_scene_gltf2"), default_set=True)
        if path.suffix == ".fbx":
            bpy.ops.import_scene.fbx(filepath=str(path))
        elif path.suffix == ".bvh":
            bpy.ops.import_anim.bvh(filepath=str(path))
        else:
            bpy.ops.import_scene.gltf(filepath=str(path))
    armatures = [ob for ob in bpy.context.scene.objects if ob.type == "ARMATURE"]
    armature = max(armatures, key=lambda ob: len(ob.data.bones))
    bpy.context.view_layer.objects.active = armature
    bpy.context.view_layer.update()
    return armature


def prepare(armature: bpy.types.Object, path: Path) -> None:
    """Bring a character to the first frame in metres, as an animator would."""
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = demo.FRAMES_PER_SECOND, 1.0
    scene.frame_set(1)
    if path.suffix == ".bvh":  # A recording has no metres.
        armature.scale *= HEIGHT_METRES / _height(armature)
        bpy.context.view_layer.update()
    # A character whose origin is in its hips stands on the ground, too.
    armature.location.z -= min(0.0, min(_heights(armature)))
    bpy.context.view_layer.update()


def _height(armature: bpy.types.Object) -> float:
    heights = _heights(armature)
    return max(heights) - min(heights)


def _area(ob: bpy.types.Object) -> float:
    """Return a mesh's surface in square metres."""
    size = abs(ob.matrix_world.determinant()) ** (2.0 / 3.0)
    return size * sum(face.area for face in ob.data.polygons)


def _heights(armature: bpy.types.Object) -> list[float]:
    return [(armature.matrix_world @ bone.head).z for bone in armature.pose.bones]


def is_skinned(ob: bpy.types.Object, armature: bpy.types.Object) -> bool:
    """Say whether a mesh follows the armature's bones, and lies where they are."""
    if is_carried(ob, armature):
        return True
    bends = any(m.type == "ARMATURE" and m.object == armature for m in ob.modifiers)
    if not bends or not any(group.name in armature.data.bones for group in ob.vertex_groups):
        return False
    heights = _heights(armature)
    seen = ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
    corners = [(seen.matrix_world @ Vector(corner)).z for corner in seen.bound_box]
    # A file may hold a body that was moved away from its bones.
    return min(corners) < min(heights) + 0.3 * (max(heights) - min(heights))


def is_carried(ob: bpy.types.Object | None, armature: bpy.types.Object) -> bool:
    """Say whether an object hangs from one of the armature's bones, itself or by others."""
    while ob is not None and not (ob.parent == armature and ob.parent_type == "BONE"):
        ob = ob.parent
    return ob is not None


def dress(armature: bpy.types.Object, bones: dict[str, str]) -> None:
    """Hide what does not move with the bones; where that is no body, put sticks on them."""
    meshes = [ob for ob in bpy.context.scene.objects if ob.type == "MESH"]
    skins = [ob for ob in meshes if is_skinned(ob, armature)]
    area = sum(_area(ob) for ob in skins) / _height(armature) ** 2
    is_pieces = all(is_carried(ob, armature) for ob in skins)
    for ob in set(meshes) - set(skins):
        ob.hide_render = True
    for ob in skins:
        for material in filter(None, ob.data.materials):
            material.diffuse_color = _SKIN
    if area < (_LEAST_PIECES if is_pieces else _LEAST_SKIN):
        _add_sticks(armature, bones)


def read_bones(armature: bpy.types.Object) -> dict[str, str]:
    """Return the bone of each joint, as the add-on maps them."""
    from keyfill_extension.blender_addon.scene.reading import armature as reading

    return dict(reading.read_bone_map(armature, reading.read_rig(armature)).bones)


def _add_sticks(armature: bpy.types.Object, bones: dict[str, str]) -> None:
    """Put a stick on every mapped bone that leads to another mapped one, and a head on top."""
    from keyfill_extension.engine.motion.skeleton import JOINTS, PARENTS

    heads = {joint: armature.data.bones[bone].head_local for joint, bone in bones.items()}
    for joint, parent in zip(JOINTS, PARENTS, strict=True):
        above = JOINTS[parent] if parent >= 0 else ""
        while above and above not in bones:
            above = JOINTS[PARENTS[JOINTS.index(above)]]
        if joint in bones and above:
            _add_stick(armature, bones[above], heads[above], heads[joint])
    if "head" in bones:
        # In the pose that is shown now the body stands; at rest it may lie with its limbs laid out.
        posed = {joint: armature.pose.bones[bones[joint]] for joint in ("head", "pelvis")}
        size = (posed["head"].head - posed["pelvis"].head) * 0.4
        turned = armature.data.bones[bones["head"]].matrix_local.to_3x3()
        size = turned @ posed["head"].matrix.to_3x3().normalized().inverted() @ size
        _add_stick(armature, bones["head"], heads["head"], heads["head"] + size)


def _add_stick(armature: bpy.types.Object, bone: str, start: Vector, end: Vector) -> None:
    """Add a double cone between two points of the rest pose, carried by a bone."""
    length = (end - start).length
    if length < 1e-6:
        return
    turn = (end - start).to_track_quat("Z", "Y").to_matrix().to_4x4()
    place = Matrix.Translation(start) @ turn
    angles = np.linspace(0.0, 2.0 * np.pi, _STICK_SIDES, endpoint=False)
    ring = [(np.cos(a), np.sin(a)) for a in angles]
    wide = _STICK_WIDTH * length
    points = [(0, 0, 0), *((wide * x, wide * y, 0.2 * length) for x, y in ring), (0, 0, length)]
    after = [*range(2, _STICK_SIDES + 1), 1]
    faces = [(0, second, first) for first, second in enumerate(after, 1)]
    faces += [(_STICK_SIDES + 1, first, second) for first, second in enumerate(after, 1)]
    mesh = bpy.data.meshes.new("Stick")
    mesh.from_pydata([place @ Vector(point) for point in points], [], faces)
    stick = bpy.data.objects.new("Stick", mesh)
    bpy.context.collection.objects.link(stick)
    stick.parent, stick.parent_type, stick.parent_bone = armature, "BONE", bone
    rest = armature.data.bones[bone]
    # A child of a bone hangs on its tail.
    tail = rest.matrix_local @ Matrix.Translation((0.0, rest.length, 0.0))
    stick.matrix_parent_inverse = tail.inverted()


def draw(path: Path, folder: Path) -> Array:
    """Return the row of pictures of one character, (height, width, 4)."""
    armature = import_character(path)
    prepare(armature, path)
    scene = bpy.context.scene
    bones = read_bones(armature)
    dress(armature, bones)
    frames = demo.generate(scene, armature, TAKE)
    preview_film.set_look(scene, preview_film.find_render_engine())
    track = follow(scene, armature, list(bones.values()), frames)
    preview_stage.build_stage(scene, track)
    sheet = preview_film.Sheet(COLUMNS, 1, *PICTURE, note=path.stem)
    preview_film.render_contact_sheet(scene, track, folder / "row.png", sheet)
    return preview_film.read_picture(folder / "row.png")


def follow(
    scene: bpy.types.Scene, armature: bpy.types.Object, bones: list[str], frames: range
) -> preview_stage.Track:
    """Play the frames once and note mapped bones and meshes: other bones may reach anywhere."""
    shown = [ob for ob in scene.objects if ob.type == "MESH" and not ob.hide_render]
    points = []
    for frame in frames:
        scene.frame_set(frame)
        depsgraph = bpy.context.evaluated_depsgraph_get()
        posed = armature.evaluated_get(depsgraph)
        row = [posed.matrix_world @ posed.pose.bones[bone].head for bone in bones]
        for ob in shown:
            seen = ob.evaluated_get(depsgraph)
            row += [seen.matrix_world @ Vector(corner) for corner in seen.bound_box]
        points.append(row)
    return preview_stage.Track(frames.start, np.array(points))


def lay_out(rows: list[Array]) -> Array:
    """Return the rows in two columns."""
    if len(rows) % 2:
        rows = [*rows, np.ones_like(rows[0])]
    half = len(rows) // 2
    gap = np.ones((len(rows[0]), 4 * preview_film.GAP_PIXELS, 4))
    pairs = zip(rows[:half], rows[half:], strict=True)
    return np.concatenate([np.concatenate([left, gap, right], axis=1) for left, right in pairs])


def write_small(picture: Array, path: Path) -> None:
    """Write a picture (height, width, 4), top row first, as a PNG of few colours.

    The sheet is grey floor, blue sky and brown skin: shades and a few hues of each show all.
    """
    rows = np.clip(picture[..., :3], 0.0, 1.0)
    shades = np.rint(rows.mean(axis=-1) * (_SHADES - 1)).astype(int)
    hues = np.clip(np.rint((rows[..., 0] - rows[..., 2] + 0.3) * 10.0), 0, _HUES - 1).astype(int)
    found, chosen = np.unique(shades * _HUES + hues, return_inverse=True)
    chosen = chosen.reshape(shades.shape)
    sums = [np.bincount(chosen.ravel(), rows[..., channel].ravel()) for channel in range(3)]
    palette = np.stack(sums, axis=-1) / np.bincount(chosen.ravel())[:, None]
    height, width = chosen.shape
    lines = np.pad(chosen.astype(np.uint8), ((0, 0), (1, 0)))  # No line is filtered.
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", np.rint(palette * 255.0).astype(np.uint8).tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    )
    assert len(found) <= 256, "more colours than a palette holds"
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in chunks:
            check = zlib.crc32(kind + data)
            file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check))


def main(arguments: list[str] | None = None) -> int:
    """Draw all characters; 1 and one sentence where it cannot be done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rigs", type=Path, nargs="+", required=True, help="folders of character files"
    )
    parser.add_argument("--out", type=Path, default=demo.REPOSITORY / "docs" / "rigs.png")
    options = parser.parse_args(arguments)
    endings = {".glb", ".vrm", ".fbx", ".blend", ".bvh"}
    files = [path for folder in options.rigs for path in sorted(folder.iterdir())]
    paths = [path for path in files if path.suffix in endings]
    addon = demo.load_extension()
    addon.register()
    try:
        demo.start_engine()
        with tempfile.TemporaryDirectory(prefix="keyfill-rigs-") as folder:
            rows = [draw(path, Path(folder)) for path in paths]
        write_small(lay_out(rows), options.out.resolve())
    except (demo.DemoError, OSError, RuntimeError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    finally:
        addon.unregister()
    print(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
