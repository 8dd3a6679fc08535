"""What a report says about itself: the settings it decoded with, and what the weights had seen.

Both are read from what was measured. It knows no figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

from ...config import to_json
from ...models.catalogue import model_folder
from ...models.description import read_description


def decoding_settings(engine: object) -> dict[str, Any]:
    """Return how the loaded system draws its codes, as JSON holds it; empty where it draws none.

    Args:
        engine: what makes the takes; its `generator` holds the settings, or a part of it does.
    """
    generator = getattr(engine, "generator", None)
    for holder in (generator, getattr(generator, "system", None)):
        settings = getattr(holder, "decoding", None)
        if is_dataclass(settings) and not isinstance(settings, type):
            return to_json(settings)
    return {}


def learnt_before(split: str, folders: Mapping[str, Path]) -> str:
    """Return a sentence on weights that learnt from a split's recordings; empty for none.

    Whether they did stands in the description beside the weights: the splits that there were
    when they were trained. Before that was written down, there was no `test`.

    Args:
        split: what is measured on.
        folders: where weights lie, or names of models, by what to call them.
    """
    names = [
        name for name, folder in folders.items()
        if split == "test" and split not in read_description(model_folder(folder)).splits
    ]
    if not names:
        return ""
    called = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return (
        f"The weights of {called} were trained on most of the {split} split's recordings before "
        "it existed."
    )
