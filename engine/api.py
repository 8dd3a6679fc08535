"""The engine's front door: load the weights once, run requests.

A request runs as a generator that yields Progress, so that it can be watched and
stopped between any two passes of a network. It knows no file but the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch

from .checkpoint import WeightsError, verify_weights
from .models.catalogue import SHIPPED, model_folder
from .models.description import read_description
from .motion.clip import Clip
from .motion.edits import Mask, extend
from .motion.request import (
    LONGEST_SECONDS,
    SHORTEST_SECONDS,
    MotionRequest,
    MotionResult,
    Progress,
    RequestError,
)
from .motion.running import retold
from .motion.skeleton import FPS, PARTS
from .systems.abilities import use_of_mask
from .systems.contract import Canvas, Stopwatch
from .systems.contract import Generator as MotionGenerator
from .systems.registry import SYSTEMS, titles_serving
from .text_encoder import EncodedText, load_text_encoder

CONTEXT_FRAMES: Final = 80
"""Frames of a long take that the next beat sees."""

class SystemEngine:
    """The engine contract over a loaded system."""

    def __init__(self, generator: MotionGenerator) -> None:
        self.generator = generator

    @property
    def device(self) -> str:
        """Where the networks are: "cpu", "cuda" or "mps"."""
        return self.generator.device.type

    def run(self, request: MotionRequest) -> Generator[Progress, None, MotionResult]:
        """Serve a request: a new take, or the masked cells of a clip.

        The request's clip must be at 30 fps.

        Raises:
            RequestError: before anything is computed, if the request cannot be served.
        """
        request.check()
        self._check_mask(request)
        watch = Stopwatch()
        if request.beats:
            return (yield from self._run_beats(request, watch))
        return (yield from self._run_one(request, watch))

    def _check_mask(self, request: MotionRequest) -> None:
        if request.mask is None:
            return
        reason = self.generator.can_fill(request.mask)
        if reason is not None:
            able = titles_serving([use_of_mask(request.mask)])
            raise RequestError(reason, f"Choose other frames or body parts, or use {able}.")

    def _run_one(
        self, request: MotionRequest, watch: Stopwatch
    ) -> Generator[Progress, None, MotionResult]:
        yield Progress(0, 1, "Reading the prompt")
        with watch.measure("text"):
            text = self.generator.text_encoder.encode([request.prompt])
            yield Progress(0, 1, "Reading the prompt")
            clip, mask = yield from self._canvas(request, text)
        canvas = Canvas(
            clip,
            mask,
            request.prompt,
            text,
            tuple(request.seed + take for take in range(request.takes)),
            is_new=request.clip is None,
            variation=request.variation,
            strength=request.strength,
        )
        made = yield from self.generator.fill(canvas, watch)
        return MotionResult(
            made.clips,
            made.contacts,
            self.generator.text_encoder.words_cut(request.prompt),
            watch.seconds,
            made.root_gaps,
        )

    def _run_beats(
        self, request: MotionRequest, watch: Stopwatch
    ) -> Generator[Progress, None, MotionResult]:
        """Make a long take: each beat goes on from the end of the one before."""
        cut = ""
        takes, stands = [], []
        for take in range(request.takes):
            clip, contacts = None, np.zeros((0, 4), bool)
            for number, (prompt, seconds) in enumerate(request.beats):
                beat = MotionRequest(prompt, seconds, request.seed + take + 101 * number)
                known = 0 if clip is None else min(clip.frames, CONTEXT_FRAMES)
                if clip is not None:
                    canvas = extend(clip.cut(clip.frames - known, clip.frames), seconds)
                    beat = replace(beat, clip=canvas.clip, mask=canvas.mask)
                made = yield from retold(self._run_one(beat, watch), _as_beat(number, request))
                cut = cut or made.prompt_cut
                contacts = np.concatenate([contacts, made.contacts[0][known:]])
                clip = made.clips[0] if clip is None else _joined(clip, made.clips[0], known)
            assert clip is not None
            takes.append(clip)
            stands.append(contacts)
        return MotionResult(
            tuple(takes), tuple(stands), cut, watch.seconds, (0.0,) * len(takes)
        )

    def _canvas(
        self, request: MotionRequest, text: EncodedText
    ) -> Generator[Progress, None, tuple[Clip, Mask]]:
        """Return the clip and the mask to fill; for a new take an empty clip, masked whole."""
        if request.clip is not None and request.mask is not None:
            return request.clip, request.mask
        if request.seconds:
            frames = max(1, round(request.seconds * FPS))
        else:
            frames = yield from self.generator.choose_frames(text, request.seed)
            frames = min(max(frames, round(SHORTEST_SECONDS * FPS)), round(LONGEST_SECONDS * FPS))
        rest = np.zeros((frames, 22, 4), np.float32)
        rest[..., 0] = 1.0
        return Clip(np.zeros((frames, 3), np.float32), rest), np.ones((frames, len(PARTS)), bool)


def _as_beat(number: int, request: MotionRequest) -> Callable[[Progress], Progress]:
    """Return how a beat's progress is told: as a share of the long take."""
    return lambda inner: Progress(number, len(request.beats), f"Beat {number + 1}: {inner.label}")


def _joined(clip: Clip, longer: Clip, known: int) -> Clip:
    """Return a clip that goes on with what follows the first `known` frames of another."""
    return replace(
        clip,
        root_pos=np.concatenate([clip.root_pos, longer.root_pos[known:]]),
        rot=np.concatenate([clip.rot, longer.rot[known:]]),
    )


def choose_device(device: str) -> str:
    """Return the device to use for "auto", "cpu", "cuda" or "mps".

    Raises:
        WeightsError: if the device is asked for and not there.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if device == "auto":
        return next(name for name, is_there in available.items() if is_there)
    if not available.get(device, False):
        raise WeightsError(f"This machine has no device {device}.", "Choose auto or cpu.")
    return device


def load_engine(weights: Path = SHIPPED, device: str = "auto") -> SystemEngine:
    """Load a model's folder, whichever system it holds, and its text encoder.

    Args:
        weights: the folder, or the name of a model beside the shipped weights.
        device: auto, cpu, cuda or mps.

    Raises:
        ModelError: if a file is missing or damaged, or the device is not there.
    """
    weights = model_folder(weights)
    verify_weights(weights)
    place = choose_device(device)
    description = read_description(weights)
    beside = weights / "clip" if description.text_encoder.startswith("clip") else None
    folder = beside if beside is not None and beside.is_dir() else None
    text_encoder = load_text_encoder(description.text_encoder, folder)
    return SystemEngine(SYSTEMS[description.system].load(weights, place, text_encoder))
