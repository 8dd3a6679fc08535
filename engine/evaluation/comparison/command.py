"""The command `python -m engine evaluate --model ...`: models side by side, one report.

Finished steps are kept, so that a long run goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from ...api import load_engine
from ...checkpoint import sha256_of, verify_weights
from ...data.corpus import HELD_OUT_SPLITS, Corpus, CorpusError
from ...measuring.evaluator import FILE_NAME, load_evaluator
from ...measuring.metrics import DRAWS
from ...models.catalogue import SHIPPED, model_folder
from ...models.description import ModelError
from ...systems.grid.generator import GridGenerator
from ...systems.grid.system import GridSystem
from ...systems.registry import SYSTEMS
from ...text_encoder import load_text_encoder
from ..baselines.played_back import PlayedBack
from ..scores.baseline import CaptionBaseline
from ..scores.circumstances import decoding_settings, learnt_before
from ..scores.library import measure_corpus
from ..scores.machine import describe
from ..scores.prompt_report import PLAYED_BACK
from .cache import StepCache, digest_folder, open_cache
from .figures import Yardstick, diversity_pairs, halves_of_real, motion_figures
from .held_out import HeldOut, choose_evenly, read_split
from .model_rows import Bench, Counts, ModelEngine, ModelRow, sample_row
from .obeyed import obeyed_by_model, obeyed_by_nearest
from .report import write_report
from .samples import Judge, Source
from .sources import NEAREST, NearestCaption, PlayedBackClips, RandomTraining, RealMotion
from .training_curves import read_curves

ALL: Final = "all"
REPOSITORY: Final = SHIPPED.parent
CORPUS: Final = REPOSITORY.parent / "shared" / "corpus"
"""Where the corpus lies beside a clone."""


class EvaluationError(ValueError):
    """The command cannot be served; the text names the cure."""


def load_judge(path: Path) -> Judge:
    """Load the evaluator and its text encoder."""
    return Judge(load_evaluator(path), load_text_encoder("minilm"))


@dataclass(frozen=True, slots=True)
class Doors:
    """What the command loads models and the judge with."""

    load_engine: Callable[[Path, str], ModelEngine] = load_engine
    load_judge: Callable[[Path], Judge] = load_judge


def main(words: Sequence[str], doors: Doors | None = None) -> int:
    """Measure models and write the report; the exit status is 0, or 1 without any model."""
    options = parse(words)
    doors = doors or Doors()
    models, missing = find_models(options.model)
    for sentence in missing:
        print(sentence, file=sys.stderr)
    if options.out.is_file():
        raise EvaluationError(f"{options.out} is a file; name a folder with --out.")
    comparison = prepare(options, doors)
    rows: dict[str, Any] = {}
    for source in comparison.sources():
        rows[source.name] = {"figures": comparison.measure(source)}
    if options.obeyed:
        rows[NEAREST]["obeyed"] = comparison.obeyed_by_nearest()
    rows["real motion"]["halves"] = halves_of_real(comparison.yard)
    nothing = {"none": "FID and KID of real motion from itself are 0."}
    rows["real motion"]["figures"] |= {"fid": nothing, "kid": nothing}
    for name, folder in models.items():
        engine = doors.load_engine(folder, options.device)
        if isinstance(engine.generator, GridGenerator):
            source = comparison.retrieval(name, engine.generator.system)
            weights = {"weights": digest_folder(folder)}
            figures = comparison.measure(source, weights)
            rows[source.name] = {"figures": figures, "what": PLAYED_BACK}
        kept = cache_of(comparison, name, folder, engine)
        row = ModelRow(name, engine, comparison.bench, kept).measure(comparison.yard)
        rows[name] = row | {
            "training": read_curves(folder), "decoding": decoding_settings(engine),
        }  # fmt: skip
        if options.obeyed:
            rows[name]["obeyed"] = obeyed_by_model(engine, name, options.obeyed, kept)
    told = learnt_before(options.split, models | {"the evaluator": options.evaluator.parent})
    heading = comparison.heading() | {"learnt_before": told, "missing": missing}
    print(write_report(options.out, {**heading, "rows": rows}))
    return 0 if models else 1


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Read the command's words."""
    parser = argparse.ArgumentParser("python -m engine evaluate", description=__doc__)
    parser.add_argument(
        "--model", nargs="+", required=True, metavar="DIR_OR_NAME",
        help=f"{ALL}, or folders or names of models ({', '.join(SYSTEMS)})",
    )  # fmt: skip
    parser.add_argument(
        "--split", default=HELD_OUT_SPLITS[0], choices=HELD_OUT_SPLITS,
        help="held-out clips to measure on (val); test is for last runs",
    )  # fmt: skip
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="folder of captioned clips")
    parser.add_argument(
        "--out", type=Path, default=REPOSITORY / "docs" / "evaluation", help="folder of the report"
    )
    parser.add_argument("--repeats", type=_at_least(1), default=20, help="sampling repeats (20)")
    parser.add_argument("--clips", type=_at_least(2), help="most clips of the split; none: all")
    parser.add_argument("--prompts", type=_at_least(1), default=20, help="of MultiModality (20)")
    parser.add_argument("--takes", type=_at_least(2), default=10, help="a prompt of them, to 16")
    parser.add_argument(
        "--obeyed", type=int, default=3, metavar="TAKES",
        help="of each prompt of the frozen set, judged by kinematics (3; 0 leaves them out)",
    )  # fmt: skip
    parser.add_argument("--edits", type=_at_least(1), default=20, help="clips a kind of edit (20)")
    parser.add_argument(
        "--draws", type=_at_least(10), default=DRAWS, help=f"behind an interval ({DRAWS})"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument("--evaluator", type=Path, default=SHIPPED / FILE_NAME)
    parser.add_argument(
        "--cache", type=Path, default=REPOSITORY / "runs" / "evaluation", help="of finished steps"
    )
    parser.add_argument(
        "--again", nargs="+", default=[], metavar="STEP", help="steps to do anew, such as time"
    )
    return parser.parse_args(words)


def _at_least(least: int) -> Callable[[str], int]:
    def read(word: str) -> int:
        if int(word) < least:
            raise argparse.ArgumentTypeError(f"it must be at least {least}, not {word}")
        return int(word)

    return read


def find_models(names: Sequence[str]) -> tuple[dict[str, Path], list[str]]:
    """Return the folders of models by their rows' names, and sentences on what is missing.

    Of "all", systems without weights are told and left out; a model that is asked for by
    name must be there.

    Raises:
        ModelError: if it is not, or its files are damaged.
    """
    found, missing = {}, []
    for word in names:
        for name in SYSTEMS if word == ALL else (word,):
            try:
                folder = model_folder(Path(name))
                verify_weights(folder)
            except ModelError as error:
                if word != ALL:
                    raise
                missing.append(f"The model {name} is left out: {error.message}")
                continue
            found[name if name in SYSTEMS else folder.resolve().name] = folder
    return found, missing


@dataclass(frozen=True, slots=True)
class Comparison:
    """A corpus split, a judge, and where finished steps are kept."""

    options: argparse.Namespace
    bench: Bench
    yard: Yardstick

    def cache(self, row: str, more: dict[str, Any]) -> StepCache:
        """Return the cache of a row."""
        depends_on = {
            "clips": self.bench.held_out.digest(),
            "evaluator": sha256_of(self.options.evaluator),
            "prompts": self.options.prompts,
            "takes": self.options.takes,
            "edits": self.options.edits,
            **more,
        }
        return open_cache(self.options.cache, row, depends_on, tuple(self.options.again))

    def sources(self) -> list[Source]:
        """Return the rows that need no model."""
        held_out, training = self.bench.held_out, self.bench.training
        return [
            RealMotion(held_out),
            RandomTraining(training, held_out.seed),
            NearestCaption(cache(self._baseline)),
        ]

    def obeyed_by_nearest(self) -> dict[str, Any]:
        """Return what the clips of the nearest captions obey."""
        training = HeldOut(self.bench.training, "train", self.options.seed).digest()
        kept = self.cache(NEAREST, {"training": training})
        return obeyed_by_nearest(cache(self._baseline), kept)

    def _baseline(self) -> CaptionBaseline:
        library = measure_corpus(Corpus(self.bench.training))
        return CaptionBaseline(self.bench.judge.encoder, library)

    def retrieval(self, name: str, system: GridSystem) -> PlayedBackClips:
        """Return the row of what a grid model's retrieval gives by itself."""
        vectors = self.options.cache / "captions_train.pt"
        find = partial(PlayedBack, system, Corpus(self.bench.training), vectors)
        return PlayedBackClips(f"{name}, retrieval played back", cache(find), self.bench.held_out)

    def measure(self, source: Source, more: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the figures of a row that needs no network, but depends on `more`."""
        training = HeldOut(self.bench.training, "train", self.options.seed).digest()
        kept = self.cache(source.name, {"training": training, **(more or {})})
        return motion_figures(sample_row(source, self.bench, kept), self.yard)

    def heading(self) -> dict[str, Any]:
        """Return what the report says about how it was measured."""
        held_out, counts = self.bench.held_out, self.bench.counts
        return {
            "machine": describe(),
            "split": held_out.split,
            "seed": held_out.seed,
            "clips": len(held_out.entries),
            "groups": len(set(held_out.groups)),
            "repeats": counts.repeats,
            "diversity_pairs": diversity_pairs(len(held_out.entries)),
            "multimodality_prompts": min(counts.spread_prompts, len(held_out.entries)),
            "multimodality_takes": counts.spread_takes,
            "evaluator_sha256": sha256_of(self.options.evaluator),
        }


def cache_of(
    comparison: Comparison, name: str, folder: Path, engine: ModelEngine
) -> StepCache:
    """Return the cache of a model's row: takes of other settings are other takes."""
    depends_on = {
        "weights": digest_folder(folder),
        "device": comparison.options.device,
        "decoding": decoding_settings(engine),
    }
    return comparison.cache(name, depends_on)


def prepare(options: argparse.Namespace, doors: Doors) -> Comparison:
    """Read the corpus and the judge; measure the captions."""
    if not 2 <= options.takes <= 16:
        raise EvaluationError(f"{options.takes} takes a prompt cannot be made; choose 2 to 16.")
    chosen = choose_evenly(read_split(options.corpus, options.split), options.clips)
    held_out = HeldOut(chosen, options.split, options.seed)
    try:
        training = read_split(options.corpus, "train").clips
    except CorpusError as error:
        raise EvaluationError(f"The baseline needs training clips. {error}") from error
    judge = doors.load_judge(options.evaluator)
    counts = Counts(options.repeats, options.prompts, options.takes, options.edits)
    repeats = range(options.repeats)
    # All captions together: equal ones are encoded once.
    texts = judge.texts([text for repeat in repeats for text in held_out.prompts(repeat)])
    yard = Yardstick(
        judge.motions(held_out.clips),
        list(texts.reshape(options.repeats, len(chosen), -1)),
        held_out.groups,
        held_out.captions,
        options.seed,
        options.draws,
    )
    return Comparison(options, Bench(judge, held_out, training, counts), yard)
