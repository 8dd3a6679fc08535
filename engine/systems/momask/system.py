"""MoMask (Guo et al. 2024): whole-body codes, filled base first, then stage by stage.

Masked steps are filled by the masked transformer, then by the residual transformer,
both guided; what is kept stays. It fills whole frames only: a code holds the whole
body. Published weights read HumanML3D's features, those trained here the engine's own.
"""

from __future__ import annotations

from collections.abc import Generator as Steps
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from ...checkpoint import WeightsError, load_checkpoint, load_network
from ...decoding import DecodingConfig, draw, guide
from ...features import WIDTH
from ...motion.edits import Mask
from ...motion.request import Progress
from ...text_encoder import EncodedText, TextEncoder, check_trained_with
from ...tokenizer.rvq_vae import RvqVae, RvqVaeConfig
from ...transformers.length import (
    LengthConfig,
    LengthEstimator,
    LengthEstimatorConfig,
    LengthPredictor,
)
from ...transformers.sentence import SentenceConfig, SentenceMasked, SentenceResidual
from ...transformers.text_tower import with_tower
from ..candidates import best_rows, candidate_generators, fit_of_steps
from ..contract import Canvas, Made, Stopwatch
from ..finishing import decode_takes, finish_takes
from ..registry import reason_against
from ..sliding import (
    StepScores,
    fill_steps,
    least_certain,
    takes_together,
    unseen_steps,
    windows,
)
from .body_frames import BodyFrames, body_frames


def _base_decoding() -> DecodingConfig:
    return DecodingConfig(
        iterations=10, is_outward=False, temperature=1.0, top_share=0.1,
        confidence_noise=0.0, guidance=4.0,
    )  # fmt: skip


def _detail_decoding() -> DecodingConfig:
    return DecodingConfig(temperature=1.0, top_share=0.1, guidance=5.0)


@dataclass(frozen=True, slots=True)
class MoMaskDecoding:
    """How codes are drawn; the defaults are the paper's, for published weights."""

    base: DecodingConfig = field(default_factory=_base_decoding)
    detail: DecodingConfig = field(default_factory=_detail_decoding)

    candidates: int = 1
    """Of a prompted take, of which the likeliest is kept. Ours, not the paper's."""


def calmer(decoding: MoMaskDecoding) -> MoMaskDecoding:
    """Return what was chosen for weights trained here: nearer to the likeliest codes."""
    return MoMaskDecoding(
        replace(decoding.base, temperature=0.3, guidance=3.0),
        replace(decoding.detail, temperature=0.3, guidance=3.0),
    )


@dataclass(frozen=True, slots=True)
class MoMaskNetworks:
    """MoMask's networks, in eval mode on one device."""

    tokenizer: RvqVae
    masked: SentenceMasked
    residual: SentenceResidual
    length: LengthEstimator | LengthPredictor


@dataclass(frozen=True, slots=True)
class Scoring:
    """The transformers as they are used to draw codes: in 32 bits, or copies in 16.

    Rounding to 16 bits depends on how many takes are scored together; these copies
    therefore score each take by itself, so that no take depends on the others.
    """

    masked: SentenceMasked
    residual: SentenceResidual
    is_halved: bool = False

    @staticmethod
    def halved(networks: MoMaskNetworks) -> Scoring:
        """Return copies in bfloat16."""
        masked, residual = deepcopy(networks.masked), deepcopy(networks.residual)
        return Scoring(masked.bfloat16(), residual.bfloat16(), is_halved=True)

    def base(self, shown: Tensor, sentence: Tensor, scale: float) -> Tensor:
        """Return guided log-probabilities (B, S, K) of codes (B, S); sentences are (B, D)."""
        count = self._together(shown)
        rows = zip(shown.split(count), sentence.split(count), strict=True)
        return torch.cat([self._base(*row, scale) for row in rows])

    def _base(self, shown: Tensor, sentence: Tensor, scale: float) -> Tensor:
        weight = self.masked.trunk.sentence.weight
        both, copies = _with_and_without(sentence.to(weight.dtype), scale)
        is_step = torch.ones_like(shown, dtype=torch.bool).repeat(copies, 1)
        logits: Tensor = self.masked(shown.repeat(copies, 1), is_step, both)
        return _guided(logits.float(), copies, scale)

    def detail(
        self, codes: Tensor, sentence: Tensor, scale: float, is_step: Tensor
    ) -> Tensor:
        """Return guided log-probabilities (B, S, K + 1) of the stage behind codes (B, S, Q')."""
        count = self._together(codes)
        rows = zip(codes.split(count), sentence.split(count), is_step.split(count), strict=True)
        return torch.cat([self._detail(*row, scale) for row in rows])

    def _detail(self, codes: Tensor, sentence: Tensor, is_step: Tensor, scale: float) -> Tensor:
        weight = self.residual.trunk.sentence.weight
        both, copies = _with_and_without(sentence.to(weight.dtype), scale)
        stages = torch.full((copies * len(codes),), codes.shape[-1], device=codes.device)
        sums = self.residual.sums(codes).repeat(copies, 1, 1)
        logits: Tensor = self.residual(sums, is_step.repeat(copies, 1), both, stages)
        return _guided(logits.float(), copies, scale)

    def _together(self, values: Tensor) -> int:
        return 1 if self.is_halved else max(1, len(values))


def _with_and_without(sentence: Tensor, scale: float) -> tuple[Tensor, int]:
    """Return sentences (B, D), and behind them none (2 B, D) where guidance needs both."""
    if scale == 1.0 or not bool(sentence.any()):
        return sentence, 1
    return torch.cat([sentence, torch.zeros_like(sentence)]), 2


def _guided(logits: Tensor, copies: int, scale: float) -> Tensor:
    if copies == 1:
        return logits.log_softmax(-1)
    conditional, plain = logits.chunk(2)
    return guide(conditional, plain, scale)


def multiplies_halves_faster(device: str) -> bool:
    """Return whether the device has instructions for products of bfloat16 numbers."""
    if device != "cpu":
        return device == "cuda"
    names = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, name, bool)() for name in names)


@dataclass(frozen=True, slots=True)
class MoMask:
    """The `Generator` contract over MoMask's networks."""

    networks: MoMaskNetworks
    scoring: Scoring
    frames: BodyFrames
    text_encoder: TextEncoder
    decoding: MoMaskDecoding = field(default_factory=MoMaskDecoding)
    name: str = "momask"

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return self.networks.tokenizer.mean.device

    @property
    def main_tokenizer(self) -> RvqVae:
        """Whose base codes `guess_codes` guesses."""
        return self.networks.tokenizer

    def can_fill(self, mask: Mask) -> str | None:
        """Return why the mask (T, P) cannot be filled: body parts are not apart in its codes."""
        return reason_against(self.name, mask)

    def choose_frames(self, text: EncodedText, seed: int) -> Steps[Progress, None, int]:
        """Return how many frames (30 fps) a take of the prompt usually has."""
        yield Progress(0, 1, "Choosing the length")
        generator = torch.Generator().manual_seed(seed)
        steps = self.networks.length.steps(text.sentence.to(self.device), generator)
        return self.frames.frames_of(int(steps[0]))

    def fill(self, canvas: Canvas, watch: Stopwatch) -> Steps[Progress, None, Made]:
        """Fill the canvas and clean up the feet."""
        has_text = bool(canvas.prompt.strip())
        sentence = canvas.text.sentence.to(self.device) * has_text
        scores = self.base_with(sentence)
        reading = Progress(0, 1, "Reading the motion")
        yield reading
        with watch.measure("encoding"):
            features, mask = self.frames.read(canvas)
            yield reading
            codes = self.networks.tokenizer.encode(features[None].to(self.device))[0, :, 0]
            if canvas.variation and not canvas.is_new:
                mask = yield from least_certain(scores, codes[:, 0], mask, canvas.variation)
        count = self.decoding.candidates if has_text and not canvas.variation else 1
        generators = candidate_generators(canvas.seeds, count)
        unseen = unseen_steps(mask, canvas.strength, generators)
        filled = codes.repeat(len(generators), 1, 1)
        with watch.measure("base tokens"):
            filled[..., 0] = yield from fill_steps(
                scores, codes[:, 0], (mask, unseen), self.decoding.base, generators
            )
        if count > 1:
            with watch.measure("choosing"):
                best = yield from self._best(filled[..., 0], mask, sentence, count)
            filled, generators = filled[best], [generators[row] for row in best.tolist()]
        with watch.measure("residual tokens"):
            for start, end in windows(mask[:, None], self.frames.longest_steps):
                part, inside = slice(start, end), mask[start:end].to(self.device)
                filled[:, part] = yield from self.fill_detail(
                    filled[:, part], inside, sentence, generators
                )
        with watch.measure("decoding"):
            decoded = yield from decode_takes(self.networks.tokenizer.decode, filled[:, :, None])
        return (yield from finish_takes(decoded, partial(self.frames.finish, canvas), watch))

    def _best(
        self, base: Tensor, mask: Tensor, sentence: Tensor, count: int
    ) -> Steps[Progress, None, Tensor]:
        """Return the row of each take's best candidate among base codes (B, S)."""
        asked, nothing = self.base_with(sentence, 1.0), self.base_with(0 * sentence, 1.0)
        return best_rows((yield from fit_of_steps(asked, nothing, base, mask)), count)

    def base_with(self, sentence: Tensor, guidance: float | None = None) -> StepScores:
        """Return the masked transformer with a prompt's sentence (1, text width).

        Args:
            sentence: zeros for no text.
            guidance: None for that of the decoding.
        """
        masked = self.networks.masked
        scale = self.decoding.base.guidance if guidance is None else guidance

        def score(shown: Tensor, _: slice) -> Tensor:
            return self.base_scores(shown, sentence, scale)

        longest = self.frames.longest_steps
        return StepScores(
            score, masked.mask_code, longest, has_fixed_passes=True,
            is_one_by_one=self.scoring.is_halved,
        )  # fmt: skip

    @torch.inference_mode()
    def base_scores(
        self, shown: Tensor, sentence: Tensor, guidance: float | None = None
    ) -> Tensor:
        """Return guided log-probabilities (B, S, K) of base codes.

        Args:
            shown: (B, S) codes, `mask_code` where unknown.
            sentence: (1 or B, text width); zeros for no text.
            guidance: None for that of the decoding.
        """
        scale = self.decoding.base.guidance if guidance is None else guidance
        return self.scoring.base(shown, sentence.expand(len(shown), -1), scale)

    def guess_codes(self, codes: Tensor, hidden: Tensor, caption: str) -> tuple[Tensor, Tensor]:
        """Return log-probabilities (n, K) of hidden base codes, and these codes (n,)."""
        base, gone = codes[:, 0, 0], hidden[:, 0]
        shown = base.masked_fill(gone, self.networks.masked.mask_code)[None].to(self.device)
        sentence = self.text_encoder.encode([caption]).sentence.to(self.device)
        logits = self.networks.masked(shown, torch.ones_like(shown, dtype=torch.bool), sentence)
        return logits.log_softmax(-1)[0].cpu()[gone], base[gone]

    def fill_detail(
        self, codes: Tensor, mask: Tensor, sentence: Tensor, generators: list[torch.Generator]
    ) -> Steps[Progress, None, Tensor]:
        """Return codes (B, S, Q) whose stages above the base are filled at masked steps (S,)."""
        codes, stages = codes.clone(), self.networks.tokenizer.stages
        for rows in takes_together(codes, self.scoring.is_halved):
            for stage in range(1, stages):
                yield Progress(rows.start * stages + stage, len(codes) * stages, "Adding detail")
                shown = codes[rows]
                scores = self.detail_scores(shown[..., :stage], sentence)
                own = generators[rows]
                drawn = draw(scores.unsqueeze(2), self.decoding.detail, own).squeeze(2)
                codes[rows, :, stage] = torch.where(mask, drawn, shown[..., stage])
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
        if is_step is None:
            is_step = torch.ones(codes.shape[:2], dtype=torch.bool, device=codes.device)
        sentence = sentence.expand(len(codes), -1)
        return self.scoring.detail(codes, sentence, self.decoding.detail.guidance, is_step)


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
    text_encoder = with_tower(text_encoder, weights)
    check_trained_with(text_encoder, {masked.text_width}, weights)
    swift = multiplies_halves_faster(torch.device(device).type)
    scoring = Scoring.halved(networks) if swift else plain_scoring(networks)
    is_own = tokenizer.config.network.features == WIDTH
    decoding = calmer(MoMaskDecoding()) if is_own else MoMaskDecoding()
    return MoMask(networks, scoring, frames, text_encoder, decoding)


def plain_scoring(networks: MoMaskNetworks) -> Scoring:
    """Return the transformers as they are."""
    return Scoring(networks.masked, networks.residual)


def _load_length(path: Path, device: str) -> LengthEstimator | LengthPredictor:
    """Load the published kind of length network, or this engine's own."""
    if "widths" in load_checkpoint(path)[1]:
        return load_network(path, LengthEstimator, LengthEstimatorConfig, device)
    return load_network(path, LengthPredictor, LengthConfig, device)
