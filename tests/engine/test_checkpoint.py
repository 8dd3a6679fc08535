"""Checkpoints come back as they were; missing and damaged ones are told with a cure."""

import json
import subprocess
import sys

import pytest
import torch
from keyfill_extension.engine import checkpoint
from keyfill_extension.engine.checkpoint import WeightsError
from safetensors.torch import save_file

CONFIG = {"config_name": "grid", "widths": [1, 2], "nested": {"rate": 0.5, "none": None}}


def tensors():
    shared = torch.arange(6.0)
    return {
        "weight": torch.randn(3, 4, generator=torch.Generator().manual_seed(0)),
        "codes": torch.tensor([1, 2, 3]),
        "half": torch.ones(2, 2, dtype=torch.bfloat16),
        "view": shared.reshape(2, 3).T,
        "tied": shared,
        "empty": torch.zeros(0, 5),
    }


@pytest.fixture
def folder(tmp_path):
    checkpoint.save_checkpoint(tmp_path / "model.safetensors", tensors(), CONFIG)
    checkpoint.write_manifest(tmp_path)
    return tmp_path


def test_round_trip(folder):
    loaded, config = checkpoint.load_checkpoint(folder / "model.safetensors")
    assert config == CONFIG
    assert loaded.keys() == tensors().keys()
    for name, tensor in tensors().items():
        assert loaded[name].dtype == tensor.dtype
        assert torch.equal(loaded[name], tensor)


def test_parameters_of_a_model_are_saved(tmp_path):
    model = torch.nn.Linear(3, 2)
    checkpoint.save_checkpoint(tmp_path / "x.safetensors", model.state_dict(), {})
    loaded, _ = checkpoint.load_checkpoint(tmp_path / "x.safetensors")
    again = torch.nn.Linear(3, 2)
    again.load_state_dict(loaded, strict=True)
    assert torch.equal(again.weight, model.weight)
    assert torch.equal(again.bias, model.bias)


def test_folder_is_made_and_no_partial_file_stays(tmp_path):
    checkpoint.save_checkpoint(tmp_path / "new" / "x.safetensors", tensors(), {})
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["x.safetensors"]


def test_a_config_that_is_no_json_leaves_the_old_file(folder):
    path = folder / "model.safetensors"
    before = path.read_bytes()
    with pytest.raises(TypeError):
        checkpoint.save_checkpoint(path, tensors(), {"bad": object()})
    assert path.read_bytes() == before


FULL_DISK = """
import resource, sys, torch
from pathlib import Path
from engine.checkpoint import save_checkpoint
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
try:
    save_checkpoint(Path(sys.argv[1]), {"x": torch.zeros(10000)}, {})
except OSError as error:
    sys.stdout.write("refused")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_disk_that_refuses_leaves_the_old_file_alone(folder, repository):
    path = folder / "model.safetensors"
    before = path.read_bytes()
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout == "refused", run.stderr
    assert path.read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "model.safetensors"]


def test_a_missing_checkpoint_is_told(tmp_path):
    with pytest.raises(WeightsError, match="missing") as caught:
        checkpoint.load_checkpoint(tmp_path / "model.safetensors")
    assert caught.value.remedy


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_a_truncated_checkpoint_is_told(folder, share):
    path = folder / "model.safetensors"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(int(size * share))
    with pytest.raises(WeightsError, match="damaged or cut short"):
        checkpoint.load_checkpoint(path)


@pytest.mark.parametrize(
    "metadata",
    [None, {"format": "1"}, {"format": "x", "config": "{}"}, {"format": "1", "config": "[1]"}],
)
def test_a_file_of_another_program_is_told(tmp_path, metadata):
    save_file({"x": torch.zeros(2)}, tmp_path / "x.safetensors", metadata)
    with pytest.raises(WeightsError, match="no checkpoint"):
        checkpoint.load_checkpoint(tmp_path / "x.safetensors")


def test_a_newer_format_asks_for_an_update(tmp_path):
    metadata = {"format": str(checkpoint.FORMAT + 1), "config": "{}"}
    save_file({"x": torch.zeros(2)}, tmp_path / "x.safetensors", metadata)
    with pytest.raises(WeightsError) as caught:
        checkpoint.load_checkpoint(tmp_path / "x.safetensors")
    assert "Update" in caught.value.remedy


def test_manifest_lists_the_files(folder):
    entry = json.loads((folder / "manifest.json").read_text())["files"][0]
    path = folder / "model.safetensors"
    assert entry == {
        "file": "model.safetensors",
        "size": path.stat().st_size,
        "sha256": checkpoint.sha256_of(path),
        "config": "grid",
    }
    assert checkpoint.verify_weights(folder) == (path,)


def test_an_empty_folder_has_no_manifest_to_write(tmp_path):
    with pytest.raises(WeightsError):
        checkpoint.write_manifest(tmp_path)


def _remove_folder(folder):
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def _remove_manifest(folder):
    (folder / "manifest.json").unlink()


def _break_manifest(folder):
    (folder / "manifest.json").write_text('{"files": [{"file": "x"}]}')


def _empty_manifest(folder):
    (folder / "manifest.json").write_text('{"files": []}')


def _remove_weights(folder):
    (folder / "model.safetensors").unlink()


def _truncate(folder):
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate(300)


def _lengthen(folder):
    with (folder / "model.safetensors").open("ab") as file:
        file.write(b"more")


def _flip_a_bit(folder):
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (_remove_folder, "folder .* is missing"),
        (_remove_manifest, "has no manifest.json"),
        (_break_manifest, "list of weights .* is damaged"),
        (_empty_manifest, "list of weights .* is damaged"),
        (_remove_weights, "file .* is missing"),
        (_truncate, "cut short"),
        (_lengthen, "not the expected file"),
        (_flip_a_bit, "SHA-256"),
    ],
)
def test_harmed_weights_are_told_with_a_cure(folder, harm, told):
    harm(folder)
    with pytest.raises(WeightsError, match=told) as caught:
        checkpoint.verify_weights(folder)
    assert "Restore" in caught.value.remedy


def test_a_manifest_cannot_lead_out_of_its_folder(folder):
    outside = folder.parent / "outside.safetensors"
    outside.write_bytes(b"x")
    manifest = {
        "files": [
            {"file": "../outside.safetensors", "size": 1, "sha256": checkpoint.sha256_of(outside)}
        ]
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(WeightsError, match="missing"):
        checkpoint.verify_weights(folder)
