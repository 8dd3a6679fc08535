"""Seconds and memory from the complete zip to the first take, in a Blender that has nothing else.

    python benchmarks/zip_to_take.py [--runs 3]

Builds the complete package, installs it with Blender's own installer where there is bpy and
NumPy and no torch, adds the mannequin and presses Generate for 6 s, then once more with a fresh
worker. Every process starts with nothing warm but the system's file cache.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]

SCRIPT = '''
import importlib, json, sys, time
from pathlib import Path
import bpy
import addon_utils  # bpy puts it on the path
PACKAGE = "bl_ext.user_default.keyfill"
start = time.perf_counter()
bpy.ops.extensions.package_install_files(
    repo="user_default", filepath=sys.argv[1], enable_on_install=True)
installed = time.perf_counter()
bpy.ops.keyfill.add_mannequin()
bpy.context.scene.keyfill.prompt = "a person walks forward"
bpy.context.scene.keyfill.seconds = 6.0
bpy.ops.keyfill.generate()
first = time.perf_counter()
link = importlib.import_module(f"{PACKAGE}.blender_addon.engine_link")
request = importlib.import_module(f"{PACKAGE}.engine.motion.request")
link.fill_bytecode().wait(300.0)
told = {"install": installed - start, "zip_to_take": first - start}
for name in ("cold", "warm"):
    if name == "cold":
        link.stop()
    begin = time.perf_counter()
    job = link.generation_job(request.MotionRequest("a person walks forward", 6.0, seed=1))
    job.run_blocking(lambda progress: None)
    told[name] = time.perf_counter() - begin
    if name == "cold":
        lines = Path(f"/proc/{link.worker_pid()}/status").read_text().splitlines()
        told["resident"] = int(next(x for x in lines if x.startswith("VmRSS")).split()[1]) / 1000
addon_utils.disable(PACKAGE, default_set=True)
print("TOLD " + json.dumps(told), flush=True)
'''


def bare_python(folder: Path) -> Path:
    """Make a Python with bpy and NumPy alone, linked from this one's packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    inside = next(folder.glob("lib/python*/site-packages"))
    packages = Path(importlib.util.find_spec("bpy").origin).parents[1]
    for name in ("bpy", "numpy", "numpy.libs"):
        if (packages / name).is_dir():
            (inside / name).symlink_to(packages / name)
    return folder / "bin" / "python"


def measure(python: Path, package: Path, folder: Path) -> dict:
    """Install and use the package once, in a user folder of its own."""
    answer = subprocess.run(
        [str(python), "-c", SCRIPT, str(package)],
        env={**os.environ, "BLENDER_USER_RESOURCES": str(folder)},
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    lines = [line for line in answer.stdout.splitlines() if line.startswith("TOLD ")]
    if not lines:
        raise SystemExit(answer.stdout[-2000:] + answer.stderr[-2000:])
    return json.loads(lines[-1].removeprefix("TOLD "))


def main() -> None:
    """Measure several times and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--zip", type=Path, help="a complete package that is built already")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        package = options.zip
        if package is None:
            command = [sys.executable, "build_addon.py", "--out", name]
            subprocess.run(command, cwd=REPOSITORY, check=True)
            package = next(Path(name).glob("*.zip"))
        python = bare_python(Path(name) / "bare")
        runs = [measure(python, package, Path(name) / f"user{run}") for run in range(options.runs)]
    units = {"resident": "MB"}
    for key in runs[0]:
        values = sorted(run[key] for run in runs)
        each = ", ".join(f"{value:.1f}" for value in values)
        print(f"{key}: {statistics.median(values):.1f} {units.get(key, 's')} ({each})")


if __name__ == "__main__":
    main()
