"""Choosing a model: the list, the buttons that it cannot serve, and which one really runs."""

import gc
import json

import bpy
import pytest
from keyfill_extension.blender_addon import engine_link, model_list, preferences
from keyfill_extension.blender_addon.core.link.worker_settings import WorkerSettings
from keyfill_extension.tests.addon_blender.drawing import Layout
from keyfill_extension.tests.addon_blender.edited_characters import (
    add_walker,
    assert_keys_kept,
    editing_worker,
    evaluated,
    keys_outside,
    largest_changes,
    set_settings,
)
from keyfill_extension.tests.addon_blender.fake_worker import fake_worker
from keyfill_extension.tests.addon_blender.versions import select_bone
from keyfill_extension.tests.model_folders import write_model

ALL = {"regenerate", "vary", "edit_upper_body", "in_between", "make_loop", "extend", "long_take"}
SERVED = {
    "grid": ALL,
    "own/momask": ALL - {"edit_upper_body"},
    "own/mmm": ALL,
    "own/hifigpt": {"extend", "long_take"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Small models of the user's: one of each system, one damaged, one that is no model."""
    folder = tmp_path_factory.mktemp("models")
    for system in ("momask", "mmm", "hifigpt"):
        write_model(folder / system, system=system, licence=f"licence of {system}")
    write_model(folder / "cut")
    (folder / "cut" / "net.safetensors").write_bytes(b"")
    (folder / "notes").mkdir()
    return folder


@pytest.fixture(scope="module", autouse=True)
def engine(registered_addon, folder):
    with editing_worker("load_system", models=str(folder)):
        yield


@pytest.fixture
def walker(empty_scene):
    ob = add_walker()
    set_settings(prompt="someone jumps", frame_start=31, frame_end=60, beats="1: someone walks")
    return ob


def settings():
    return bpy.context.scene.keyfill


def names():
    return [item[0] for item in model_list.menu_items(settings(), bpy.context)]


def test_the_list_holds_what_can_be_used_the_default_first(empty_scene):
    listed = names()
    assert listed[0] == "grid"
    assert [name for name in listed if name.startswith("own/")] == [
        "own/hifigpt", "own/mmm", "own/momask",
    ]  # fmt: skip
    assert settings().model == "grid"
    assert settings().model_name == ""


def test_the_menu_tells_system_and_licence_and_keeps_its_texts(empty_scene):
    first = model_list.menu_items(settings(), bpy.context)
    item = next(item for item in first if item[0] == "own/momask")
    assert item[1] == "momask (own): whole body"
    assert item[2].startswith("MoMask: fills whole frames, not single body parts. Licence: lic")
    gc.collect()
    again = model_list.menu_items(settings(), bpy.context)
    assert all(a is b for one, two in zip(first, again, strict=True)
               for a, b in zip(one[:3], two[:3], strict=True))  # fmt: skip


def test_a_model_is_chosen_and_saved_by_its_name(empty_scene, tmp_path):
    settings().model = "own/mmm"
    path = str(tmp_path / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    settings().model = "grid"
    bpy.ops.wm.open_mainfile(filepath=path)
    assert settings().model == "own/mmm"
    with pytest.raises(TypeError, match="not found"):
        settings().model = "own/cut"
    assert settings().model == "own/mmm"


def test_a_chosen_model_stays_chosen_when_the_list_grows(empty_scene, folder):
    settings().model = "own/momask"
    new = write_model(folder / "a new one", system="grid")
    try:
        model_list.read_models(is_fresh=True)
        assert "own/a new one" in names()
        assert settings().model == "own/momask"
    finally:
        for path in new.iterdir():
            path.unlink()
        new.rmdir()
        model_list.read_models(is_fresh=True)


def test_a_model_that_is_gone_stays_in_the_list_and_is_refused_with_the_cure(walker):
    settings().model_name = "own/gone"
    assert settings().model == "own/gone"
    before = evaluated(walker, 1, 90)
    for operator in ("generate", *ALL):
        with pytest.raises(RuntimeError, match="There is no model own/gone. Choose another"):
            getattr(bpy.ops.keyfill, operator)()
    assert "own/gone" in bpy.context.window_manager.keyfill_status.error
    assert max(largest_changes(before, evaluated(walker, 1, 90)).values()) == 0.0


def filled_range(ob, operator):
    """The frames that a button fills; everything else must stay."""
    first, last = {"in_between": (32, 59), "extend": (91, 1000)}.get(operator, (31, 60))
    return first, last


@pytest.mark.once  # what a model serves is declared; other tests press each button in each Blender
@pytest.mark.parametrize("name", SERVED)
@pytest.mark.parametrize("operator", sorted(ALL - {"long_take", "make_loop"}))
def test_a_button_works_where_the_model_serves_it_and_says_why_where_not(walker, name, operator):
    settings().model = name
    button = getattr(bpy.ops.keyfill, operator)
    assert button.poll() == (operator in SERVED[name])
    first, last = filled_range(walker, operator)
    before, keys = evaluated(walker, -10, first - 1), keys_outside(walker, first, last)
    if operator not in SERVED[name]:
        whole = evaluated(walker, -10, 120)
        with pytest.raises(RuntimeError, match=r"needs the grid model"):
            button()
        assert max(largest_changes(whole, evaluated(walker, -10, 120)).values()) == 0.0
        return
    assert button() == {"FINISHED"}
    assert json.loads(settings().history)[0]["model"] == name
    assert max(largest_changes(before, evaluated(walker, -10, first - 1)).values()) <= 1e-5
    assert_keys_kept(walker, keys, first, last)


@pytest.mark.parametrize("name", SERVED)
def test_takes_loops_and_long_takes_by_each_model(walker, name):
    settings().model = name
    for operator in ("generate", "long_take"):
        assert getattr(bpy.ops.keyfill, operator)() == {"FINISHED"}
    set_settings(frame_start=1, frame_end=30)
    assert bpy.ops.keyfill.make_loop.poll() == ("make_loop" in SERVED[name])
    if "make_loop" in SERVED[name]:
        assert bpy.ops.keyfill.make_loop() == {"FINISHED"}


def test_body_parts_decide_whether_regenerate_can_be_pressed(walker):
    settings().model = "own/mmm"
    for parts, is_served in (
        ({"TORSO", "LEFT_ARM", "RIGHT_ARM"}, True), ({"LEFT_ARM"}, False),
    ):  # fmt: skip
        settings().parts = parts
        assert bpy.ops.keyfill.regenerate.poll() == is_served
        assert bpy.ops.keyfill.vary.poll() == is_served
    with pytest.raises(RuntimeError, match="Regenerate of some body parts needs the grid model"):
        bpy.ops.keyfill.regenerate()


def test_where_to_extend_decides_whether_it_can_be_pressed(walker):
    settings().model = "own/hifigpt"
    assert bpy.ops.keyfill.extend.poll()
    settings().extend_where = "start"
    told = "Extend before the start needs the grid model, MMM or MoMask"
    with pytest.raises(RuntimeError, match=told):
        bpy.ops.keyfill.extend()


def test_selected_bones_are_judged_when_the_button_is_pressed(walker):
    settings().model = "own/momask"
    settings().use_selected_bones = True
    for bone in walker.pose.bones:
        select_bone(walker, bone.name, bone.name == "forearm.L")
    whole = evaluated(walker, -10, 120)
    assert bpy.ops.keyfill.regenerate.poll()
    with pytest.raises(RuntimeError, match="Regenerate of some body parts needs the grid model"):
        bpy.ops.keyfill.regenerate()
    assert "grid model" in bpy.context.window_manager.keyfill_status.error
    assert max(largest_changes(whole, evaluated(walker, -10, 120)).values()) == 0.0


def test_an_edit_of_the_history_is_made_again_by_its_own_model(walker):
    settings().model = "own/mmm"
    assert bpy.ops.keyfill.edit_upper_body() == {"FINISHED"}
    settings().model = "own/hifigpt"
    assert bpy.ops.keyfill.remake(index=0) == {"FINISHED"}
    assert engine_link.loaded_model() == "own/mmm"
    assert json.loads(settings().history)[0]["model"] == "own/mmm"


@pytest.fixture
def as_before():
    """The module's worker again after a test with another one."""
    before = engine_link.settings()
    yield
    engine_link.connect(lambda: before)


@pytest.mark.usefixtures("as_before")
def test_the_chosen_model_runs_and_one_that_fails_keeps_the_earlier(empty_scene, folder):
    with fake_worker("load_folder_engine", models=str(folder)):
        bpy.ops.keyfill.add_mannequin()
        status = bpy.context.window_manager.keyfill_status
        set_settings(prompt="someone walks", seconds=1.0)
        for name, told in (("own/mmm", "mmm 1"), ("own/momask", "momask 1"), ("grid", "None 1")):
            settings().model = name
            assert bpy.ops.keyfill.generate() == {"FINISHED"}
            assert status.prompt_cut == told
            assert engine_link.loaded_model() == name
        pid = engine_link.worker_pid()
        refused = folder / "hifigpt" / "refused"
        refused.touch()
        settings().model = "own/hifigpt"
        with pytest.raises(RuntimeError, match="The weights in hifigpt are damaged. Restore"):
            bpy.ops.keyfill.generate()
        refused.unlink()
        assert (engine_link.worker_pid(), engine_link.loaded_model()) == (pid, "grid")
        status.prompt_cut = ""


def test_the_preferences_list_models_and_what_is_wrong_with_others(empty_scene):
    layout = Layout()
    preferences.draw_models(layout)
    text = "\n".join(layout.drawn)
    assert "momask: MoMask, 0 MB; licence of momask" in text
    assert "cut: The weights file" in text
    assert "is cut short" in text
    assert "notes: The folder" in text
    assert "it holds no model" in text


def test_other_folders_of_models_start_another_worker():
    first = WorkerSettings(models="a")
    assert first != WorkerSettings(models="b")
    assert first.command()[-2:] == ["--models", "a"]
    assert "--models" not in WorkerSettings().command()
