"""Folders that look like models: a manifest, a description, and weights that hold nothing."""

import json


def write_model(folder, size=10, **description):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "net.safetensors").write_bytes(bytes(size))
    entry = {"file": "net.safetensors", "size": size, "sha256": "0" * 64}
    (folder / "manifest.json").write_text(json.dumps({"format": 1, "files": [entry]}))
    if description:
        (folder / "system.json").write_text(json.dumps(description))
    return folder
