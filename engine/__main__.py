"""The command line: `python -m engine generate | train | evaluate | …`.

It turns arguments into requests and errors into one sentence. What a subcommand
needs is imported inside it.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import io
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from .memory_use import is_want_of_memory
from .motion.clip import Clip, save_clip
from .motion.request import MotionRequest, MotionResult, Progress
from .motion.running import run_to_end
from .motion.takes import difference_note
from .motion.tracks import plan_text, tracks_to_json
from .starting.loading import EngineMissing, load_keyfill_engine
from .starting.progress_bar import ProgressBar
from .threads import let_threads_sleep
from .worker import LoadEngine, describe_error

PROGRAM: Final = "python -m engine"
USAGE: Final = f"""usage: {PROGRAM} COMMAND ...

  generate        make motion from prompts, or refill parts of clips
  plan            show what a prompt is read as: actions, times, body parts
  models          list the models that can be chosen
  train           train the networks of a model                    (repository only)
  evaluate        measure a model                                  (repository only)
  gpu-check       compare a graphics card with the CPU              (repository only)
  ablate          change one thing at a time, and measure          (repository only)
  corpus build    make a corpus from BVH files                     (repository only)
  import-momask   make a model from MoMask's published checkpoints
  worker          serve requests on stdin, for the add-on

`{PROGRAM} COMMAND --help` tells more."""

SHARED_TRAINERS: Final = {
    "evaluator": ".training.evaluator",
    "text_tower": ".training.text_tower",
    "captions": ".training.whole_body.captions",
    "published": ".training.whole_body.published",
    "pieces": ".training.pieces",
    "weights": ".training.weights",
    "memory": ".data.measured_memory",
}
"""Trainers that no system declares."""

FAILED: Final = 1
WRONG_USAGE: Final = 2
INTERRUPTED: Final = 130

_FULL_DISK: Final = (errno.ENOSPC, errno.EDQUOT)


class RepositoryNeeded(RuntimeError):
    """The subcommand's folder was left out of this package."""

    def __init__(self, command: str) -> None:
        super().__init__(command)
        self.message = f"`{PROGRAM} {command}` is not part of the installed add-on."
        self.remedy = "Run it in a copy of Keyfill's repository."


def main(
    arguments: Sequence[str] | None = None, load_engine: LoadEngine = load_keyfill_engine
) -> int:
    """Run one subcommand.

    Args:
        arguments: the words after the program's name; None takes the process's own.
        load_engine: makes the engine of `generate` from (weights, device).

    Returns:
        The exit status: 0, 1 after an error told on stderr, 2 after wrong usage.
    """
    let_threads_sleep()  # before anything imports torch
    _print_any_text()
    words = list(sys.argv[1:] if arguments is None else arguments)
    command, rest = (words[0], words[1:]) if words else ("", [])
    commands: dict[str, Callable[[], int]] = {
        "generate": lambda: generate(rest, load_engine),
        "plan": lambda: show_plan(rest, load_engine),
        "models": lambda: show_models(rest),
        "train": lambda: train(rest),
        "evaluate": lambda: run_module("evaluate", ".evaluation.run", rest),
        "gpu-check": lambda: run_module("gpu-check", ".evaluation.device.run", rest),
        "ablate": lambda: run_module("ablate", ".evaluation.ablation.run", rest),
        "corpus": lambda: build_corpus(rest),
        "import-momask": lambda: run_module(
            "import-momask", ".systems.momask.import_published", rest
        ),
        "worker": lambda: serve(rest),
    }
    if command in ("-h", "--help"):
        print(USAGE)
        return 0
    if command not in commands:
        return _wrong_usage(f"there is no command {command!r}" if command else "choose a command")
    try:
        return commands[command]()
    except KeyboardInterrupt:
        return _tell("Stopped.", INTERRUPTED)
    except (ValueError, RuntimeError, OSError, MemoryError) as error:
        sentence = error_to_sentence(error)
        if sentence is None:
            raise
        return _tell(sentence, FAILED)


def _print_any_text() -> None:
    """Let stdout and stderr spell out what their encoding lacks: a path may hold any letter.

    Otherwise a command would fail after it has written its files.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def error_to_sentence(error: Exception) -> str | None:
    """Return what to tell people about an error, or None where it is a mistake of the program.

    The engine's own error classes are written for people; so are a full disk,
    a file that cannot be used and too little memory.
    """
    if hasattr(error, "message") and hasattr(error, "remedy"):
        return " ".join(describe_error(error))
    package = (__package__ or "").partition(".")[0]
    if type(error).__module__.partition(".")[0] == package:
        return str(error)
    if isinstance(error, OSError):
        return _file_sentence(error)
    if is_want_of_memory(error):
        return " ".join(describe_error(error))
    return None


def _file_sentence(error: OSError) -> str:
    place = f" {error.filename}" if error.filename else ""
    if error.errno in _FULL_DISK:
        return "The disk is full. Free some space, or choose another place with --out."
    reason = error.strerror or str(error)
    return f"The file or folder{place} cannot be used ({reason}). Check the path and its rights."


def _tell(sentence: str, status: int) -> int:
    print(sentence, file=sys.stderr)
    return status


def _wrong_usage(reason: str) -> int:
    print(f"{USAGE}\n\n{PROGRAM}: {reason}", file=sys.stderr)
    return WRONG_USAGE


def generate(words: Sequence[str], load_engine: LoadEngine) -> int:
    """Make the motions of one prompt, or of a file of requests."""
    options = _parse_generate(words)
    bar = ProgressBar(sys.stderr)
    try:
        if options.requests is not None:
            return _generate_batch(options, load_engine, bar)
        request = MotionRequest(
            prompt=options.prompt,
            seconds=options.seconds or 0.0,
            seed=options.seed or 0,
            takes=1 if options.takes is None else options.takes,
        )
        request.check()  # before the model is loaded, which takes seconds
        bar.announce("Loading the model")
        engine = load_engine(options.weights, options.device)
        result = run_to_end(engine.run(request), bar.show)
        paths = write_takes(result, options.out)
    finally:
        bar.close()
    for path in paths:
        print(path)
    for note in filter(None, [difference_note(result), *result.notes]):
        _tell(f"{note}.", 0)
    if result.prompt_cut:
        from .batch import cut_note

        _tell(cut_note(result.prompt_cut), 0)
    return 0


def _parse_generate(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"{PROGRAM} generate", description="Make motion from a prompt or a file of requests."
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--prompt", metavar="TEXT", help="what the character does, in English")
    source.add_argument(
        "--requests", metavar="FILE.jsonl", type=Path, help="many requests, one JSON object a line"
    )
    parser.add_argument("--seconds", type=float, metavar="S", help="0.5 to 60; 0 or none: auto")
    parser.add_argument("--seed", type=int, metavar="N", help="same seed, same motion (0)")
    parser.add_argument("--takes", type=int, metavar="K", help="1 to 16; take k has seed N + k (1)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    parser.add_argument(
        "--model",
        "--weights",
        dest="weights",
        type=Path,
        metavar="DIR_OR_NAME",
        help="folder of a model, or its name beside the shipped weights (grid)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="PATH",
        help="FILE.npz or FILE.bvh of a prompt; folder for the answers of --requests",
    )
    options = parser.parse_args(words)
    if options.requests is None and options.out.suffix.lower() not in (".npz", ".bvh"):
        parser.error("--out must be a .npz or .bvh file")
    if options.requests is not None:
        for name in ("seconds", "seed", "takes"):
            if getattr(options, name) is not None:
                parser.error(f"--{name} goes with --prompt; in a batch each line has its own")
    return options


def show_plan(words: Sequence[str], load_engine: LoadEngine) -> int:
    """Print the plan of a prompt as JSON, and notes about it on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m engine plan",
        description="Show what a prompt is read as, when it happens, and what is known of it.",
    )
    parser.add_argument("--prompt", metavar="TEXT", required=True)
    parser.add_argument("--seconds", type=float, default=0.0, metavar="S",
                        help="0.5 to 60; 0 or none: as long as it takes")  # fmt: skip
    parser.add_argument("--model", "--weights", dest="weights", type=Path, metavar="DIR_OR_NAME",
                        help="a model that plans (grid)")  # fmt: skip
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    options = parser.parse_args(words)
    request = MotionRequest(options.prompt, seconds=options.seconds, plan_only=True)
    request.check()  # before the model is loaded, which takes seconds
    result = run_to_end(load_engine(options.weights, options.device).run(request))
    print(json.dumps(tracks_to_json(result.plan), indent=2))
    for note in result.notes:
        _tell(f"{note}.", 0)
    return 0


def write_takes(result: MotionResult, out: Path) -> list[Path]:
    """Write one file a take, all or none: FILE.npz, or FILE_1.npz and so on for several."""
    clips = result.clips
    paths = [out]
    if len(clips) > 1:
        paths = [out.with_name(f"{out.stem}_{k}{out.suffix}") for k in range(1, len(clips) + 1)]
    out.parent.mkdir(parents=True, exist_ok=True)
    for path in paths:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".keyfill-") as folder:
        staged = [Path(folder) / path.name for path in paths]
        for clip, path in zip(clips, staged, strict=True):
            _write_clip(clip, path, plan_text(result.plan))
        for source, path in zip(staged, paths, strict=True):
            source.replace(path)
    return paths


def _write_clip(clip: Clip, path: Path, plan: str) -> None:
    if path.suffix.lower() == ".npz":
        save_clip(clip, path, plan)
        return
    from .motion.files.bvh import write_bvh

    write_bvh(clip, path)


def _generate_batch(
    options: argparse.Namespace, load_engine: LoadEngine, bar: ProgressBar
) -> int:
    """Serve a file of requests; the status is 1 if a line could not be served."""
    from .batch import LineNote, read_lines, run_batch

    read_lines(options.requests)  # a wrong path is told before the model is loaded
    bar.announce("Loading the model")
    engine = load_engine(options.weights, options.device)
    failed: list[bool] = []

    def tell(news: Progress | LineNote) -> None:
        if isinstance(news, LineNote):
            failed.append(news.is_error)
            return bar.note(f"line {news.number}: {news.text}")
        return bar.show(news)

    written = run_to_end(run_batch(engine, options.requests, options.out), tell)
    bar.clear()
    print(f"{written} written to {options.out}")
    return FAILED if any(failed) else 0


def train(words: Sequence[str]) -> int:
    """Train one of the models."""
    from .systems.registry import trainings

    trainers = {name: one.module for name, one in trainings().items()} | SHARED_TRAINERS
    usage = f"{PROGRAM} train {'|'.join(trainers)} --preset NAME --corpus DIR --out DIR"
    if not words or words[0] not in trainers:
        is_help = bool(words) and words[0] in ("-h", "--help")
        print(f"usage: {usage}", file=sys.stdout if is_help else sys.stderr)
        return 0 if is_help else WRONG_USAGE
    return run_module("train", trainers[words[0]], words[1:])


def build_corpus(words: Sequence[str]) -> int:
    """Make a corpus from BVH files."""
    usage = f"{PROGRAM} corpus build --bvh DIR --captions captions.csv --out DIR"
    if not words or words[0] != "build":
        is_help = bool(words) and words[0] in ("-h", "--help")
        print(f"usage: {usage}", file=sys.stdout if is_help else sys.stderr)
        return 0 if is_help else WRONG_USAGE
    return run_module("corpus", ".data.build", words[1:])


def show_models(words: Sequence[str]) -> int:
    """List models: name, system, size, what they fill, licence, or why they cannot be used."""
    from .models.catalogue import SHIPPED, list_models
    from .systems.registry import model_lines

    parser = argparse.ArgumentParser(
        prog=f"{PROGRAM} models", description="List the models that --model takes."
    )
    parser.add_argument("own", nargs="?", type=Path, metavar="DIR",
                        help="folder of your own models, listed too")  # fmt: skip
    parser.add_argument("--weights", type=Path, default=SHIPPED, metavar="DIR",
                        help="folder of the default model (the shipped one)")  # fmt: skip
    options = parser.parse_args(words)
    for model in list_models(options.weights, options.own):
        print(*model_lines(model), sep="\n")
    return 0


def run_module(command: str, module: str, words: Sequence[str]) -> int:
    """Import a module that the installed add-on does not have, and run its `main`.

    Raises:
        RepositoryNeeded: if the module's folder was left out.
        EngineMissing: if this Python lacks a package that the module needs.
    """
    name = f"{__package__}{module}"
    try:
        loaded = importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if name == missing or name.startswith(f"{missing}."):
            raise RepositoryNeeded(command) from error
        if missing.startswith(f"{__package__}."):
            raise
        raise EngineMissing(missing.partition(".")[0]) from error
    return int(loaded.main(list(words)))


def serve(words: Sequence[str]) -> int:
    """Serve requests on stdin until it closes."""
    from .worker import main as serve_requests

    serve_requests(list(words))
    return 0


if __name__ == "__main__":
    sys.exit(main())
