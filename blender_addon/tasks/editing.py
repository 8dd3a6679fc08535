"""How every edit runs: a recipe and the character's animation become a request, its result keys.

It knows no button: operators hand a recipe in and report what comes back.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from bpy.types import Context, Object

from ...engine.motion.bones.matching import BoneMap
from ...engine.motion.clip import Clip
from ...engine.motion.edits import Mask
from ...engine.motion.request import MotionResult, RequestError
from ...engine.motion.retargeting.clip_to_rig import RigMotion
from ...engine.motion.retargeting.hand_pins import Placed
from ..core.edits import edit_requests, take_history
from ..core.edits.edit_plan import EditPlan, plan_edit
from ..core.edits.edit_requests import ClipTimes, Frames, Recipe
from ..core.errors import UserError
from ..scene.controls import edits as control_edits
from ..scene.controls import rigs as control_rigs
from ..scene.keys import joining, key_targets, takes
from ..scene.keys.edit_keys import EditKeys
from ..scene.keys.masked_keys import SpanKeys
from ..scene.reading import armature, edit_target, rig_settings, timeline
from . import animation, hands


@dataclass(frozen=True, slots=True, eq=False)
class PreparedEdit:
    """A character's animation and the plan of an edit, read when the button was pressed."""

    armature_name: str
    """The object is looked up again by its name."""

    action_name: str
    """The action that was read."""

    bone_map: BoneMap
    read: animation.ReadAnimation

    held: Placed | None
    """Path of the object that pinned hands keep hold of."""

    plan: EditPlan

    joined: joining.Joined | None = None
    """The action of two that the edit works on; None where it works on the object's action."""


def prepare_edit(context: Context, recipe: Recipe, is_settled: bool) -> PreparedEdit:
    """Read what the edit needs of the active armature.

    Args:
        context: Blender's.
        recipe: what to make.
        is_settled: its frames and bones are final, as in the history; otherwise they are
            chosen from the settings and the selection.

    Raises:
        RequestError: if the character, its animation or the range cannot be edited.
    """
    ob = armature.check_armature(armature.active_character(context))
    scene = timeline.scene_of(context)
    edit_target.check_editable(ob)
    if takes.is_waiting(context.scene.keyfill.review):
        raise RequestError(
            "Takes of an earlier edit are waiting.", "Accept one of them or discard them first."
        )
    rig, bone_map = control_rigs.read_body(ob)
    fps = timeline.scene_fps(scene)
    if not is_settled:
        recipe = settle_recipe(context, recipe, bone_map)
    elif recipe.next_action:
        recipe = edit_requests.after_the_end(recipe, edit_target.animated_frames(ob))
    edit_requests.bones_of_parts(bone_map, recipe.parts)
    joined = None
    if recipe.next_action:
        joined = joining.join_next(ob, recipe.next_action, _length(recipe))
    try:
        with _shown(ob, joined, keep=False):
            frames = edit_requests.context_frames(recipe, edit_target.animated_frames(ob), fps)
            read = animation.read_animation(context, ob, rig, bone_map, frames)
        if recipe.operation == edit_requests.LOOP:
            read = animation.end_on_clip_frame(read)
        thing = edit_target.held_object(scene, ob, recipe.held)
        held = hands.read_held(scene, ob, thing, frames) if thing else None
        times = ClipTimes(read.first_frame_scene, read.fps, read.clip.frames)
        plan = plan_edit(recipe, read.clip, times)
    except BaseException:
        if joined is not None:
            joining.remove_joined(joined)
        raise
    return PreparedEdit(
        ob.name, ob.animation_data.action.name, bone_map, read, held, plan, joined
    )


def drop_edit(edit: PreparedEdit) -> None:
    """Remove what preparing an edit added to the file and applying it did not use."""
    if edit.joined is not None:
        joining.remove_joined(edit.joined)


def _shown(ob: Object, joined: joining.Joined | None, keep: bool) -> AbstractContextManager[None]:
    """Return a block in which the object shows the keys that the edit works on."""
    if joined is None:
        return nullcontext()
    return joining.show_joined(ob, joined, keep)


def _length(recipe: Recipe) -> int:
    return recipe.frames[1] - recipe.frames[0] + 1


def settle_recipe(context: Context, recipe: Recipe, bone_map: BoneMap) -> Recipe:
    """Return the recipe with its frames and bones chosen from settings, selection and keys.

    Raises:
        RequestError: if the range or the selection cannot be edited.
    """
    ob = armature.check_armature(armature.active_character(context))
    settings = context.scene.keyfill
    is_by_part = recipe.operation in (edit_requests.REGENERATE, edit_requests.VARY)
    if settings.use_selected_bones and is_by_part:
        selected = control_edits.followed_bones(ob, bone_map, edit_target.selected_bones(ob))
        recipe = edit_requests.narrow_to_bones(recipe, bone_map, selected)
    return replace(recipe, frames=_chosen_frames(timeline.scene_of(context), ob, recipe))


def _chosen_frames(scene: Any, ob: Object, recipe: Recipe) -> Frames:
    settings = scene.keyfill
    if recipe.operation == edit_requests.EXTEND:
        return edit_requests.extension_frames(
            edit_target.animated_frames(ob),
            recipe.where,
            settings.extend_seconds,
            timeline.scene_fps(scene),
        )
    if recipe.next_action:
        return edit_requests.extension_frames(
            edit_target.animated_frames(ob),
            edit_requests.END,
            settings.gap_seconds,
            timeline.scene_fps(scene),
        )
    explicit = settings.frame_start, settings.frame_end
    sources = edit_target.read_ranges(scene, ob, explicit)
    return edit_requests.choose_frames(recipe.operation, sources)


def apply_edit(context: Context, edit: PreparedEdit, result: MotionResult, review: bool) -> str:
    """Put the takes on the character, and the edit into the history; return what to tell.

    Raises:
        UserError: if the character changed meanwhile.
        RequestError: if the keys cannot be written; nothing is written then.
    """
    ob = _find_again(context, edit)
    made = [_keys_of(edit, clip) for clip in result.clips]
    wished = [_as_wished(context, ob, edit, keys) for keys, _ in made]
    settings = context.scene.keyfill
    recipe = edit.plan.recipe
    # Joined actions have no keys to go back to: they are accepted at once.
    is_review = review and len(wished) > 1 and edit.joined is None
    with _shown(ob, edit.joined, keep=True):
        keys = _on_controls(context, ob, edit, wished)
        if is_review:
            takes.hold_takes(settings.review, ob, keys, take_history.history_to_text((recipe,)))
        else:
            notes = takes.write_takes(ob, keys)
    if is_review:
        settings.remember(recipe)
        return f"{len(keys)} takes wait to be accepted"
    settings.remember(take_history.take_of(recipe, 0))
    if not made[0][1]:
        notes = ["A pinned hand is out of reach on some frames and comes as near as it can", *notes]
    return ". ".join([_done(recipe), *_little_use(ob, edit, keys[0]), *notes])


def _little_use(ob: Object, edit: PreparedEdit, keys: EditKeys) -> list[str]:
    """Return a sentence on keyed bones that constraints or drivers override, if there are any."""
    without_keys = key_targets.bones_without_rotation(ob)
    keyed = set(keys.spans[0].bones) - without_keys
    bones = [bone for bone in edit.read.overridden if bone in keyed]
    if not bones:
        return []
    return [f"Constraints or drivers decide over {', '.join(bones)}, whose new keys show little"]


def _keys_of(edit: PreparedEdit, clip: Clip) -> tuple[EditKeys, bool]:
    """Return the keys of one take on the rig's bones, and whether its hands reach their pins."""
    recipe = edit.plan.recipe
    made, mask = edit.plan.take_back(clip)
    motion = animation.fit_edit(edit.read, made, mask)
    motion, is_reached = hands.place_pinned_hands(
        edit.read, motion, mask, recipe.pinned, edit.held
    )
    open_side = recipe.where if recipe.operation == edit_requests.EXTEND else ""
    spans = _spans(edit, motion, mask)
    return EditKeys(motion, edit.read.first_frame_scene, spans, open_side), is_reached


def _on_controls(
    context: Context, ob: Object, edit: PreparedEdit, keys: list[EditKeys]
) -> list[EditKeys]:
    """Return the takes as keys of the controls, where the bones follow some."""
    read = edit.read.controls
    if read is None:
        return keys
    scene = timeline.scene_of(context)
    return control_edits.keys_on_controls(scene, ob, read, edit.read.track, keys)


def _as_wished(context: Context, ob: Object, edit: PreparedEdit, keys: EditKeys) -> EditKeys:
    """Return the keys, to be thinned if the animator wishes so.

    The character's own wish for thin keys counts for all bones, that of the edits for bones
    that were keyed by hand.
    """
    options, settings = rig_settings.read_options(ob), context.scene.keyfill
    if not (options.thin or settings.fewer_keys):
        return keys
    degrees, millimetres = options.thin_degrees, options.thin_millimetres
    if not options.thin:
        degrees, millimetres = settings.edit_tolerances()
    spans = [
        replace(
            span,
            thin_degrees=degrees,
            thin_millimetres=millimetres,
            thin_baked=options.thin,
            units_per_metre=edit.read.track.alignment.scale,
        )
        for span in keys.spans
    ]
    return replace(keys, spans=tuple(spans))


def _spans(edit: PreparedEdit, motion: RigMotion, mask: Mask) -> tuple[SpanKeys, ...]:
    recipe = edit.plan.recipe
    bones = recipe.bones or edit_requests.bones_of_parts(edit.bone_map, recipe.parts)
    keyed = tuple(bone for bone in motion.bones if bone in bones)
    mover = motion.location_bone if _moves_path(edit, recipe, bones) else None
    return tuple(
        SpanKeys(first, last, keyed, mover) for first, last in edit.plan.filled(mask)
    )


def _moves_path(edit: PreparedEdit, recipe: Recipe, bones: tuple[str, ...]) -> bool:
    """Say whether the path gets keys: with the lower body, where single bones, with the hips."""
    if "LOWER_BODY" not in recipe.parts:
        return False
    return not recipe.bones or edit.bone_map.bones["pelvis"] in bones


def _find_again(context: Context, edit: PreparedEdit) -> Object:
    ob: Object | None = timeline.scene_of(context).objects.get(edit.armature_name)
    if ob is None:
        raise UserError(
            f'The armature "{edit.armature_name}" is no longer in the scene.',
            "Select a character and make the edit once more.",
        )
    armature.check_armature(ob)
    edit_target.check_editable(ob)
    recipe = edit.plan.recipe
    has_moved = bool(recipe.next_action) and (
        edit_requests.after_the_end(recipe, edit_target.animated_frames(ob)) != recipe
    )
    if ob.animation_data.action.name != edit.action_name or has_moved:
        raise UserError(
            f'"{ob.name}" has another action than when the edit began.', "Make the edit once more."
        )
    return ob


def _done(recipe: Recipe) -> str:
    first, last = recipe.frames
    told = f"{recipe.label}: frames {first} to {last} are new"
    if recipe.bones:
        parts = ", ".join(edit_requests.spoken(part) for part in recipe.parts)
        told += f"; the model filled {parts}, {len(recipe.bones)} chosen bones got keys"
    return told
