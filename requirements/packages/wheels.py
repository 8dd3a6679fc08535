"""The wheels of a complete package: found by pip or in a folder, checked, trimmed, licences read.

A wheel is a zip; what is kept of it is copied as it lies there, compressed, so that the same
wheel gives the same bytes on every machine.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

from requirements.packages.targets import BuildError, Target

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("torch", "tokenizers", "safetensors", "typing_extensions")
"""What a take needs beside Blender's own NumPy; a wheel of NumPy would hide that from every
other add-on."""

LONGEST_PATH = 120
"""Characters of a path inside a wheel: Windows drops the whole wheel where the place that it is
unpacked to makes it longer than 260."""

ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold, for every entry: builds can be compared."""

_UNUSED = re.compile(
    r"^torch/(test|include|share)/"
    r"|^torch/bin/(?!torch_shm_manager$)"
    r"|^torch/lib/(lib)?(aoti_custom_ops|backend_with_compiler|jitbackend_test|torchbind_test)\b"
    r"|^torch/lib/.*\.(lib|pdb|h)$"
    r"|\.pyi$"
)
"""Files of torch that no take opens: tests, headers, helper programs, stubs for type checkers."""

_LICENCE = re.compile(r"^[^/]+\.dist-info/licenses/.*third_party/")
"""The tree of other projects' licences, whose paths are the longest: gathered into one file."""

GATHERED = "licenses/THIRD_PARTY.txt"

BINARY = re.compile(r"\.(so(\.\d+)*|pyd|dll|dylib|exe)$")


def pinned() -> dict[str, str]:
    """Return name and version of each needed package, from the requirements' files."""
    text = "".join(
        (ROOT / "requirements" / name).read_text(encoding="utf-8")
        for name in ("engine.txt", "constraints.txt")
    )
    return {
        name: match[1]
        for name in NEEDED
        if (match := re.search(rf"^{name}==(\S+)", text, re.MULTILINE))
    }


def find_wheels(target: Target, folder: Path, wheels: Path | None = None) -> list[Path]:
    """Return the needed wheels for a target, put into a folder by pip.

    Args:
        target: for which system and Python.
        folder: pip writes here what it fetches.
        wheels: a folder of wheels; pip then looks nowhere else.

    Raises:
        BuildError: if there is no such wheel, or only one with CUDA.
    """
    found = []
    for name, version in pinned().items():
        wanted = f"{name}=={version}"
        if name == "torch":
            _refuse_cuda(target, _pip(target, ["install", "--dry-run", "--ignore-installed",
                                               "--report", "-", "--target", str(folder), wanted],
                                      wheels))  # fmt: skip
        _pip(target, ["download", "--dest", str(folder), wanted], wheels)
        # Names of wheels have "_" where requirements may have "-".
        path = next(iter(sorted(folder.glob(f"{name}-{version}*.whl"))), None)
        if path is None or not target.takes(path.name):
            raise BuildError(f"pip brought no wheel of {wanted} for {target.platform}.")
        found.append(path)
    return found


def _pip(target: Target, arguments: list[str], wheels: Path | None) -> str:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    command += [arguments[0], "--no-deps", "--only-binary=:all:", "--implementation", "cp"]
    command += ["--python-version", target.python]
    for abi in (target.tag, "abi3", "none"):
        command += ["--abi", abi]
    for system in target.wheel_platforms:
        command += ["--platform", system]
    if wheels is not None:
        command += ["--no-index", "--find-links", str(wheels)]
    answer = subprocess.run(
        command + arguments[1:], capture_output=True, text=True, encoding="utf-8", check=False
    )
    if answer.returncode != 0:
        lines = [line for line in answer.stderr.splitlines() if line.startswith("ERROR")]
        where = f"{wheels} holds" if wheels is not None else "pip finds"
        raise BuildError(
            f"{where} no wheel of {arguments[-1]} for {target.platform} with Python "
            f"{target.python}: put one into a folder and name it with --wheels. "
            f"({' '.join(lines) or answer.stderr.strip()[-300:]})"
        )
    return answer.stdout


def _refuse_cuda(target: Target, report: str) -> None:
    """Raise BuildError where the torch that pip would bring is built for CUDA.

    Torch's wheels of every system name CUDA's packages, to be installed on Linux only; those
    for the CPU have "+cpu" in their version.
    """
    told = json.loads(report)["install"][0]["metadata"]
    wants_cuda = any("nvidia-" in need for need in told.get("requires_dist", ()))
    if target.platform == "linux-x64" and wants_cuda and "+cpu" not in told["version"]:
        raise BuildError(
            f"For {target.platform} with Python {target.python} pip finds only a torch with CUDA, "
            "which is several GB: put torch's CPU wheel into a folder and name it with --wheels."
        )


def trim_wheel(source: Path, path: Path) -> None:
    """Write a wheel without what no take needs: same contents else, its RECORD rewritten.

    Raises:
        BuildError: if a path is left that is too long for Windows.
    """
    with zipfile.ZipFile(source) as wheel:
        names = [name for name in wheel.namelist() if not name.endswith("/")]
        gathered = [name for name in names if _LICENCE.search(name)]
        kept = [name for name in names if name not in gathered and not _UNUSED.search(name)]
        changed = {} if kept == names else _changed_texts(wheel, kept, gathered)
        too_long = [name for name in (*kept, *changed) if len(name) > LONGEST_PATH]
        if too_long:
            raise BuildError(
                f"{source.name} holds paths that are too long for Windows: {', '.join(too_long)}."
            )
        write_copy(wheel, [name for name in kept if name not in changed], changed, path)


def _changed_texts(
    wheel: zipfile.ZipFile, kept: Iterable[str], gathered: Iterable[str]
) -> dict[str, bytes]:
    """Return the texts of a trimmed wheel that differ: licences, METADATA and RECORD."""
    folder = next(name for name in wheel.namelist() if name.endswith("/RECORD")).rpartition("/")[0]
    changed = {}
    if gathered:
        texts = [
            f"==== {name.partition('/licenses/')[2]} ====\n\n".encode() + wheel.read(name).strip()
            for name in sorted(gathered)
        ]
        changed[f"{folder}/{GATHERED}"] = b"\n\n\n".join(texts) + b"\n"
        told = wheel.read(f"{folder}/METADATA").decode("utf-8")
        head, blank, body = told.partition("\n\n")
        lines = [x for x in head.split("\n") if not re.match(r"License-File: .*third_party/", x)]
        lines.append(f"License-File: {GATHERED.partition('/')[2]}")
        changed[f"{folder}/METADATA"] = ("\n".join(lines) + blank + body).encode()
    rows = {row[0]: row for row in csv.reader(io.StringIO(wheel.read(f"{folder}/RECORD").decode()))}
    rows = {name: rows[name] for name in kept if name in rows}
    rows |= {name: _record_row(name, text) for name, text in changed.items()}
    rows[f"{folder}/RECORD"] = [f"{folder}/RECORD", "", ""]
    record = io.StringIO()
    csv.writer(record, lineterminator="\n").writerows(row for _, row in sorted(rows.items()))
    changed[f"{folder}/RECORD"] = record.getvalue().encode()
    return changed


def _record_row(name: str, text: bytes) -> list[str]:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode()
    return [name, f"sha256={digest}", str(len(text))]


def write_copy(
    source: zipfile.ZipFile, kept: Iterable[str], changed: dict[str, bytes], path: Path
) -> None:
    """Write a zip of entries copied from another one, still compressed, and of new texts.

    Args:
        source: the other one, open for reading.
        kept: names of its entries.
        changed: the new texts by name; they are not compressed.
        path: the file to write.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted([*kept, *changed]):
            if name in changed:
                write_entry(archive, name, changed[name], zipfile.ZIP_STORED)
                continue
            old = source.getinfo(name)
            new = zipfile.ZipInfo(name, ZIP_TIME)
            new.create_system, new.external_attr = 3, 0o644 << 16
            if name == "torch/bin/torch_shm_manager":
                new.external_attr = 0o755 << 16
            new.compress_type, new.CRC = old.compress_type, old.CRC
            new.file_size, new.compress_size = old.file_size, old.compress_size
            _append(archive, new, _packed_bytes(source, old))


def _packed_bytes(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Return an entry's bytes as they lie in the zip."""
    file = archive.fp
    assert file is not None
    file.seek(entry.header_offset)
    # A local header is 30 bytes, then a name and extras of their own lengths.
    name_bytes, extra_bytes = struct.unpack("<26xHH", file.read(30))
    file.seek(name_bytes + extra_bytes, io.SEEK_CUR)
    return file.read(entry.compress_size)


def _append(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, packed: bytes) -> None:
    """Append compressed bytes as an entry, which zipfile has no method for."""
    file = archive.fp
    assert file is not None
    file.seek(archive.start_dir)
    entry.header_offset = file.tell()
    file.write(entry.FileHeader(zip64=False))
    file.write(packed)
    archive.start_dir = file.tell()
    archive.filelist.append(entry)
    archive.NameToInfo[entry.filename] = entry


def write_entry(archive: zipfile.ZipFile, name: str, content: bytes, compression: int) -> None:
    """Write an entry without time and owner."""
    entry = zipfile.ZipInfo(name, ZIP_TIME)
    entry.compress_type = compression
    entry.external_attr = 0o644 << 16
    entry.create_system = 3  # Unix, on whatever system it is built
    archive.writestr(entry, content)
