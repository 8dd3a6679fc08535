"""Build the add-on's zip: stage a copy, let Blender's validator read it, pack it.

The repository is never edited, and the same tree always gives the same bytes.
Run with any Python 3.11; validation needs the bpy module of requirements/blender.txt.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent
MANIFEST = Path("blender_addon/blender_manifest.toml")
LEFT_OUT = ("training", "evaluation", "measuring", "data")
"""Folders of the engine that need the repository; the installed add-on does without."""

WEIGHTS_LEFT_OUT = ("evaluator.safetensors",)
"""Weights that only measuring needs, which is left out too."""

WEIGHTS_TEXTS = ("README.md", "system.json")
"""The model card, and what a folder says of its networks."""

ROOT_MODULE = '''"""The installed extension: Blender registers this package."""
from .blender_addon import register as register, unregister as unregister
'''

ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold, for every entry: builds can be compared."""

READ_BYTES = 1 << 20


class BuildError(RuntimeError):
    """The zip cannot be built; the text says why and what cures it."""


def stage(folder: Path, repository: Path = REPOSITORY) -> None:
    """Copy what the add-on consists of into an empty folder.

    Args:
        folder: becomes the zip's root.
        repository: where the sources lie.

    Raises:
        BuildError: if the weights do not fit their manifest.
    """
    shutil.copy2(repository / MANIFEST, folder / MANIFEST.name)
    shutil.copy2(repository / "LICENSE", folder / "LICENSE")
    (folder / "__init__.py").write_text(ROOT_MODULE, encoding="utf-8")
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".*", MANIFEST.name)
    shutil.copytree(repository / "blender_addon", folder / "blender_addon", ignore=ignored)
    shutil.copytree(repository / "engine", folder / "engine", ignore=ignored)
    for name in LEFT_OUT:
        shutil.rmtree(folder / "engine" / name, ignore_errors=True)
    stage_weights(folder / "weights", repository / "weights")


def stage_weights(folder: Path, weights: Path) -> None:
    """Copy the files that the weights' manifest names, and its texts, after checking them.

    Models in folders within are copied alike.
    """
    manifest = weights / "manifest.json"
    if not manifest.is_file():
        return
    folder.mkdir()
    stored = json.loads(manifest.read_text(encoding="utf-8"))
    stored["files"] = [e for e in stored["files"] if e["file"] not in WEIGHTS_LEFT_OUT]
    for entry in stored["files"]:
        source = weights / entry["file"]
        if not source.is_file() or sha256_of(source) != entry["sha256"]:
            raise BuildError(
                f"The weights file {source.name} is missing or differs from weights/manifest.json: "
                "restore it, or write the manifest anew."
            )
        shutil.copy2(source, folder / source.name)
    (folder / manifest.name).write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
    for name in WEIGHTS_TEXTS:
        if (weights / name).is_file():
            shutil.copy2(weights / name, folder / name)
    for inner in sorted(weights.iterdir()):
        if inner.is_dir():
            stage_weights(folder / inner.name, inner)


def sha256_of(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def find_validator() -> Path | None:
    """Return Blender's own extension tool inside the bpy module; None without bpy."""
    # find_spec does not import: bpy takes a third of a second and a window system.
    spec = importlib.util.find_spec("bpy")
    if spec is None or spec.origin is None:
        return None
    tools = Path(spec.origin).parent.glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py")
    return next(iter(sorted(tools)), None)


def validate(path: Path, validator: Path) -> None:
    """Let Blender's tool read a staged folder or a zip.

    Raises:
        BuildError: with the tool's own words where it refuses.
    """
    command = [sys.executable, str(validator), "validate", str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if answer.returncode != 0:
        words = (answer.stdout + answer.stderr).strip()
        raise BuildError(f"Blender's validator refuses {path.name}: {words}")


def pack(folder: Path, path: Path) -> None:
    """Write a staged folder as a zip: sorted, without times and owners, whole or not at all."""
    partial = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(partial, "w") as archive:
            for file in sorted(folder.rglob("*")):
                if file.is_file():
                    entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), ZIP_TIME)
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    entry.external_attr = 0o644 << 16
                    entry.create_system = 3  # Unix, on whatever system it is built
                    archive.writestr(entry, file.read_bytes())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def build(out: Path, validator: Path | None) -> Path:
    """Stage, validate and pack; return the zip's path.

    Raises:
        BuildError: if the validator refuses, or the weights are damaged.
    """
    manifest = tomllib.loads((REPOSITORY / MANIFEST).read_text(encoding="utf-8"))
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{manifest['id']}-{manifest['version']}.zip"
    with tempfile.TemporaryDirectory(prefix="keyfill-build-") as name:
        staged, draft = Path(name) / "staged", Path(name) / path.name
        staged.mkdir()
        stage(staged)
        if validator is not None:
            validate(staged, validator)
        pack(staged, draft)
        if validator is not None:
            validate(draft, validator)
        shutil.move(draft, path)
    return path


def main(arguments: list[str] | None = None) -> int:
    """Build the zip and say what is in it."""
    parser = argparse.ArgumentParser(description="Build the Blender extension's zip.")
    parser.add_argument("--out", type=Path, required=True, help="folder for the zip")
    out = parser.parse_args(arguments).out
    validator = find_validator()
    try:
        path = build(out, validator)
    except (BuildError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, sha256 {sha256_of(path)}")
    with zipfile.ZipFile(path) as archive:
        has_weights = "weights/manifest.json" in archive.namelist()
    if not has_weights:
        print("Without weights: there is no weights/manifest.json.")
    if validator is None:
        print("Not validated: Blender's validator is in bpy; install requirements/blender.txt.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
