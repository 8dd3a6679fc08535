"""Look for what pip cannot bring: Python's venv and the system libraries that Blender links.

Run by `make setup` before anything is installed, so the standard library only.
As root on a system with apt it installs what is missing; otherwise it prints
the line to run and stops.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable

WANTED_PYTHON = (3, 11)

LIBRARIES = {
    "libX11.so.6": ("libx11-6", "libX11"),
    "libXext.so.6": ("libxext6", "libXext"),
    "libXrender.so.1": ("libxrender1", "libXrender"),
    "libXfixes.so.3": ("libxfixes3", "libXfixes"),
    "libXi.so.6": ("libxi6", "libXi"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon"),
    "libSM.so.6": ("libsm6", "libSM"),
    "libICE.so.6": ("libice6", "libICE"),
    "libGL.so.1": ("libgl1", "libglvnd-glx"),
    "libEGL.so.1": ("libegl1", "libglvnd-egl"),
}
"""Shared library → its package in Debian and Ubuntu, and in Fedora.

All but EGL are linked by bpy; EGL is opened when Workbench renders without a
display. Found with ldd on bpy 4.5.15.
"""


def is_loadable(library: str) -> bool:
    """Say whether the dynamic linker finds the shared library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_libraries(is_present: Callable[[str], bool] = is_loadable) -> list[str]:
    """Return the libraries of the table that are not on this machine."""
    return [library for library in LIBRARIES if not is_present(library)]


def missing_packages(libraries: Iterable[str], has_venv: bool) -> list[str]:
    """Return the Debian packages that bring the libraries and, where it lacks, venv."""
    packages = [LIBRARIES[library][0] for library in libraries]
    if not has_venv:
        packages.append(f"python{WANTED_PYTHON[0]}.{WANTED_PYTHON[1]}-venv")
    return packages


def install_line(libraries: list[str], has_venv: bool, find: Callable[[str], str | None]) -> str:
    """Return what an administrator types to get what is missing, by the system's own manager.

    Args:
        libraries: keys of LIBRARIES.
        has_venv: whether Python can make virtual environments.
        find: program name → its path, or None; `shutil.which`.
    """
    if find("apt-get"):
        packages = missing_packages(libraries, has_venv)
        return f"sudo apt-get update && sudo apt-get install -y {shlex.join(packages)}"
    if find("dnf"):
        return "sudo dnf install " + shlex.join(LIBRARIES[name][1] for name in libraries)
    wanted = [*libraries, *([] if has_venv else ["Python's venv module"])]
    return "with your package manager, what provides " + ", ".join(wanted)


def install_with_apt(packages: list[str]) -> bool:
    """Install Debian packages as root; say whether it worked."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # With what they recommend: EGL alone, without a driver behind it, draws nothing.
    commands = (["apt-get", "update"], ["apt-get", "install", "-y", *packages])
    return all(subprocess.run(command, env=environment).returncode == 0 for command in commands)


def main() -> int:
    """Check, install where it may, and say in one sentence what is left to do."""
    if sys.version_info[:2] != WANTED_PYTHON:
        print(
            f"Keyfill needs Python 3.11, this is {sys.version.split()[0]}: "
            "install 3.11 or name it with `make setup PYTHON=/path/to/python3.11`.",
            file=sys.stderr,
        )
        return 1
    libraries = missing_libraries() if sys.platform == "linux" else []
    has_venv = importlib.util.find_spec("ensurepip") is not None
    if not libraries and has_venv:
        return 0
    if shutil.which("apt-get") and os.geteuid() == 0:
        packages = missing_packages(libraries, has_venv)
        print("Installing system packages: " + " ".join(packages), flush=True)
        if install_with_apt(packages) and not missing_libraries():
            return 0
    wanted = [*libraries, *([] if has_venv else ["ensurepip"])]
    print(
        f"Blender cannot start here without {', '.join(wanted)}. Install, then run make again:\n\n"
        f"    {install_line(libraries, has_venv, shutil.which)}\n",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
