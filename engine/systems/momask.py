"""MoMask (Guo et al. 2024): whole-body codes, filled base first, then stage by stage.

Masked steps are filled by the masked transformer, then by the residual transformer,
both guided; what is kept stays. It fills whole frames only: a code holds the whole
body. Published weights read HumanML3D's features, those trained here the engine's own.
"""

from __future__ import annotations

from collections.abc import Generator as Steps
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from ..checkpoint import WeightsError, load_checkpoint, load_network
from ..decoding import DecodingConfig, draw, guide
from ..motion.request import Progress
from ..text_encoder import EncodedText, TextEncoder
from ..tokenizer.rvq_vae import RvqVae, RvqVaeConfig
from ..transformers.length import (
    LengthConfig,
    LengthEstimator,
    LengthEstimatorConfig,
    LengthPredictor,
)
from ..transformers.sentence import SentenceConfig, SentenceMasked, SentenceResidual
from .body_frames import BodyFrames, body_frames
from .clips import Mask
from .contract import Canvas, Made, Stopwatch
from .grid import windows
from .masked_steps import StepScores, fill_steps, least_certain, unseen_steps


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
class MoMaskNetworks:
    """MoMask's networks, in eval mode on one device."""

    tokenizer: RvqVae
    masked: SentenceMasked
    residual: SentenceResidual
    length: LengthEstimator | LengthPredictor


@dataclass(frozen=True, slots=True)
class MoMask:
    """The `Generator` contract over MoMask's networks."""

    networks: MoMaskNetworks
    frames: BodyFrames
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
        steps = self.networks.length.steps(text.sentence.to(self.device), generator)
        return self.frames.frames_of(int(steps[0]))

    def fill(self, canvas: Canvas, watch: Stopwatch) -> Steps[Progress, None, Made]:
        """Fill the canvas and clean up the feet."""
        has_text = bool(canvas.prompt.strip())
        sentence = canvas.text.sentence.to(self.device) * has_text
        scores = self._base(sentence)
        with watch.measure("encoding"):
            features, mask = self.frames.read(canvas)
            codes = self.networks.tokenizer.encode(features[None].to(self.device))[0, :, 0]
            if canvas.variation and not canvas.is_new:
                mask = least_certain(scores, codes[:, 0], mask, canvas.variation)
        generators = [torch.Generator().manual_seed(seed) for seed in canvas.seeds]
        unseen = unseen_steps(mask, canvas.strength, generators)
        filled = codes.repeat(len(generators), 1, 1)
        with watch.measure("base tokens"):
            filled[..., 0] = yield from fill_steps(
                scores, codes[:, 0], (mask, unseen), self.decoding.base, generators
            )
        with watch.measure("residual tokens"):
            for start, end in windows(mask[:, None], self.frames.longest_steps):
                yield Progress(1, 2, "Adding detail")
                part, inside = slice(start, end), mask[start:end].to(self.device)
                filled[:, part] = self.fill_detail(filled[:, part], inside, sentence, generators)
        yield Progress(2, 2, "Decoding")
        with watch.measure("decoding"):
            decoded = self.networks.tokenizer.decode(filled[:, :, None])
        finished = []
        for take, rows in enumerate(decoded):
            yield Progress(take, len(decoded), "Cleaning up")
            with watch.measure("clean-up"):
                finished.append(self.frames.finish(canvas, rows))
        clips, contacts, gaps = zip(*finished, strict=True)
        return Made(clips, contacts, gaps)

    def _base(self, sentence: Tensor) -> StepScores:
        """Return the masked transformer with a prompt's sentence (1, text width)."""
        masked = self.networks.masked

        def score(shown: Tensor, _: slice) -> Tensor:
            return self.base_scores(shown, sentence)

        longest = self.frames.longest_steps
        return StepScores(score, masked.mask_code, longest, has_fixed_passes=True)

    @torch.inference_mode()
    def base_scores(self, shown: Tensor, sentence: Tensor) -> Tensor:
        """Return guided log-probabilities (B, S, K) of base codes.

        Args:
            shown: (B, S) codes, `mask_code` where unknown.
            sentence: (1 or B, text width); zeros for no text.
        """
        masked, scale = self.networks.masked, self.decoding.base.guidance
        sentence = sentence.expand(len(shown), -1)
        is_step = torch.ones_like(shown, dtype=torch.bool)
        if scale == 1.0 or not bool(sentence.any()):
            return torch.as_tensor(masked(shown, is_step, sentence).log_softmax(-1))
        both = torch.cat([sentence, torch.zeros_like(sentence)])
        conditional, plain = masked(shown.repeat(2, 1), is_step.repeat(2, 1), both).chunk(2)
        return guide(conditional, plain, scale)

    @torch.inference_mode()
    def fill_detail(
        self, codes: Tensor, mask: Tensor, sentence: Tensor, generators: list[torch.Generator]
    ) -> Tensor:
        """Return codes (B, S, Q) whose stages above the base are filled at masked steps (S,)."""
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
            sentence: (1 or B, text width); zeros for no text.
            is_step: (B, S) False at padding; None for none.
        """
        residual, scale = self.networks.residual, self.decoding.detail.guidance
        sentence = sentence.expand(len(codes), -1)
        if is_step is None:
            is_step = torch.ones(codes.shape[:2], dtype=torch.bool, device=codes.device)
        stages = torch.full((len(codes),), codes.shape[-1], device=codes.device)
        sums = residual.sums(codes)
        if scale == 1.0 or not bool(sentence.any()):
            logits = residual(sums, is_step, sentence, stages)
            return torch.as_tensor(logits.log_softmax(-1))
        both = torch.cat([sentence, torch.zeros_like(sentence)])
        logits = residual(sums.repeat(2, 1, 1), is_step.repeat(2, 1), both, stages.repeat(2))
        conditional, plain = logits.chunk(2)
        return guide(conditional, plain, scale)


def load_momask(weights: Path, device: str, text_encoder: TextEncoder) -> MoMask:
    """Load MoMask's networks from a model's folder.

    Raises:
        WeightsError: if a file is missing or damaged, or the networks do not fit each other
            or the text encoder.
    """

    def place(name: str) -> Path:
        return weights / f"{name}.safetensors"

    networks = MoMaskNetworks(
        load_network(place("tokenizer"), RvqVae, RvqVaeConfig, device),
        load_network(place("masked"), SentenceMasked, SentenceConfig, device),
        load_network(place("residual"), SentenceResidual, SentenceConfig, device),
        _load_length(place("length"), device),
    )
    tokenizer, masked = networks.tokenizer, networks.masked.config
    frames = body_frames(tokenizer.config.network.features, tokenizer.frames_per_step)
    detail = networks.residual.config
    sizes = {(c.codebook_size, c.text_width) for c in (masked, detail)}
    fits = sizes == {(tokenizer.codebook_size, masked.text_width)}
    if frames is None or not fits or detail.stages != tokenizer.stages:
        raise WeightsError(f"The networks in {weights} are not of one model.")
    if text_encoder.width != masked.text_width:
        raise WeightsError(
            f"The model in {weights} was not trained with the text encoder {text_encoder.name}."
        )
    return MoMask(networks, frames, text_encoder)


def _load_length(path: Path, device: str) -> LengthEstimator | LengthPredictor:
    """Load the published kind of length network, or this engine's own."""
    if "widths" in load_checkpoint(path)[1]:
        return load_network(path, LengthEstimator, LengthEstimatorConfig, device)
    return load_network(path, LengthPredictor, LengthConfig, device)
