"""What a model's folder says about itself: which system its networks are, and its licence.

The file lies beside the weights. A folder without it holds the grid model, which came
first. Only JSON is read: Blender's process may import this.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..config import ConfigError, from_json, to_json
from ..files import write_text

DESCRIPTION_NAME: Final = "system.json"
MANIFEST_NAME: Final = "manifest.json"

DEFAULT_SYSTEM: Final = "grid"

_SYSTEMS: Final = Path(__file__).resolve().parents[1] / "systems"

_REMEDY: Final = (
    "Choose another model in the Keyfill panel, or the folder of your models in the preferences."
)


class ModelError(RuntimeError):
    """A model that cannot be used: what is wrong, and what cures it."""

    def __init__(self, message: str, remedy: str = _REMEDY) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class SystemDescription:
    """What is needed to choose the code that runs a folder's networks."""

    system: str = DEFAULT_SYSTEM

    text_encoder: str = "minilm"
    """As `load_text_encoder` takes it: what the networks were trained with."""

    licence: str = ""
    """What may be done with the weights, in one sentence; empty where the model card says it."""

    splits: tuple[str, ...] = ()
    """Those that the corpus had when the networks were trained; empty where nobody wrote it down.
    With `test` among them no network has learnt from a clip of that split."""


def known_systems() -> frozenset[str]:
    """Return the systems that there is code for: the folders of `engine/systems`."""
    return frozenset(path.parent.name for path in _SYSTEMS.glob("*/__init__.py"))


def read_description(folder: Path) -> SystemDescription:
    """Read the description of a model's folder; one without a file holds the grid model.

    Raises:
        ModelError: if it is damaged, or names a system that is unknown here.
    """
    path = folder / DESCRIPTION_NAME
    if not path.is_file():
        return SystemDescription()
    try:
        description = from_json(SystemDescription, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ConfigError, RecursionError) as error:
        raise ModelError(f"The description {path} is damaged.") from error
    if description.system not in known_systems():
        raise ModelError(
            f"The folder {folder} holds the system {description.system}, which is unknown here.",
            "Update Keyfill, or choose another folder.",
        )
    return description


def write_description(folder: Path, description: SystemDescription) -> None:
    """Write the description into a model's folder."""
    write_text(folder / DESCRIPTION_NAME, json.dumps(to_json(description), indent=2))
