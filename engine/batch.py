"""Many requests from one file: each line a JSON object, each answered by one `.npz`.

An edit of a BVH is answered by a BVH of the same skeleton, too. A line that
cannot be served is reported by its number and the others still run.
It knows no model: the engine is passed in.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .files import is_file_name
from .motion.clip import save_clip
from .motion.edits import (
    Loop,
    MaskedClip,
    check_gap,
    close_loop,
    extend,
    in_between,
    open_loop,
    regenerate,
)
from .motion.files.bvh_edits import BvhEdit, changed_cells, closing_rate, write_edit
from .motion.files.clip_files import ClipFile, read_clip_file
from .motion.files.clip_files import read_motion as read_motion
from .motion.request import MotionRequest, MotionResult, Progress, RequestError
from .motion.running import Engine, retold
from .motion.tracks import plan_text, tracks_from_json

FIELDS: Final = (
    *("name", "op", "prompt", "seconds", "seed", "clip", "frames", "parts"),
    *("clip_b", "where", "in_place", "beats", "tracks", "variation", "strength"),
)
"""Every field that a line may have; `name` is required, and `prompt` by what cannot do without."""

OPS: Final = ("regenerate", "in_between", "extend", "loop", "long")


@dataclass(frozen=True, slots=True)
class LineNote:
    """Something to tell about one line."""

    number: int
    """The line's number in the file, from 1."""

    text: str
    """What is wrong and what cures it, in one or two sentences."""

    is_error: bool = True
    """False where the line was served all the same."""


@dataclass(frozen=True, slots=True, eq=False)
class NamedRequest:
    """A request and the name of the file that answers it."""

    name: str
    request: MotionRequest
    loop: Loop | None = None
    """What the filled canvas is to be closed to."""

    edited: ClipFile | None = None
    """The file whose clip is edited."""

    bvh: BvhEdit | None = None
    """How the answer goes back into the BVH that is edited."""

    notes: tuple[str, ...] = ()
    """Sentences about how its clips were read."""


def run_batch(
    engine: Engine, requests: Path, out: Path
) -> Generator[Progress | LineNote, None, int]:
    """Serve every line of a file, one after another.

    Yields progress, and a note for each line that is wrong or was read in part.
    Files are written as soon as their line is served, whole or not at all.

    Args:
        engine: makes the motions.
        requests: JSON objects, one a line; empty lines are skipped.
        out: folder for the `NAME.npz`, and the `NAME.bvh` of an edited BVH; made if missing.

    Returns:
        How many lines were served.

    Raises:
        RequestError: if the file of requests cannot be read or holds none.
        OSError: if the disk refuses a file; those written before stay.
    """
    lines = read_lines(requests)
    out.mkdir(parents=True, exist_ok=True)
    taken: dict[str, int] = {}
    written = 0
    for index, (number, line) in enumerate(lines):
        yield Progress(index, len(lines), f"line {number}")
        try:
            named = parse_line(line, requests.parent)
            _claim_name(named.name, number, taken)
            task = engine.run(named.request)
            result = yield from retold(task, _in_batch(Progress(index, len(lines), named.name)))
        except RequestError as error:
            yield LineNote(number, str(error))
            continue
        notes = _write_answer(named, result, out)
        written += 1
        if result.prompt_cut:
            notes = (*notes, cut_note(result.prompt_cut))
        for note in (*named.notes, *notes, *(f"{note}." for note in result.notes)):
            yield LineNote(number, note, is_error=False)
    yield Progress(len(lines), len(lines), "done")
    return written


def _write_answer(named: NamedRequest, result: MotionResult, out: Path) -> tuple[str, ...]:
    """Write the files of a line; return sentences about what they cannot hold."""
    made = result.clips[0]
    mask = named.request.mask
    if named.loop is not None:
        made = close_loop(named.loop, made)
        mask = changed_cells(named.edited.clip, made) if named.edited else None
    save_clip(made, out / f"{named.name}.npz", plan_text(result.plan))
    if named.bvh is None or named.edited is None or mask is None:
        return ()
    path = out / f"{named.name}.bvh"
    if path.exists() and path.samefile(named.edited.path):
        return (
            f"{path} is the edited clip itself and was left as it is: give the line another "
            "name, or choose another --out, to get the answer as BVH.",
        )
    return write_edit(named.bvh, made, mask, path)


def _in_batch(place: Progress) -> Callable[[Progress], Progress]:
    """Return how a line's progress is told: as the place in the batch."""
    return lambda inner: Progress(place.done, place.total, f"{place.label}: {inner.label}")


def cut_note(words: str) -> str:
    """Return the sentence for words that the text encoder could not read."""
    return f'The prompt is longer than the engine reads; it did not read "{words}".'


def read_lines(path: Path) -> list[tuple[int, bytes]]:
    """Return the lines that are not empty, each with its number from 1."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RequestError(
            f"The requests {path} cannot be read ({error.strerror}).", "Check the path."
        ) from error
    # Decoded line by line, so that one bad byte costs one line.
    lines = enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), 1)
    kept = [(number, line) for number, line in lines if line.strip()]
    if not kept:
        raise RequestError(
            f"The file {path} holds no requests.", 'Write one a line: {"name": …, "prompt": …}.'
        )
    return kept


def parse_line(line: bytes, folder: Path) -> NamedRequest:
    """Read one line, and its clip if it names one.

    Args:
        line: one JSON object in UTF-8.
        folder: where a relative clip is looked for after the current folder.

    Raises:
        RequestError: if the line is no request that can be served, or its clip unusable.
    """
    record = _parse_object(line)
    name = _take(record, "name", str, None)
    _check_name(name)
    op = _take(record, "op", str, "regenerate")
    if op not in OPS:
        raise RequestError(f'There is no op "{op[:40]}".', f"Choose from {', '.join(OPS)}.")
    loop, canvas, files = None, None, _Files(record, folder, closes=op == "loop")
    if op == "loop":
        loop = open_loop(files.read("clip").clip, _take_flag(record, "in_place"))
        canvas = loop.canvas
    elif op != "long":
        canvas = _read_canvas(op, record, files)
    tracks = record.get("tracks")
    needs_words = op == "regenerate" and tracks is None
    request = MotionRequest(
        prompt=_take(record, "prompt", str, None if needs_words else ""),
        seconds=0.0 if canvas else _to_float(_take(record, "seconds", (int, float), 0.0)),
        seed=_take(record, "seed", int, 0),
        clip=canvas.clip if canvas else None,
        mask=canvas.mask if canvas else None,
        needs_prompt=op == "regenerate",
        variation=_to_float(_take(record, "variation", (int, float), 0.0)),
        strength=_to_float(_take(record, "strength", (int, float), 0.0)),
        beats=_read_beats(record) if op == "long" else (),
        tracks=() if tracks is None else tracks_from_json(tracks),
    )
    request.check()
    bvh = None
    if canvas is not None:
        bvh = files.bvh_edit(canvas.first if loop is None else 0, canvas.clip.frames)
    return NamedRequest(name, request, loop, files.found.get("clip"), bvh, files.notes)


class _Files:
    """The motions that a line names, read as they are asked for."""

    def __init__(self, record: dict[str, Any], folder: Path, closes: bool) -> None:
        self.found: dict[str, ClipFile] = {}
        self._record, self._folder, self._closes = record, folder, closes

    def read(self, field: str) -> ClipFile:
        """Read the motion that a field names."""
        file = read_clip_file(_find_clip(_take(self._record, field, str, None), self._folder))
        if file.bvh is not None and self._closes:
            bvh = closing_rate(file.bvh)
            file = ClipFile(file.path, bvh.clip, bvh)
        self.found[field] = file
        return file

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be told about how they were read."""
        notes = [note for file in self.found.values() if file.bvh for note in file.bvh.notes]
        return tuple(dict.fromkeys(notes))

    def bvh_edit(self, first: int, frames: int) -> BvhEdit | None:
        """Return how a canvas of some frames goes back into the edited BVH; None for a `.npz`."""
        edited, after = self.found.get("clip"), self.found.get("clip_b")
        if edited is None or edited.bvh is None:
            return None
        if after is None:
            return BvhEdit(edited.bvh, first)
        return BvhEdit(edited.bvh, first, frames - after.clip.frames, after.bvh)


def _read_canvas(op: str, record: dict[str, Any], files: _Files) -> MaskedClip | None:
    """Return what an edit fills; None for a new take."""
    if op == "regenerate" and record.get("clip") is None:
        if record.get("frames") is not None or record.get("parts") is not None:
            raise RequestError(
                "The line chooses frames or parts but names no clip.", 'Add "clip": FILE.npz.'
            )
        return None
    clip = files.read("clip").clip
    if op == "regenerate":
        return regenerate(clip, _read_span(record), _read_parts(record))
    if op == "extend":
        where = _take(record, "where", str, "end")
        return extend(clip, _to_float(_take(record, "seconds", (int, float), None)), where)
    if record.get("clip_b") is not None:
        seconds = _to_float(_take(record, "seconds", (int, float), None))
        if not math.isfinite(seconds):
            raise RequestError(f'"seconds" is {seconds}.', "Give up to 6 seconds.")
        return in_between(clip, files.read("clip_b").clip, seconds)
    span = _read_span(record | {"parts": []})
    if span is None:
        raise RequestError(
            "The line names no gap.", 'Add "frames": [first, end], or "clip_b" and "seconds".'
        )
    check_gap(span[1] - span[0])
    return regenerate(clip, span, None)


def _take_flag(record: dict[str, Any], field: str) -> bool:
    value = record.get(field, False)
    if not isinstance(value, bool):
        raise RequestError(f'"{field}" is {json.dumps(value)[:40]}.', "Give true or false.")
    return value


def _read_beats(record: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    beats = record.get("beats")
    pairs = beats if isinstance(beats, list) else []
    for pair in pairs:
        is_pair = isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)
        if not is_pair or type(pair[1]) not in (int, float):
            pairs = []
    if not pairs:
        raise RequestError(
            f'"beats" is {json.dumps(beats)[:40]}.', "Give [[prompt, seconds], ...]."
        )
    return tuple((prompt, _to_float(seconds)) for prompt, seconds in pairs)


def _parse_object(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RequestError(
            f"The line is no JSON ({_first_words(error)}).", "Write one JSON object a line."
        ) from error
    if not isinstance(record, dict):
        raise RequestError("The line is no JSON object.", "Write one JSON object a line.")
    unknown = [field for field in record if field not in FIELDS]
    if unknown:
        raise RequestError(
            f'There is no field "{unknown[0]}".', f"Choose from {', '.join(FIELDS)}."
        )
    return record


def _first_words(error: Exception) -> str:
    return str(error).partition(":")[0][:80]


def _take(record: dict[str, Any], field: str, kind: Any, default: Any) -> Any:
    """Return a field of the wanted kind; a default of None makes it required."""
    value = record.get(field)
    if value is None:
        if default is None:
            raise RequestError(f'The line has no "{field}".', f'Add "{field}".')
        return default
    # True is a number to Python, but no length and no seed.
    if not isinstance(value, kind) or isinstance(value, bool):
        wanted = {str: "a text", int: "a whole number"}.get(kind, "a number")
        raise RequestError(f'"{field}" is {json.dumps(value)[:40]}.', f"Give {wanted}.")
    return value


def _to_float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:  # a whole number of hundreds of digits
        return math.inf


def _check_name(name: str) -> None:
    if not is_file_name(name):
        raise RequestError(
            f"The name {json.dumps(name)[:60]} is no file name.",
            "Use letters, digits, spaces, - and _, without a folder.",
        )


def _claim_name(name: str, number: int, taken: dict[str, int]) -> None:
    """Remember a name; two that differ in case only are one file on many systems."""
    first = taken.setdefault(name.casefold(), number)
    if first != number:
        raise RequestError(
            f'The name "{name}" is taken by line {first}.', "Give every line a name of its own."
        )


def _find_clip(text: str, folder: Path) -> Path:
    path = Path(text)
    beside = folder / path
    return beside if not path.exists() and beside.exists() else path


def _read_span(record: dict[str, Any]) -> tuple[int, int] | None:
    frames, parts = record.get("frames"), record.get("parts")
    if frames is None and parts is None:
        raise RequestError(
            "The edit chooses neither frames nor parts.",
            'Add "frames": [first, end], "parts": [...] or both.',
        )
    if frames is None:
        return None
    is_pair = isinstance(frames, list) and len(frames) == 2
    if not is_pair or not all(type(frame) is int for frame in frames):
        raise RequestError(
            f'"frames" is {json.dumps(frames)[:40]}.',
            "Give [first, end], whole numbers at 30 fps, the end excluded.",
        )
    return frames[0], frames[1]


def _read_parts(record: dict[str, Any]) -> tuple[str, ...] | None:
    parts = record.get("parts")
    if parts is None:
        return None
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise RequestError(
            f'"parts" is {json.dumps(parts)[:40]}.', 'Give a list of names, as ["LEFT_ARM"].'
        )
    return tuple(parts)
