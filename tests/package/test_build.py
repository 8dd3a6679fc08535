"""What the build puts into the zip, and what it refuses."""

import hashlib
import importlib.util
import json
import shutil
import tomllib
import zipfile

import pytest
from keyfill_extension import build_addon
from keyfill_extension.engine.checkpoint import verify_weights
from keyfill_extension.engine.models.catalogue import list_models

LIGHT = build_addon.Package()
needs_engine = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="builds in this process, which needs torch"
)


@pytest.fixture
def names(addon_zip):
    with zipfile.ZipFile(addon_zip) as archive:
        return archive.namelist()


@pytest.fixture
def manifest(repository):
    return tomllib.loads((repository / build_addon.MANIFEST).read_text(encoding="utf-8"))


def test_zip_holds_addon_engine_licence_and_manifest(names):
    assert {
        "__init__.py",
        "blender_manifest.toml",
        "LICENSE",
        "blender_addon/__init__.py",
        "engine/worker.py",
        "engine/motion/clip.py",
    } <= set(names)


def test_zip_leaves_out_what_needs_the_repository(names):
    rooms = ("training", "evaluation", "measuring", "data")
    unwanted = (*(f"engine/{room}/" for room in rooms), "tests/", "docs/")
    assert [name for name in names if name.startswith(unwanted)] == []
    assert [name for name in names if "__pycache__" in name or name.endswith(".pyc")] == []
    assert "blender_addon/blender_manifest.toml" not in names


@needs_engine
def test_two_builds_are_the_same_bytes(addon_zip, tmp_path):
    again = build_addon.build(tmp_path, None, LIGHT)  # the validator only reads
    assert again.name == addon_zip.name
    assert again.read_bytes() == addon_zip.read_bytes()


def test_blenders_validator_takes_the_package(addon_zip):
    build_addon.validate(addon_zip, build_addon.find_validator())


def test_the_light_package_asks_for_the_network_and_is_small(addon_zip):
    with zipfile.ZipFile(addon_zip) as archive:
        told = tomllib.loads(archive.read("blender_manifest.toml").decode())
    assert set(told["permissions"]) == {"files", "network"}
    for reason in told["permissions"].values():
        assert 0 < len(reason) <= 64 and reason[-1].isalnum()
    assert "wheels" not in told and "platforms" not in told
    assert addon_zip.stat().st_size <= 130e6


def test_the_prompts_encoder_lies_in_the_package(names):
    assert {"weights/minilm/minilm.safetensors", "weights/minilm/tokenizer.json"} <= set(names)


def test_weights_travel_with_the_manifest(repository, names):
    manifest = repository / "weights" / "manifest.json"
    files = {entry["file"] for entry in json.loads(manifest.read_text())["files"]}
    files -= set(build_addon.WEIGHTS_LEFT_OUT)
    assert {f"weights/{name}" for name in [*files, "manifest.json"]} <= set(names)


@pytest.fixture
def weights(tmp_path):
    """A folder of weights whose one file is as its manifest says."""
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights")
    entry = {"file": "model.safetensors", "sha256": hashlib.sha256(b"weights").hexdigest()}
    (folder / "manifest.json").write_text(json.dumps({"files": [entry]}))
    return folder


def test_whole_weights_are_staged(weights, tmp_path):
    build_addon.stage_weights(tmp_path / "staged", weights)
    assert (tmp_path / "staged" / "model.safetensors").read_bytes() == b"weights"


def test_models_in_folders_within_have_a_zip_of_their_own(weights, tmp_path):
    shutil.copytree(weights, tmp_path / "copy")
    shutil.move(tmp_path / "copy", weights / "momask")
    (weights / "momask" / "system.json").write_text('{"system": "momask"}')
    (weights / "README.md").write_text("card")
    (weights / "notes").mkdir()
    build_addon.stage_weights(tmp_path / "complete", weights)
    assert not (tmp_path / "complete" / "momask").exists()
    (tmp_path / "staged").mkdir()
    build_addon.stage_models(tmp_path / "staged", weights)
    names = sorted(path.name for path in (tmp_path / "staged" / "momask").iterdir())
    assert names == ["manifest.json", "model.safetensors", "system.json"]
    assert not (tmp_path / "staged" / "notes").exists()
    (weights / "momask" / "model.safetensors").write_bytes(b"")
    (tmp_path / "again").mkdir()
    with pytest.raises(build_addon.BuildError, match="model.safetensors"):
        build_addon.stage_models(tmp_path / "again", weights)


def test_the_models_zip_holds_what_the_catalogue_can_list(tmp_path):
    with zipfile.ZipFile(build_addon.build_models(tmp_path)) as archive:
        archive.extractall(tmp_path / "models")
    models = [model for model in list_models(tmp_path, tmp_path / "models") if model.is_own]
    assert [model.name for model in models] == ["own/hifigpt", "own/mmm", "own/momask"]
    assert [model.reason for model in models] == ["", "", ""]


def test_weights_that_only_measure_stay_out_and_are_not_missed(weights, tmp_path):
    manifest = weights / "manifest.json"
    stored = json.loads(manifest.read_text())
    stored["files"].append({"file": "evaluator.safetensors", "size": 1, "sha256": "0"})
    stored["files"][0]["size"] = len(b"weights")
    manifest.write_text(json.dumps(stored))
    build_addon.stage_weights(tmp_path / "staged", weights)
    names = sorted(path.name for path in (tmp_path / "staged").iterdir())
    assert names == ["manifest.json", "model.safetensors"]
    assert [path.name for path in verify_weights(tmp_path / "staged")] == ["model.safetensors"]


def test_damaged_weights_are_refused(weights, tmp_path):
    (weights / "model.safetensors").write_bytes(b"weight")
    with pytest.raises(build_addon.BuildError, match="model.safetensors"):
        build_addon.stage_weights(tmp_path / "staged", weights)


def test_missing_weights_are_refused(weights, tmp_path):
    (weights / "model.safetensors").unlink()
    with pytest.raises(build_addon.BuildError, match="model.safetensors"):
        build_addon.stage_weights(tmp_path / "staged", weights)


@needs_engine
def test_blenders_validator_refuses_a_bad_manifest(repository, tmp_path):
    folder = tmp_path / "staged"
    folder.mkdir()
    build_addon.stage(folder, LIGHT, repository)
    text = (folder / "blender_manifest.toml").read_text().replace('type = "add-on"', 'type = "x"')
    (folder / "blender_manifest.toml").write_text(text)
    with pytest.raises(build_addon.BuildError, match="validator refuses"):
        build_addon.validate(folder, build_addon.find_validator())


@needs_engine
def test_staging_leaves_the_repository_alone(repository, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in (repository / "engine").rglob("*.py")}
    (tmp_path / "staged").mkdir()
    build_addon.stage(tmp_path / "staged", LIGHT, repository)
    shutil.rmtree(tmp_path / "staged")
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_manifest_and_project_agree_on_the_version(repository, manifest):
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    assert manifest["version"] == project["project"]["version"]


def test_permissions_are_told_as_blender_asks(manifest):
    assert "network" not in manifest["permissions"]
    for reason in manifest["permissions"].values():
        assert 0 < len(reason) <= 64
        assert reason[-1].isalnum()
