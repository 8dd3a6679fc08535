"""Reads what an edit needs: the character, its animation, and the recipe with its final frames."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bpy.types import Context, Object

from ...engine.motion.bones.matching import BoneMap
from ...engine.motion.edits import SHORTEST_LOOP
from ...engine.motion.request import Progress, RequestError
from ...engine.motion.retargeting.hand_pins import Placed
from ..core.edits import edit_requests
from ..core.edits.edit_plan import EditPlan, plan_edit
from ..core.edits.edit_requests import ClipTimes, Frames, Recipe
from ..core.link.slices import Steps, computed, finish
from ..core.replay.replay_process import ReplayProcess
from ..scene.controls import edits as control_edits
from ..scene.controls import rigs as control_rigs
from ..scene.controls.replays import lend_replay
from ..scene.keys import joining, keyframes, reviews
from ..scene.reading import armature, edit_target, recording, timeline
from ..scene.reading.named_character import NamedCharacter, name_character
from ..scene.reading.recording import Dress
from . import animation, hands
from .character_reading import Body, read_character
from .serving import check_recipe


@dataclass(frozen=True, slots=True, eq=False)
class PreparedEdit:
    """A character's animation and the plan of an edit, read when the button was pressed."""

    character: NamedCharacter
    """Looked up again in each slice."""

    action_name: str
    """The action that was read."""

    body: Body
    read: animation.ReadAnimation

    held: Placed | None
    """Path of the object that pinned hands keep hold of."""

    plan: EditPlan

    joined: joining.Joined | None = None
    """The action of two that the edit works on, made anew whenever it is needed; None where it
    works on the object's action."""


@dataclass(frozen=True, slots=True)
class EditWish:
    """What shall be made, and for whom."""

    recipe: Recipe

    is_settled: bool
    """Its frames and bones are final, as in the history; otherwise they are chosen from the
    settings and the selection."""

    is_modal: bool = False
    """A person waits and works on: rigs are posed in a Blender of their own."""

    is_reviewed: bool = False
    """Several takes wait to be accepted."""


def prepare_edit(context: Context, recipe: Recipe, is_settled: bool) -> PreparedEdit:
    """Read what the edit needs of the active armature, here and now."""
    with ExitStack() as stack:
        return finish(prepare_in_slices(context, EditWish(recipe, is_settled), stack))[0]


def prepare_in_slices(
    context: Context, wish: EditWish, stack: ExitStack
) -> Steps[tuple[PreparedEdit, ReplayProcess | None]]:
    """Read the active armature and plan the edit; what is lent for that goes on the stack."""
    ob = armature.check_armature(armature.active_character(context))
    edit_target.check_editable(ob)
    reviews.check_none_wait(context.scene.keyfill.review)
    character = name_character(timeline.scene_of(context), ob)
    action_name = ob.animation_data.action.name
    del ob
    body = yield from read_character(character)
    rig, bone_map = body.rig, body.bone_map
    recipe = _settled(context, character, wish, bone_map)
    check_recipe(recipe)
    keyframes.check_frames(*recipe.frames)
    edit_requests.bones_of_parts(bone_map, recipe.parts)
    joined = _join(character, recipe)
    dress = partial(show_edited, joined=joined, keep=False)
    frames = _context_frames(character, recipe, dress)
    yield Progress(0, 1, "Reading the character")
    replay = _lend_player(character, bone_map, dress, stack) if wish.is_modal else None
    yield Progress(0, 1, "Reading the character")
    reading = animation.Reading(character, rig, bone_map, dress, replay)
    read = yield from animation.read_in_slices(reading, frames)
    held = None
    if recipe.held:
        held = yield from hands.read_held(character, recipe.held, frames, dress)
    read, plan = yield computed("Planning the edit", partial(_plan, recipe, read))
    return PreparedEdit(character, action_name, body, read, held, plan, joined), replay


def _settled(
    context: Context, character: NamedCharacter, wish: EditWish, bone_map: BoneMap
) -> Recipe:
    """Return the recipe with its final frames and bones."""
    if not wish.is_settled:
        return settle_recipe(context, wish.recipe, bone_map)
    if not wish.recipe.next_action:
        return wish.recipe
    _, ob = character.find()
    return edit_requests.after_the_end(wish.recipe, edit_target.animated_frames(ob))


def _join(character: NamedCharacter, recipe: Recipe) -> joining.Joined | None:
    """Return what joins two actions, which none does yet; None where the edit is of one."""
    if not recipe.next_action:
        return None
    _, ob = character.find()
    joined = joining.join_next(ob, recipe.next_action, _length(recipe))
    joining.remove_joined(joined)
    return joined


def _context_frames(character: NamedCharacter, recipe: Recipe, dress: Dress) -> Frames:
    """Return the frames that are read."""
    scene, ob = character.find()
    edit_target.held_object(scene, ob, recipe.held)
    with dress(ob):
        frames: Frames = edit_requests.context_frames(
            recipe, edit_target.animated_frames(ob), timeline.scene_fps(scene)
        )
    return frames


def _lend_player(
    character: NamedCharacter, bone_map: BoneMap, dress: Dress, stack: ExitStack
) -> ReplayProcess | None:
    """Return who plays a control rig's animation; None where the rig has no controls."""
    scene, ob = character.find()
    controls = control_rigs.find_controls(ob, bone_map)
    if controls is None:
        return None
    recording.check_evaluable(ob)
    with dress(ob):
        return stack.enter_context(lend_replay(scene, ob, controls.bones))


def _plan(
    recipe: Recipe, read: animation.ReadAnimation
) -> tuple[animation.ReadAnimation, EditPlan]:
    if recipe.operation == edit_requests.LOOP:
        if read.first_frame_scene == read.last_frame_scene:
            raise RequestError(
                "A cycle of 1 frame is too short to close.",
                f"Choose at least {SHORTEST_LOOP} frames, or set more keys.",
            )
        read = animation.end_on_clip_frame(read)
    times = ClipTimes(read.first_frame_scene, read.fps, read.clip.frames)
    return read, plan_edit(recipe, read.clip, times)


def show_edited(
    ob: Object, joined: joining.Joined | None, keep: bool
) -> AbstractContextManager[None]:
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
