"""How good the conditions on facts are: how many clips pass each, how many of those captioned so.

The word rules here are simple and read captions only; conditions read motion only.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch

from ...data.corpus import Corpus, CorpusClip
from ...features import clip_to_features, features_to_clip
from ...motion.clip import Clip
from ...motion.skeleton import FRAMES_PER_STEP
from ...retrieval.facts import Facts, measure_facts, pack_facts
from ...retrieval.facts.conditions import CONDITIONS, PASSES, rate_condition
from ...tokenizer.grid import GridTokenizer, load_grid_tokenizer

_GO = r"\b(walk|run|jog|step|move|go|march|stroll|skip|sprint)(s|es|ning|ging|ping|ing)?"
_THE = r"(the |his |her |their |both |a )?"

WORDS: Final[dict[str, str]] = {
    "travels_forward": rf"{_GO} (straight |slowly |quickly )?(forward|ahead)",
    "travels_backward": rf"{_GO} back(ward|s|wards)\b|\bbacks up\b",
    "travels_left": rf"({_GO}|sidesteps?|shuffles) (sideways )?(to {_THE})?left\b",
    "travels_right": rf"({_GO}|sidesteps?|shuffles) (sideways )?(to {_THE})?right\b",
    "fast": r"\b(run|runs|running|sprint|sprints|dashes)\b",
    "slow": r"\b(walk\w*|stroll\w*|mov\w*) .*\bslow(ly)?\b|\bslow(ly)? (walk|mov)",
    "running": r"\b(run|runs|running|jog|jogs|jogging|sprints?)\b",
    "walking": r"\b(walk|walks|walking|strolls)\b",
    "stays": r"\b(in place|on the spot|stands still|idle|waits)\b",
    "turns_left": rf"\bturn\w* (around )?(to )?{_THE}left\b",
    "turns_right": rf"\bturn\w* (around )?(to )?{_THE}right\b",
    "turns_around": r"\bturns? around\b|\bhalf turn\b|\b180\b",
    "circles": r"\bin a (small |large |wide |full )?circle\b",
    "spins_left": r"\bspins?\b.* left\b",
    "spins_right": r"\bspins?\b.* right\b",
    "jumps": r"\b(jump|leap)(s|ing)?\b",
    "jumps_far": r"\b(jumps?|leaps?) (far|forward|ahead)\b",
    "kicks_left": r"\bkicks?\b.* left (leg|foot)\b|\bleft (\w+ )?kick\b",
    "kicks_right": r"\bkicks?\b.* right (leg|foot)\b|\bright (\w+ )?kick\b",
    "kicks_high": r"\bhigh (\w+ )?kick\b|\bkicks?\b.* (head|chest) height\b",
    "steps_up": r"\b(up|climbs) (the |some |a )?(stairs|steps)\b|\bsteps? up (on|to)",
    "steps_down": r"\bdown (the |some |a )?(stairs|steps)\b|\bsteps? (off|down)\b",
    "skips": r"\bskip(s|ping)\b",
    "sits": r"\b(is seated|seated on|keeps sitting|sitting on)\b",
    "becomes_seated": r"\bsit(s|ting) down\b",
    "rises_from_seat": r"\bfrom (a|the) (low |high |tall )?(chair|seat|stool)\b|\bstands up from\b",
    "lies": r"\b(lies|lying)\b",
    "rises_from_floor": r"\bup from the (floor|ground)\b",
    "crawls": r"\bcrawl(s|ing)?\b",
    "kneels": r"\bkneel(s|ing)?\b",
    "squats": r"\bsquat(s|ting)?\b",
    "crouched_walk": r"\b(sneak|creep)s?\b|\b(walks|runs)\b.*\bcrouch",
    "bends_down": r"\bpicks? (up|some)\b|\bbends down\b|\bstoops\b",
    "bows": r"\bbows\b",
    "hangs": r"\bhang(s|ing)? (from|on)\b",
    "one_leg": rf"\bon (one|{_THE}left|{_THE}right) (leg|foot)\b",
    "tiptoe": rf"\btiptoe\b|\bon {_THE}toes\b",
    "cartwheels": r"\bcartwheel\b",
    "rolls": r"\b(forward|backward|dive) roll\b|\bsomersault\b|\brolls over\b",
    "still": r"\b(stands|standing) (perfectly )?still\b|\bdoes not move\b",
    "both_hands_up": r"\bboth (arms|hands)\b.*\b(up|overhead)\b|\bhands overhead\b",
    "left_hand_up": r"\braises the left (hand|arm)\b(?!.*(low|waist|chest|stomach))",
    "right_hand_up": r"\braises the right (hand|arm)\b(?!.*(low|waist|chest|stomach))",
    "hands_on_hips": rf"\bhands (on|at) {_THE}hips\b",
    "left_hand_on_hip": rf"\bleft hand (on|at) {_THE}hip\b",
    "right_hand_on_hip": rf"\bright hand (on|at) {_THE}hip\b",
    "arms_folded": rf"\barms (are )?(crossed|folded)\b|\b(crosses|folds) {_THE}arms\b"
    r"|\b(crossed|folded) arms\b",
    "hand_at_face": rf"\b(drinks?|scratches {_THE}(head|chin|face)|phone|chin|mouth|eyes)\b",
    "claps": r"\bclap(s|ping)?\b",
    "waves_either": r"\bwav(es|ing)\b.*\b(hand|hello|goodbye)\b|\bgives a wave\b",
    "punches_left": r"\b(punch|jab|strike)(es|s|ing)?\b.* left (hand|arm|fist)\b"
    r"|\bleft (\w+ )?(punch|jab)\b",
    "punches_right": r"\b(punch|jab|strike)(es|s|ing)?\b.* right (hand|arm|fist)\b"
    r"|\bright (\w+ )?(punch|jab)\b",
    "throws_left": r"\b(throws|tosses|hurls|pitches)\b.* left (hand|arm)\b(?!.*punch)",
    "throws_right": r"\b(throws|tosses|hurls|pitches)\b.* right (hand|arm)\b(?!.*punch)",
    "arms_ahead": r"\barms (are )?(stretched |held |straight )?(out )?(in front|ahead|forward)\b"
    r"|\bzombie\b",
    "arms_spread": r"\barms (are )?(spread|out to the sides)\b|\bboth arms spread\b",
    "carries_ahead": r"\bcarr(y|ies|ying) (a |an |the )?(box|object|load|tray)",
    "fists_up": r"\b(keeps|holds) the fists up\b|\bin guard\b|\bfists (up|raised)\b|\bboxing\b",
    "hands_together": r"\bhands (clasped|together)\b|\bclasps\b|\brubs the hands\b|\bprays\b",
}
"""Condition -> what captions of clips that meet it say; the others are said by few."""

_SAID_BY = 0.5
"""Least share of a clip's captions that must say so."""


@dataclass(frozen=True, slots=True)
class ConditionRate:
    """What was measured of one condition."""

    condition: str
    passing: float
    """Share of all clips that passes, 0 to 1."""

    captioned: int
    """Clips whose captions say so; of conditions without a rule 0."""

    obeyed: float | None
    """Share of them that passes; None of no clip."""

    kept_by_codes: float | None
    """Share of the spread clips whose verdict stays when they are encoded and decoded."""


def says_so(entry: CorpusClip, condition: str) -> bool:
    """Return whether at least half of a clip's captions name what a condition asks."""
    said = sum(bool(re.search(WORDS[condition], text)) for text in entry.captions)
    return said >= max(1.0, _SAID_BY * len(entry.captions))


def rate_facts(corpus: Corpus, weights: Path, clips: int) -> dict[str, Any]:
    """Measure every clip and rate every condition.

    Args:
        corpus: clips with captions.
        weights: folder with the tokenizer whose codes are tried.
        clips: how many clips, evenly spread, are encoded and decoded.

    Returns:
        A report for JSON: counts, seconds, bytes and a row for each condition.
    """
    began = time.process_time()
    facts = [measure_facts(entry.clip) for entry in corpus.clips]
    seconds = time.process_time() - began
    spread = corpus.clips[:: max(1, len(corpus.clips) // max(clips, 1))]
    pairs = _through_codes(spread, load_grid_tokenizer(weights))
    rates = rate_conditions(corpus, facts, pairs)
    return {
        "clips": len(facts),
        "minutes": round(corpus.minutes, 1),
        "through_codes": len(pairs),
        "seconds_to_measure": round(seconds, 1),
        "bytes_packed": sum(array.nbytes for array in pack_facts(facts).values()),
        "rates": [asdict(rate) for rate in rates],
    }


def facts_table(report: dict[str, Any]) -> str:
    """Return a report as Markdown."""
    lines = [
        f"{report['clips']} clips, {report['minutes']} minutes, measured in "
        f"{report['seconds_to_measure']} s of one core; "
        f"{report['bytes_packed'] / 1e6:.2f} MB packed.",
        "",
        "| condition | of all clips | captioned so | of these pass | "
        f"same verdict through codes ({report['through_codes']} clips) |",
        "|---|---|---|---|---|",
    ]
    for rate in report["rates"]:
        obeyed = "–" if rate["obeyed"] is None else f"{100 * rate['obeyed']:.0f} %"
        kept = "–" if rate["kept_by_codes"] is None else f"{100 * rate['kept_by_codes']:.0f} %"
        lines.append(
            f"| {rate['condition']} | {100 * rate['passing']:.1f} % | {rate['captioned'] or '–'} "
            f"| {obeyed} | {kept} |"
        )
    return "\n".join(lines)


def rate_conditions(
    corpus: Corpus, facts: Sequence[Facts], pairs: Sequence[tuple[Facts, Facts]]
) -> list[ConditionRate]:
    """Rate every condition.

    Args:
        corpus: clips with captions.
        facts: of each of them.
        pairs: of some clips the facts as they are, and behind their codes.
    """
    return [_rate(name, corpus, facts, pairs) for name in CONDITIONS]


def _rate(
    name: str, corpus: Corpus, facts: Sequence[Facts], pairs: Sequence[tuple[Facts, Facts]]
) -> ConditionRate:
    passed = [rate_condition(name, one) >= PASSES for one in facts]
    said = [
        ok for ok, entry in zip(passed, corpus.clips, strict=True)
        if name in WORDS and says_so(entry, name)
    ]
    same = [
        (rate_condition(name, real) >= PASSES) == (rate_condition(name, made) >= PASSES)
        for real, made in pairs
    ]
    return ConditionRate(
        condition=name,
        passing=_share(passed) or 0.0,
        captioned=len(said),
        obeyed=_share(said),
        kept_by_codes=_share(same),
    )


def _share(flags: Sequence[bool]) -> float | None:
    return sum(flags) / len(flags) if flags else None


def _through_codes(
    entries: Sequence[CorpusClip], tokenizer: GridTokenizer
) -> list[tuple[Facts, Facts]]:
    """Return the facts of clips as they are and as their codes give them back."""
    pairs = []
    for entry in entries:
        whole = entry.clip.frames // FRAMES_PER_STEP * FRAMES_PER_STEP
        if whole:
            clip = entry.clip.cut(0, whole)
            pairs.append((measure_facts(clip), measure_facts(_decoded(clip, tokenizer))))
    return pairs


def _decoded(clip: Clip, tokenizer: GridTokenizer) -> Clip:
    features, origin = clip_to_features(clip)
    with torch.no_grad():
        made = tokenizer.decode(tokenizer.encode(features[None]))[0]
    return features_to_clip(made, origin)
