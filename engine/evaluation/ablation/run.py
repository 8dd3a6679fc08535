"""The command `python -m engine ablate`: every row once, two seeds for the best, one table.

A finished row is a JSON file and is not done again; a table is written after every row.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...api import load_engine
from ...checkpoint import sha256_of
from ...config import to_json
from ...files import write_text
from ...measuring.evaluator import FILE_NAME
from ...models.catalogue import SHIPPED, Model, list_models
from ..comparison.cache import digest_folder, open_cache
from ..comparison.held_out import read_split
from ..prompts.sets import set_digest
from ..prompts.tuning import TUNING
from ..scores.machine import describe
from .axes import DECODING_ROWS, SCALES, DecodingRow, TrainingRow, row_told, training_rows
from .table import Line, best_two, table_of
from .takes import TakesBench, decoded_anew, open_bench
from .training_rows import Budget, measure_training


@dataclass(frozen=True, slots=True)
class Ablation:
    """One call of the command."""

    options: argparse.Namespace
    budget: Budget
    bench: TakesBench
    shared: dict[str, Any]
    """What every row's figures depend on."""

    def lines(self) -> Iterator[Line]:
        """Yield a line for each finished measurement."""
        rows = [row for row in training_rows(self.options.scale) if self._is_wanted(row)]
        first = []
        for row in rows:
            first.append(self._train(row, 0))
            yield first[-1]
        best = {(line.axis, line.value) for line in best_two(first)}
        for row in rows:
            for seed in range(1, self.options.seeds) if (row.axis, row.value) in best else ():
                yield self._train(row, seed)
        for model in list_models(self.options.weights):
            yield from () if model.reason else self._decode(model)

    def _is_wanted(self, row: TrainingRow | DecodingRow) -> bool:
        only = self.options.only
        return any(name in called(row) for name in only) or not (only or self.options.decode)

    def _train(self, row: TrainingRow, seed: int) -> Line:
        preset = self.budget.preset(row, seed)
        system = self.budget.system(row)
        depends = {
            "preset": [type(preset).__name__, to_json(preset)], "percent": row.data_percent,
            "system": digest_folder(system) if system else None, **self.shared,
        }  # fmt: skip
        return self._kept(
            Line(row.axis, row.value, seed, row.preset.loop.batch), depends,
            lambda: measure_training(row, seed, self.budget, self.bench),
        )  # fmt: skip

    def _decode(self, model: Model) -> Iterator[Line]:
        system = model.description.system
        wanted = [row for row in DECODING_ROWS if self._is_wanted(row)] + self.options.decode
        rows = [row for row in wanted if row.serves(system)]
        if not rows:
            return
        generator = load_engine(model.folder, self.options.device).generator
        digest = digest_folder(model.folder)
        for row in rows:
            yield self._kept(
                Line(row.axis, f"{model.name}, {row.value}", 0, 0),
                {"row": to_json(row), "weights": digest, **self.shared},
                self._measure_decoding(generator, row),
            )

    def _measure_decoding(self, generator: Any, row: DecodingRow) -> Callable[[], dict[str, float]]:
        return lambda: self.bench.measure(decoded_anew(generator, row))

    def _kept(
        self, line: Line, depends: dict[str, Any], measure: Callable[[], dict[str, float]]
    ) -> Line:
        """Return a line with its figures, measured now or read from its file."""
        name = f"{line.axis}-{line.value}-seed{line.seed}"
        cache = open_cache(self.options.out / "rows", name, depends)
        found = cache.step("row", lambda: self._described(line, depends, measure))
        return Line(line.axis, line.value, line.seed, line.batch, found["figures"])

    def _described(
        self, line: Line, depends: dict[str, Any], measure: Callable[[], dict[str, float]]
    ) -> dict[str, Any]:
        figures = measure()
        return {
            "axis": line.axis, "value": line.value, "machine": describe(), "figures": figures,
            "depends_on": depends,
        }  # fmt: skip


def called(row: TrainingRow | DecodingRow) -> str:
    """Return what `--only` may name a part of."""
    return f"{row.axis} {row.value}"


def open_ablation(options: argparse.Namespace) -> Ablation:
    """Read what all rows need."""
    read_split(options.corpus, "train")
    budget = Budget(options.steps, options.corpus, options.out, options.weights)
    counts = options.repeats, options.prompts
    bench = open_bench(options.evaluator, options.corpus, options.clips, counts)
    shared = {
        "held_out": bench.bench.held_out.digest(), "repeats": options.repeats,
        "evaluator": sha256_of(options.evaluator),
        "corpus": sha256_of(options.corpus / "clips.jsonl"),
    }  # fmt: skip
    if options.prompts:
        shared |= {"prompts": options.prompts, "set": set_digest(TUNING.name)}
    return Ablation(options, budget, bench, shared)


def _parse(words: Sequence[str]) -> argparse.Namespace:
    rows: list[TrainingRow | DecodingRow] = [*training_rows("small"), *DECODING_ROWS]
    axes = sorted({row.axis for row in rows})
    parser = argparse.ArgumentParser(
        "python -m engine ablate", description="Change one thing at a time, and measure.",
        epilog=f"Axes: {'; '.join(axes)}.",
    )  # fmt: skip
    parser.add_argument("--corpus", type=Path, required=True, help="folder of captioned clips")
    parser.add_argument("--out", type=Path, required=True, help="folder of rows and of the table")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME",
        help="rows whose axis or value contains this; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--decode", action="append", default=[], metavar="NAME=VALUE,...", type=_read_row,
        help="a row of several changes of how trained models decode; may be repeated, and only "
        "these are measured unless --only names others",
    )  # fmt: skip
    parser.add_argument("--scale", choices=sorted(SCALES), default=SCALES[0], help="base presets")
    parser.add_argument("--steps", type=int, help="of each training row, instead of the scale's")
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="trained models")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument("--clips", type=int, default=64, help="most held-out clips with takes")
    parser.add_argument("--repeats", type=int, default=2, help="takes of each of these clips")
    parser.add_argument(
        "--prompts", type=int, default=0,
        help="takes of each single action of the tuning set, for the share that obeys (0: none)",
    )  # fmt: skip
    parser.add_argument("--evaluator", type=Path, help="its file, if not that in --weights")
    parser.add_argument("--seeds", type=int, default=2, help="of the two best rows of each axis")
    options = parser.parse_args(words)
    if unknown := [n for n in options.only if not any(n in called(row) for row in rows)]:
        parser.error(f"no axis is called {unknown[0]!r}; choose of: {'; '.join(axes)}")
    options.evaluator = options.evaluator or options.weights / FILE_NAME
    for name in ("steps", "clips", "repeats", "seeds"):
        if (value := getattr(options, name)) is not None and value < 1:
            parser.error(f"--{name} must be at least 1")
    return options


def _read_row(text: str) -> DecodingRow:
    try:
        return row_told(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def main(words: Sequence[str]) -> int:
    """Run the ablations; rows that are finished are not done again."""
    options = _parse(words)
    ablation = open_ablation(options)
    told, lines = budget_words(ablation), list[Line]()
    for line in ablation.lines():
        lines.append(line)
        write_text(options.out / "table.md", table_of(lines, told))
        print(line.told())
    print(options.out / "table.md")
    return 0


def budget_words(ablation: Ablation) -> str:
    """Return what a reader must know of all rows."""
    options, held_out = ablation.options, ablation.bench.bench.held_out
    steps = {row.title: options.steps or row.steps for row in training_rows(options.scale)}
    told = ", ".join(f"{title} {count}" for title, count in steps.items())
    return (
        f"Every row that trains starts from scratch and has steps of the batch that it names: "
        f"{told} (presets of the scale `{options.scale}`); transformers learn the codes of the "
        f"trained systems. The best of an axis have {options.seeds} seeds (a / b). "
        f"Takes: {len(held_out.entries)} held-out clips, {options.repeats} takes each. "
        f"Machine: {describe()}."
    )
