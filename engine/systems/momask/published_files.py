"""Reads the folder layout of MoMask's published checkpoints, whose weights are pickles.

Nothing that a pickle asks for is run: tensors and plain data are read, anything else
is refused. It knows which file is which network, and no network's sizes.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

FEATURES: Final = 263
KIT_FEATURES: Final = 251

_KINDS: Final = {
    "vq_model": "tokenizer", "net": "tokenizer",
    "t2m_transformer": "masked", "trans": "masked",
    "res_transformer": "residual", "estimator": "length",
}  # fmt: skip
"""Under which key a file of each network holds its weights."""

_FILES: Final = {
    "tokenizer": "net_best_fid.tar", "masked": "latest.tar",
    "residual": "net_best_fid.tar", "length": "finest.tar",
}  # fmt: skip
"""Which of a network's files the published code loads."""

TITLES: Final = {
    "tokenizer": "RVQ-VAE", "masked": "masked transformer",
    "residual": "residual transformer", "length": "length estimator",
}  # fmt: skip

_DOWNLOAD: Final = "Download it again from MoMask's page and unpack it whole."

State = Mapping[str, Tensor]
Options = Mapping[str, str]


class ImportRefused(ValueError):
    """A checkpoint folder that cannot become a model: what is wrong, and what cures it."""

    def __init__(self, message: str, remedy: str = _DOWNLOAD) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Published:
    """One network as published."""

    folder: Path
    options: Options
    """Of its opt.txt; empty for the length estimator, which needs none."""

    state: State


def find_networks(folder: Path) -> dict[str, Published]:
    """Return the four networks of a checkpoint folder by what they are.

    Raises:
        ImportRefused: if one is missing, damaged or not HumanML3D's.
    """
    base = _network_folder(folder)
    found: dict[str, Published] = {}
    for place in sorted(path for path in base.iterdir() if (path / "model").is_dir()):
        options = _read_options(place / "opt.txt")
        _refuse_kit(place, options)
        kind, state = _read_weights(place)
        if not kind:
            continue  # the published folder also holds the networks of the evaluation
        if options is None and kind != "length":
            raise ImportRefused(f"{place} has no opt.txt, which says the network's sizes.")
        if kind in found:
            raise ImportRefused(
                f"{found[kind].folder} and {place} both hold a {TITLES[kind]}.",
                "Move away the one that is not to be used.",
            )
        found[kind] = Published(place, options or {}, state)
    missing = [title for kind, title in TITLES.items() if kind not in found]
    if missing:
        raise ImportRefused(f"{folder} holds no {missing[0]} of MoMask.")
    return found


def _network_folder(folder: Path) -> Path:
    """Return the folder that holds one folder a network."""
    if not folder.is_dir():
        raise ImportRefused(
            f"There is no folder {folder}.", "Name the folder of the published checkpoints."
        )
    for candidate in (folder / "t2m", folder):
        if candidate.is_dir() and any((p / "model").is_dir() for p in candidate.iterdir()):
            return candidate
    if (folder / "kit").is_dir():
        raise kit_refusal(folder / "kit")
    raise ImportRefused(
        f"{folder} holds no t2m/<name>/model of MoMask.",
        "Name the folder of the published checkpoints, the one that holds t2m.",
    )


def kit_refusal(place: Path) -> ImportRefused:
    """Return the error for a checkpoint of the KIT data set."""
    return ImportRefused(
        f"{place} is a KIT checkpoint ({KIT_FEATURES} numbers a frame, another skeleton).",
        f"Use the HumanML3D checkpoints of the folder t2m ({FEATURES} numbers).",
    )


def _refuse_kit(place: Path, options: Options | None) -> None:
    if options is not None and options.get("dataset_name") == "kit":
        raise kit_refusal(place)


def _read_options(path: Path) -> dict[str, str] | None:
    """Return the `key: value` lines of an opt.txt; None without the file."""
    if not path.is_file():
        return None
    pairs = [line.split(":", 1) for line in path.read_text("utf-8", "replace").splitlines()]
    return {pair[0].strip(): pair[1].strip() for pair in pairs if len(pair) == 2}


def _read_weights(place: Path) -> tuple[str, State]:
    """Return which network a folder holds and its weights; ("", {}) for another program's."""
    wanted = [place / "model" / name for name in dict.fromkeys(_FILES.values())]
    files = [path for path in wanted if path.is_file()]
    for path in files:
        stored = _load_pickle(path)
        key = next((key for key in _KINDS if key in stored), "")
        if not key:
            continue
        kind = _KINDS[key]
        preferred = place / "model" / _FILES[kind]
        if preferred in files and preferred != path:
            stored = _load_pickle(preferred)
        return kind, _check_state(preferred, stored.get(key))
    return "", {}


def _load_pickle(path: Path) -> Mapping[str, Any]:
    """Read a pickle of tensors and plain data, running nothing of what it asks for."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about unusual pickles, which are refused below
            stored = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "truncated" in str(error):
            raise ImportRefused(f"The file {path} is cut short.") from error
        raise ImportRefused(
            f"The file {path} holds more than weights, such as code, and was not opened.",
            "Do not use it; download the checkpoints from MoMask's own page.",
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise ImportRefused(f"The file {path} is damaged or cut short.") from error
    return stored if isinstance(stored, Mapping) else {}


def _check_state(path: Path, state: object) -> State:
    is_state = isinstance(state, Mapping) and all(
        isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in state.items()
    )
    if not is_state:
        raise ImportRefused(f"The file {path} holds no network's weights.")
    assert isinstance(state, Mapping)
    # Copies of CLIP that some files carry; the text encoder is not part of the model.
    return {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in state.items()
        if not name.startswith("clip_model.")
    }


def read_statistics(path: Path) -> Tensor:
    """Return a mean or spread (263,) of the features.

    Raises:
        ImportRefused: if the file is missing, damaged or of another size.
    """
    try:
        values = np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise ImportRefused(f"The file {path} is missing.") from error
    except (OSError, ValueError, EOFError) as error:
        raise ImportRefused(f"The file {path} is damaged or cut short.") from error
    if values.shape == (KIT_FEATURES,):
        raise kit_refusal(path)
    if values.shape != (FEATURES,) or not np.isfinite(values).all():
        raise ImportRefused(f"The file {path} does not hold {FEATURES} numbers.")
    return torch.from_numpy(values.astype(np.float32))
