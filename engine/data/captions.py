"""Reads the table that says what each motion file shows.

`captions.csv` has the columns file, caption and, if wanted, split, group,
licence, start, end (seconds). Several rows for one file and span are several
captions of it. It opens no motion file.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .corpus import SPLITS, CorpusError

COLUMNS = ("file", "caption", "split", "group", "licence", "start", "end")


@dataclass(frozen=True, slots=True)
class Segment:
    """A span of a motion file with all its captions."""

    file: str
    """Path below the folder of motions, with / between folders and no ending."""
    start: float
    """Seconds."""
    end: float | None
    """Seconds; None is the file's end."""
    captions: tuple[str, ...]
    split: str
    """One of SPLITS, or empty: to be chosen by group."""
    group: str
    licence: str


@dataclass(frozen=True, slots=True)
class _Row:
    file: str
    span: tuple[float, float | None]
    caption: str
    split: str
    group: str
    licence: str


def read_captions(path: Path) -> tuple[tuple[Segment, ...], tuple[str, ...]]:
    """Read a captions table; commas, quotes, semicolons and a byte-order mark are fine.

    Returns:
        segments: in the order of the table.
        problems: a sentence for each row that was left out.

    Raises:
        CorpusError: if the file cannot be read or lacks the columns file and caption.
    """
    rows: list[_Row] = []
    problems: list[str] = []
    for number, fields in _read_table(path):
        row = _read_row(fields)
        if isinstance(row, str):
            problems.append(f"{path.name} line {number}: {row}")
        else:
            rows.append(row)
    return _join_rows(rows), tuple(problems)


def _read_table(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise CorpusError(f"{path} is not UTF-8; save it again as CSV UTF-8") from None
    except OSError as error:
        raise CorpusError(f"{path} cannot be read ({error.strerror}); check --captions") from error
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    names = [name.strip().lower() for name in next(reader, [])]
    for name in ("file", "caption"):
        if name not in names:
            raise CorpusError(
                f"{path} has no column {name}; its first line must name the columns file and "
                f"caption, and may name {', '.join(COLUMNS[2:])}"
            )
    table = []
    for values in reader:
        if any(value.strip() for value in values):
            fields = {name: value.strip() for name, value in zip(names, values, strict=False)}
            table.append((reader.line_num, fields))
    return table


def _read_row(fields: dict[str, str]) -> _Row | str:
    """Return the row, or what is wrong with it."""
    file = PurePosixPath(fields.get("file", "").replace("\\", "/"))
    caption = " ".join(fields.get("caption", "").lower().split()).rstrip(".")
    if not file.name or not caption:
        return "it has no " + ("caption" if file.name else "file") + "; fill it in"
    split = fields.get("split", "").lower()
    if split and split not in SPLITS:
        return f'the split is "{split}"; write {" or ".join(SPLITS)}, or leave it empty'
    try:
        start = float(fields.get("start") or 0.0)
        end = float(fields["end"]) if fields.get("end") else None
    except ValueError:
        return "start or end is no number; write seconds, as 2.5"
    if not 0.0 <= start < (float("inf") if end is None else end):
        return f"it starts at {start:g} s; write 0 or more, and less than end"
    name = str(file.with_suffix("") if file.suffix.lower() == ".bvh" else file)
    return _Row(
        name, (start, end), caption, split, fields.get("group", "") or name,
        fields.get("licence", "") or "not stated",
    )  # fmt: skip


def _join_rows(rows: list[_Row]) -> tuple[Segment, ...]:
    """Gather the captions of each span; the first row that names a split or licence counts."""
    spans: dict[tuple[str, tuple[float, float | None]], list[_Row]] = {}
    for row in rows:
        spans.setdefault((row.file, row.span), []).append(row)
    segments = []
    for (file, (start, end)), members in spans.items():
        captions = tuple(dict.fromkeys(row.caption for row in members))
        split = next((row.split for row in members if row.split), "")
        first = members[0]
        segments.append(Segment(file, start, end, captions, split, first.group, first.licence))
    return tuple(segments)
