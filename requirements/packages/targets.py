"""For which system and Python a package is built, and what each may be built for.

It knows no wheel and no zip.
"""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass

PLATFORMS = ("linux-x64", "windows-x64", "macos-arm64")
PYTHONS = ("3.11", "3.13")

_WHEEL_PLATFORMS = {
    # Blender's own builds ask for glibc 2.28.
    "linux-x64": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    "windows-x64": ("win_amd64",),
    "macos-arm64": tuple(f"macosx_{number}_0_arm64" for number in (14, 13, 12, 11)),
}

_MACHINES = {("linux", "x86_64"): "linux-x64", ("win32", "AMD64"): "windows-x64",
             ("darwin", "arm64"): "macos-arm64"}  # fmt: skip

NEWER_BLENDER = "5.1.0"
"""The first Blender with Python 3.13; those before it have 3.11."""


class BuildError(RuntimeError):
    """A package cannot be built; the text says why and what cures it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A system and a Python, as Blender and pip call them."""

    platform: str
    python: str

    def __post_init__(self) -> None:
        if self.platform not in PLATFORMS or self.python not in PYTHONS:
            raise BuildError(
                f"There is no package for {self.platform} with Python {self.python}: choose "
                f"{', '.join(PLATFORMS)}, and {' or '.join(PYTHONS)}."
            )

    @property
    def tag(self) -> str:
        """The Python in a wheel's name: cp311."""
        return "cp" + self.python.replace(".", "")

    @property
    def wheel_platforms(self) -> tuple[str, ...]:
        """The platforms in names of wheels that run there, the best first."""
        return _WHEEL_PLATFORMS[self.platform]

    @property
    def blender_range(self) -> str:
        """The manifest's lines on which Blenders have this Python."""
        if self.python == "3.11":
            return f'blender_version_max = "{NEWER_BLENDER}"\n'
        return f'blender_version_min = "{NEWER_BLENDER}"\n'

    @property
    def note(self) -> str:
        """What has to be said about packages for this system; empty for nothing."""
        if self.platform == "macos-arm64":
            return "torch's wheel asks for macOS 14: on an older one the engine does not start."
        return ""

    def takes(self, wheel: str) -> bool:
        """Return whether a wheel of this name runs on the system and the Python."""
        *_, python, abi, systems = wheel.removesuffix(".whl").split("-")
        is_stable = abi == "abi3" and all(
            tag.startswith("cp3") and int(tag[3:]) <= int(self.tag[3:])
            for tag in python.split(".")
        )
        fits_python = is_stable or abi == self.tag or (abi == "none" and "py3" in python.split("."))
        fits_system = systems == "any" or bool({*systems.split(".")} & {*self.wheel_platforms})
        return fits_python and fits_system


def this_machine(python: str = "3.11") -> Target:
    """Return the target of this machine.

    Raises:
        BuildError: if there are no packages for it.
    """
    place = (sys.platform, platform.machine())
    if place not in _MACHINES:
        raise BuildError(
            f"There is no package for this machine ({' '.join(place)}): name one with --platform."
        )
    return Target(_MACHINES[place], python)
