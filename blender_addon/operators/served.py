"""Whether a motion can be made: asked by every button, and again when one is pressed."""

from __future__ import annotations

from typing import Any

from bpy.types import Context, Object, Operator

from ...engine.motion.edits import UPPER_BODY as UPPER_PARTS
from ...engine.motion.request import RequestError
from ...engine.motion.skeleton import PARTS
from .. import model_list
from ..core.edits.edit_requests import NEW_TAKES, REGENERATE, UPPER_BODY, VARY, Recipe
from ..core.edits.model_choice import check_served, choose_model
from ..core.errors import UserError
from ..scene.keys import reviews
from ..scene.reading import armature, editable_memory


def can_start(operator: type[Operator], context: Context, operation: str) -> bool:
    """Say whether a motion can be made for the active character; if not, the button shows why."""
    if context.window_manager.keyfill_status.is_running:
        operator.poll_message_set("A motion is being made: wait for it, or cancel it")
        return False
    ob = armature.active_character(context)
    if ob is not None and ob.type == "EMPTY" and ob.instance_collection is not None:
        operator.poll_message_set(
            "A linked character must be overridden first: "
            "choose Object > Library Override > Make"
        )
        return False
    if ob is None or ob.type != "ARMATURE":
        operator.poll_message_set("Select a character's armature first, or add the mannequin")
        return False
    if not is_free(operator, context, ob, operation):
        return False
    return is_served(operator, context, operation)


def is_free(operator: type[Operator], context: Context, ob: Object, operation: str) -> bool:
    """Say whether no takes wait and an edit finds keys; if not, the button shows why."""
    try:
        reviews.check_none_wait(context.scene.keyfill.review)
        if operation and operation not in NEW_TAKES:
            editable_memory.check_editable(ob)
    except RequestError as error:
        operator.poll_message_set(f"{error.message} {error.remedy}")
        return False
    return True


def is_served(operator: type[Operator], context: Context, operation: str) -> bool:
    """Say whether the chosen model can make an edit; if not, the button shows the reason.

    A model that is missing is told when the button is pressed, with its cure. Which body
    parts selected bones belong to is known then only, too.
    """
    settings = context.scene.keyfill
    try:
        model = choose_model(model_list.read_models(), settings.model_name)
    except UserError:
        return True
    try:
        check_served(model, _sketch(settings, operation))
    except UserError as error:
        operator.poll_message_set(error.message)
        return False
    return True


def _sketch(settings: Any, operation: str) -> Recipe:
    """Return as much of the recipe as decides which models can make it."""
    parts: tuple[str, ...] = PARTS
    if operation == UPPER_BODY:
        parts = UPPER_PARTS
    elif operation in (REGENERATE, VARY) and not settings.use_selected_bones:
        parts = tuple(part for part in PARTS if part in settings.parts) or PARTS
    return Recipe(operation, "", parts=parts, where=settings.extend_where)
