"""Rig presets: bone map, rest reference and options as JSON files, read strictly.

It knows no Blender and no rig but the names of its bones.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ....engine.files import is_file_name
from ....engine.motion.request import RequestError
from ....engine.motion.rig_options import RigOptions
from ....engine.motion.skeleton import JOINTS
from .rest_reference import StoredReference, numbers_to_reference
from .rows import EMPTY_ROWS, MapRow, Rows, missing_bones

FORMAT = "keyfill rig preset"
VERSION = 1
SUFFIX = ".json"

_KEYS = {"format", "version", "bones", "reference", "options"}
_MOST_BYTES = 16_000_000
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True, eq=False)
class RigPreset:
    """What an animator has settled for one kind of rig."""

    rows: Rows = EMPTY_ROWS
    """The bone map; all rows empty where the map is left to the machine."""

    reference: StoredReference | None = None
    """The rest reference; None where the rest pose is good enough."""

    options: RigOptions = RigOptions()
    """Root motion, controls, fingers, thinning."""


def preset_to_text(preset: RigPreset) -> str:
    """Return the preset as JSON that people can read and compare."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "bones": [dataclasses.asdict(row) for row in preset.rows],
        "reference": None if preset.reference is None else preset.reference.to_numbers(),
        "options": dataclasses.asdict(preset.options),
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def text_to_preset(text: str, name: str) -> RigPreset:
    """Read a preset.

    Args:
        text: the file's content.
        name: what messages call it.

    Raises:
        RequestError: if it is no preset, of another version, or damaged.
    """
    document = _parse(text, name)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise RequestError(f'"{name}" is no rig preset of Keyfill.', "Choose another file.")
    if document.get("version") != VERSION:
        raise RequestError(
            f'"{name}" was saved by another version of Keyfill.',
            "Update Keyfill, or save the preset anew.",
        )
    try:
        return _read(document)
    except (TypeError, ValueError) as error:
        raise RequestError(f'"{name}" is damaged: {error}.', "Save the preset anew.") from error


def check_fits(preset: RigPreset, names: Collection[str], preset_name: str) -> None:
    """Refuse a preset whose bones a rig lacks.

    Args:
        preset: what was read.
        names: the rig's bones.
        preset_name: what the message calls it.

    Raises:
        RequestError: naming the missing bones.
    """
    missing = missing_bones(preset.rows, names)
    if not missing:
        return
    told = ", ".join(f'"{bone}"' for bone in missing[:_MOST_NAMED])
    if len(missing) > _MOST_NAMED:
        told += f" and {len(missing) - _MOST_NAMED} more"
    raise RequestError(
        f'"{preset_name}" is for another rig: this one has no bone {told}.',
        "Choose a preset of this rig, or press Map Bones.",
    )


def read_preset(path: Path) -> RigPreset:
    """Read a preset's file.

    Raises:
        RequestError: if it cannot be read or is no sound preset.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise RequestError(f'"{path.name}" is too large for a preset.', "Choose another file.")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RequestError(
            f'"{path}" cannot be read: {error.strerror}.', "Choose another file."
        ) from error
    except ValueError as error:
        raise RequestError(
            f'"{path.name}" is no rig preset of Keyfill.', "Choose another file."
        ) from error
    return text_to_preset(text, path.name)


def write_preset(path: Path, preset: RigPreset) -> None:
    """Write a preset's file whole or not at all; one that was there stays until then.

    Raises:
        RequestError: if it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            file.write(preset_to_text(preset))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise RequestError(
            f'"{path}" cannot be written: {error.strerror}.', "Choose another place."
        ) from error


def make_folder(folder: Path) -> None:
    """Make a folder and those above it where they are missing.

    Raises:
        RequestError: if it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(
            f'The folder "{folder}" cannot be made: {error.strerror}.', "Export the preset instead."
        ) from error


def remove_preset(path: Path) -> None:
    """Delete a preset's file.

    Raises:
        RequestError: if it is not there or must stay.
    """
    try:
        path.unlink()
    except OSError as error:
        raise RequestError(
            f'The preset "{path.stem}" cannot be removed: {error.strerror}.', "Choose another one."
        ) from error


def preset_path(folder: Path, name: str) -> Path:
    """Return the file of a preset of the user's own folder.

    Raises:
        RequestError: if the name cannot be a file's name, on this system or on another; a preset
            that lies there already is found all the same.
    """
    name = name.strip()
    is_new = name not in preset_names(folder)
    if is_new and (name.startswith(".") or not is_file_name(name)):
        raise RequestError(
            f'A preset cannot be called "{name}".', "Use letters, digits, spaces and hyphens."
        )
    return folder / (name + SUFFIX)


def preset_names(folder: Path) -> tuple[str, ...]:
    """Return the names of the presets in a folder, sorted; none where there is no folder."""
    if not folder.is_dir():
        return ()
    return tuple(sorted(path.stem for path in folder.glob("*" + SUFFIX) if path.is_file()))


def _parse(text: str, name: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise RequestError(
            f'"{name}" is no complete JSON file.', "Save or copy the preset anew."
        ) from error


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _read(document: Mapping[str, Any]) -> RigPreset:
    if set(document) != _KEYS:
        raise ValueError(f"it does not hold exactly {', '.join(sorted(_KEYS))}")
    reference = document["reference"]
    if reference is not None:
        if not isinstance(reference, dict) or not all(
            isinstance(row, list) for row in reference.values()
        ):
            raise ValueError("its reference is no table of numbers")
        reference = numbers_to_reference(reference)
    return RigPreset(
        _read_rows(document["bones"]), reference, _read_options(document["options"])
    )


def _read_rows(rows: Any) -> Rows:
    if not isinstance(rows, list):
        raise ValueError("its bones are no list")
    read = tuple(MapRow(**_typed(row, EMPTY_ROWS[0])) for row in rows)
    if tuple(row.joint for row in read) != JOINTS:
        raise ValueError("its bones are not one row for each joint")
    bones = [row.bone for row in read if row.bone]
    if len(set(bones)) != len(bones):
        raise ValueError("a bone plays two joints")
    if not all(0.0 <= row.confidence <= 1.0 for row in read):
        raise ValueError("a confidence is outside 0 to 1")
    return read


def _read_options(values: Any) -> RigOptions:
    options = RigOptions(**_typed(values, RigOptions()))
    tolerances = options.thin_degrees, options.thin_millimetres
    if not all(0.0 < tolerance < math.inf for tolerance in tolerances):
        raise ValueError("a tolerance is not above 0")
    return options


def _typed(values: Any, example: MapRow | RigOptions) -> dict[str, Any]:
    """Return values that have exactly the names and types of an example's fields."""
    expected = dataclasses.asdict(example)
    if not isinstance(values, dict) or set(values) != set(expected):
        raise ValueError(f"an entry does not hold exactly {', '.join(expected)}")
    for name, value in values.items():
        kinds = (float, int) if isinstance(expected[name], float) else (type(expected[name]),)
        if type(value) not in kinds:
            raise ValueError(f"{name} has the value {value!r}")
    return values
