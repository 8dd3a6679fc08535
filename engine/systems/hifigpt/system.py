"""T2M-HiFiGPT (Wang 2023): residual codes of one shared codebook, written step by step.

The double-tier GPT writes from left to right: it makes new takes and goes on where a clip
ends, and cannot fill a gap. Takes without a length end where the network ends them.
"""

from __future__ import annotations

from collections.abc import Generator as Steps
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ...checkpoint import WeightsError, load_network
from ...decoding import DecodingConfig
from ...features import clip_to_features
from ...motion.edits import Mask
from ...motion.request import SHORTEST_SECONDS, Progress, RequestError
from ...motion.running import retold
from ...motion.skeleton import FPS
from ...text_encoder import EncodedText, TextEncoder, check_trained_with
from ...tokenizer.rvq_vae import RvqVae, RvqVaeConfig
from ...transformers.double_tier import DoubleTierConfig, DoubleTierGpt
from ...transformers.length import draw_middle
from ...transformers.text_tower import with_tower
from ..candidates import best_rows, candidate_generators
from ..contract import Canvas, Made, Stopwatch
from ..finishing import decode_takes, finish, finish_takes
from ..registry import reason_against
from .continuing import Continuation, Ending, continue_codes
from .landing import land

LONGEST_FRAMES: Final = 300
"""Most frames that are written with all before them in view: the longest clips it learnt."""

CONTEXT_FRAMES: Final = 80
"""Frames in view where a longer clip goes on."""


def _draw() -> DecodingConfig:
    return DecodingConfig(temperature=0.5, top_share=0.1, guidance=4.0)


@dataclass(frozen=True, slots=True)
class HifiGptDecoding:
    """How codes are drawn, and of how many takes one is kept."""

    draw: DecodingConfig = field(default_factory=_draw)
    """Temperature, share of the codebook and guidance; the rest is not used."""

    candidates: int = 1
    """Of a prompted take, of which the likeliest is kept. Ours, not the paper's."""


@dataclass(frozen=True, slots=True)
class HifiGptNetworks:
    """The two networks, in eval mode on one device."""

    tokenizer: RvqVae
    gpt: DoubleTierGpt


@dataclass(frozen=True, slots=True)
class HifiGpt:
    """The `Generator` contract over T2M-HiFiGPT's networks."""

    networks: HifiGptNetworks
    text_encoder: TextEncoder
    decoding: HifiGptDecoding = field(default_factory=HifiGptDecoding)
    name: str = "hifigpt"

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return self.networks.tokenizer.mean.device

    @property
    def main_tokenizer(self) -> RvqVae:
        """Whose base codes `guess_codes` guesses."""
        return self.networks.tokenizer

    @property
    def frames_per_step(self) -> int:
        """Frames that one step of codes covers: 4 or 8."""
        return self.networks.tokenizer.frames_per_step

    def can_fill(self, mask: Mask) -> str | None:
        """Return why the mask (T, P) cannot be filled: it writes whole frames, left to right."""
        return reason_against(self.name, mask)

    def choose_frames(self, text: EncodedText, seed: int) -> Steps[Progress, None, int]:
        """Return how many frames (30 fps) the network writes for the prompt until it ends.

        The steps are those that `fill` writes for the same seed.
        """
        nothing = torch.zeros(1, 0, self.networks.tokenizer.stages, dtype=torch.long)
        most = LONGEST_FRAMES // self.frames_per_step
        least = -(-round(SHORTEST_SECONDS * FPS) // self.frames_per_step)
        share = draw_middle(1, torch.Generator().manual_seed(seed))
        wanted = replace(
            self._continuation(text, nothing.to(self.device), most),
            ending=Ending(tuple(share.tolist()), least),
        )
        generators = candidate_generators((seed,), 1)
        running = continue_codes(self.networks.gpt, wanted, self.decoding.draw, generators)
        written = yield from retold(
            running, lambda inner: replace(inner, label="Choosing the length")
        )
        return int(written.lengths[0]) * self.frames_per_step

    def fill(self, canvas: Canvas, watch: Stopwatch) -> Steps[Progress, None, Made]:
        """Write the canvas's masked end and clean up the feet.

        Raises:
            RequestError: if kept or present motion is to be changed in part.
        """
        if canvas.variation or canvas.strength:
            raise RequestError(
                "The model hifigpt writes motion anew; it cannot vary what is there.",
                "Set variation and strength to 0, or choose another model.",
            )
        yield Progress(0, 1, "Reading the motion")
        with watch.measure("encoding"):
            standing = self._encode(canvas)
        count = self.decoding.candidates if canvas.prompt.strip() else 1
        generators = candidate_generators(canvas.seeds, count)
        with watch.measure("base tokens"):
            codes, fit = yield from self._write(canvas, standing, generators)
            codes = codes[best_rows(fit, count)]
        with watch.measure("decoding"):
            features = yield from decode_takes(self.networks.tokenizer.decode, codes[:, :, None])
            if canvas.is_new:
                features = [land(each) for each in features]
        return (yield from finish_takes(features, partial(finish, canvas), watch))

    def guess_codes(self, codes: Tensor, hidden: Tensor, caption: str) -> tuple[Tensor, Tensor]:
        """Return log-probabilities (S, K) of every step's base code, and these codes (S,)."""
        rows = codes[:, 0]
        sentence = self.text_encoder.encode([caption]).sentence.to(self.device)
        has_text = torch.ones(1, dtype=torch.bool, device=self.device)
        logits = self.networks.gpt(rows[None].to(self.device), sentence, has_text)
        return logits[0, :-1, 0].float().cpu().log_softmax(-1), rows[:, 0]

    def _encode(self, canvas: Canvas) -> Tensor:
        """Return codes (S0, Q) of the whole steps that are kept before the masked end."""
        masked = np.flatnonzero(canvas.mask.any(1))
        kept = canvas.clip.frames if len(masked) == 0 else int(masked[0])
        kept -= kept % self.frames_per_step
        if kept == 0 or canvas.is_new:
            return torch.zeros(0, self.networks.tokenizer.stages, dtype=torch.long)
        features = clip_to_features(canvas.clip.cut(0, kept))[0]
        return self.networks.tokenizer.encode(features[None].to(self.device))[0, :, 0].cpu()

    def _write(
        self, canvas: Canvas, standing: Tensor, generators: list[torch.Generator]
    ) -> Steps[Progress, None, tuple[Tensor, Tensor]]:
        """Return codes (B, S, Q) of the whole canvas and how well they fit the prompt (B,).

        It is written window by window where it is long.
        """
        steps = -(-canvas.clip.frames // self.frames_per_step)
        longest, context = (n // self.frames_per_step for n in (LONGEST_FRAMES, CONTEXT_FRAMES))
        codes = standing.to(self.device).repeat(len(generators), 1, 1)
        fit = torch.zeros(len(generators), device=self.device)
        while codes.shape[1] < steps:
            known = codes[:, -context:] if codes.shape[1] > longest - context else codes
            count = min(longest - known.shape[1], steps - codes.shape[1])
            wanted = self._continuation(canvas.text, known, count)
            if not canvas.prompt.strip():
                wanted = replace(wanted, has_text=torch.zeros_like(wanted.has_text))
            made = yield from continue_codes(
                self.networks.gpt, wanted, self.decoding.draw, generators
            )
            codes = torch.cat([codes, made.codes[:, known.shape[1] :]], 1)
            fit = fit + made.fit
        return codes, fit

    def _continuation(self, text: EncodedText, before: Tensor, steps: int) -> Continuation:
        """Return what is to be written behind codes (B, S0, Q), one prompt for all rows."""
        sentence = text.sentence.to(self.device).expand(len(before), -1)
        has_text = text.word_mask.to(self.device).any(1).expand(len(before))
        return Continuation(sentence, has_text, before, steps)


def load_hifigpt(weights: Path, device: str, text_encoder: TextEncoder) -> HifiGpt:
    """Load T2M-HiFiGPT's networks from a model's folder.

    Raises:
        WeightsError: if a file is missing or damaged, or the networks do not fit each other
            or the text encoder.
    """
    networks = HifiGptNetworks(
        load_network(weights / "tokenizer.safetensors", RvqVae, RvqVaeConfig, device),
        load_network(weights / "gpt.safetensors", DoubleTierGpt, DoubleTierConfig, device),
    )
    config, tokenizer = networks.gpt.config, networks.tokenizer
    if (config.stages, config.codebook_size) != (tokenizer.stages, tokenizer.codebook_size):
        raise WeightsError(f"The networks in {weights} are not of one model.")
    text_encoder = with_tower(text_encoder, weights)
    check_trained_with(text_encoder, {config.text_width}, weights)
    return HifiGpt(networks, text_encoder)
