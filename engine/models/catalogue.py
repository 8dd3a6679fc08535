"""The models that lie in folders: their names, systems, licences, sizes, and what is wrong.

A model's folder holds `manifest.json`, the weights, and `system.json`, which a folder with
the grid model may lack. Only JSON and sizes are read: no torch, no network, no checksum.
Blender's process may import this.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from .description import (
    DESCRIPTION_NAME,
    MANIFEST_NAME,
    ModelError,
    SystemDescription,
    read_description,
)

SHIPPED: Final = Path(__file__).resolve().parents[2] / "weights"
"""The models that came with Keyfill: the default one, and others in folders of their own."""

OWN: Final = "own"
"""Names of the user's models begin with this: `own/mine`; a folder that is one itself: `own`."""

_BESIDE: Final = ("clip", "minilm")
"""Folders within a model's folder that belong to it: a text encoder."""

@dataclass(frozen=True, slots=True)
class Model:
    """One folder, read without loading it."""

    name: str
    """How the panel and a request call it; scenes keep it."""

    folder: Path

    description: SystemDescription = SystemDescription()

    size: int = 0
    """Bytes of its weights."""

    reason: str = ""
    """Why it cannot be used, as a sentence; empty where nothing speaks against it."""

    @property
    def is_own(self) -> bool:
        """Whether it lies in the user's folder."""
        return self.name.partition("/")[0] == OWN

    @property
    def label(self) -> str:
        """Its name for people."""
        return self.folder.name if self.name == OWN else self.name.removeprefix(f"{OWN}/")


def list_models(shipped: Path = SHIPPED, own: Path | None = None) -> tuple[Model, ...]:
    """Return every model, the default one first; what cannot be used carries its reason.

    Args:
        shipped: the folder of the default model, and of others in folders within.
        own: the user's folder: a model, or folders that are models; None for none.
    """
    found = [read_model(shipped), *(read_model(one, one.name) for one in _folders(shipped))]
    if own is not None:
        inside = [read_model(one, f"{OWN}/{one.name}") for one in _folders(own)]
        is_model = (own / MANIFEST_NAME).is_file() or (own / DESCRIPTION_NAME).is_file()
        found += [read_model(own, OWN), *inside] if is_model or not inside else inside
    models: dict[str, Model] = {}
    for model in found:
        if model.name in models:
            told = f"Another model is called {model.name}: rename the folder {model.folder}."
            model = replace(model, name=str(model.folder), reason=told)
        models[model.name] = model
    return tuple(models.values())


def find_model(models: Sequence[Model], name: str) -> Model:
    """Return the model of a name; an empty one takes the first.

    Raises:
        ModelError: if there is none, or it cannot be used.
    """
    found = [model for model in models if model.name == name or not name][:1]
    if not found:
        raise ModelError(f"There is no model {name}.")
    if found[0].reason:
        raise ModelError(f"The model {found[0].name} cannot be used: {found[0].reason}")
    return found[0]


def model_folder(model: Path, shipped: Path = SHIPPED) -> Path:
    """Return the folder of a model that is given by its folder, or by its name beside the default.

    What is wrong with the folder is not looked at.

    Raises:
        ModelError: if there is no model of that name.
    """
    if model.is_dir() or len(model.parts) != 1:
        return model
    models = list_models(shipped)
    for found in models:
        if found.name == model.name:
            return found.folder
    names = ", ".join(found.name for found in models)
    raise ModelError(f"There is no model {model.name}.", f"Choose a folder, or {names}.")


def read_model(folder: Path, name: str = "") -> Model:
    """Read one folder; without a name it is called as its system."""
    description, size = SystemDescription(), 0
    try:
        description = read_description(folder)
        size = _read_size(folder)
    except ModelError as error:
        return Model(name or description.system, folder, description, size, error.message)
    return Model(name or description.system, folder, description, size)


def _folders(folder: Path) -> Iterator[Path]:
    """Yield the folders within one that may be models, by name."""
    try:
        inside = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError:
        return
    for path in inside:
        if path.is_dir() and path.name not in _BESIDE and not path.name.startswith((".", "_")):
            yield path


def _read_size(folder: Path) -> int:
    """Return the bytes of the files in a folder's manifest, after comparing them.

    Raises:
        ModelError: if the manifest or a file is missing, damaged or cut short.
    """
    if not folder.is_dir():
        raise ModelError(f"The folder {folder} is missing.")
    path = folder / MANIFEST_NAME
    if not path.is_file():
        raise ModelError(f"The folder {folder} has no {MANIFEST_NAME}: it holds no model.")
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["files"]
        sizes = {Path(str(entry["file"])).name: int(entry["size"]) for entry in entries}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"The list of weights {path} is damaged.") from error
    for name, size in sizes.items():
        _check_size(folder / name, size)
    if not sizes:
        raise ModelError(f"The list of weights {path} names no file.")
    return sum(sizes.values())


def _check_size(path: Path, size: int) -> None:
    try:
        found = path.stat().st_size
    except OSError as error:
        raise ModelError(f"The weights file {path} is missing.") from error
    if found != size:
        kind = "cut short" if found < size else "not the expected file"
        raise ModelError(f"The weights file {path} is {kind}.")
