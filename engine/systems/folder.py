"""What a model's folder says about itself: which system its networks are.

The file lies beside the weights. A folder without it holds the grid model, which
came first. It knows no network.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..checkpoint import WeightsError, write_text
from ..config import ConfigError, from_json, to_json

DESCRIPTION_NAME: Final = "system.json"


@dataclass(frozen=True, slots=True)
class SystemDescription:
    """What is needed to choose the code that runs a folder's networks."""

    system: str = "grid"

    text_encoder: str = "minilm"
    """As `load_text_encoder` takes it: what the networks were trained with."""


def write_description(folder: Path, description: SystemDescription) -> None:
    """Write the description into a model's folder."""
    write_text(folder / DESCRIPTION_NAME, json.dumps(to_json(description), indent=2))


def read_description(folder: Path) -> SystemDescription:
    """Read the description of a model's folder.

    Raises:
        WeightsError: if it is damaged.
    """
    path = folder / DESCRIPTION_NAME
    if not path.is_file():
        return SystemDescription()
    try:
        return from_json(SystemDescription, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ConfigError) as error:
        raise WeightsError(f"The description {path} is damaged.") from error
