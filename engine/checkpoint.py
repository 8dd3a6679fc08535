"""Weights on disk: one safetensors file a model, its config inside, and a manifest beside them.

Files are written whole or not at all and are checked before use. It knows no
model: tensors and a JSON config go in, the same come out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from .config import ConfigError, from_json
from .files import write_text
from .models.description import MANIFEST_NAME, ModelError

M = TypeVar("M", bound=nn.Module)

FORMAT: Final = 1
"""Number of the layout of a checkpoint; raised when older files need an upgrade."""

WEIGHTS_REMEDY: Final = (
    "Restore the weights folder from the repository or the release, or choose another folder."
)

_READ_BYTES: Final = 1 << 20


class WeightsError(ModelError):
    """Weights that cannot be used: what is wrong, and what cures it."""

    def __init__(self, message: str, remedy: str = WEIGHTS_REMEDY) -> None:
        super().__init__(message, remedy)


def save_checkpoint(path: Path, tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> None:
    """Write tensors and their JSON config as one `.safetensors`, whole or not at all.

    Args:
        path: the file to write; its folder is made.
        tensors: by name, on any device; stored with their own dtype.
        config: anything that JSON can hold, under "config_name" the preset's name if it has one.

    Raises:
        OSError: if the disk refuses; an older file of that name is then unharmed.
    """
    metadata = {"format": str(FORMAT), "config": json.dumps(config, sort_keys=True)}
    # A copy of each: safetensors refuses tensors that share memory, such as tied weights.
    copies = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    try:
        try:
            save_file(copies, partial, metadata)
        except SafetensorError as error:
            raise OSError(f"{path.name} could not be written: {error}") from error
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save_checkpoint` wrote.

    Returns:
        tensors: by name, on the CPU.
        config: the JSON config.

    Raises:
        WeightsError: if the file is missing, damaged, truncated or of an unknown format.
    """
    if not path.is_file():
        raise WeightsError(f"The weights file {path} is missing.")
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            config = _read_config(path, file.metadata())
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"The weights file {path} is damaged or cut short.") from error
    return tensors, config


def load_network(path: Path, network: Callable[[Any], M], config: type[Any], device: str) -> M:
    """Rebuild a network from its checkpoint, frozen and in eval mode.

    Args:
        path: what `save_checkpoint` wrote; 16-bit numbers become 32-bit ones.
        network: makes the network from its config.
        config: the config's class.
        device: where the network goes.

    Raises:
        WeightsError: if the file is missing, damaged or of another network.
    """
    tensors, stored = load_checkpoint(path)
    try:
        with _without_random_numbers():
            model = network(from_json(config, stored))
        model.load_state_dict(
            {k: t.float() if t.is_floating_point() else t for k, t in tensors.items()}
        )
    except (ConfigError, RuntimeError) as error:
        raise WeightsError(f"The weights file {path.name} is of another version.") from error
    return model.to(device).eval().requires_grad_(False)


@contextmanager
def _without_random_numbers() -> Iterator[None]:
    """Leave the numbers of new layers as they are: those of a file take their place at once."""
    drawing = {name: getattr(nn.init, name) for name in ("kaiming_uniform_", "uniform_", "normal_")}
    try:
        for name in drawing:
            setattr(nn.init, name, lambda tensor, *_, **__: tensor)
        yield
    finally:
        for name, draw in drawing.items():
            setattr(nn.init, name, draw)


def _read_config(path: Path, metadata: Mapping[str, str] | None) -> dict[str, Any]:
    """Return the config in a checkpoint's metadata, if this version reads its format."""
    try:
        number = int((metadata or {})["format"])
        config = json.loads((metadata or {})["config"])
    except (KeyError, ValueError) as error:
        raise WeightsError(f"The file {path} is no checkpoint of Keyfill.") from error
    if number != FORMAT:
        raise WeightsError(
            f"The weights file {path} has format {number}; this version reads format {FORMAT}.",
            "Update Keyfill, or use the weights that came with this version.",
        )
    if not isinstance(config, dict):
        raise WeightsError(f"The file {path} is no checkpoint of Keyfill.")
    return config


def write_manifest(folder: Path) -> None:
    """Write `manifest.json` over every `.safetensors` of a folder.

    Each entry has the file's name, its size in bytes, its SHA-256 and the
    `config_name` of its config (empty if it has none).
    """
    entries = [
        {
            "file": path.name,
            "size": path.stat().st_size,
            "sha256": sha256_of(path),
            "config": str(load_checkpoint(path)[1].get("config_name", "")),
        }
        for path in sorted(folder.glob("*.safetensors"))
    ]
    if not entries:
        raise WeightsError(f"The folder {folder} holds no weights.", "Train or copy them first.")
    write_text(folder / MANIFEST_NAME, json.dumps({"format": FORMAT, "files": entries}, indent=2))


def verify_weights(folder: Path) -> tuple[Path, ...]:
    """Return the files of the folder's manifest after checking size and SHA-256.

    Raises:
        WeightsError: if the folder, the manifest or a file is missing, cut short or damaged.
    """
    if not folder.is_dir():
        raise WeightsError(f"The weights folder {folder} is missing.")
    paths = []
    for entry in _read_manifest(folder / MANIFEST_NAME):
        path = folder / entry["file"]
        check_file(path, entry["size"], entry["sha256"])
        paths.append(path)
    return tuple(paths)


def _read_manifest(path: Path) -> list[dict[str, Any]]:
    """Return the manifest's entries, each with the keys and kinds that a check needs."""
    if not path.is_file():
        raise WeightsError(f"The weights folder {path.parent} has no {path.name}.")
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["files"]
        if not entries:
            raise ValueError("no files")
        return [
            {
                # The name alone: a manifest must not lead out of its folder.
                "file": Path(str(entry["file"])).name,
                "size": int(entry["size"]),
                "sha256": str(entry["sha256"]),
            }
            for entry in entries
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"The list of weights {path} is damaged.") from error


def check_file(path: Path, size: int, sha256: str, remedy: str = WEIGHTS_REMEDY) -> None:
    """Raise WeightsError unless the file is there with this size in bytes and this SHA-256."""
    if not path.is_file():
        raise WeightsError(f"The weights file {path} is missing.", remedy)
    found = path.stat().st_size
    if found != size:
        kind = "cut short" if found < size else "not the expected file"
        raise WeightsError(
            f"The weights file {path} is {kind}: {found} bytes instead of {size}.", remedy
        )
    try:
        digest = sha256_of(path)
    except OSError as error:
        raise WeightsError(f"The weights file {path} cannot be read: {error}.", remedy) from error
    if digest != sha256:
        raise WeightsError(f"The weights file {path} is damaged: its SHA-256 is wrong.", remedy)


def sha256_of(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            digest.update(block)
    return digest.hexdigest()
