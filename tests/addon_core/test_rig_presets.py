"""Presets go through their file unchanged; anything that is no sound preset is refused whole."""

import dataclasses
import itertools
import json
import os

import numpy as np
import pytest
from keyfill_extension.blender_addon.core.rigs import presets as rig_presets
from keyfill_extension.blender_addon.core.rigs import rows as rig_rows
from keyfill_extension.blender_addon.core.rigs.presets import RigPreset
from keyfill_extension.blender_addon.core.rigs.rest_reference import take_reference
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.rig import RigPose
from keyfill_extension.engine.motion.rig_options import IK, OBJECT, RigOptions
from keyfill_extension.tests.motion.toy_rigs import FAMILIES, toy_rig

NAMES = FAMILIES["mixamo"]


def some_rows():
    rows = rig_rows.find_rows(toy_rig(NAMES), rig_rows.EMPTY_ROWS)
    rows = rig_rows.choose_bone(rows, "left_foot", "")
    return rig_rows.choose_bone(rows, "head", "mixamorig:Neck")


def some_preset():
    rig = toy_rig(NAMES)
    reference = take_reference(rig, RigPose(rig.rotations[None], rig.heads[None] + 0.5))
    options = RigOptions(OBJECT, True, IK, False, True, True, 0.25, 3.5)
    return RigPreset(some_rows(), reference, options)


def changed(**changes):
    """The text of a sound preset with some top-level values replaced."""
    return json.dumps(json.loads(rig_presets.preset_to_text(some_preset())) | changes)


def with_row(**changes):
    rows = json.loads(rig_presets.preset_to_text(some_preset()))["bones"]
    return changed(bones=[rows[0] | changes, *rows[1:]])


@pytest.mark.parametrize("preset", [RigPreset(), some_preset()], ids=["defaults", "everything"])
def test_a_preset_comes_back_from_its_file_as_it_was(preset, tmp_path):
    path = tmp_path / "Häro – rig.json"
    rig_presets.write_preset(path, preset)
    back = rig_presets.read_preset(path)
    assert back.rows == preset.rows
    assert back.options == preset.options
    if preset.reference is None:
        assert back.reference is None
    else:
        assert back.reference.names == preset.reference.names
        for name in ("rotations", "offsets", "shifts"):
            wanted, found = getattr(preset.reference, name), getattr(back.reference, name)
            assert np.abs(wanted - found).max() < 1e-6


def test_every_option_is_saved():
    saved = json.loads(rig_presets.preset_to_text(RigPreset()))["options"]
    assert set(saved) == {field.name for field in dataclasses.fields(RigOptions)}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"format": "another tool", "version": 1}',
        '{"bones": []}',
        changed(version=2),
        changed(version=None),
        changed(more=1),
        changed(reference=[]),
        changed(reference={"Hips": [1.0]}),
        changed(reference={"Hips": [2.0] + [0.0] * 9}),
        changed(reference={"Hips": ["1"] + [0.0] * 9}),
        changed(reference={"Hips": 7}),
        changed(bones={}),
        changed(bones=[]),
        changed(bones=json.loads(changed())["bones"][::-1]),
        with_row(bone=3),
        with_row(confidence=1.5),
        with_row(by_hand=1),
        with_row(weight=1.0),
        with_row(bone="mixamorig:LeftUpLeg"),
        changed(options={}),
        changed(options={**dataclasses.asdict(RigOptions()), "root_motion": "FEET"}),
        changed(options={**dataclasses.asdict(RigOptions()), "thin_degrees": 0.0}),
        changed(options={**dataclasses.asdict(RigOptions()), "thin_degrees": True}),
        changed().replace('"thin_degrees": 0.25', '"thin_degrees": NaN'),
        changed().replace('"thin_degrees": 0.25', '"thin_degrees": 1e999'),
        changed().replace('"in_place": true', '"in_place": true, "in_place": false'),
        "[" * 100_000,
    ],
    ids=itertools.count(),
)
def test_what_is_no_sound_preset_is_refused_in_one_sentence_with_its_cure(text):
    with pytest.raises(RequestError) as refusal:
        rig_presets.text_to_preset(text, "hero.json")
    assert '"hero.json"' in refusal.value.message
    assert refusal.value.remedy
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_refused(share, tmp_path):
    text = rig_presets.preset_to_text(some_preset()).rstrip()
    path = tmp_path / "cut.json"
    path.write_text(text[: int(len(text) * share)], encoding="utf-8")
    with pytest.raises(RequestError, match="no complete JSON"):
        rig_presets.read_preset(path)


def test_files_that_are_no_text_or_not_there_are_refused(tmp_path):
    (tmp_path / "picture.json").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    with pytest.raises(RequestError, match="no rig preset"):
        rig_presets.read_preset(tmp_path / "picture.json")
    with pytest.raises(RequestError, match="cannot be read"):
        rig_presets.read_preset(tmp_path / "nowhere.json")
    with pytest.raises(RequestError, match="cannot be read"):
        rig_presets.read_preset(tmp_path)


def test_a_preset_that_cannot_be_written_leaves_the_old_one_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "hero.json"
    rig_presets.write_preset(path, RigPreset())
    before = path.read_bytes()

    def fail(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(RequestError, match="No space left"):
        rig_presets.write_preset(path, some_preset())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(RequestError, match="cannot be written"):
        rig_presets.write_preset(tmp_path / "nowhere" / "hero.json", RigPreset())


def test_a_preset_for_another_rig_names_the_missing_bones():
    preset = some_preset()
    rig_presets.check_fits(preset, set(NAMES.values()), "hero")
    fewer = set(NAMES.values()) - {"mixamorig:LeftArm", "mixamorig:Spine"}
    with pytest.raises(RequestError, match='no bone "mixamorig:Spine", "mixamorig:LeftArm"\\.'):
        rig_presets.check_fits(preset, fewer, "hero")
    with pytest.raises(RequestError, match="and 17 more"):
        rig_presets.check_fits(preset, set(), "hero")


@pytest.mark.parametrize(
    "name",
    ["", " ", ".hidden", "../up", "a/b", "a\\b", "C:x", "what?", "a\nb", "con", "NUL", "com1",
     "Lpt9.json", "aux .x", "com¹", "walk.", "walk. ", "x" * 151],
)
def test_names_that_are_no_files_are_refused(name, tmp_path):
    with pytest.raises(RequestError, match="cannot be called"):
        rig_presets.preset_path(tmp_path, name)


def test_a_preset_that_lies_there_under_such_a_name_can_still_be_removed(tmp_path):
    (tmp_path / "walk..json").write_text("{}", encoding="utf-8")
    assert rig_presets.preset_names(tmp_path) == ("walk.",)
    rig_presets.remove_preset(rig_presets.preset_path(tmp_path, "walk."))
    assert rig_presets.preset_names(tmp_path) == ()


def test_presets_of_a_folder_are_listed_by_name(tmp_path):
    assert rig_presets.preset_names(tmp_path / "nowhere") == ()
    for name in ("Zoe", "Anna the 2nd"):
        rig_presets.write_preset(rig_presets.preset_path(tmp_path, name), RigPreset())
    (tmp_path / "notes.txt").write_text("no preset")
    assert rig_presets.preset_names(tmp_path) == ("Anna the 2nd", "Zoe")
    rig_presets.remove_preset(rig_presets.preset_path(tmp_path, "Zoe"))
    assert rig_presets.preset_names(tmp_path) == ("Anna the 2nd",)
    with pytest.raises(RequestError, match='"Zoe" cannot be removed'):
        rig_presets.remove_preset(rig_presets.preset_path(tmp_path, "Zoe"))
