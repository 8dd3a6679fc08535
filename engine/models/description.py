"""What a model's folder says about itself: which system its networks are.

The file lies beside the weights. A folder without it holds the grid model, which
came first. It knows no network.
"""

from __future__ import annotations

import json
from pathlib import Path

from ..checkpoint import WeightsError, write_text
from ..config import to_json
from .catalogue import DESCRIPTION_NAME as DESCRIPTION_NAME
from .catalogue import ModelError
from .catalogue import SystemDescription as SystemDescription
from .catalogue import read_description as _read_description


def write_description(folder: Path, description: SystemDescription) -> None:
    """Write the description into a model's folder."""
    write_text(folder / DESCRIPTION_NAME, json.dumps(to_json(description), indent=2))


def read_description(folder: Path) -> SystemDescription:
    """Read the description of a model's folder.

    Raises:
        WeightsError: if it is damaged, or names a system that is unknown here.
    """
    try:
        return _read_description(folder)
    except ModelError as error:
        raise WeightsError(error.message, error.remedy) from error
