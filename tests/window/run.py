"""Open Blender's real window on a screen in memory and click the main job through.

    python tests/window/run.py [--blender PROGRAM] [--system FOLDER] [--scale 2] [--pictures FOLDER]

It tells each step with its longest stall of the main thread, and each check that failed; the
whole report and every picture of the screen lie in .cache/window. `--pictures` also writes those
that the manual shows. Where no window can be had it says so and ends well.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from manual_pictures import write_pictures
from programs import REPOSITORY, SYSTEM, NoWindowError, find_programs
from screen import screen

FOLDER = REPOSITORY / ".cache" / "window"
SHADERS = REPOSITORY / ".cache" / "window-shaders"
"""What the software that draws has compiled: a first run without it starts slowly."""

INSIDE = Path(__file__).resolve().parent / "inside.py"
SIZE = (1600, 1000)
PATIENCE_SECONDS = 3600
LINKED = ("blender_addon", "engine", "weights")
ROOT_MODULE = "from .blender_addon import register as register, unregister as unregister\n"


def main(arguments=None):
    """Run it; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blender", default="blender")
    parser.add_argument("--system", type=Path, default=SYSTEM, help="folder of an unpacked system")
    parser.add_argument("--scale", type=float, default=1.0, help="of Blender's interface")
    parser.add_argument("--pictures", type=Path, help="folder for the manual's pictures")
    parser.add_argument("--only", default="", help="names of chapters, between commas")
    parser.add_argument("--zip", type=Path, help="a package to drop, instead of the chapters")
    parser.add_argument("--random-calls", type=int, default=0, help="instead of the chapters")
    parser.add_argument("--first-block", type=int, default=0, help="of random calls, its seed")
    wish = parser.parse_args(arguments)
    # Ended from outside, it still ends Blender and the screen.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    try:
        programs = find_programs(wish.blender, wish.system.resolve())
    except NoWindowError as error:
        print(error)
        return 0
    shutil.rmtree(FOLDER, ignore_errors=True)
    if wish.zip is None:
        link_extension(FOLDER / "user")
    told = click_through(programs, wish)
    status = tell(told)
    if wish.pictures is not None and told is not None:
        write_pictures(FOLDER / "pictures", wish.pictures)
    return status


def link_extension(user):
    """Make the working tree an installed extension of a user's folder."""
    root = user / "extensions" / "user_default" / "keyfill"
    root.mkdir(parents=True)
    (root / "__init__.py").write_text(ROOT_MODULE, encoding="utf-8")
    shutil.copy2(REPOSITORY / "blender_addon" / "blender_manifest.toml", root)
    for name in LINKED:
        (root / name).symlink_to(REPOSITORY / name)


def click_through(programs, wish):
    """Run the journey in a Blender with a window; return its report, None where it left none."""
    size = tuple(round(one * wish.scale) for one in SIZE)
    (FOLDER / "pictures").mkdir(parents=True)
    (FOLDER / "home").mkdir()
    with screen(programs, size) as (display, pixels):
        job = {
            "pixels": str(pixels), "folder": str(FOLDER), "scale": wish.scale,
            "python": sys.executable, "only": [name for name in wish.only.split(",") if name],
            "calls": wish.random_calls, "block": wish.first_block,
            "zip": str(wish.zip.resolve()) if wish.zip else "",
        }  # fmt: skip
        environment = os.environ | {
            "DISPLAY": display, "LIBGL_ALWAYS_SOFTWARE": "1", "HOME": str(FOLDER / "home"),
            "BLENDER_USER_RESOURCES": str(FOLDER / "user"), "MESA_SHADER_CACHE_DIR": str(SHADERS),
        }  # fmt: skip
        with (FOLDER / "blender.log").open("w", encoding="utf-8") as log:
            blender = programs.start(
                programs.blender, "--factory-startup", "--no-window-focus", "--window-geometry",
                "0", "0", str(size[0]), str(size[1]), "--enable-event-simulate",
                "--python", str(INSIDE), "--", json.dumps(job),
                env=environment, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
            try:
                blender.wait(timeout=PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                print(f"Blender had not ended after {PATIENCE_SECONDS} s")
            finally:
                blender.kill()
                blender.wait()
    path = FOLDER / "report.json"
    if not path.is_file():
        return None
    report = json.loads(path.read_text(encoding="utf-8"))
    words = (FOLDER / "blender.log").read_text(encoding="utf-8", errors="replace")
    more = words.count("Traceback (most recent call last)") - report["tracebacks"]
    if more:  # as of a panel that fails to draw: Blender itself goes on
        report["failed"].append(f"{more} times code failed that no chapter called; see blender.log")
    if blender.returncode:
        report["failed"].append(f"Blender ended with {blender.returncode}")
    return report


def tell(report):
    """Print what was done; return the exit status."""
    if report is None:
        print(f"Blender left no report; its words are in {FOLDER / 'blender.log'}")
        return 1
    print(f"Blender {report['blender']}, interface at {report['scale']:g}x")
    for chapter in report["chapters"]:
        worst = chapter["stall"]
        told = f"{worst['milliseconds']:5.0f} ms {worst['code']}"
        print(f"{chapter['name']:<22}{chapter['seconds']:6.1f} s   longest stall {told}")
        own = chapter["own_stall"]
        if own["code"]:
            print(f"{'':<31}   in Keyfill's own code {own['milliseconds']:5.0f} ms, {own['code']}")
    if "first take" in report:
        told = report["first take"]
        print(f"From the zip to the first take: {told['clicks']} clicks, {told['seconds']:.0f} s")
    for failed in report["failed"]:
        print(f"FAILED {failed}")
    print(f"{report['checks']} checks, {len(report['failed'])} failed")
    return 1 if report["failed"] or not report["checks"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
