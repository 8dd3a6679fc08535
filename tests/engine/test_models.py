"""Models in folders: all are listed, and what cannot be used says why."""

import shutil
import subprocess
import sys

import pytest
from keyfill_extension.engine.__main__ import main
from keyfill_extension.engine.models.catalogue import (
    Model,
    ModelError,
    SystemDescription,
    find_model,
    list_models,
    read_model,
)
from keyfill_extension.tests.model_folders import write_model


@pytest.fixture
def shipped(tmp_path):
    """The grid model, and MoMask in a folder within."""
    folder = write_model(tmp_path / "weights")
    write_model(folder / "momask", 20, system="momask", licence="do as you like")
    return folder


@pytest.fixture
def own(tmp_path):
    folder = tmp_path / "mine"
    write_model(folder / "dancer", 30)
    write_model(folder / "momask", system="momask", licence="non-commercial")
    return folder


def names(models):
    return [model.name for model in models]


def test_the_shipped_models_are_listed_the_default_one_first(shipped):
    grid, momask = list_models(shipped)
    assert grid == Model("grid", shipped, size=10)
    assert momask.name == momask.description.system == "momask"
    assert momask.description.licence == "do as you like"
    assert (momask.size, momask.reason, momask.is_own) == (20, "", False)


def test_own_models_stand_beside_those_of_the_same_name(shipped, own):
    models = list_models(shipped, own)
    assert names(models) == ["grid", "momask", "own/dancer", "own/momask"]
    assert [model.label for model in models] == ["grid", "momask", "dancer", "momask"]
    assert find_model(models, "own/momask").folder == own / "momask"
    assert find_model(models, "momask").folder == shipped / "momask"
    assert find_model(models, "").name == "grid"


def test_a_folder_that_is_a_model_itself_may_be_named(shipped, own):
    model = list_models(shipped, own / "dancer")[-1]
    assert (model.name, model.label, model.reason) == ("own", "dancer", "")


def test_a_text_encoder_beside_the_weights_is_no_model(shipped):
    (shipped / "momask" / "clip").mkdir()
    (shipped / "clip").mkdir()
    (shipped / ".cache").mkdir()
    assert names(list_models(shipped)) == ["grid", "momask"]
    assert names(list_models(shipped, shipped / "momask"))[2:] == ["own"]


def damage(folder, kind):
    if kind == "foreign":
        (folder / "manifest.json").unlink()
    elif kind == "no list":
        (folder / "manifest.json").write_text('{"files": 3}')
    elif kind == "empty list":
        (folder / "manifest.json").write_text('{"files": []}')
    elif kind == "cut":
        (folder / "net.safetensors").write_bytes(b"1")
    elif kind == "missing":
        (folder / "net.safetensors").unlink()
    elif kind == "description":
        (folder / "system.json").write_text('{"system": 3}')
    elif kind == "nested":
        (folder / "system.json").write_text("[" * 100_000)
    else:
        (folder / "system.json").write_text('{"system": "dreamer"}')


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("foreign", "has no manifest.json"),
        ("no list", "is damaged"),
        ("empty list", "names no file"),
        ("cut", "net.safetensors is cut short"),
        ("missing", "net.safetensors is missing"),
        ("description", "system.json is damaged"),
        ("nested", "system.json is damaged"),
        ("unknown", "the system dreamer, which is unknown"),
    ],
)
def test_what_cannot_be_used_says_why_and_hides_nothing_else(shipped, own, kind, told):
    damage(own / "dancer", kind)
    models = list_models(shipped, own)
    assert names(models) == ["grid", "momask", "own/dancer", "own/momask"]
    assert told in models[2].reason
    assert [bool(model.reason) for model in models] == [False, False, True, False]
    with pytest.raises(ModelError) as refused:
        find_model(models, "own/dancer")
    assert told in refused.value.message
    assert refused.value.remedy


@pytest.mark.parametrize("make", [True, False])
def test_a_folder_without_models_is_named(shipped, tmp_path, make):
    if make:
        (tmp_path / "nothing").mkdir()
    model = list_models(shipped, tmp_path / "nothing")[-1]
    assert model.name == "own"
    assert "nothing" in model.reason


def test_a_name_that_is_taken_does_not_hide_the_first(shipped):
    write_model(shipped / "grid", 99)
    models = list_models(shipped)
    assert find_model(models, "grid").folder == shipped
    assert "rename" in next(model.reason for model in models if model.folder.name == "grid")


def test_a_name_without_a_model_is_refused(shipped):
    with pytest.raises(ModelError, match=r"There is no model own/\.\./weights"):
        find_model(list_models(shipped), "own/../weights")


def test_another_default_model_is_called_as_its_system(tmp_path):
    assert read_model(write_model(tmp_path / "weights", system="mmm")).name == "mmm"


def test_a_description_without_a_licence_is_read(tmp_path):
    folder = write_model(tmp_path / "m", system="mmm", text_encoder="minilm")
    assert read_model(folder).description == SystemDescription("mmm", "minilm", "")


def test_the_command_line_lists_what_can_be_chosen_and_what_not(shipped, own, capsys):
    damage(own / "dancer", "cut")
    assert main(["models", str(own), "--weights", str(shipped)]) == 0
    lines = capsys.readouterr().out.splitlines()
    heads = [line for line in lines if not line.startswith(" ")]
    assert heads == ["grid", "momask", str(own / "dancer"), str(own / "momask")]
    text = "\n".join(lines)
    assert "cut short" in text
    assert "licence: non-commercial" in text
    assert "MoMask, 0.0 MB; fills whole frames, not single body parts" in text
    assert "serves: new takes, long takes, extend" in text


def test_listing_loads_no_learning_library(repository):
    script = (
        "import sys; from engine.__main__ import main; main(['models']); "
        "sys.exit(bool({'torch', 'safetensors', 'transformers'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", script]
    answer = subprocess.run(command, cwd=repository, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("grid\n")


def test_a_copied_model_is_chosen_by_its_folder(shipped, tmp_path):
    shutil.copytree(shipped / "momask", tmp_path / "copies" / "second")
    found = find_model(list_models(shipped, tmp_path / "copies"), "own/second")
    assert found.description.system == "momask"
