"""The engine, loaded when a request needs it, or what this Python lacks for it.

torch is imported here and not before: a worker that only waits needs none.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from types import ModuleType

from ..models.catalogue import SHIPPED
from ..motion.running import Engine
from ..python_place import is_too_old, setup_remedy

_log = logging.getLogger("keyfill.worker")


class EngineMissing(RuntimeError):
    """This Python lacks a package that the engine needs."""

    def __init__(self, package: str) -> None:
        super().__init__(package)
        self.message = f"The Python {sys.executable} has no {package}, which the engine needs."
        self.remedy = setup_remedy(package)


class TorchUnfit(RuntimeError):
    """The torch that this Python finds cannot run the engine."""

    def __init__(self, torch: ModuleType) -> None:
        version = getattr(torch, "__version__", "without a version")
        super().__init__(version)
        self.message = f"The engine cannot run with the torch {version} in {_folder(torch)}."
        self.remedy = (
            "Where another extension brought it, disable that one and restart Blender; "
            "else install a newer torch there."
        )


def load_keyfill_engine(weights: Path | None, device: str) -> Engine:
    """Load the real engine.

    Raises:
        EngineMissing: if this Python lacks torch or another package.
        TorchUnfit: if the torch that is found is too old, or of another kind.
    """
    try:
        torch = _import_torch()
        from .. import api

        _log.info("torch %s from %s", torch.__version__, _folder(torch))
        return api.load_engine(SHIPPED if weights is None else weights, device)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "torch" and "torch" in sys.modules:
            raise TorchUnfit(sys.modules["torch"]) from error
        if not package or package == (__package__ or "").partition(".")[0]:
            raise
        raise EngineMissing(package) from error


def _import_torch() -> ModuleType:
    """Import torch and look whether it is one that the engine can run with.

    What is imported counts, not what was installed: all of Blender's extensions share one
    folder of packages, where the newest of a name stays.
    """
    import torch

    lacks = not all(hasattr(torch, name) for name in ("Tensor", "nn", "__version__"))
    if lacks or is_too_old(torch.__version__):
        raise TorchUnfit(torch)
    return torch


def _folder(torch: ModuleType) -> str:
    return str(Path(torch.__file__).parent) if torch.__file__ else sys.executable
