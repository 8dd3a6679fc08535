"""Where Blender and Xvfb are found: on this machine, or in a system of its own that is unpacked."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SYSTEM = REPOSITORY / ".venvs" / "blender-window"
"""A Debian with Blender 4.3, unpacked on demand; `make clean` leaves it alone."""

SUITE = "trixie"
PACKAGES = ("blender", "python3-numpy", "python3-requests", "xvfb", "libgl1-mesa-dri",
            "libglx-mesa0", "libegl1", "ca-certificates")  # fmt: skip

MOUNTED = ("/proc", "/dev", "/tmp")
"""What programs of the unpacked system see of this machine, beside the folders they work with."""

SKIPPED = (
    "The window test is skipped: it needs Blender 4.2 or newer and Xvfb (or root and mmdebstrap, "
    "to unpack both); name a Blender with BLENDER=/path/to/blender."
)


class NoWindowError(RuntimeError):
    """No window can be opened here; one sentence with the cure."""


@dataclass(frozen=True)
class Programs:
    """How Blender and Xvfb are started."""

    blender: str
    prefix: tuple[str, ...] = ()
    """Command before each of them; empty where they lie on this machine."""

    def start(self, *command, **options):
        """Start one of them; its process is the program's own, whatever the prefix."""
        return subprocess.Popen([*self.prefix, *command], **options)


def find_programs(blender, system):
    """Return Blender and Xvfb of this machine, else those of the unpacked system.

    Raises:
        NoWindowError: if there are none and none can be unpacked.
    """
    if shutil.which(blender) and shutil.which("Xvfb"):
        return Programs(blender)
    if not has_programs(system):
        if os.geteuid() != 0 or not shutil.which("mmdebstrap"):
            raise NoWindowError(SKIPPED)
        unpack(system)
    return Programs("blender", within(system))


def has_programs(system):
    """Say whether a folder holds an unpacked system with both."""
    return all((system / "usr/bin" / name).exists() for name in ("blender", "Xvfb"))


def unpack(system):
    """Unpack a Debian with both into a folder: some minutes and 1.3 GB.

    Raises:
        NoWindowError: if it cannot be had, with the last line of why.
    """
    print(f"Unpacking Debian's Blender and Xvfb into {system}: 1.3 GB, some minutes", flush=True)
    system.parent.mkdir(parents=True, exist_ok=True)
    command = [
        "mmdebstrap", "--quiet", "--variant=apt", "--components=main",
        f"--include={','.join(PACKAGES)}", '--aptopt=APT::Install-Recommends "false"',
        # The user that apt changes to may not read folders of root.
        '--aptopt=APT::Sandbox::User "root"', SUITE, str(system), mirror(),
    ]  # fmt: skip
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0 or not has_programs(system):
        shutil.rmtree(system, ignore_errors=True)
        last = (answer.stderr.strip().splitlines() or ["no word"])[-1]
        raise NoWindowError(f"{SKIPPED} Unpacking failed: {last}")


def mirror():
    """Return the address that apt fetches this machine's Debian from."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)"]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    return next((uri for uri in told if "security" not in uri), "http://deb.debian.org/debian")


def within(system):
    """Return the command that runs a program in the system, which sees what it works with.

    The mounts are in a name space of the program's own: they end with it.
    """
    shown = {*MOUNTED, str(REPOSITORY), str(Path(sys.prefix).resolve()), sys.base_prefix}
    lines = [
        f'mkdir -p "{system}{folder}" && mount --rbind "{folder}" "{system}{folder}"'
        for folder in sorted(shown)
    ]
    script = " && ".join([*lines, f'exec chroot "{system}" "$@"'])
    return ("unshare", "--mount", "sh", "-c", script, "sh")
