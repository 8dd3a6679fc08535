"""MoMask (Guo et al. 2024): whole-body codes at 20 fps, filled base first, then stage by stage.

Clips become HumanML3D's features, features codes; masked steps are filled by the
masked transformer, then by the residual transformer, both guided; what is kept stays.
It fills whole frames only: a code holds the whole body.
"""

from __future__ import annotations

from collections.abc import Generator as Steps
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ..checkpoint import WeightsError, load_network
from ..decoding import DecodingConfig, draw, fill_masked, guide
from ..motion import humanml3d
from ..motion.clean_up import clean_up
from ..motion.clip import Clip
from ..motion.request import Progress
from ..motion.skeleton import FPS
from ..splicing import root_gap
from ..text_encoder import EncodedText, TextEncoder
from ..tokenizer.rvq_vae import RvqVae, RvqVaeConfig
from ..transformers.length import LengthEstimator, LengthEstimatorConfig
from ..transformers.sentence import SentenceConfig, SentenceMasked, SentenceResidual
from .clips import Mask, as_float32, bridge_masked, put_in
from .contract import Canvas, Made, Stopwatch
from .grid import windows

LONGEST_STEPS: Final = 49
"""Most steps that are filled at a time: 196 frames, the longest motions that it learnt."""

CONTEXT_STEPS: Final = 16
"""Steps of the window before that the next one sees."""


def _base_decoding() -> DecodingConfig:
    return DecodingConfig(
        iterations=10, is_outward=False, temperature=1.0, top_share=0.1,
        confidence_noise=0.0, guidance=4.0,
    )  # fmt: skip


def _detail_decoding() -> DecodingConfig:
    return DecodingConfig(temperature=1.0, top_share=0.1, guidance=5.0)


@dataclass(frozen=True, slots=True)
class MoMaskDecoding:
    """How codes are drawn; the defaults are the paper's."""

    base: DecodingConfig = field(default_factory=_base_decoding)
    detail: DecodingConfig = field(default_factory=_detail_decoding)


@dataclass(frozen=True, slots=True)
class Networks:
    """MoMask's four networks, in eval mode on one device."""

    tokenizer: RvqVae
    masked: SentenceMasked
    residual: SentenceResidual
    length: LengthEstimator


@dataclass(frozen=True, slots=True)
class MoMask:
    """The `Generator` contract over MoMask's networks."""

    networks: Networks
    text_encoder: TextEncoder
    decoding: MoMaskDecoding = field(default_factory=MoMaskDecoding)
    name: str = "momask"

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return self.networks.tokenizer.mean.device

    def can_fill(self, mask: Mask) -> str | None:
        """Return why the mask (T, P) cannot be filled: body parts are not apart in its codes."""
        if bool((mask.all(1) | ~mask.any(1)).all()):
            return None
        return "The model momask fills whole frames; it cannot keep some body parts of a frame."

    def choose_frames(self, text: EncodedText, seed: int) -> int:
        """Return how many frames (30 fps) a take of the prompt usually has."""
        generator = torch.Generator().manual_seed(seed)
        steps = int(self.networks.length.steps(text.sentence.to(self.device), generator)[0])
        rows = steps * self.networks.tokenizer.frames_per_step
        return max(1, round(rows * FPS / humanml3d.HUMANML3D_FPS))

    def fill(self, canvas: Canvas, watch: Stopwatch) -> Steps[Progress, None, Made]:
        """Fill the canvas and clean up the feet."""
        sentence = canvas.text.sentence.to(self.device)
        if not canvas.prompt.strip():
            sentence = torch.zeros_like(sentence)
        with watch.measure("encoding"):
            codes, mask = self._encode(canvas)
            if canvas.variation and not canvas.is_new:
                mask = self.least_certain(codes, mask, sentence, canvas.variation)
        takes = len(canvas.seeds)
        generators = [torch.Generator().manual_seed(seed) for seed in canvas.seeds]
        filled = codes.repeat(takes, 1, 1)
        sentence = sentence.expand(takes, -1)
        with watch.measure("base tokens"):
            unseen = _unseen(mask, canvas.strength, generators).to(self.device)
            yield from self.fill_base(filled, (mask, unseen), sentence, generators)
        yield Progress(1, 2, "Adding detail")
        with watch.measure("residual tokens"):
            for start, end in windows(mask[:, None], LONGEST_STEPS, CONTEXT_STEPS):
                part = slice(start, end)
                inside = mask[part].to(self.device)
                filled[:, part] = self.fill_detail(filled[:, part], inside, sentence, generators)
                yield Progress(1, 2, "Adding detail")
        with watch.measure("decoding"):
            features = self.networks.tokenizer.decode(filled[:, :, None]).cpu().numpy()
        finished = []
        for take in range(takes):
            yield Progress(take, takes, "Cleaning up")
            with watch.measure("clean-up"):
                finished.append(_finish(canvas, features[take]))
        clips, contacts, gaps = zip(*finished, strict=True)
        return Made(clips, contacts, gaps)

    def _encode(self, canvas: Canvas) -> tuple[Tensor, Tensor]:
        """Return codes (S, Q) of the kept steps, 0 elsewhere, and the mask (S) of steps."""
        tokenizer = self.networks.tokenizer
        rows = humanml3d.rows_of(canvas.clip.frames)
        steps = -(-rows // tokenizer.frames_per_step)
        mask = steps_to_fill(canvas.mask.any(1), steps, tokenizer.frames_per_step)
        if canvas.is_new or bool(mask.all()):
            codes = torch.zeros(steps, tokenizer.stages, dtype=torch.long, device=self.device)
            return codes, torch.ones_like(mask)
        clip = canvas.clip if canvas.variation else bridge_masked(canvas.clip, canvas.mask.any(1))
        made = humanml3d.clip_to_features(clip)
        short = steps * tokenizer.frames_per_step - rows
        made = np.concatenate([made, np.repeat(made[-1:], short, axis=0)])
        features = torch.from_numpy(made).float().to(self.device)
        return tokenizer.encode(features[None])[0, :, 0], mask

    def fill_base(
        self,
        codes: Tensor,
        masks: tuple[Tensor, Tensor],
        sentence: Tensor,
        generators: list[torch.Generator],
    ) -> Steps[Progress, None, None]:
        """Fill the base codes of masked steps, in place.

        Args:
            codes: (B, S, Q).
            masks: (S) True where to fill; (B, S) True where a kept code is not shown.
            sentence: (B, text width); zeros for no text.
            generators: one a take.
        """
        mask, unseen = masks
        masked = self.networks.masked
        hidden = mask.to(self.device).expand(len(codes), -1)
        base = codes[..., 0].masked_fill(hidden, masked.mask_code)
        for start, end in windows(mask[:, None], LONGEST_STEPS, CONTEXT_STEPS):
            part = slice(start, end)
            blind = unseen[:, part]

            def predict(shown: Tensor, blind: Tensor = blind) -> Tensor:
                shown = shown.squeeze(-1).masked_fill(blind, masked.mask_code)
                return self.base_scores(shown, sentence).unsqueeze(2)

            window = base[:, part, None]
            left = window == masked.mask_code
            found, _ = yield from fill_masked(
                predict, window, left, self.decoding.base, generators
            )
            base[:, part] = found.squeeze(-1)
        codes[..., 0] = base

    @torch.inference_mode()
    def base_scores(self, shown: Tensor, sentence: Tensor) -> Tensor:
        """Return guided log-probabilities (B, S, K) of base codes (B, S), masked where unknown."""
        scale = self.decoding.base.guidance
        is_step = torch.ones_like(shown, dtype=torch.bool)
        if scale == 1.0 or not bool(sentence.any()):
            return self.networks.masked(shown, is_step, sentence).log_softmax(-1)
        both = torch.cat([sentence, torch.zeros_like(sentence)])
        logits = self.networks.masked(shown.repeat(2, 1), is_step.repeat(2, 1), both)
        return guide(*logits.chunk(2), scale)

    @torch.inference_mode()
    def fill_detail(
        self, codes: Tensor, mask: Tensor, sentence: Tensor, generators: list[torch.Generator]
    ) -> Tensor:
        """Return codes (B, S, Q) whose stages above the base are filled at masked steps (S)."""
        codes = codes.clone()
        for stage in range(1, self.networks.tokenizer.stages):
            scores = self.detail_scores(codes[..., :stage], sentence)
            drawn = draw(scores.unsqueeze(2), self.decoding.detail, generators).squeeze(2)
            codes[..., stage] = torch.where(mask, drawn, codes[..., stage])
        return codes

    @torch.inference_mode()
    def detail_scores(
        self, codes: Tensor, sentence: Tensor, is_step: Tensor | None = None
    ) -> Tensor:
        """Return guided log-probabilities (B, S, K + 1) of the next stage's codes.

        Args:
            codes: (B, S, Q') of the stages before.
            sentence: (B, text width).
            is_step: (B, S) False at padding; None for none.
        """
        residual, scale = self.networks.residual, self.decoding.detail.guidance
        if is_step is None:
            is_step = torch.ones(codes.shape[:2], dtype=torch.bool, device=codes.device)
        stages = torch.full((len(codes),), codes.shape[-1], device=codes.device)
        sums = residual.sums(codes)
        if scale == 1.0 or not bool(sentence.any()):
            return residual(sums, is_step, sentence, stages).log_softmax(-1)
        both = torch.cat([sentence, torch.zeros_like(sentence)])
        logits = residual(sums.repeat(2, 1, 1), is_step.repeat(2, 1), both, stages.repeat(2))
        return guide(*logits.chunk(2), scale)

    @torch.inference_mode()
    def least_certain(self, codes: Tensor, mask: Tensor, sentence: Tensor, share: float) -> Tensor:
        """Return (S): the share of the masked steps whose present base codes are least likely."""
        base = codes[None, :, 0]
        chances = torch.full(base.shape, torch.inf, device=base.device)
        for start, end in windows(mask[:, None], LONGEST_STEPS, CONTEXT_STEPS):
            scores = self.base_scores(base[:, start:end], sentence)
            chances[:, start:end] = scores.gather(-1, base[:, start:end, None]).squeeze(-1)
        ranked = chances[0].cpu().masked_fill(~mask, torch.inf)
        chosen = torch.zeros_like(mask)
        chosen[ranked.argsort()[: max(1, round(share * int(mask.sum())))]] = True
        return chosen


def steps_to_fill(masked: np.ndarray, steps: int, frames_per_step: int) -> Tensor:
    """Return (S,) True at token steps (20 fps) that see a masked frame (T,) (30 fps).

    A row is read from the frames around it, and its velocity from the row behind it.
    """
    rows = steps * frames_per_step
    at = np.arange(rows + 1) * (FPS / humanml3d.HUMANML3D_FPS)
    last = len(masked) - 1
    around = [np.minimum(place(at).astype(int), last) for place in (np.floor, np.ceil)]
    touched = masked[around[0]] | masked[around[1]]
    touched = (touched[:-1] | touched[1:]).reshape(steps, frames_per_step)
    return torch.from_numpy(touched.any(1))


def _unseen(mask: Tensor, share: float, generators: list[torch.Generator]) -> Tensor:
    """Return (B, S) True at kept steps that the masked transformer is not shown."""
    if share == 0.0:
        return torch.zeros(len(generators), len(mask), dtype=torch.bool)
    drawn = torch.stack([torch.rand(len(mask), generator=g) for g in generators])
    return (drawn < share) & ~mask


def _finish(canvas: Canvas, features: np.ndarray) -> tuple[Clip, Mask, float]:
    """Return the finished clip of decoded features, which feet stand, and the path's gap."""
    frames = canvas.clip.frames
    made = humanml3d.features_to_clip(features, frames)
    contacts = humanml3d.contacts_of(features, frames)
    if canvas.is_new:
        return as_float32(clean_up(made, contacts)), contacts, 0.0
    gap = root_gap(canvas.clip, made, canvas.mask)
    return put_in(canvas.clip, made, canvas.mask, contacts), contacts, gap


def load_momask(weights: Path, device: str, text_encoder: TextEncoder) -> MoMask:
    """Load MoMask's networks from a model's folder.

    Raises:
        WeightsError: if a file is missing or damaged, or the text encoder is not theirs.
    """
    def place(name: str) -> Path:
        return weights / f"{name}.safetensors"

    networks = Networks(
        load_network(place("tokenizer"), RvqVae, RvqVaeConfig, device),
        load_network(place("masked"), SentenceMasked, SentenceConfig, device),
        load_network(place("residual"), SentenceResidual, SentenceConfig, device),
        load_network(place("length"), LengthEstimator, LengthEstimatorConfig, device),
    )
    wanted = networks.masked.config.text_width
    if text_encoder.width != wanted:
        raise WeightsError(
            f"The model in {weights} reads text vectors of {wanted} numbers, "
            f"not the {text_encoder.width} of {text_encoder.name}."
        )
    return MoMask(networks, text_encoder)
