"""The built-in mannequin as numbers: bones, a body of rounded shapes, its mesh and skin weights.

The body is one implicit surface, the smooth union of rounded cones that each
belong to a bone; its zero level becomes quads by surface nets (Gibson 1998).
Blender's axes (Z up, facing -Y, left on +X), metres. NumPy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]
Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class BoneShape:
    """One bone at rest."""

    name: str
    parent: str
    """Empty for the hips."""
    head: Vector
    tail: Vector


@dataclass(frozen=True, slots=True)
class RoundedCone:
    """A line between two spheres, skinned to a bone."""

    bone: str
    start: Vector
    end: Vector
    start_radius: float
    end_radius: float
    stretch: Vector = (1.0, 1.0, 1.0)
    """The shape is this much wider along X, Y and Z, about its middle."""


@dataclass(frozen=True, slots=True)
class MannequinMesh:
    """A skinned mesh of V vertices."""

    vertices: Array
    """(V, 3) metres."""

    quads: Indices
    """(F, 4) indices, counter-clockwise from outside."""

    materials: Indices
    """(F) index into MATERIALS."""

    bones: tuple[str, ...]
    """Names for the columns of `weights`."""

    weights: Array
    """(V, bones) rows sum to 1, at most four are above 0."""


MATERIALS: tuple[tuple[str, Vector], ...] = (
    ("Mannequin Body", (0.62, 0.64, 0.68)),
    ("Mannequin Suit", (0.09, 0.19, 0.32)),
    ("Mannequin Accent", (0.85, 0.33, 0.08)),
)
"""Names and linear colours."""

_MIDDLE_BONES = (
    BoneShape("hips", "", (0.0, 0.0, 0.965), (0.0, 0.0, 1.07)),
    BoneShape("spine", "hips", (0.0, 0.0, 1.07), (0.0, 0.0, 1.18)),
    BoneShape("chest", "spine", (0.0, 0.0, 1.18), (0.0, 0.005, 1.30)),
    BoneShape("upper_chest", "chest", (0.0, 0.005, 1.30), (0.0, 0.012, 1.455)),
    BoneShape("neck", "upper_chest", (0.0, 0.012, 1.455), (0.0, -0.005, 1.545)),
    BoneShape("head", "neck", (0.0, -0.005, 1.545), (0.0, -0.005, 1.75)),
)
_LEFT_BONES = (
    BoneShape("shoulder.L", "upper_chest", (0.03, 0.0, 1.40), (0.175, 0.012, 1.40)),
    BoneShape("upper_arm.L", "shoulder.L", (0.175, 0.012, 1.40), (0.45, 0.016, 1.40)),
    BoneShape("forearm.L", "upper_arm.L", (0.45, 0.016, 1.40), (0.70, 0.008, 1.40)),
    BoneShape("hand.L", "forearm.L", (0.70, 0.008, 1.40), (0.88, 0.004, 1.395)),
    BoneShape("thigh.L", "hips", (0.093, 0.0, 0.925), (0.093, -0.012, 0.50)),
    BoneShape("shin.L", "thigh.L", (0.093, -0.012, 0.50), (0.093, 0.016, 0.085)),
    BoneShape("foot.L", "shin.L", (0.093, 0.016, 0.085), (0.096, -0.118, 0.024)),
    BoneShape("toes.L", "foot.L", (0.096, -0.118, 0.024), (0.096, -0.19, 0.022)),
)

# Where two shapes of one limb meet, both are a little thin: the smooth union swells there.
_MIDDLE_SHAPES = (
    RoundedCone("hips", (0.0, 0.0, 0.955), (0.0, 0.0, 1.03), 0.1, 0.088, (1.6, 1.05, 1.0)),
    RoundedCone("spine", (0.0, 0.0, 1.04), (0.0, 0.0, 1.16), 0.084, 0.086, (1.5, 1.06, 1.0)),
    RoundedCone("chest", (0.0, 0.0, 1.17), (0.0, 0.002, 1.27), 0.088, 0.098, (1.5, 1.08, 1.0)),
    RoundedCone("upper_chest", (0.0, 0.002, 1.28), (0.0, 0.01, 1.37), 0.1, 0.082, (1.6, 1.12, 1.0)),
    RoundedCone("neck", (0.0, 0.016, 1.43), (0.0, 0.0, 1.55), 0.052, 0.047),
    RoundedCone("head", (0.0, 0.006, 1.652), (0.0, -0.038, 1.588), 0.097, 0.062, (0.86, 1.0, 1.0)),
    RoundedCone("head", (0.0, -0.098, 1.63), (0.0, -0.104, 1.613), 0.007, 0.011),
)
_LEFT_SHAPES = (
    RoundedCone("hips", (0.055, 0.03, 0.93), (0.075, 0.02, 0.96), 0.07, 0.07),
    RoundedCone("upper_chest", (0.06, -0.048, 1.335), (0.095, -0.04, 1.345), 0.046, 0.044),
    RoundedCone("upper_chest", (0.02, 0.022, 1.462), (0.09, 0.018, 1.408), 0.032, 0.044),
    RoundedCone("shoulder.L", (0.07, 0.012, 1.392), (0.145, 0.012, 1.398), 0.05, 0.052),
    RoundedCone("upper_arm.L", (0.172, 0.012, 1.395), (0.26, 0.014, 1.4), 0.053, 0.047),
    RoundedCone("upper_arm.L", (0.25, 0.014, 1.40), (0.45, 0.016, 1.40), 0.049, 0.037),
    RoundedCone("forearm.L", (0.45, 0.016, 1.40), (0.52, 0.014, 1.40), 0.037, 0.041),
    RoundedCone("forearm.L", (0.52, 0.014, 1.40), (0.70, 0.008, 1.40), 0.041, 0.025),
    RoundedCone("hand.L", (0.705, 0.008, 1.40), (0.74, 0.006, 1.399), 0.025, 0.03, (1, 1.1, 0.8)),
    RoundedCone("hand.L", (0.745, 0.006, 1.399), (0.785, 0.004, 1.398), 0.036, 0.04, (1, 1, 0.48)),
    RoundedCone("hand.L", (0.785, 0.005, 1.398), (0.86, 0.006, 1.394), 0.035, 0.024, (1, 1, 0.5)),
    RoundedCone("hand.L", (0.728, -0.018, 1.396), (0.79, -0.056, 1.389), 0.016, 0.012),
    RoundedCone("thigh.L", (0.091, 0.002, 0.885), (0.093, -0.012, 0.50), 0.084, 0.049),
    RoundedCone("shin.L", (0.093, -0.012, 0.50), (0.093, 0.002, 0.40), 0.049, 0.05),
    RoundedCone("shin.L", (0.094, 0.01, 0.39), (0.093, 0.016, 0.10), 0.052, 0.032),
    RoundedCone("foot.L", (0.093, 0.028, 0.04), (0.093, 0.016, 0.095), 0.038, 0.033),
    RoundedCone("foot.L", (0.093, 0.004, 0.05), (0.096, -0.115, 0.03), 0.038, 0.032, (1.08, 1, 1)),
    RoundedCone(
        "toes.L", (0.096, -0.118, 0.028), (0.096, -0.168, 0.022), 0.033, 0.025, (1.25, 1, 1)
    ),
)

_CELL = 0.014
_BLEND = 0.007
_REACH = 8 * _BLEND
_SOLE_HEIGHT = 0.003
_POLISHING_STEPS = 4
# How soon a bone's hold on the skin fades outside its shapes; bends spread over this.
_WEIGHT_FADE = 0.009
_WEIGHT_SMOOTHING_STEPS = 6
_INFLUENCES = 4


def mannequin_bones() -> tuple[BoneShape, ...]:
    """Return the bones, parents before children; 1.75 m tall, in a T-pose."""
    return (*_MIDDLE_BONES, *_LEFT_BONES, *(_mirrored_bone(bone) for bone in _LEFT_BONES))


@cache
def build_mannequin_mesh() -> MannequinMesh:
    """Return the skinned mesh, the same at every call."""
    shapes = (*_MIDDLE_SHAPES, *_LEFT_SHAPES, *(_mirrored_cone(cone) for cone in _LEFT_SHAPES))
    axes = _grid_axes(shapes)
    vertices, quads = surface_net(_field_on_grid(shapes, axes), axes)
    smoothing = _Neighbours(quads)
    vertices = _relax(vertices, smoothing, shapes)
    bones = tuple(bone.name for bone in mannequin_bones())
    weights = _skin_weights(vertices, smoothing, shapes, bones)
    return MannequinMesh(vertices, quads, _paint(vertices, quads), bones, weights)


def surface_net(field: Array, axes: tuple[Array, Array, Array]) -> tuple[Array, Indices]:
    """Turn the zero level of a field on a grid into quads.

    Args:
        field: (X, Y, Z), below 0 inside; the outermost layer must be outside.
        axes: the grid's coordinates along each axis.

    Returns:
        vertices: (V, 3) one in each cell that the surface crosses.
        quads: (F, 4) indices, counter-clockwise from outside.
    """
    inside = field < 0
    corners = [np.s_[i : i - 1 or None, j : j - 1 or None, k : k - 1 or None]
               for i in (0, 1) for j in (0, 1) for k in (0, 1)]  # fmt: skip
    count = np.sum([inside[corner].astype(np.int8) for corner in corners], axis=0)
    cells = np.argwhere((count > 0) & (count < 8))
    number = np.full(count.shape, -1)
    number[tuple(cells.T)] = np.arange(len(cells))
    vertices = _mean_crossings(field, cells)
    spacing = np.array([axis[1] - axis[0] for axis in axes])
    vertices = np.array([axis[0] for axis in axes]) + vertices * spacing
    quads = [_quads_around_edges(inside, number, axis) for axis in range(3)]
    return vertices, np.concatenate(quads)


def _mean_crossings(field: Array, cells: Indices) -> Array:
    """Return the mean of the points where the surface crosses each cell's edges, in cells."""
    total, crossings = np.zeros((len(cells), 3)), np.zeros((len(cells), 1))
    for axis in range(3):
        step = np.eye(3, dtype=int)[axis]
        others = [np.eye(3, dtype=int)[other] for other in range(3) if other != axis]
        for corner in (0 * step, others[0], others[1], others[0] + others[1]):
            start = cells + corner
            low, high = field[tuple(start.T)], field[tuple((start + step).T)]
            crossed = ((low < 0) != (high < 0))[:, None]
            part = (low / np.where(low == high, 1.0, low - high))[:, None]
            total += np.where(crossed, start + part * step, 0.0)
            crossings += crossed
    return total / crossings


def _quads_around_edges(inside: NDArray[np.bool_], number: Indices, axis: int) -> Indices:
    """Return a quad of the four cells around each grid edge along `axis` that is crossed."""
    low = np.moveaxis(inside, axis, 0)[:-1]
    high = np.moveaxis(inside, axis, 0)[1:]
    edges = np.argwhere(low != high)
    edges = edges[(edges[:, 1:] > 0).all(1)]
    outward = low[tuple(edges.T)]
    # np.moveaxis keeps the order of the other two axes: a left turn for X and Z, a right for Y.
    cells = np.moveaxis(number, axis, 0)
    along, u, v = edges.T
    loop = np.stack(
        [cells[along, u - 1, v - 1], cells[along, u, v - 1], cells[along, u, v],
         cells[along, u - 1, v]], axis=1,
    )  # fmt: skip
    flipped = outward if axis == 1 else ~outward
    return np.where(flipped[:, None], loop[:, ::-1], loop)


def _distances(points: Array, cone: RoundedCone) -> Array:
    """Return about how far points (..., 3) are from a cone's surface; below 0 inside."""
    start, end = np.array(cone.start), np.array(cone.end)
    stretch = np.array(cone.stretch)
    middle = (start + end) / 2.0
    points = middle + (points - middle) / stretch
    axis = end - start
    along = np.clip((points - start) @ axis / max(float(axis @ axis), 1e-12), 0.0, 1.0)
    nearest = start + along[..., None] * axis
    radius = cone.start_radius + along * (cone.end_radius - cone.start_radius)
    return np.asarray((np.linalg.norm(points - nearest, axis=-1) - radius) * stretch.min())


def _field(points: Array, shapes: tuple[RoundedCone, ...]) -> Array:
    """Return the smooth union's distance for points (V, 3), cut flat under the soles."""
    nearness = np.full(len(points), 1e-30)
    for cone in shapes:
        reach = max(cone.start_radius, cone.end_radius) * max(cone.stretch) + _REACH
        ends = np.array([cone.start, cone.end])
        near = np.flatnonzero(
            ((points > ends.min(0) - reach) & (points < ends.max(0) + reach)).all(axis=1)
        )
        nearness[near] += np.exp(-_distances(points[near], cone) / _BLEND)
    return np.maximum(-_BLEND * np.log(nearness), _SOLE_HEIGHT - points[:, 2])


def _grid_axes(shapes: tuple[RoundedCone, ...]) -> tuple[Array, Array, Array]:
    """Return coordinates of a grid around all shapes, symmetric in X."""
    ends = np.array([(cone.start, cone.end) for cone in shapes])
    radius = max(max(cone.start_radius, cone.end_radius) for cone in shapes) + 3 * _CELL
    low, high = ends.min((0, 1)) - radius, ends.max((0, 1)) + radius
    counts = np.ceil((high - low) / _CELL).astype(int) + 1
    half = np.arange(counts[0] // 2 + 1) * _CELL
    x = np.concatenate([-half[:0:-1], half])
    y, z = (low[axis] + _CELL * np.arange(counts[axis]) for axis in (1, 2))
    return x, y, z


def _field_on_grid(shapes: tuple[RoundedCone, ...], axes: tuple[Array, Array, Array]) -> Array:
    """Return the field (X, Y, Z); each shape is looked at only where it can matter."""
    nearness = np.full([len(axis) for axis in axes], 1e-30)
    for cone in shapes:
        reach = max(cone.start_radius, cone.end_radius) * max(cone.stretch) + _REACH
        ends = np.array([cone.start, cone.end])
        windows = [
            slice(*np.searchsorted(axis, (low - reach, high + reach)))
            for axis, low, high in zip(axes, ends.min(0), ends.max(0), strict=True)
        ]
        points = np.stack(
            np.meshgrid(*(axis[part] for axis, part in zip(axes, windows, strict=True)),
                        indexing="ij"), axis=-1,
        )  # fmt: skip
        nearness[tuple(windows)] += np.exp(-_distances(points, cone) / _BLEND)
    return np.maximum(-_BLEND * np.log(nearness), _SOLE_HEIGHT - axes[2])


class _Neighbours:
    """Averages values over the vertices that edges join to each vertex."""

    def __init__(self, quads: Indices) -> None:
        ends = np.concatenate([quads[:, [corner, (corner + 1) % 4]] for corner in range(4)])
        ends = ends[np.argsort(ends[:, 0], kind="stable")]
        # Each edge of a closed mesh is in two quads, once in each direction.
        self._others = ends[:, 1]
        self._starts = np.searchsorted(ends[:, 0], np.arange(quads.max() + 1))
        self._counts = np.bincount(ends[:, 0])[:, None]

    def mean(self, values: Array) -> Array:
        """Return (V, C) means of the values (V, C) around each vertex."""
        return np.asarray(np.add.reduceat(values[self._others], self._starts) / self._counts)


def _relax(vertices: Array, neighbours: _Neighbours, shapes: tuple[RoundedCone, ...]) -> Array:
    """Even out the quads, then pull the vertices back onto the surface; polish the seams."""
    step = 1e-4
    for _ in range(2):
        vertices = 0.5 * vertices + 0.5 * neighbours.mean(vertices)
        distance = _field(vertices, shapes)
        slope = np.stack(
            [(_field(vertices + step * axis, shapes) - distance) / step for axis in np.eye(3)], -1
        )
        steepness = np.maximum(np.sum(slope**2, axis=-1), 0.25)
        vertices = vertices - (distance / steepness)[:, None] * slope
    for _ in range(_POLISHING_STEPS):
        vertices = 0.5 * vertices + 0.5 * neighbours.mean(vertices)
    return vertices


def _skin_weights(
    vertices: Array,
    neighbours: _Neighbours,
    shapes: tuple[RoundedCone, ...],
    bones: tuple[str, ...],
) -> Array:
    """Return (V, bones): each bone holds what is near its shapes, smoothly along the skin."""
    nearest = np.full((len(vertices), len(bones)), np.inf)
    for cone in shapes:
        column = bones.index(cone.bone)
        nearest[:, column] = np.minimum(nearest[:, column], _distances(vertices, cone))
    weights = np.exp(-(nearest - nearest.min(axis=1, keepdims=True)) / _WEIGHT_FADE)
    weights /= weights.sum(axis=1, keepdims=True)
    for _ in range(_WEIGHT_SMOOTHING_STEPS):
        weights = 0.5 * weights + 0.5 * neighbours.mean(weights)
    kept = np.sort(weights, axis=1)[:, -_INFLUENCES, None]
    weights = np.where((weights >= kept) & (weights > 0.01), weights, 0.0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _paint(vertices: Array, quads: Indices) -> Indices:
    """Return each quad's material: a suit with bare head and hands, accents at cuffs and shoes."""
    x, _, z = vertices[quads].mean(axis=1).T
    arm = np.abs(x)
    suit = (z < 1.492) & (arm < 0.69)
    cuff = suit & (((arm > 0.665) & (z > 1.3)) | ((z < 0.115) & (arm < 0.3)))
    return np.where(cuff, 2, np.where(suit, 1, 0))


def _mirrored_bone(bone: BoneShape) -> BoneShape:
    def right(name: str) -> str:
        return name.removesuffix(".L") + ".R" if name.endswith(".L") else name

    return BoneShape(right(bone.name), right(bone.parent), _flip(bone.head), _flip(bone.tail))


def _mirrored_cone(cone: RoundedCone) -> RoundedCone:
    bone = cone.bone.removesuffix(".L") + ".R" if cone.bone.endswith(".L") else cone.bone
    return RoundedCone(
        bone, _flip(cone.start), _flip(cone.end), cone.start_radius, cone.end_radius, cone.stretch
    )


def _flip(vector: Vector) -> Vector:
    return (-vector[0], vector[1], vector[2])
