"""Models from a zip into the user's folder: checked whole, put in place one by one.

A zip of models has a folder a model, with its manifest. Standard library only; Blender's
process may import this.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from pathlib import Path, PurePosixPath
from typing import Final

from ..files import is_file_name
from .description import DESCRIPTION_NAME, MANIFEST_NAME, ModelError

_REMEDY: Final = "Choose the file keyfill-models-….zip of this version, or fetch it anew."
_TEXTS: Final = (DESCRIPTION_NAME, "README.md")


def unpack_models(path: Path, folder: Path) -> tuple[str, ...]:
    """Unpack every model of a zip into folders within one; return their names.

    A model of that name is replaced. Only what the manifests name is unpacked.

    Raises:
        ModelError: if the file holds no models or a damaged one; no model is changed then.
    """
    fresh = folder / ".unpacking"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        with zipfile.ZipFile(path) as archive:
            names = _models_in(archive)
            for name in names:
                _unpack(archive, name, fresh / name)
        for name in names:
            shutil.rmtree(folder / name, ignore_errors=True)
            (fresh / name).replace(folder / name)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as error:
        told = f"The file {path.name} holds no models, or is damaged."
        raise ModelError(told, _REMEDY) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelError(
            f"The models could not be unpacked into {folder}: {reason}.",
            "Make room there, or choose another folder of models in the preferences.",
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return names


def _models_in(archive: zipfile.ZipFile) -> tuple[str, ...]:
    places = [PurePosixPath(name).parts for name in archive.namelist()]
    found = sorted(parts[0] for parts in places if parts[1:] == (MANIFEST_NAME,))
    if not found or not all(is_file_name(name) for name in found):
        raise ValueError("no folder has a manifest")
    return tuple(found)


def _unpack(archive: zipfile.ZipFile, name: str, folder: Path) -> None:
    """Unpack one model and compare its weights with the manifest."""
    folder.mkdir(parents=True)
    manifest = archive.read(f"{name}/{MANIFEST_NAME}")
    (folder / MANIFEST_NAME).write_bytes(manifest)
    for text in _TEXTS:
        if f"{name}/{text}" in archive.namelist():
            (folder / text).write_bytes(archive.read(f"{name}/{text}"))
    for entry in json.loads(manifest)["files"]:
        file = str(entry["file"])
        content = archive.read(f"{name}/{file}")
        if not is_file_name(file) or hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise ValueError(f"{file} is not what the manifest says")
        (folder / file).write_bytes(content)
