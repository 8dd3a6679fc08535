"""A stage to film a character on: tiled ground, light, and a camera that goes along.

Works on the scene that is open in Blender; knows no Keyfill, only an armature
object with an action. Metres, Blender's axes.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Vector
from numpy.typing import NDArray

Array = NDArray[np.floating]

VIEW = Vector((0.55, -1.0, 0.42)).normalized()
"""Direction from the character to the camera: from the front, to its left, from above."""

TILE_METRES = 0.5
MOST_TILES = 60_000
GROUND_MARGIN_METRES = 8.0
LENS_MILLIMETRES = 60.0
BODY_MARGIN_METRES = 0.12
"""Flesh around the bones' ends."""

CAMERA_LAG_SECONDS = 0.4
GROUND_COLOURS = ((0.66, 0.67, 0.69), (0.57, 0.58, 0.60))
BACKGROUND = (0.62, 0.66, 0.71)
SUN = Vector((0.45, -0.35, 0.85)).normalized()
"""Direction to the sun."""


@dataclass(frozen=True, slots=True)
class Track:
    """Where the character is at each frame of its action."""

    first_frame: int
    """Scene frame of row 0."""

    points: Array
    """(T, N, 3) heads and tails of all bones, world space."""

    @property
    def centres(self) -> Array:
        """(T, 3) middle of the box around the bones."""
        return (self.points.min(axis=1) + self.points.max(axis=1)) / 2.0

    @property
    def frames(self) -> range:
        """Scene frames."""
        return range(self.first_frame, self.first_frame + len(self.points))


def follow_character(scene: bpy.types.Scene, armature: bpy.types.Object, frames: range) -> Track:
    """Play the frames once and note where the bones are."""
    points = []
    for frame in frames:
        scene.frame_set(frame)
        evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        ends = [end for bone in evaluated.pose.bones for end in (bone.head, bone.tail)]
        points.append([evaluated.matrix_world @ end for end in ends])
    return Track(frames.start, np.array(points))


def build_stage(scene: bpy.types.Scene, track: Track) -> None:
    """Add ground, light and background for a character's path, and a camera.

    The camera fits pictures of the scene's present size; `aim_camera` fits it anew.
    """
    _add_ground(scene, track)
    _add_sun(scene)
    world = bpy.data.worlds.new("Preview World")
    world.color = BACKGROUND
    world.use_nodes = True
    background = world.node_tree.nodes["Background"]
    background.inputs["Color"].default_value = (*BACKGROUND, 1.0)
    background.inputs["Strength"].default_value = 0.6
    scene.world = world
    camera = bpy.data.objects.new("Preview Camera", bpy.data.cameras.new("Preview Camera"))
    camera.data.lens = LENS_MILLIMETRES
    scene.collection.objects.link(camera)
    scene.camera = camera
    aim_camera(scene, track)


def _add_ground(scene: bpy.types.Scene, track: Track) -> None:
    """Lay tiles of two greys around the path, at the height z = 0."""
    low = track.points[..., :2].min(axis=(0, 1)) - GROUND_MARGIN_METRES
    high = track.points[..., :2].max(axis=(0, 1)) + GROUND_MARGIN_METRES
    tile = TILE_METRES
    while np.prod((high - low) / tile) > MOST_TILES:
        tile *= 2.0
    start, end = np.floor(low / tile).astype(int), np.ceil(high / tile).astype(int)
    columns, rows = (end - start).tolist()
    xs, ys = np.meshgrid(
        np.arange(start[0], end[0] + 1), np.arange(start[1], end[1] + 1), indexing="xy"
    )
    vertices = np.stack([xs * tile, ys * tile, np.zeros_like(xs)], axis=-1).reshape(-1, 3)
    corner = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).reshape(-1, 1)
    faces = corner + np.array([0, 1, columns + 2, columns + 1])
    mesh = bpy.data.meshes.new("Preview Ground")
    mesh.from_pydata(vertices.tolist(), [], faces.tolist())
    for number, colour in enumerate(GROUND_COLOURS):
        mesh.materials.append(_matte(f"Preview Ground {number + 1}", colour))
    checker = (xs[:-1, :-1] + ys[:-1, :-1]) % 2
    mesh.polygons.foreach_set("material_index", checker.reshape(-1).astype(np.int32))
    mesh.update()
    ground = bpy.data.objects.new("Preview Ground", mesh)
    # A flat thing throws no shadow worth having, and Workbench's would flicker on it.
    ground.display.show_shadows = False
    scene.collection.objects.link(ground)


def _matte(name: str, colour: tuple[float, float, float]) -> bpy.types.Material:
    """Return a material that looks alike in Workbench and in Cycles."""
    material = bpy.data.materials.new(name)
    material.diffuse_color = (*colour, 1.0)
    material.use_nodes = True
    surface = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    surface.inputs["Base Color"].default_value = (*colour, 1.0)
    surface.inputs["Roughness"].default_value = 0.9
    return material


def _add_sun(scene: bpy.types.Scene) -> None:
    light = bpy.data.lights.new("Preview Sun", "SUN")
    light.energy = 1.5
    light.angle = 0.12  # radians: a soft edge, wider the farther a foot is from the ground
    sun = bpy.data.objects.new("Preview Sun", light)
    sun.rotation_euler = SUN.to_track_quat("Z", "Y").to_euler()
    scene.collection.objects.link(sun)


def aim_camera(scene: bpy.types.Scene, track: Track) -> None:
    """Let the scene's camera glide along, just far enough that the body always fits.

    Depends on the scene's picture size: call it again when that changes.
    """
    camera = scene.camera
    camera.animation_data_clear()
    rotation = VIEW.to_track_quat("Z", "Y")
    camera.rotation_euler = rotation.to_euler()
    targets = _smooth(track.centres, CAMERA_LAG_SECONDS * scene.render.fps / scene.render.fps_base)
    # In the camera's axes: x to the right, y up, z towards the camera.
    seen = (track.points - targets[:, None]) @ np.array(rotation.to_matrix())
    reach = np.abs(seen[..., :2]) + BODY_MARGIN_METRES
    size = np.array([scene.render.resolution_x, scene.render.resolution_y])
    # The lens' angle spans the longer side of the picture.
    slopes = np.tan(camera.data.angle / 2.0) * size / size.max()
    distance = float((seen[..., 2:] + reach / slopes).max())
    for frame, place in zip(track.frames, targets + np.array(VIEW) * distance, strict=True):
        camera.location = place
        camera.keyframe_insert("location", frame=frame)


def _smooth(points: Array, width_frames: float) -> Array:
    """Average points (T, 3) over time with a bell curve; the ends are held."""
    reach = max(int(3 * width_frames), 1)
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(width_frames, 1e-6)) ** 2)
    held = np.concatenate([points[:1].repeat(reach, 0), points, points[-1:].repeat(reach, 0)])
    columns = [np.convolve(held[:, axis], bell / bell.sum(), mode="valid") for axis in range(3)]
    return np.stack(columns, axis=1)
