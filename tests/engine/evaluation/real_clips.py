"""A handful of made-up corpus clips with captions."""

from __future__ import annotations

from keyfill_extension.engine.data.corpus import CorpusClip
from keyfill_extension.engine.evaluation.checks.measures import Body
from keyfill_extension.engine.evaluation.scores.library import RealClip
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.skeleton import PARTS


def real_clip(
    name: str, clip: Clip, *captions: str, split: str = "train", parts: tuple[str, ...] = PARTS
) -> RealClip:
    entry = CorpusClip(name, clip, captions, split, name, "made up", "none needed", parts)
    return RealClip(entry, Body.from_clip(clip))
