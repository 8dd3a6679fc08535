"""A zip of models becomes folders of the user, whole or not at all."""

import hashlib
import json
import zipfile

import pytest
from keyfill_extension.engine.models.catalogue import list_models
from keyfill_extension.engine.models.description import ModelError
from keyfill_extension.engine.models.unpacking import unpack_models


def write_zip(path, entries):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def model(name, content=b"weights", file="net.safetensors", **changes):
    entry = {"file": file, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return {
        f"{name}/manifest.json": json.dumps({"files": [entry | changes]}),
        f"{name}/system.json": '{"system": "mmm"}',
        f"{name}/{file}": content,
        f"{name}/notes.exe": b"never unpacked",
    }


def test_models_are_unpacked_where_the_catalogue_finds_them(tmp_path):
    path = write_zip(tmp_path / "m.zip", {"README.md": "card"} | model("mmm") | model("other"))
    folder = tmp_path / "models"
    assert unpack_models(path, folder) == ("mmm", "other")
    found = [one for one in list_models(tmp_path / "none", folder) if one.is_own]
    assert [(one.name, one.reason) for one in found] == [("own/mmm", ""), ("own/other", "")]
    names = sorted(one.relative_to(folder).as_posix() for one in (folder / "mmm").iterdir())
    assert names == ["mmm/manifest.json", "mmm/net.safetensors", "mmm/system.json"]
    assert sorted(one.name for one in folder.iterdir()) == ["mmm", "other"]


def test_a_model_of_that_name_is_replaced_whole(tmp_path):
    folder = tmp_path / "models"
    unpack_models(write_zip(tmp_path / "a.zip", model("mmm", file="old.safetensors")), folder)
    unpack_models(write_zip(tmp_path / "b.zip", model("mmm", b"new")), folder)
    names = {one.name for one in (folder / "mmm").iterdir()}
    assert names == {"manifest.json", "system.json", "net.safetensors"}


@pytest.mark.parametrize(
    "entries",
    [
        {"README.md": "no models"},
        model("mmm", sha256="0" * 64),
        model("..", b"x"),
        model("mmm", file="../escape"),
        {"mmm/manifest.json": "{"},
        {"mmm/manifest.json": '{"files": [{"file": "gone", "sha256": ""}]}'},
    ],
)
def test_what_is_no_zip_of_models_changes_nothing(tmp_path, entries):
    folder = tmp_path / "models"
    unpack_models(write_zip(tmp_path / "good.zip", model("mmm")), folder)
    with pytest.raises(ModelError, match="bad.zip holds no models, or is damaged") as refused:
        unpack_models(write_zip(tmp_path / "bad.zip", entries), folder)
    assert "fetch it anew" in refused.value.remedy
    assert sorted(one.name for one in folder.iterdir()) == ["mmm"]
    assert (folder / "mmm" / "net.safetensors").read_bytes() == b"weights"
    assert not (tmp_path / "escape").exists()


def test_a_file_cut_short_is_told(tmp_path):
    path = write_zip(tmp_path / "m.zip", model("mmm"))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ModelError, match="damaged"):
        unpack_models(path, tmp_path / "models")
