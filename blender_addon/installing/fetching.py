"""Look up, fetch and install the engine's packages, as tasks that can be watched and stopped.

What was fetched whole is kept until everything is installed, and not fetched again. The folder
of packages changes in one step at the end. It knows no Blender.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from ...engine.motion.request import Progress
from ..core.errors import UserError
from ..core.link.jobs import Task
from .package_sources import REQUIRED, PackageSource
from .pip_process import run_pip

PIECE_BYTES: Final = 1 << 18
WAIT_SECONDS: Final = 30.0
"""A server that says nothing for so long is given up."""

UNPACKED: Final = 4.0
"""How much room wheels take when unpacked, at most, as a multiple of their size."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """One file to fetch."""

    address: str
    sha256: str
    size: int
    """Bytes; 0 where the server does not tell."""

    @property
    def name(self) -> str:
        """The file's name."""
        return unquote(urlsplit(self.address).path).rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of the user that installing uses."""

    packages: Path
    """What the engine is started with."""

    downloads: Path
    log: Path


def look_up(source: PackageSource, places: Places) -> Task[tuple[Wheel, ...]]:
    """Return a task that finds which files are needed, and how large they are.

    Raises:
        UserError: if the index cannot be read, or has not what is needed.
    """
    report = places.downloads / "report.json"
    places.downloads.mkdir(parents=True, exist_ok=True)
    progress = Progress(0, 1, "Looking up the engine's packages")
    arguments = ["install", "--dry-run", "--ignore-installed", "--only-binary=:all:", "--quiet",
                 "--target", str(places.packages), "--report", str(report)]  # fmt: skip
    # Without CUDA what torch itself asks for (filelock, sympy, ...) is needed by no take.
    arguments += [] if source.needs_more() else ["--no-deps"]
    arguments += source.options() + list(REQUIRED)
    yield from run_pip(arguments, progress, places.log)
    told = json.loads(report.read_text(encoding="utf-8"))["install"]
    report.unlink()
    wanted = {requirement.partition("==")[0] for requirement in REQUIRED}
    wheels = []
    for number, entry in enumerate(told):
        yield Progress(number, len(told), progress.label)
        name = entry["metadata"]["name"].lower().replace("-", "_")
        if name in wanted or source.needs_more():
            wheels.append(_wheel(entry))
    _refuse_numpy(wheels)
    return tuple(wheels)


def _wheel(entry: dict[str, Any]) -> Wheel:
    told = entry["download_info"]
    hashes = told.get("archive_info", {}).get("hashes", {})
    return Wheel(told["url"], hashes.get("sha256", ""), _size_of(told["url"]))


def _size_of(address: str) -> int:
    """Ask a server how large a file is, without fetching it."""
    try:
        request = urllib.request.Request(address, method="HEAD")
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
            return int(answer.headers.get("Content-Length") or 0)
    except (OSError, ValueError):
        return 0


def _refuse_numpy(wheels: list[Wheel]) -> None:
    if any(wheel.name.lower().startswith("numpy-") for wheel in wheels):
        raise UserError(
            "This index would bring a NumPy, which Blender has itself.",
            "Choose another package index in the add-on's preferences.",
        )


def told_size(wheels: tuple[Wheel, ...]) -> str:
    """Return in words how much is to be fetched."""
    size = sum(wheel.size for wheel in wheels) / 1e6
    has_all = all(wheel.size for wheel in wheels)
    return f"{len(wheels)} files, {size:,.0f} MB" + ("" if has_all else " or more")


def fetch(wheels: tuple[Wheel, ...], places: Places) -> Task[Path]:
    """Return a task that fetches the files, installs them, and returns the folder of packages.

    Raises:
        UserError: if the disk is too small, a server breaks off or a file is damaged.
    """
    yield Progress(0, 1, "Fetching the engine")
    _check_room(wheels, places.packages.parent)
    total = sum(wheel.size for wheel in wheels)
    done = 0
    for wheel in wheels:
        path = places.downloads / wheel.name
        if not _is_whole(path, wheel):
            for size in _download(wheel, path):
                yield _fetched(done + size, total, wheel)
        done += wheel.size
    yield from _install(wheels, places)
    return places.packages


def _fetched(done: int, total: int, wheel: Wheel) -> Progress:
    name = wheel.name.partition("-")[0]
    label = f"Fetching {name} ({done / 1e6:,.0f} of {total / 1e6:,.0f} MB)"
    return Progress(done, max(total, done, 1), label)


def _check_room(wheels: tuple[Wheel, ...], folder: Path) -> None:
    needed = sum(wheel.size for wheel in wheels) * (1.0 + UNPACKED)
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(
            f"The disk of {folder} has {free / 1e9:.1f} GB free, "
            f"and installing takes up to {needed / 1e9:.1f} GB.",
            "Make room there, then press Install Engine again.",
        )


def _is_whole(path: Path, wheel: Wheel) -> bool:
    return path.is_file() and bool(wheel.sha256) and _sha256(path) == wheel.sha256


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(PIECE_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _download(wheel: Wheel, path: Path) -> Iterator[int]:
    """Fetch a file, whole or not at all, and yield how many bytes have come."""
    partial = path.with_name(path.name + ".part")
    done = 0
    try:
        with (
            urllib.request.urlopen(wheel.address, timeout=WAIT_SECONDS) as answer,
            partial.open("wb") as file,
        ):
            while piece := answer.read(PIECE_BYTES):
                file.write(piece)
                done += len(piece)
                yield done
    except (OSError, ValueError) as error:
        partial.unlink(missing_ok=True)
        reason = getattr(error, "reason", None) or error
        raise _broken_off(wheel, str(reason)) from error
    except BaseException:  # the task is closed: what came is not whole
        partial.unlink(missing_ok=True)
        raise
    if wheel.sha256 and _sha256(partial) != wheel.sha256:
        partial.unlink()
        raise _broken_off(wheel, f"{done} bytes came, which are not the file")
    partial.replace(path)


def _broken_off(wheel: Wheel, reason: str) -> UserError:
    return UserError(
        f"Fetching {wheel.name} broke off ({reason}).",
        "Press Install Engine again; what was fetched whole is not fetched again.",
    )


def _install(wheels: tuple[Wheel, ...], places: Places) -> Task[None]:
    """Unpack the files into a new folder and put it in the place of the old one."""
    progress = Progress(1, 1, "Unpacking the engine")
    fresh = places.packages.with_name(places.packages.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    files = [str(places.downloads / wheel.name) for wheel in wheels]
    # Without bytecode: Python keeps it in a folder of its own, see BlendersPython.
    arguments = ["install", "--no-index", "--no-deps", "--no-compile", "--quiet"]
    try:
        yield from run_pip([*arguments, "--target", str(fresh), *files], progress, places.log)
        shutil.rmtree(places.packages, ignore_errors=True)
        if places.packages.exists():
            raise UserError(
                f"The folder {places.packages} is in use.", "Restart Blender, then press it again."
            )
        fresh.replace(places.packages)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    with contextlib.suppress(OSError):
        shutil.rmtree(places.downloads)
