"""MMM (Pinyoanuntapong et al. 2024): one large codebook, masked steps filled by confidence.

Whole frames are filled by the masked transformer over whole-body codes; the upper body is
filled by the upper-body transformer, which is shown the lower body's codes. Spans are
in-betweened, extended and made long by where the mask lies.
"""

from __future__ import annotations

from collections.abc import Generator as Steps
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from ...checkpoint import WeightsError, load_network
from ...decoding import DecodingConfig, guide
from ...features import clip_to_features
from ...motion.edits import Mask
from ...motion.request import Progress
from ...motion.skeleton import FRAMES_PER_STEP, PARTS
from ...text_encoder import EncodedText, TextEncoder, check_trained_with
from ...tokenizer.halves import HalvesConfig, HalvesTokenizer
from ...tokenizer.rvq_vae import RvqVae, RvqVaeConfig
from ...transformers.length import LengthConfig, LengthPredictor
from ...transformers.masked_words import TextCondition, WordsConfig, WordsMasked
from ...transformers.text_tower import with_tower
from ..candidates import best_rows, candidate_generators, fit_of_steps
from ..contract import Canvas, Made, Stopwatch
from ..finishing import decode_takes, finish, finish_takes
from ..registry import reason_against
from ..sliding import StepScores, fill_steps, least_certain, unseen_steps
from ..token_steps import context_features, step_mask, whole_steps

_LOWER = PARTS.index("LOWER_BODY")


def _by_confidence(passes: int) -> DecodingConfig:
    return DecodingConfig(
        iterations=passes, is_outward=False, temperature=0.3, top_share=0.02,
        confidence_noise=0.0, guidance=2.0,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class MmmDecoding:
    """How codes are drawn.

    Passes are the paper's, for a span of 49 steps; temperature and guidance (the published
    code has 1 and none) were chosen for weights trained here.
    """

    take: DecodingConfig = field(default_factory=lambda: _by_confidence(10))
    edit: DecodingConfig = field(default_factory=lambda: _by_confidence(20))
    """Spans between kept frames, and the upper body."""

    candidates: int = 1
    """Of a prompted take, of which the likeliest is kept. Ours, not the paper's."""


@dataclass(frozen=True, slots=True)
class MmmNetworks:
    """MMM's networks, in eval mode on one device."""

    tokenizer: RvqVae
    masked: WordsMasked
    halves: HalvesTokenizer
    upper: WordsMasked
    length: LengthPredictor


@dataclass(frozen=True, slots=True)
class _Plan:
    """A canvas in codes."""

    codes: Tensor
    """(S, 1 or 2) int64: the body's, or the lower and the upper body's."""

    mask: Tensor
    """(S,) True where to fill."""

    scores: StepScores
    is_upper: bool


@dataclass(frozen=True, slots=True)
class Mmm:
    """The `Generator` contract over MMM's networks."""

    networks: MmmNetworks
    text_encoder: TextEncoder
    decoding: MmmDecoding = field(default_factory=MmmDecoding)
    name: str = "mmm"

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return self.networks.tokenizer.mean.device

    @property
    def main_tokenizer(self) -> RvqVae:
        """Whose base codes `guess_codes` guesses."""
        return self.networks.tokenizer

    def can_fill(self, mask: Mask) -> str | None:
        """Return why the mask (T, P) cannot be filled: its codes know two halves at most."""
        return reason_against(self.name, mask)

    def choose_frames(self, text: EncodedText, seed: int) -> Steps[Progress, None, int]:
        """Return how many frames (30 fps) a take of the prompt usually has."""
        yield Progress(0, 1, "Choosing the length")
        generator = torch.Generator().manual_seed(seed)
        steps = self.networks.length.steps(text.sentence.to(self.device), generator)
        return FRAMES_PER_STEP * int(steps[0])

    def fill(self, canvas: Canvas, watch: Stopwatch) -> Steps[Progress, None, Made]:
        """Fill the canvas and clean up the feet."""
        with watch.measure("encoding"):
            plan = yield from self._plan(canvas)
        is_chosen = bool(canvas.prompt.strip()) and not canvas.variation
        count = self.decoding.candidates if is_chosen else 1
        generators = candidate_generators(canvas.seeds, count)
        unseen = unseen_steps(plan.mask, canvas.strength, generators)
        config = self.decoding.take if canvas.is_new else self.decoding.edit
        with watch.measure("base tokens"):
            found = yield from fill_steps(
                plan.scores, plan.codes[:, -1], (plan.mask, unseen), config, generators
            )
        if count > 1:
            with watch.measure("choosing"):
                lower = plan.codes[:, 0] if plan.is_upper else None
                asked, nothing = (self._plain(canvas, lower, named) for named in (True, False))
                fit = yield from fit_of_steps(asked, nothing, found, plan.mask)
            found = found[best_rows(fit, count)]
        with watch.measure("decoding"):
            features = yield from decode_takes(partial(self._decode, plan), found)
        return (yield from finish_takes(features, partial(finish, canvas), watch))

    def guess_codes(self, codes: Tensor, hidden: Tensor, caption: str) -> tuple[Tensor, Tensor]:
        """Return log-probabilities (n, K) of hidden base codes, and these codes (n,)."""
        base, gone = codes[:, 0, 0], hidden[:, 0]
        masked = self.networks.masked
        shown = base.masked_fill(gone, masked.mask_code)[None].to(self.device)
        condition = _condition(self.text_encoder.encode([caption]), self.device)
        logits = masked(shown, torch.ones_like(shown, dtype=torch.bool), condition)
        return logits.log_softmax(-1)[0].cpu()[gone], base[gone]

    def _plan(self, canvas: Canvas) -> Steps[Progress, None, _Plan]:
        reading = Progress(0, 1, "Reading the motion")
        yield reading
        clip, mask = whole_steps(canvas.clip, canvas.mask)
        varies = bool(canvas.variation) and not canvas.is_new
        features = clip_to_features(clip)[0] if varies else context_features(clip, mask)
        is_upper = not mask[:, _LOWER].any()
        tokenizer = self.networks.halves if is_upper else self.networks.tokenizer
        yield reading
        codes = tokenizer.encode(features[None].to(self.device))[0, ..., 0]
        scores = self._scores(canvas, codes[:, 0] if is_upper else None)
        steps = step_mask(mask).any(1)
        if varies:
            steps = yield from least_certain(scores, codes[:, -1], steps, canvas.variation)
        return _Plan(codes, steps, scores, is_upper)

    def _scores(self, canvas: Canvas, lower: Tensor | None) -> StepScores:
        """Return the network that fills, with the prompt; `lower` (S,) for the upper body."""
        scale = (self.decoding.take if canvas.is_new else self.decoding.edit).guidance
        return self._with_text(canvas, lower, bool(canvas.prompt.strip()), scale)

    def _plain(self, canvas: Canvas, lower: Tensor | None, has_text: bool) -> StepScores:
        """Return the network without guidance, with the prompt or without."""
        return self._with_text(canvas, lower, has_text, 1.0)

    def _with_text(
        self, canvas: Canvas, lower: Tensor | None, has_text: bool, scale: float
    ) -> StepScores:
        condition = _condition(canvas.text, self.device)
        if not has_text:
            condition = condition.dropped(torch.zeros(1, dtype=torch.bool, device=self.device))
        model = self.networks.masked if lower is None else self.networks.upper

        def score(shown: Tensor, part: slice) -> Tensor:
            below = None if lower is None else lower[None, part].expand_as(shown)
            return _guided(model, shown, condition, below, scale)

        return StepScores(score, model.mask_code)

    def _decode(self, plan: _Plan, found: Tensor) -> Tensor:
        """Return features (B, T, WIDTH) of the filled codes (B, S)."""
        if not plan.is_upper:
            return self.networks.tokenizer.decode(found[..., None, None])
        lower = plan.codes[:, 0].expand_as(found)
        return self.networks.halves.decode(torch.stack([lower, found], -1)[..., None])


def _condition(text: EncodedText, device: torch.device) -> TextCondition:
    """Return encoded prompts as the transformers read them."""
    return TextCondition(
        text.sentence.to(device), text.words.to(device), text.word_mask.to(device)
    )


@torch.inference_mode()
def _guided(
    model: WordsMasked,
    shown: Tensor,
    condition: TextCondition,
    lower: Tensor | None,
    scale: float,
) -> Tensor:
    """Return guided log-probabilities (B, S, K) of codes (B, S); the condition is one prompt."""
    takes = len(shown)
    is_step = torch.ones_like(shown, dtype=torch.bool)
    if scale == 1.0 or not bool(condition.word_mask.any()):
        logits = model(shown, is_step, condition.repeated(takes), lower)
        return torch.as_tensor(logits.log_softmax(-1))
    keep = torch.arange(2 * takes, device=shown.device) < takes
    both = condition.repeated(2 * takes).dropped(keep)
    below = None if lower is None else lower.repeat(2, 1)
    scores = model(shown.repeat(2, 1), is_step.repeat(2, 1), both, below).log_softmax(-1)
    return guide(scores[:takes], scores[takes:], scale)


def load_mmm(weights: Path, device: str, text_encoder: TextEncoder) -> Mmm:
    """Load MMM's networks from a model's folder.

    Raises:
        WeightsError: if a file is missing or damaged, or the networks do not fit each other
            or the text encoder.
    """

    def place(name: str) -> Path:
        return weights / f"{name}.safetensors"

    networks = MmmNetworks(
        load_network(place("tokenizer"), RvqVae, RvqVaeConfig, device),
        load_network(place("masked"), WordsMasked, WordsConfig, device),
        load_network(place("halves"), HalvesTokenizer, HalvesConfig, device),
        load_network(place("upper"), WordsMasked, WordsConfig, device),
        load_network(place("length"), LengthPredictor, LengthConfig, device),
    )
    strides = {networks.tokenizer.frames_per_step, networks.halves.frames_per_step}
    sizes = (networks.masked.config.codebook_size, networks.upper.config.codebook_size)
    wanted = networks.tokenizer.codebook_size, networks.halves.upper.codebook_size
    texts = {networks.masked.config.sentence_width, networks.upper.config.sentence_width}
    if strides != {FRAMES_PER_STEP} or sizes != wanted:
        raise WeightsError(f"The networks in {weights} are not of one model.")
    text_encoder = with_tower(text_encoder, weights)
    check_trained_with(text_encoder, texts, weights)
    return Mmm(networks, text_encoder)
