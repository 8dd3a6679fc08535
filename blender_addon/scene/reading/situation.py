"""What an animator may have changed to cure an error, as one line of text. It writes nothing."""

from __future__ import annotations

from typing import Any

import bpy

from . import armature

_TOLD_OTHERWISE = (
    "rna_type", "name", "history", "recent_prompts", "review", "plan", "model",
)  # fmt: skip
"""Settings that change with every success, and those of which a part counts."""


def read_situation(context: bpy.types.Context) -> str:
    """Return what errors are about: character, its animation, settings; not the playhead.

    Two lines that differ mean that something was changed, and that an error is old.
    """
    ob = armature.active_character(context)
    settings: Any = getattr(context.scene, "keyfill", None)
    return repr((
        None if ob is None else _character(ob),
        None if settings is None else _settings(settings),
    ))  # fmt: skip


def read_shown(context: bpy.types.Context) -> str:
    """Return what notes are about: the action of the character, the takes, what was made.

    Two lines that differ mean that what was told is no longer what is seen: it was undone, another
    character was selected, or it shows another action.
    """
    ob = armature.active_character(context)
    settings: Any = getattr(context.scene, "keyfill", None)
    data: Any = None if ob is None else ob.animation_data
    action = None if data is None else data.action
    # An edit keeps the action's name; the history goes with its undo.
    made = None if settings is None else (
        len(settings.review.takes), settings.review.index, settings.history,
    )  # fmt: skip
    return repr((ob and ob.name, action and action.name, made))


def _character(ob: bpy.types.Object) -> tuple[Any, ...]:
    data: Any = ob.animation_data
    shown = None
    if data is not None:
        shown = (
            data.action.name if data.action is not None else "",
            data.use_tweak_mode, data.action_blend_type, round(data.action_influence, 4),
            sum(len(track.strips) for track in data.nla_tracks), data.use_nla,
            any(track.is_solo for track in data.nla_tracks),
            getattr(getattr(data, "action_slot", None), "identifier", ""),
        )  # fmt: skip
    body: Any = ob.data
    bones = len(body.bones) if ob.type == "ARMATURE" else 0
    pose = body.pose_position if ob.type == "ARMATURE" else ""
    scale = [round(one, 4) for one in ob.matrix_world.to_scale().to_tuple()]
    return ob.name, ob.type, ob.mode, ob.is_editable, ob.hide_viewport, bones, pose, scale, shown


def _settings(settings: Any) -> list[Any]:
    """Return all that the panel edits; `history` and the like change with every success."""
    found: list[Any] = [len(settings.review.takes), settings.model_name, settings.plan.text()]
    for one in settings.bl_rna.properties:
        if one.identifier in _TOLD_OTHERWISE:
            continue
        value = getattr(settings, one.identifier)
        if isinstance(value, bpy.types.ID):
            value = value.name
        found.append(sorted(value) if isinstance(value, set) else value)
    return found
