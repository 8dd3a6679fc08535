"""Which packages a device needs, and where pip looks for them. It knows neither Blender nor pip."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Final

REQUIRED: Final = (
    "torch==2.13.0",
    "tokenizers==0.23.3",
    "safetensors==0.8.0",
    "typing_extensions==4.16.0",
)
"""The versions that Keyfill is tested with; never NumPy, which Blender has."""

DEVICES: Final = {"linux": ("cpu", "cuda"), "win32": ("cpu", "cuda"), "darwin": ("cpu", "mps")}

_TORCH_INDEX: Final = "https://download.pytorch.org/whl/"
_BESIDE: Final = {("linux", "cpu"): _TORCH_INDEX + "cpu", ("win32", "cuda"): _TORCH_INDEX + "cu130"}
"""Where pip's own index has the other kind of torch: torch's own is looked at, too. Its versions
end in +cpu or +cu130, which pip takes for newer."""


@dataclass(frozen=True, slots=True)
class PackageSource:
    """What is to be had from where."""

    device: str = "cpu"
    """cpu, cuda or mps."""

    index: str = ""
    """Address of an index of packages; empty takes pip's own, and torch's where that is needed."""

    folder: str = ""
    """Folder of wheels; nothing else is looked at then."""

    def options(self, system: str = sys.platform) -> list[str]:
        """Return pip's options.

        Args:
            system: as `sys.platform` names it.
        """
        if self.folder:
            return ["--no-index", "--find-links", self.folder]
        if self.index:
            return ["--index-url", self.index]
        beside = _BESIDE.get((system, self.device))
        return ["--extra-index-url", beside] if beside else []

    def needs_more(self, system: str = sys.platform) -> bool:
        """Return whether torch's own requirements are needed: CUDA's libraries on Linux."""
        return self.device == "cuda" and system == "linux"


def devices_of(system: str = sys.platform) -> tuple[str, ...]:
    """Return the devices that torch can compute on in a system."""
    return DEVICES.get(system, ("cpu",))
