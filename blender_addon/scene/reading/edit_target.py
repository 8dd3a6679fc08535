"""Reads what an edit works on: the keys' range, what is selected, whether it can be edited.

It writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ....engine.motion.request import RequestError
from ...core.curves.key_table import HOLD_REACH
from ...core.edits.edit_requests import Frames, RangeSources
from .showing import find_hindrances

Times = NDArray[np.floating[Any]]

LAST_FRAME = 1_048_574
"""Blender shows no frame after this one, and none before its negative."""

_LARGEST = 1e9
"""No turn and no way is as large; with such numbers nothing can be reckoned."""

_MOVING = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle", "scale")
_ADD_KEYS = "Generate a motion first, or give the character an action with keys."


def check_editable(ob: bpy.types.Object) -> None:
    """Refuse animation that no edit can be written into.

    Raises:
        RequestError: with the cure.
    """
    check_keyed(ob)
    check_numbers(ob)


def check_keyed(ob: bpy.types.Object) -> None:
    """Refuse animation without keys that an edit finds; quick enough for each redraw.

    Raises:
        RequestError: with the cure.
    """
    data = ob.animation_data
    if data is not None and data.use_tweak_mode:
        raise RequestError(
            f'A strip of "{ob.name}" is being tweaked in the NLA editor.',
            "Leave tweak mode (Tab in the NLA editor) first.",
        )
    if data is None or data.action is None:
        if data is not None and any(track.strips and not track.mute for track in data.nla_tracks):
            raise RequestError(
                f'"{ob.name}" is moved by NLA strips alone.',
                "Bake them first: Edit > Bake Action in the NLA editor.",
            )
        raise RequestError(f'"{ob.name}" has no animation to edit.', _ADD_KEYS)
    for hindrance in find_hindrances(ob):
        raise RequestError(hindrance.message, hindrance.remedy)
    if getattr(data, "action_slot", True) is None and data.action.slots:
        raise RequestError(
            f'No slot of the action "{data.action.name}" is chosen for "{ob.name}".',
            "Choose one beside the action's name in the Action Editor.",
        )
    if not has_keys(ob):
        raise RequestError(f'The action of "{ob.name}" has no keys for it.', _ADD_KEYS)


def check_numbers(ob: bpy.types.Object) -> None:
    """Refuse an action with keys that hold no numbers, or lie where Blender has no frames.

    Raises:
        RequestError: with the channel and the cure.
    """
    data = ob.animation_data
    if data is None or data.action is None:
        return
    bag = bag_of(data.action, getattr(data, "action_slot", None))
    for curve in bag.fcurves if bag is not None else ():
        points = curve.keyframe_points
        values = np.empty(2 * len(points), dtype=np.float32)
        for name in ("co", "handle_left", "handle_right"):
            points.foreach_get(name, values)
            if not np.isfinite(values).all():
                raise RequestError(
                    f'A key of "{ob.name}" holds a value that is no number ({curve.data_path}).',
                    "Delete that key in the Graph Editor.",
                )
            if np.abs(values[1::2]).max(initial=0.0) > _LARGEST:
                raise RequestError(
                    f'A key of "{ob.name}" holds a value above {_LARGEST:g} ({curve.data_path}).',
                    "Delete that key in the Graph Editor.",
                )
            if name == "co" and np.abs(values[::2]).max(initial=0.0) > LAST_FRAME:
                raise RequestError(
                    f'"{ob.name}" has a key beyond Blender\'s last frame, {LAST_FRAME} '
                    f"({curve.data_path}).",
                    "Delete that key in the Graph Editor, or move it.",
                )


def held_object(
    scene: bpy.types.Scene, ob: bpy.types.Object, name: str
) -> bpy.types.Object | None:
    """Return the object of that name that the character's hands hold; None without a name.

    Raises:
        RequestError: if it is not in the scene, or is the character itself.
    """
    if not name:
        return None
    held = scene.objects.get(name)
    if held is None:
        raise RequestError(
            f'The held object "{name}" is not in the scene.', "Choose another, or empty the field."
        )
    if held == ob:
        raise RequestError(
            "The character cannot hold itself.", "Choose another held object, or empty the field."
        )
    return held


def curves_of(ob: bpy.types.Object) -> list[bpy.types.FCurve]:
    """Return the F-curves of the object's action that move it or its bones and have keys."""
    return list(_moving_curves(ob))


def has_keys(ob: bpy.types.Object) -> bool:
    """Say whether the object's action has keys that move it; quick enough for each redraw."""
    return next(_moving_curves(ob), None) is not None


def _moving_curves(ob: bpy.types.Object) -> Iterator[bpy.types.FCurve]:
    data = ob.animation_data
    bag = None
    if data is not None and data.action is not None:
        bag = bag_of(data.action, getattr(data, "action_slot", None))
    yield from moving(bag.fcurves if bag is not None else ())


def moving(curves: Iterable[Any]) -> Iterator[Any]:
    """Yield the F-curves that move an object or its bones and have keys."""
    for curve in curves:
        if len(curve.keyframe_points) and curve.data_path.endswith(_MOVING):
            yield curve


def bag_of(action: bpy.types.Action, slot: Any) -> Any:
    """Return what holds an action's F-curves for a slot; None where there is nothing."""
    if not hasattr(action, "slots"):
        return action
    layers: Any = action.layers
    bags = [
        strip.channelbag(slot)
        for layer in layers
        for strip in layer.strips
        if slot is not None
    ]
    return next((bag for bag in bags if bag is not None), None)


def slot_named_as(action: bpy.types.Action, slot: Any) -> Any:
    """Return the slot of `action` with the identifier of another's; None without slots."""
    if slot is None or not hasattr(action, "slots"):
        return None
    return next((own for own in action.slots if own.identifier == slot.identifier), None)


def animated_frames(ob: bpy.types.Object) -> Frames:
    """Return the whole frames that the object's keys reach over; `check_editable` comes first."""
    return whole_frames(curves_of(ob))


def whole_frames(curves: Iterable[Any]) -> Frames:
    """Return the whole frames that the keys of curves reach over.

    A key beside an earlier edit that holds what the curve did beyond its end is none of them.
    """
    return _whole_frames(_key_times(curves))


def read_ranges(
    scene: bpy.types.Scene, ob: bpy.types.Object, explicit: Frames = (0, 0)
) -> RangeSources:
    """Return every range that an edit of this character may mean, the settings' own included."""
    curves = curves_of(ob)
    times = _key_times(curves)
    preview = None
    if scene.use_preview_range:
        preview = int(scene.frame_preview_start), int(scene.frame_preview_end)
    return RangeSources(
        animated=animated_frames(ob),
        explicit=explicit,
        selected=_selected_frames(curves),
        preview=preview,
        around_playhead=_neighbours(times, float(scene.frame_current)),
    )


def selected_bones(ob: bpy.types.Object) -> tuple[str, ...]:
    """Return the names of the selected pose bones."""
    # From 5.0 on the selection is the pose bone's own.
    return tuple(
        bone.name
        for bone in ob.pose.bones
        if (bone.select if hasattr(bone, "select") else bone.bone.select)
    )


def _key_times(curves: Iterable[Any]) -> Times:
    """Return the sorted times at which there are keys, without those that hold an end."""
    found = [np.zeros(0)]
    for curve in curves:
        points = curve.keyframe_points
        found.append(_times_of(points)[_without_holds(points)])
    return np.unique(np.round(np.concatenate(found), 4))


def _times_of(points: Any) -> Times:
    values = np.empty(2 * len(points), dtype=np.float32)
    points.foreach_get("co", values)
    return values[::2].astype(float)


def _without_holds(points: Any) -> slice:
    """Return the rows of a curve's keys that hold no end."""
    holds_first, holds_last = _holding_ends(points)
    return slice(int(holds_first), len(points) - holds_last)


def _holding_ends(points: Any) -> tuple[bool, bool]:
    """Say of the first and the last key of a curve whether an edit set it to hold that end."""
    if len(points) < 2:
        return False, False
    first, last = points[0], points[-1]
    return (
        _is_hold(first, first.handle_left, points[1]),
        _is_hold(last, last.handle_right, points[-2]),
    )


def _is_hold(point: Any, handle: Any, neighbour: Any) -> bool:
    if {point.handle_left_type, point.handle_right_type} != {"FREE"}:
        return False
    reach, gap = abs(handle[0] - point.co[0]), abs(neighbour.co[0] - point.co[0])
    return bool(abs(reach - HOLD_REACH) < 1e-3 and abs(gap - 1.0) < 1e-3)


def is_all_selected(curves: Iterable[bpy.types.FCurve]) -> bool:
    """Say whether every key of curves is selected, but for those that hold an end."""
    return all(chosen.all() for _, chosen in _chosen_keys(curves))


def _selected_frames(curves: list[bpy.types.FCurve]) -> Frames | None:
    """Return the range of the selected keys; None where none or all are.

    Everything is selected after many operators and says nothing about a wish.
    """
    found = list(_chosen_keys(curves))
    times = np.concatenate([np.zeros(0), *(own[chosen] for own, chosen in found)])
    is_partial = not all(chosen.all() for _, chosen in found)
    return _whole_frames(times) if is_partial and len(times) else None


def _chosen_keys(curves: Iterable[Any]) -> Iterator[tuple[Times, NDArray[np.bool_]]]:
    """Yield the times (N,) of each curve's keys and which are selected, without held ends."""
    for curve in curves:
        points = curve.keyframe_points
        chosen = np.empty(len(points), dtype=bool)
        points.foreach_get("select_control_point", chosen)
        rows = _without_holds(points)
        yield _times_of(points)[rows], chosen[rows]


def _whole_frames(times: Times) -> Frames:
    """Return the whole frames within some times."""
    first, last = float(times.min()), float(times.max())
    start, end = int(np.ceil(first - 1e-4)), int(np.floor(last + 1e-4))
    return (start, end) if start <= end else (end, start)


def _neighbours(times: Times, frame: float) -> Frames | None:
    """Return the keys on both sides of a frame; of the gap after it where it has a key itself."""
    after = int(np.searchsorted(times, frame + 1e-4, side="right"))
    if after == 0 or after == len(times):
        return None
    return int(np.floor(times[after - 1] + 1e-4)), int(np.ceil(times[after] - 1e-4))
