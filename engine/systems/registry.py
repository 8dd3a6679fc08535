"""The systems that there are: every folder here declares one in its `__init__`.

Declarations load neither torch nor a network. Blender's process may import this.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from typing import Final

from ..models.catalogue import Model
from ..models.description import DEFAULT_SYSTEM, known_systems
from ..motion.edits import Mask
from .abilities import USES, Presets, System, Training, use_of_mask


def _declared() -> dict[str, System]:
    names = sorted(known_systems(), key=lambda name: (name != DEFAULT_SYSTEM, name))
    folders = {name: importlib.import_module(f".{name}", __package__) for name in names}
    return {name: folder.SYSTEM for name, folder in folders.items()}


SYSTEMS: Final[Mapping[str, System]] = _declared()
"""By the name of the folder, which a model's `system.json` gives; the default one first."""


def reason_against(system: str, mask: Mask) -> str | None:
    """Return why a system cannot fill a mask (T, P), as a sentence, or None if it can."""
    declared = SYSTEMS[system]
    if use_of_mask(mask) in declared.serves:
        return None
    return f"The model {system} {declared.limits}."


def titles_serving(uses: Iterable[str]) -> str:
    """Return the systems that serve all of some uses, as words: the grid model or MMM."""
    wanted = set(uses)
    titles = [one.title for one in SYSTEMS.values() if wanted <= one.serves]
    return " or ".join([", ".join(titles[:-1]), titles[-1]] if len(titles) > 1 else titles)


def trainings() -> dict[str, Training]:
    """Return every system's trainings by what the command line calls them."""
    return {name: one for system in SYSTEMS.values() for name, one in system.trainings.items()}


def presets_of(training: str) -> Presets:
    """Return the named configurations that the systems declare for a training, all together."""
    owners = [one.trainings[training] for one in SYSTEMS.values() if training in one.trainings]
    return {name: preset for owner in owners for name, preset in owner.presets().items()}


def model_lines(model: Model) -> list[str]:
    """Return what to tell about a model on a terminal."""
    called = str(model.folder) if model.is_own else model.name
    if model.reason:
        return [called, f"  cannot be used: {model.reason}"]
    system = SYSTEMS[model.description.system]
    served = [words for use, words in USES.items() if use in system.serves]
    return [
        called,
        f"  {system.title}, {model.size / 1e6:.1f} MB; {system.limits}",
        f"  serves: {', '.join(served)}",
        f"  licence: {model.description.licence or 'see its README.md'}",
    ]
