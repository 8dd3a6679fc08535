"""Which models can make an edit, and the sentence where one cannot."""

from pathlib import Path

import pytest
from keyfill_extension.blender_addon.core.edits.edit_requests import (
    END,
    EXTEND,
    IN_BETWEEN,
    LABELS,
    LONG_TAKE,
    LOOP,
    REGENERATE,
    START,
    UPPER_BODY,
    VARY,
    Recipe,
    recipe_for,
)
from keyfill_extension.blender_addon.core.edits.generate_request import GenerateSettings
from keyfill_extension.blender_addon.core.edits.model_choice import check_served, choose_model
from keyfill_extension.blender_addon.core.errors import UserError
from keyfill_extension.engine.models.catalogue import Model, SystemDescription
from keyfill_extension.engine.motion.edits import UPPER_BODY as UPPER_PARTS
from keyfill_extension.engine.motion.skeleton import PARTS
from keyfill_extension.engine.systems.registry import SYSTEMS

SHORTEST_MESSAGE_BLENDER_CUTS = 200


def model(system, reason=""):
    return Model(system, Path(system), SystemDescription(system), reason=reason)


EDITS = {
    "generate": Recipe("generate", "walks"),
    "regenerate": Recipe(REGENERATE, "walks", parts=PARTS),
    "regenerate the upper body": Recipe(REGENERATE, "walks", parts=UPPER_PARTS),
    "regenerate an arm": Recipe(REGENERATE, "walks", parts=("LEFT_ARM",)),
    "vary": Recipe(VARY, "walks", parts=PARTS),
    "vary an arm": Recipe(VARY, "walks", parts=("LEFT_ARM",)),
    "upper body": Recipe(UPPER_BODY, "walks", parts=UPPER_PARTS),
    "in-between": Recipe(IN_BETWEEN, ""),
    "extend": Recipe(EXTEND, "", where=END),
    "lead in": Recipe(EXTEND, "", where=START),
    "loop": Recipe(LOOP, ""),
    "long": Recipe(LONG_TAKE, "", beats="2: walks"),
}
WHOLE = {"generate", "regenerate", "vary", "in-between", "extend", "lead in", "loop", "long"}
SERVED = {
    "grid": set(EDITS),
    "momask": WHOLE,
    "mmm": WHOLE | {"upper body", "regenerate the upper body"},
    "hifigpt": {"generate", "extend", "long"},
}


def test_every_operation_and_system_is_tried():
    assert {recipe.operation for recipe in EDITS.values()} == {"generate", *LABELS}
    assert set(SERVED) == set(SYSTEMS)


@pytest.mark.parametrize("system", SERVED)
@pytest.mark.parametrize("name", EDITS)
def test_each_system_serves_what_it_says(system, name):
    if name in SERVED[system]:
        check_served(model(system), EDITS[name])
        return
    with pytest.raises(UserError) as refused:
        check_served(model(system), EDITS[name])
    assert " needs the grid model" in refused.value.message
    assert SYSTEMS[system].limits in refused.value.message
    assert len(refused.value.message) < SHORTEST_MESSAGE_BLENDER_CUTS
    assert "Choose" in refused.value.remedy


@pytest.mark.parametrize(
    ("system", "name", "told"),
    [
        ("momask", "upper body", "Edit Upper Body needs the grid model or MMM. MoMask fills whole "
         "frames, not single body parts."),
        ("mmm", "vary an arm", "Vary of some body parts needs the grid model. MMM fills whole "
         "frames or the whole upper body, not other body parts."),
        ("hifigpt", "lead in", "Extend before the start needs the grid model, MMM or MoMask. "
         "T2M-HiFiGPT writes from left to right: new takes, and what comes behind the last key."),
    ],
)  # fmt: skip
def test_the_reason_names_the_models_that_can(system, name, told):
    with pytest.raises(UserError) as refused:
        check_served(model(system), EDITS[name])
    assert refused.value.message == told


def test_a_model_is_chosen_by_its_name_and_none_takes_the_default_one():
    models = model("grid"), model("momask"), model("mmm", "It is damaged.")
    assert choose_model(models, "momask").name == "momask"
    assert choose_model(models, "").name == "grid"
    for name, told in (("mmm", "It is damaged."), ("hifigpt", "no model hifigpt")):
        with pytest.raises(UserError, match="preferences") as refused:
            choose_model(models, name)
        assert told in refused.value.message


def test_a_damaged_default_model_is_left_to_the_worker_which_knows_the_cure():
    models = (model("grid", "It is damaged."),)
    assert choose_model(models, "grid") == choose_model(models, "") == models[0]


@pytest.mark.parametrize("operation", LABELS)
def test_requests_carry_the_model(operation):
    assert recipe_for(operation, Recipe("", "walks", model="own/dancer")).model == "own/dancer"
    assert GenerateSettings("walks", model="own/dancer").to_request().model == "own/dancer"
