"""The engine's front door: load the weights once, run requests.

A request runs as a generator that yields Progress, so that it can be watched and
stopped between any two passes of a network. It knows no file but the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import torch

from .checkpoint import WeightsError, load_checkpoint, verify_weights
from .config import ConfigError, from_json
from .features import Origin, clip_to_features
from .memory import MotionMemory
from .motion.clean_up import clean_up
from .motion.clip import Clip, headings
from .motion.edits import extend
from .motion.request import MotionRequest, MotionResult, Progress
from .motion.skeleton import FPS, FRAMES_PER_STEP, PARTS
from .splicing import root_gap, splice
from .systems.bridging import BridgeFinder
from .systems.clips import (
    Mask,
    context_features,
    decoded_clip,
    decoded_contacts,
    gaps_of,
    step_mask,
)
from .systems.grid import Filled, GridDecoding, GridSystem, Sampling, Stopwatch
from .text_encoder import EncodedText, load_text_encoder
from .tokenizer.grid import GridTokenizer, GridTokenizerConfig
from .transformers.length import LengthConfig, LengthPredictor
from .transformers.masked import MaskedConfig, MaskedTransformer
from .transformers.residual import ResidualConfig, ResidualTransformer

M = TypeVar("M", bound=torch.nn.Module)

CANDIDATES: Final = 4
"""Fills of each take to choose from; one batch makes them all."""

METRES_A_NAT: Final = 0.3
"""What a better fit to the prompt, in nats a cell, counts beside a path that arrives."""

CONTEXT_FRAMES: Final = 80
"""Frames of a long take that the next beat sees."""

DEFAULT_WEIGHTS: Final = Path(__file__).resolve().parent.parent / "weights"


class Engine:
    """The grid model with everything around it."""

    def __init__(self, system: GridSystem) -> None:
        self.system = system

    @property
    def device(self) -> str:
        """Where the networks are: "cpu", "cuda" or "mps"."""
        return self.system.device.type

    def run(self, request: MotionRequest) -> Generator[Progress, None, MotionResult]:
        """Serve a request: a new take, or the masked cells of a clip.

        The request's clip must be at 30 fps.

        Raises:
            RequestError: before anything is computed, if the request cannot be served.
        """
        request.check()
        watch = Stopwatch()
        if request.beats:
            return (yield from self._run_beats(request, watch))
        return (yield from self._run_one(request, watch))

    def _run_one(
        self, request: MotionRequest, watch: Stopwatch
    ) -> Generator[Progress, None, MotionResult]:
        yield Progress(0, 1, "Reading the prompt")
        with watch.measure("text"):
            text = self.system.text_encoder.encode([request.prompt])
            clip, mask = self._canvas(request, text)
            padded_clip, padded_mask = _whole_steps(clip, mask)
            steps = step_mask(padded_mask)
            recalled = self.system.recall(request.prompt, text, int(steps.any(1).sum()))
        with watch.measure("encoding"):
            if request.clip is not None and request.variation:
                features = clip_to_features(padded_clip)[0]
            else:
                features = context_features(padded_clip, padded_mask)
            codes = self.system.tokenizer.encode(features[None].to(self.system.device))[0]
            if request.clip is not None and request.variation:
                steps = self.system.least_certain(codes, steps, recalled, request.variation)
        filled = self._bridged(request, padded_clip, codes, steps, watch)
        if filled is None:
            # A new take is chosen by its prompt alone; others must show where they arrive.
            chosen_early = CANDIDATES if request.clip is None else 1
            sampling = Sampling(_generators(request), chosen_early, request.strength)
            filled = yield from self.system.fill(codes, steps, recalled, sampling, watch)
        clips, contacts, gaps = [], [], []
        left = len(filled.features) // request.takes
        for take in range(request.takes):
            yield Progress(take, request.takes, "Cleaning up")
            with watch.measure("clean-up"):
                rows = slice(take * left, (take + 1) * left)
                rivals = Rivals(filled.features[rows], filled.fit[rows])
                done, stands, gap = _finish(clip, mask, rivals, request.clip is None)
            clips.append(done)
            contacts.append(stands)
            gaps.append(gap)
        return MotionResult(
            tuple(clips),
            tuple(contacts),
            self.system.text_encoder.words_cut(request.prompt),
            watch.seconds,
            tuple(gaps),
        )

    def _bridged(
        self,
        request: MotionRequest,
        clip: Clip,
        codes: torch.Tensor,
        steps: torch.Tensor,
        watch: Stopwatch,
    ) -> Filled | None:
        """Return whole-body gaps of an edit without a prompt filled from memory, else None."""
        if request.clip is None or request.prompt.strip() or request.variation:
            return None
        gaps = gaps_of(clip, steps)
        if not gaps:
            return None
        generator = torch.Generator().manual_seed(request.seed)
        return self.system.bridge(codes, gaps, (generator, request.takes), watch)

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
                made = yield from _told(self._run_one(beat, watch), number, len(request.beats))
                cut = cut or made.prompt_cut
                contacts = np.concatenate([contacts, made.contacts[0][known:]])
                clip = made.clips[0] if clip is None else _joined(clip, made.clips[0], known)
            assert clip is not None
            takes.append(clip)
            stands.append(contacts)
        return MotionResult(
            tuple(takes), tuple(stands), cut, watch.seconds, (0.0,) * len(takes)
        )

    def _canvas(self, request: MotionRequest, text: EncodedText) -> tuple[Clip, Mask]:
        """Return the clip and the mask to fill; for a new take an empty clip, masked whole."""
        if request.clip is not None and request.mask is not None:
            return request.clip, request.mask
        if request.seconds:
            frames = max(1, round(request.seconds * FPS))
        else:
            generator = torch.Generator().manual_seed(request.seed)
            frames = FRAMES_PER_STEP * self.system.choose_steps(text, generator)
        rest = np.zeros((frames, 22, 4), np.float32)
        rest[..., 0] = 1.0
        return Clip(np.zeros((frames, 3), np.float32), rest), np.ones((frames, len(PARTS)), bool)


def _whole_steps(clip: Clip, mask: Mask) -> tuple[Clip, Mask]:
    """Repeat the last frame until whole token steps are full."""
    missing = -clip.frames % FRAMES_PER_STEP
    rows = np.minimum(np.arange(clip.frames + missing), clip.frames - 1)
    return replace(clip, root_pos=clip.root_pos[rows], rot=clip.rot[rows]), mask[rows]


def _generators(request: MotionRequest) -> list[torch.Generator]:
    """Return a generator for each candidate of each take."""
    return [
        torch.Generator().manual_seed(request.seed + take + 1_000_003 * rival)
        for take in range(request.takes)
        for rival in range(CANDIDATES)
    ]


def _told(
    task: Generator[Progress, None, MotionResult], done: int, total: int
) -> Generator[Progress, None, MotionResult]:
    """Run one beat and tell its progress as a share of the long take."""
    try:
        while True:
            inner = next(task)
            yield Progress(done, total, f"Beat {done + 1}: {inner.label}")
    except StopIteration as finished:
        result: MotionResult = finished.value
        return result


def _joined(clip: Clip, longer: Clip, known: int) -> Clip:
    """Return a clip that goes on with what follows the first `known` frames of another."""
    return replace(
        clip,
        root_pos=np.concatenate([clip.root_pos, longer.root_pos[known:]]),
        rot=np.concatenate([clip.rot, longer.rot[known:]]),
    )


@dataclass(frozen=True, slots=True)
class Rivals:
    """The fills of one take that are left to choose from; of a new take one."""

    features: torch.Tensor
    """(C, T, WIDTH)."""

    fit: torch.Tensor
    """(C,) to the prompt, nats a cell."""


def _finish(clip: Clip, mask: Mask, rivals: Rivals, is_new: bool) -> tuple[Clip, Mask, float]:
    """Decode the rival that fits the prompt and arrives best, put it in and clean up the feet.

    Returns:
        The clip, which feet stand (T, 4), and the path's gap in metres before it was closed.
    """
    if is_new:
        features = rivals.features[0]
        contacts = decoded_contacts(features, clip.frames)
        made = decoded_clip(features, clip.frames, Origin())
        return _as_float32(clean_up(made, contacts)), contacts, 0.0
    yaw = float(headings(clip.rot[:1, 0])[0])
    origin = Origin(float(clip.root_pos[0, 0]), float(clip.root_pos[0, 2]), yaw)
    decoded = [decoded_clip(rival, clip.frames, origin) for rival in rivals.features]
    gaps = np.array([root_gap(clip, made, mask) for made in decoded])
    best = int(np.argmin(gaps - METRES_A_NAT * rivals.fit.cpu().numpy()))
    contacts = decoded_contacts(rivals.features[best], clip.frames)
    spliced = splice(clip, decoded[best], mask)
    lower = mask[:, PARTS.index("LOWER_BODY")]
    if lower.any():
        spliced = clean_up(spliced, contacts, lower)
    return spliced, contacts, float(gaps[best])


def _as_float32(clip: Clip) -> Clip:
    return replace(
        clip, root_pos=clip.root_pos.astype(np.float32), rot=clip.rot.astype(np.float32)
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


def load_engine(
    weights: Path = DEFAULT_WEIGHTS, device: str = "auto", decoding: GridDecoding | None = None
) -> Engine:
    """Load the grid model and the text encoder.

    Raises:
        WeightsError: if a file is missing or damaged, or the device is not there.
    """
    verify_weights(weights)
    place = choose_device(device)
    tokenizer = load_tokenizer(weights, place)
    memory = MotionMemory.from_tensors(load_checkpoint(weights / "memory.safetensors")[0])
    system = GridSystem(
        tokenizer,
        _load_network(weights, "masked", MaskedTransformer, MaskedConfig, place),
        _load_network(weights, "residual", ResidualTransformer, ResidualConfig, place),
        _load_network(weights, "length", LengthPredictor, LengthConfig, place),
        memory,
        load_text_encoder("minilm"),
        BridgeFinder(tokenizer, memory),
        decoding or GridDecoding(),
    )
    return Engine(system)


def load_tokenizer(weights: Path, device: str = "cpu") -> GridTokenizer:
    """Load the tokenizer of a weights folder alone.

    Raises:
        WeightsError: if its file is missing or damaged.
    """
    return _load_network(weights, "tokenizer", GridTokenizer, GridTokenizerConfig, device)


def _load_network(
    weights: Path, name: str, network: Callable[[Any], M], config: type[Any], device: str
) -> M:
    tensors, stored = load_checkpoint(weights / f"{name}.safetensors")
    try:
        model = network(from_json(config, stored))
        model.load_state_dict({key: _widened(tensor) for key, tensor in tensors.items()})
    except (ConfigError, RuntimeError) as error:
        raise WeightsError(f"The weights file {name}.safetensors is of another version.") from error
    return model.to(device).eval().requires_grad_(False)


def _widened(tensor: torch.Tensor) -> torch.Tensor:
    """Weights are stored in 16 bits and computed in 32."""
    return tensor.float() if tensor.is_floating_point() else tensor
