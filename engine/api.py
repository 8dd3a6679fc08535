"""The engine's front door: load the weights once, run requests.

A request runs as a generator that yields Progress, so that it can be watched and
stopped between any two passes of a network. It knows no file but the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import torch

from .checkpoint import WeightsError, verify_weights
from .memory_use import is_want_of_memory, release_memory
from .models.catalogue import SHIPPED, model_folder
from .models.description import read_description
from .motion.clip import Clip
from .motion.contacts import Contacts
from .motion.edits import Mask, extend
from .motion.request import (
    LONGEST_SECONDS,
    SHORTEST_SECONDS,
    MotionRequest,
    MotionResult,
    Progress,
    RequestError,
)
from .motion.running import retold, run_to_end
from .motion.skeleton import FPS, PARTS
from .motion.takes import count_different
from .motion.tracks import Plan
from .planning.wording import plain_prompt
from .systems.abilities import use_of_mask
from .systems.contract import Canvas, Made, Stopwatch, TakePlanner
from .systems.contract import Generator as MotionGenerator
from .systems.registry import SYSTEMS, titles_serving
from .text_encoder import EncodedText, load_text_encoder

CONTEXT_FRAMES: Final = 80
"""Frames of a long take that the next beat sees."""

NO_ROOM: Final = "The graphics memory does not suffice: loading the engine on the CPU"
"""What a take tells that goes on there."""


class SystemEngine:
    """The engine contract over a loaded system."""

    def __init__(
        self,
        generator: MotionGenerator,
        load_on_cpu: Callable[[], MotionGenerator] | None = None,
    ) -> None:
        """Take a loaded system; `load_on_cpu` makes the one that goes on where memory ends."""
        self.generator = generator
        self._load_on_cpu = load_on_cpu

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
        request = _plain(request)
        request.check()
        self._check_mask(request)
        if request.tracks or request.plan_only:
            self._check_plans()
        made = yield from self._run_where_there_is_room(request)
        different = yield from count_different(made.clips)
        return replace(made, different_takes=different)

    def _run_where_there_is_room(
        self, request: MotionRequest
    ) -> Generator[Progress, None, MotionResult]:
        """Make the motion; on the CPU from the start where the device's memory does not suffice.

        The engine stays on the CPU then, until it is loaded anew.
        """
        run = self._run_beats if request.beats else self._run_takes
        if request.clip is None and isinstance(self.generator, TakePlanner):
            run = self._run_plan
        try:
            return (yield from run(request, Stopwatch()))
        except (RuntimeError, MemoryError) as error:
            if self._load_on_cpu is None or not is_want_of_memory(error):
                raise
        # Outside of the handler: the error holds the frames, and these what fills the memory.
        yield Progress(0, 1, NO_ROOM)
        load, self._load_on_cpu = self._load_on_cpu, None
        self.generator = load()
        release_memory()
        return (yield from run(request, Stopwatch()))

    def _check_mask(self, request: MotionRequest) -> None:
        if request.mask is None:
            return
        reason = self.generator.can_fill(request.mask)
        if reason is not None:
            able = titles_serving([use_of_mask(request.mask)])
            raise RequestError(reason, f"Choose other frames or body parts, or use {able}.")

    def _check_plans(self) -> None:
        if not isinstance(self.generator, TakePlanner):
            raise RequestError(
                f"The model {self.generator.name} reads a prompt whole and makes no plan.",
                "Use the grid model, or give a prompt without tracks.",
            )

    def _run_takes(
        self, request: MotionRequest, watch: Stopwatch
    ) -> Generator[Progress, None, MotionResult]:
        """Make the takes of one prompt; a new one without a length has that of its own seed."""
        yield Progress(0, 1, "Reading the prompt")
        with watch.measure("text"):
            text = self.generator.text_encoder.encode([request.prompt])
        seeds = tuple(request.seed + take for take in range(request.takes))
        if request.clip is not None and request.mask is not None:
            made = yield from self._fill(request, text, seeds, (request.clip, request.mask), watch)
        elif request.seconds:
            empty = _empty_canvas(max(1, round(request.seconds * FPS)))
            made = yield from self._fill(request, text, seeds, empty, watch)
        else:
            made = yield from self._fill_by_length(request, text, seeds, watch)
        return MotionResult(
            made.clips,
            made.contacts,
            self.generator.text_encoder.words_cut(request.prompt),
            watch.seconds,
            made.root_gaps,
        )

    def _run_plan(
        self, request: MotionRequest, watch: Stopwatch
    ) -> Generator[Progress, None, MotionResult]:
        """Make takes of the request's tracks, or of those that its prompts are read as."""
        yield Progress(0, 1, "Reading the prompt")
        with watch.measure("text"):
            plan = self._plan(request)
            text = self.generator.text_encoder.encode([request.prompt])
        cut = [self.generator.text_encoder.words_cut(prompt) for prompt, _ in _beats_of(request)]
        if request.plan_only:
            unread = next(filter(None, cut), "")
            return MotionResult((), (), unread, plan=plan.tracks, notes=plan.notes)
        seeds = tuple(request.seed + take for take in range(request.takes))
        empty = _empty_canvas(max(1, round(plan.seconds * FPS)))
        canvas = Canvas(*empty, request.prompt, text, seeds, is_new=True, tracks=plan.tracks)
        made = yield from self.generator.fill(canvas, watch)
        return MotionResult(
            made.clips,
            made.contacts,
            next(filter(None, cut), ""),
            watch.seconds,
            made.root_gaps,
            plan.tracks,
            plan.notes,
        )

    def _plan(self, request: MotionRequest) -> Plan:
        """Return the plan of new takes."""
        assert isinstance(self.generator, TakePlanner)
        if request.tracks:
            seconds = request.seconds or max(track.end for track in request.tracks)
            return Plan(self.generator.described(request.tracks), seconds)
        plan = self.generator.plan(_beats_of(request))
        fitting = min(max(plan.seconds, SHORTEST_SECONDS), LONGEST_SECONDS)
        if request.beats or fitting == plan.seconds:
            return plan
        return self.generator.plan(((request.prompt, fitting),))

    def known(self, prompt: str) -> float:
        """Return how surely the motion of a prompt is known, 0 to 1: that of its rarest action.

        Raises:
            RequestError: if the model plans nothing.
        """
        plan = run_to_end(self.run(MotionRequest(prompt, plan_only=True))).plan
        return min(track.known for track in plan)

    def _fill_by_length(
        self, request: MotionRequest, text: EncodedText, seeds: tuple[int, ...], watch: Stopwatch
    ) -> Generator[Progress, None, Made]:
        """Make new takes, those of one length together."""
        of_length: dict[int, list[int]] = {}
        for take, seed in enumerate(seeds):
            frames = yield from self.generator.choose_frames(text, seed)
            frames = min(max(frames, round(SHORTEST_SECONDS * FPS)), round(LONGEST_SECONDS * FPS))
            of_length.setdefault(frames, []).append(take)
        made: dict[int, tuple[Clip, Contacts, float]] = {}
        for number, (frames, takes) in enumerate(of_length.items()):
            own = tuple(seeds[take] for take in takes)
            filling = self._fill(request, text, own, _empty_canvas(frames), watch)
            if len(of_length) > 1:
                filling = retold(filling, _as_share(number, len(of_length)))
            filled = yield from filling
            each = zip(filled.clips, filled.contacts, filled.root_gaps, strict=True)
            made.update(zip(takes, each, strict=True))
        return Made(*zip(*(made[take] for take in range(len(seeds))), strict=True))

    def _fill(
        self,
        request: MotionRequest,
        text: EncodedText,
        seeds: tuple[int, ...],
        empty: tuple[Clip, Mask],
        watch: Stopwatch,
    ) -> Generator[Progress, None, Made]:
        """Fill a clip's mask, once for each seed."""
        canvas = Canvas(
            *empty,
            request.prompt,
            text,
            seeds,
            is_new=request.clip is None,
            variation=request.variation,
            strength=request.strength,
        )
        return (yield from self.generator.fill(canvas, watch))

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
                made = yield from retold(self._run_takes(beat, watch), _as_beat(number, request))
                cut = cut or made.prompt_cut
                contacts = np.concatenate([contacts, made.contacts[0][known:]])
                clip = made.clips[0] if clip is None else _joined(clip, made.clips[0], known)
            assert clip is not None
            takes.append(clip)
            stands.append(contacts)
        return MotionResult(
            tuple(takes), tuple(stands), cut, watch.seconds, (0.0,) * len(takes)
        )


def _plain(request: MotionRequest) -> MotionRequest:
    """Return the request with its prompts as captions are written: every system reads these."""
    beats = tuple((plain_prompt(prompt), seconds) for prompt, seconds in request.beats)
    tracks = tuple(replace(track, text=plain_prompt(track.text)) for track in request.tracks)
    return replace(request, prompt=plain_prompt(request.prompt), beats=beats, tracks=tracks)


def _beats_of(request: MotionRequest) -> tuple[tuple[str, float], ...]:
    """Return the prompts of a new take with their seconds; 0 where they take what they need."""
    return request.beats or ((request.prompt, request.seconds),)


def _empty_canvas(frames: int) -> tuple[Clip, Mask]:
    """Return a clip of which nothing counts but its length, masked whole."""
    rest = np.zeros((frames, 22, 4), np.float32)
    rest[..., 0] = 1.0
    return Clip(np.zeros((frames, 3), np.float32), rest), np.ones((frames, len(PARTS)), bool)


def _as_share(number: int, count: int) -> Callable[[Progress], Progress]:
    """Return how the progress of takes of one length is told: as a share of all lengths."""
    return lambda inner: Progress(number, count, inner.label)


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
    load = SYSTEMS[description.system].load
    on_cpu = None if place == "cpu" else partial(load, weights, "cpu", text_encoder)
    return SystemEngine(load(weights, place, text_encoder), on_cpu)
