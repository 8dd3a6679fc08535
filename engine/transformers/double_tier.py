"""The double-tier GPT of T2M-HiFiGPT (Wang 2023, section 3.2).

The temporal tier reads the text and the steps so far and gives one context vector a step;
the residual tier, prompted by it, predicts that step's codes stage by stage. A code behind
the codebook ends the clip. Sizes are ours: the published ones could not be read.
It knows nothing about sampling or what a code looks like.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..shares import mean_of_all, rand_rows, randint_rows
from .causal import CausalTrunk, LayerCache

Corruption = Literal["step", "code", "none"]


@dataclass(frozen=True, slots=True)
class DoubleTierConfig:
    """What is needed to rebuild the double-tier GPT with the same weights; our choice."""

    stages: int = 6
    codebook_size: int = 512
    text_width: int = 512
    width: int = 512
    heads: int = 8
    layers: int = 12
    """Blocks of the temporal tier."""

    residual_layers: int = 6
    dropout: float = 0.1
    is_shared: bool = True
    """One table and one head for the codes of all stages, as they share one codebook."""

    def __post_init__(self) -> None:
        if self.width % (2 * self.heads):
            raise ValueError(f"width must be a multiple of twice the heads, not {self.width}")
        if min(self.stages, self.layers, self.residual_layers) < 1:
            raise ValueError(f"stages and blocks must be at least 1, not {self}")


class DoubleTierGpt(nn.Module):
    """Predicts the codes (S, Q) of a clip one after another, time first, then stages."""

    def __init__(self, config: DoubleTierConfig) -> None:
        super().__init__()
        self.config = config
        width, tables = config.width, 1 if config.is_shared else config.stages
        self.codes = nn.Embedding(tables * config.codebook_size, width)
        self.inner_codes = nn.Embedding(tables * config.codebook_size, width)
        self.stage = nn.Embedding(config.stages, width)
        self.sentence = nn.Linear(config.text_width, width)
        self.no_text = nn.Parameter(torch.zeros(width))
        self.temporal = CausalTrunk(width, config.heads, config.layers, config.dropout)
        self.context = nn.Linear(width, width)
        self.residual = CausalTrunk(width, config.heads, config.residual_layers, config.dropout)
        self.heads = nn.ModuleList(
            nn.Linear(width, config.codebook_size + 1) for _ in range(tables)
        )
        for table in (self.codes, self.inner_codes, self.stage):
            nn.init.normal_(table.weight, std=0.02)

    @property
    def end_code(self) -> int:
        """The base code that ends a clip."""
        return self.config.codebook_size

    def forward(
        self, codes: Tensor, sentence: Tensor, has_text: Tensor, seen: Tensor | None = None
    ) -> Tensor:
        """Return logits (B, S + 1, Q, K + 1); row t is what step t may be, row S what follows.

        Args:
            codes: (B, S, Q) int64 in [0, K), anything valid behind a clip's end.
            sentence: (B, text_width).
            has_text: (B,) False for no text.
            seen: (B, S, Q) what the temporal tier sees instead (corrupted codes in training).
        """
        start = self.text_token(sentence, has_text)
        steps = self.step_tokens(codes if seen is None else seen)
        contexts = self.context(self.temporal(torch.cat([start, steps], 1)))  # (B, S + 1, D)
        known = functional.pad(codes, (0, 0, 0, 1))  # nothing follows the last row's base code
        tokens = torch.cat([contexts[:, :, None], self.stage_tokens(known)], 2)  # (B, S + 1, Q, D)
        flat = tokens.flatten(0, 1) + self.stage.weight
        values = self.residual(flat).unflatten(0, contexts.shape[:2])
        return torch.stack(
            [self.scores(values[:, :, stage], stage) for stage in range(self.config.stages)], 2
        )

    def text_token(self, sentence: Tensor, has_text: Tensor) -> Tensor:
        """Return the temporal tier's first token (B, 1, D)."""
        token = torch.where(has_text[:, None], self.sentence(sentence), self.no_text)
        return torch.as_tensor(token)[:, None]

    def step_tokens(self, codes: Tensor) -> Tensor:
        """Return the temporal tier's tokens (B, S, D) of steps (B, S, Q)."""
        return torch.as_tensor(self.codes(self._rows(codes)).sum(2))

    def stage_tokens(self, codes: Tensor) -> Tensor:
        """Return the residual tier's tokens (..., Q - 1, D): what stages 0 to q add up to."""
        rows = self._rows(codes)[..., : self.config.stages - 1]
        return torch.as_tensor(self.inner_codes(rows).cumsum(-2))

    def scores(self, values: Tensor, stage: int) -> Tensor:
        """Return logits (..., K + 1) of a stage; only the base stage can end a clip."""
        logits = self.heads[0 if self.config.is_shared else stage](values)
        if stage == 0:
            return torch.as_tensor(logits)
        ends = torch.arange(logits.shape[-1], device=logits.device) == self.end_code
        return torch.as_tensor(logits).masked_fill(ends, -1e9)

    def next_context(self, token: Tensor, caches: list[LayerCache]) -> Tensor:
        """Return the context (B, D) after tokens (B, n, D) that go on where the caches end."""
        return torch.as_tensor(self.context(self.temporal(token, caches)[:, -1]))

    def next_scores(self, token: Tensor, stage: int, caches: list[LayerCache]) -> Tensor:
        """Return logits (B, K + 1) of a stage of one step.

        Args:
            token: (B, D): the context at stage 0, else the last of `stage_tokens` so far.
            stage: 0 to Q - 1, called in order.
            caches: the residual tier's, new for each step.
        """
        values = self.residual((token + self.stage.weight[stage])[:, None], caches)
        return self.scores(values[:, 0], stage)

    def inner_token(self, codes: Tensor, stage: int) -> Tensor:
        """Return what the codes (B,) of a stage add to the residual tier's token, (B, D)."""
        offset = 0 if self.config.is_shared else stage * self.config.codebook_size
        return torch.as_tensor(self.inner_codes(codes + offset))

    def _rows(self, codes: Tensor) -> Tensor:
        """Return the rows of the tables that codes (..., Q) stand for."""
        if self.config.is_shared:
            return codes
        stages = torch.arange(codes.shape[-1], device=codes.device)
        return codes + stages * self.config.codebook_size


def corrupt(codes: Tensor, share: float, size: int, kind: Corruption = "step") -> Tensor:
    """Replace codes (B, S, Q) by random ones (torch's global generator).

    Args:
        codes: not changed.
        share: of the steps, or of the codes, that are replaced.
        size: K.
        kind: "step" replaces all codes of a step together (T2M-HiFiGPT), "code" each by itself.
    """
    if kind == "none":
        return codes
    shape = codes.shape if kind == "code" else (*codes.shape[:2], 1)
    wrong = rand_rows(*shape, device=codes.device) < share
    return torch.where(wrong, randint_rows(size, *codes.shape, device=codes.device), codes)


def likelihood_loss(logits: Tensor, codes: Tensor, lengths: Tensor, end_code: int) -> Tensor:
    """Return the mean negative log-likelihood of the codes and of the end, nats a code.

    Args:
        logits: (B, S + 1, Q, K + 1).
        codes: (B, S, Q) int64.
        lengths: (B,) steps of each clip.
        end_code: what follows a clip's last base code.
    """
    places = torch.arange(logits.shape[1], device=codes.device)
    is_end = places == lengths[:, None]
    wanted = functional.pad(codes, (0, 0, 0, 1))
    teaches = (places < lengths[:, None])[..., None].repeat(1, 1, codes.shape[-1])
    wanted[..., 0] = torch.where(is_end, end_code, wanted[..., 0])
    teaches[..., 0] |= is_end
    return mean_of_all(
        functional.cross_entropy(logits[teaches], wanted[teaches], reduction="none")
    )
