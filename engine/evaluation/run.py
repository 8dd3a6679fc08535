"""The command `python -m engine evaluate`: measures, prints a table, writes one JSON report.

`--model` instead of a measurement's name compares whole models: `comparison.command`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from ..api import SystemEngine, load_engine
from ..data.corpus import HELD_OUT_SPLITS, TRAINING_SPLITS, load_corpus
from ..measuring.direction_probe import directions_table, score_directions
from ..measuring.reconstruction import measure
from ..models.catalogue import SHIPPED
from ..systems.grid.generator import GridGenerator
from ..text_encoder import load_text_encoder
from ..transformers.text_tower import FILE_NAME as TOWER_FILE
from ..transformers.text_tower import load_towers
from .baselines.played_back import retrieval_of
from .charts.plots import draw_chart
from .comparison.command import main as compare
from .comparison.held_out import choose_whole
from .prompts.known import SERVED
from .prompts.sets import SETS, set_digest
from .scores.baseline import CaptionBaseline
from .scores.circumstances import decoding_settings, learnt_before
from .scores.completeness import SEEDS as MANY_SEEDS
from .scores.edit_scores import edits_table, score_edits
from .scores.fact_rates import facts_table, rate_facts
from .scores.known_scores import (
    ENGINE_NAME,
    Known,
    known_of,
    known_table,
    reliability_chart,
    score_known,
)
from .scores.known_scores import SEEDS as KNOWN_SEEDS
from .scores.library import RealClip, measure_corpus
from .scores.motion_scores import motion_table, score_motion
from .scores.prompt_report import SetTakes, prompts_of_many_seeds, report_set
from .scores.rates import Rater, rates_table
from .scores.takes import measure_takes

SEEDS: Final = 3
"""Takes per prompt."""

MEASUREMENTS: Final = (
    "checks", "facts", "prompts", "known", "motion", "edits", "tokenizer", "directions",
)  # fmt: skip

ON_A_SPLIT: Final = ("motion", "edits", "tokenizer", "directions")
"""Measured on the clips of a held-out split."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one measurement; the exit status is 0, or 1 if a check does not count."""
    words = sys.argv[1:] if words is None else words
    if any(word.partition("=")[0] == "--model" for word in words):
        return compare(words)
    options = _parse(words)
    measurement = {
        "checks": _measure_checks,
        "facts": _measure_facts,
        "prompts": _measure_prompts,
        "known": _measure_known,
        "motion": _measure_motion,
        "edits": _measure_edits,
        "tokenizer": _measure_tokenizer,
        "directions": _measure_directions,
    }[options.what]
    report, table, status = measurement(options)
    if report.get("decoding"):
        table = f"{table}\n\nDecoded with {json.dumps(report['decoding'])}."
    if options.what in ON_A_SPLIT:
        told = learnt_before(options.split, {"this model": options.weights})
        report = {"split": options.split, "learnt_before": told, **report}
        table = f"{table}\n\nMeasured on the split {options.split}. {told}".rstrip()
    print(table)
    if options.markdown is not None:
        title = f"# {options.what.capitalize()}" + (
            f": the {options.set} set" if options.what == "prompts" else ""
        )
        _write_whole(options.markdown, f"{title}\n\n{table}\n")
    if options.out is not None:
        _write(options.out, {"measured": options.what, **report})
    return status


def _parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m engine evaluate",
        description="Measure one thing. To compare whole models: "
        "python -m engine evaluate --model all (--model all --help tells more).",
    )
    parser.add_argument("what", choices=MEASUREMENTS)
    parser.add_argument("--corpus", type=Path, required=True, help="folder of captioned clips")
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="trained model")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument("--seed", type=int, default=0, help="of the first take")
    parser.add_argument("--clips", type=int, default=60,
                        help="most clips of motion's takes, or that facts encodes")  # fmt: skip
    parser.add_argument(
        "--set",
        choices=tuple(SETS),
        default="frozen",
        help="prompts to score: frozen (as captions are worded), open (as animators type them), "
        "counted, subjects, spellings, or tuning, which settings were chosen by",
    )
    parser.add_argument("--seeds", type=int, default=SEEDS, help="takes of each prompt")
    parser.add_argument("--facts", choices=("on", "off"), default="on",
                        help="off: takes are chosen by words alone")  # fmt: skip
    parser.add_argument("--markdown", type=Path, help="the tables as a page to write")
    parser.add_argument("--chart", type=Path, help="SVG to write of how far known can be trusted")
    parser.add_argument("--out", type=Path, help="JSON report to write")
    parser.add_argument(
        "--split", choices=HELD_OUT_SPLITS,
        help=f"clips that {', '.join(ON_A_SPLIT)} are measured on (val); test is for last runs",
    )  # fmt: skip
    options = parser.parse_args(words)
    if options.split and options.what not in ON_A_SPLIT:
        parser.error(f"--split goes with {', '.join(ON_A_SPLIT)}")
    options.split = options.split or HELD_OUT_SPLITS[0]
    return options


def _write(path: Path, report: dict[str, Any]) -> None:
    _write_whole(path, json.dumps(report, indent=1, allow_nan=False) + "\n")


def _write_whole(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _read_clips(options: argparse.Namespace) -> tuple[RealClip, ...]:
    """Return the training clips and those of the chosen split, where it has whole bodies."""
    corpus = load_corpus(options.corpus, ("train", options.split))
    choose_whole(corpus, options.split, options.corpus)
    return measure_corpus(corpus)


def _measure_checks(options: argparse.Namespace) -> tuple[dict[str, Any], str, int]:
    rater = Rater(measure_corpus(load_corpus(options.corpus, TRAINING_SPLITS)))
    report: dict[str, Any] = {}
    tables, is_usable = [], True
    for name, prompts in SETS.items():
        rates = [rater.rate(prompt) for prompt in tqdm(list(prompts), desc=name, unit="prompt")]
        report[name] = {
            "sha256": set_digest(name),
            "rates": [asdict(rate) for rate in rates],
        }
        tables.append(f"## The {name} set\n\n{rates_table(rates)}")
        is_usable &= all(rate.is_usable for rate in rates)
    return report, "\n\n".join(tables), 0 if is_usable else 1


def _measure_facts(options: argparse.Namespace) -> tuple[dict[str, Any], str, int]:
    corpus = load_corpus(options.corpus, TRAINING_SPLITS)
    report = rate_facts(corpus, options.weights, options.clips)
    return report, facts_table(report), 0


def _measure_prompts(options: argparse.Namespace) -> tuple[dict[str, Any], str, int]:
    chosen, seed = SETS[options.set], options.seed
    engine = load_engine(options.weights, options.device)
    if options.facts == "off" and isinstance(engine.generator, GridGenerator):
        engine = SystemEngine(engine.generator.without_facts())
    takes = {
        prompt.text: measure_takes(engine, prompt.text, prompt.seconds, options.seeds, seed)
        for prompt in tqdm(list(chosen), desc="takes", unit="prompt")
    }
    many = {
        prompt.text: measure_takes(engine, prompt.text, prompt.seconds, MANY_SEEDS, seed)
        for prompt in tqdm(prompts_of_many_seeds(chosen), desc="seeds", unit="prompt")
    }
    train = load_corpus(options.corpus, "train")
    retrieval = retrieval_of(engine, train)
    played = None if retrieval is None else {
        prompt.text: retrieval.bodies(prompt.text, prompt.seconds, options.seeds, seed)
        for prompt in tqdm(list(chosen), desc="played back", unit="prompt")
    }
    baseline = CaptionBaseline(load_text_encoder("minilm"), measure_corpus(train))
    scores, table = report_set(chosen, SetTakes(takes, played, many), baseline)
    report = {
        "set": chosen.name,
        "sha256": set_digest(chosen.name),
        "seed": seed,
        "seeds": options.seeds,
        "decoding": decoding_settings(engine),
        **scores,
    }
    return report, table, 0


def _measure_known(options: argparse.Namespace) -> tuple[dict[str, Any], str, int]:
    engine = load_engine(options.weights, options.device)
    takes = {
        prompt.text: measure_takes(engine, prompt.text, prompt.seconds, KNOWN_SEEDS, options.seed)
        for prompt in tqdm(SERVED, desc="takes", unit="prompt")
    }
    train = load_corpus(options.corpus, "train")
    baseline = CaptionBaseline(load_text_encoder("minilm"), measure_corpus(train))
    functions: dict[str, Known] = {"cosine of the nearest caption": baseline.cosine}
    if (own := known_of(engine)) is not None:
        functions = {ENGINE_NAME: own, **functions}
    scores = score_known(functions, takes)
    if options.chart is not None:
        _write_whole(options.chart, draw_chart(reliability_chart(scores)))
    return {"sha256": set_digest("known"), "seed": options.seed, **scores}, known_table(scores), 0


def _measure_motion(options: argparse.Namespace) -> tuple[dict[str, Any], str, int]:
    engine = load_engine(options.weights, options.device)
    scores = score_motion(engine, _read_clips(options), options.clips, options.seed)
    return scores | {"decoding": decoding_settings(engine)}, motion_table(scores), 0


def _measure_edits(options: argparse.Namespace) -> tuple[dict[str, Any], str, int]:
    engine = load_engine(options.weights, options.device)
    scores = score_edits(engine, _read_clips(options), options.seed)
    return scores | {"decoding": decoding_settings(engine)}, edits_table(scores), 0


def _measure_tokenizer(options: argparse.Namespace) -> tuple[dict[str, Any], str, int]:
    report = measure(options.weights, options.corpus, options.split)
    lines = ["| quantity | value |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in report.items()]
    return report, "\n".join(lines), 0


def _measure_directions(options: argparse.Namespace) -> tuple[dict[str, Any], str, int]:
    towers = load_towers(options.weights / TOWER_FILE)
    corpus = load_corpus(options.corpus, options.split)
    scores = score_directions(towers, corpus, load_text_encoder("minilm"))
    return scores, directions_table(scores), 0
