"""Base codes from text: a bidirectional transformer over the grid time x part.

MoMask section 3.2 (masked modelling of the base stage) with MMM's word-level
text (section 3.2), and a memory: the base codes of the training clips whose
captions are nearest to the prompt, as ReMoDiffuse (Zhang et al. 2023) does for
diffusion. A step's parts share one position in the sequence and have one head
each, so a clip of S steps costs S positions, not S x P. From the memory, codes
can also be copied outright (pointer mixture, See et al. 2017).
It knows nothing about schedules, sampling or what a code looks like.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .blocks import Block, FeedForward, sinusoids


@dataclass(frozen=True, slots=True)
class MaskedConfig:
    """What is needed to rebuild the masked transformer with the same weights."""

    parts: int = 4
    codebook_size: int = 512
    text_width: int = 384
    width: int = 256
    heads: int = 8
    layers: int = 4
    memory_layers: tuple[int, ...] = (1, 3)
    """Layers that attend to the memory."""

    memory_slots: int = 3
    """Most clips remembered at a time."""

    dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.width % self.parts or self.width % self.heads:
            raise ValueError(f"width must be a multiple of parts and heads, not {self.width}")


@dataclass(frozen=True, slots=True)
class Condition:
    """What the codes are conditioned on."""

    sentence: Tensor
    """(B, text_width)."""

    words: Tensor
    """(B, W, text_width)."""

    word_mask: Tensor
    """(B, W) True at real words."""

    memory: Tensor
    """(B, M, P) base codes of remembered clips, one after another; M may be 0."""

    memory_place: Tensor
    """(B, M, 2) int64: slot of the clip, step in it; slot -1 is padding."""

    def dropped(self, keep_text: Tensor, keep_memory: Tensor) -> Condition:
        """Return the condition with the text or the memory of some clips (B,) taken away."""
        place = self.memory_place.clone()
        place[~keep_memory] = -1
        return Condition(
            self.sentence * keep_text[:, None],
            self.words,
            self.word_mask & keep_text[:, None],
            self.memory,
            place,
        )

    def rows(self, chosen: Tensor | slice) -> Condition:
        """Return the condition of some rows of the batch."""
        return Condition(
            self.sentence[chosen],
            self.words[chosen],
            self.word_mask[chosen],
            self.memory[chosen],
            self.memory_place[chosen],
        )

    def repeated(self, count: int) -> Condition:
        """Return the condition of `count` copies of the batch, one batch after another."""
        return Condition(
            self.sentence.repeat(count, 1),
            self.words.repeat(count, 1, 1),
            self.word_mask.repeat(count, 1),
            self.memory.repeat(count, 1, 1),
            self.memory_place.repeat(count, 1, 1),
        )


class MaskedTransformer(nn.Module):
    """Predicts the base codes of masked cells."""

    def __init__(self, config: MaskedConfig) -> None:
        super().__init__()
        self.config = config
        width, part_width = config.width, config.width // config.parts
        # Entry K is [MASK]; the tables of the parts stand one after another.
        self.codes = nn.Embedding(config.parts * (config.codebook_size + 1), part_width)
        self.inward = nn.Linear(width, width)
        self.positions = nn.Linear(2 * width, width)
        self.sentence = nn.Linear(config.text_width, width)
        self.no_text = nn.Parameter(torch.zeros(width))
        self.length = nn.Linear(width, width)
        self.condition = FeedForward(width, 2 * width)
        self.words = nn.Linear(config.text_width, width)
        self.no_words = nn.Parameter(torch.zeros(1, 1, width))
        self.slots = nn.Embedding(config.memory_slots + 1, width)
        self.memory = FeedForward(width, 2 * width)
        self.norm_memory = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(
            Block(
                width, config.heads, config.dropout,
                words=True, memory=layer in config.memory_layers,
            )
            for layer in range(config.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.heads = nn.Linear(width, config.parts * config.codebook_size)
        self.copy_query = nn.Linear(width, config.parts * part_width)
        self.copy_key = nn.Linear(width, config.parts * part_width)
        self.copy_gate = nn.Linear(width, config.parts)
        nn.init.normal_(self.codes.weight, std=0.02 * config.parts)
        nn.init.normal_(self.slots.weight, std=0.02)
        nn.init.constant_(self.copy_gate.bias, -2.0)

    @property
    def mask_code(self) -> int:
        """The code that stands in a masked cell."""
        return self.config.codebook_size

    def forward(
        self, codes: Tensor, is_step: Tensor, condition: Condition, copy_trust: float = 0.0
    ) -> Tensor:
        """Return log-probabilities (B, S, P, K) of every cell's base code.

        Args:
            codes: (B, S, P) base codes; `mask_code` where masked.
            is_step: (B, S) False at padding behind the clip's end.
            condition: text and memory.
            copy_trust: added to the logit of how far the memory is trusted.
        """
        values, memory = self._trunk(codes, is_step, condition)
        own = self._own_scores(values)
        weights, gate = self._copy_weights(values, condition, memory, copy_trust)
        # Each remembered code collects the weight of the steps that hold it: (B, P, S, K).
        places = condition.memory.transpose(1, 2)[:, :, None].expand_as(weights)
        copied = torch.zeros_like(own).transpose(1, 2).scatter_add(-1, places, weights)
        mixed = (1 - gate)[..., None] * own.exp() + gate[..., None] * copied.transpose(1, 2)
        return torch.as_tensor(mixed.clamp_min(1e-9).log())

    def log_likelihood(
        self, codes: Tensor, is_step: Tensor, condition: Condition, wanted: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return what `forward` says of the codes `wanted` (B, S, P), without the others.

        Returns:
            log-probabilities (B, S, P) with their gradient, and the heads' likeliest codes.
        """
        values, memory = self._trunk(codes, is_step, condition)
        own = self._own_scores(values)
        weights, gate = self._copy_weights(values, condition, memory)
        held = condition.memory.transpose(1, 2)[:, :, None]
        is_wanted = held == wanted.transpose(1, 2)[..., None]
        copied = (weights * is_wanted).sum(-1).transpose(1, 2)
        chance = own.gather(-1, wanted[..., None]).squeeze(-1).exp()
        mixed = (1 - gate) * chance + gate * copied
        return mixed.clamp_min(1e-9).log(), own.argmax(-1)

    def _trunk(
        self, codes: Tensor, is_step: Tensor, condition: Condition
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return the last layer's values (B, S, D), and the memory they attended to."""
        values = self._embed(codes) + self._place(is_step)
        vector = self._condition(is_step, condition)
        words = self._words(condition)
        memory = self._memory(condition)
        for block in self.blocks:
            values = block(values, is_step, vector, words, memory)
        return self.norm(values), memory

    def _own_scores(self, values: Tensor) -> Tensor:
        """Return the heads' log-probabilities (B, S, P, K)."""
        logits: Tensor = self.heads(values).float()
        return logits.view(*values.shape[:2], self.config.parts, -1).log_softmax(-1)

    def _embed(self, codes: Tensor) -> Tensor:
        offsets = torch.arange(self.config.parts, device=codes.device)
        table = codes + offsets * (self.config.codebook_size + 1)
        return torch.as_tensor(self.inward(self.codes(table).flatten(-2)))

    def _place(self, is_step: Tensor) -> Tensor:
        """Return (B, S, D): distance from the start and to the end."""
        steps = torch.arange(is_step.shape[1], device=is_step.device)
        remaining = is_step.sum(1, keepdim=True) - 1 - steps
        width = self.config.width
        ends = sinusoids(remaining.clamp_min(0), width)
        starts = sinusoids(steps, width).expand_as(ends)
        return torch.as_tensor(self.positions(torch.cat([starts, ends], -1)))

    def _condition(self, is_step: Tensor, condition: Condition) -> Tensor:
        has_text = condition.word_mask.any(1, keepdim=True)
        sentence = torch.where(has_text, self.sentence(condition.sentence), self.no_text)
        length = self.length(sinusoids(is_step.sum(1), self.config.width))
        return torch.as_tensor(self.condition(sentence + length))

    def _words(self, condition: Condition) -> tuple[Tensor, Tensor]:
        """Return words with one that is always there, so that no text is no error."""
        batch = len(condition.words)
        words = torch.cat([self.no_words.expand(batch, -1, -1), self.words(condition.words)], 1)
        always = torch.ones_like(condition.word_mask[:, :1])
        return words, torch.cat([always, condition.word_mask], 1)

    def _memory(self, condition: Condition) -> tuple[Tensor, Tensor]:
        """Return memory tokens (B, 1 + M, D); the first stands for nothing remembered."""
        batch = len(condition.memory)
        slot, step = condition.memory_place.unbind(-1)
        tokens = self._embed(condition.memory) + self.slots(slot.clamp_min(0))
        tokens = tokens + sinusoids(step, self.config.width)
        tokens = tokens + self.memory(self.norm_memory(tokens))
        nothing = self.slots.weight[-1].expand(batch, 1, -1)
        always = torch.ones(batch, 1, dtype=torch.bool, device=slot.device)
        return torch.cat([nothing, tokens], 1), torch.cat([always, slot >= 0], 1)

    def _copy_weights(
        self,
        values: Tensor,
        condition: Condition,
        memory: tuple[Tensor, Tensor],
        trust: float = 0.0,
    ) -> tuple[Tensor, Tensor]:
        """Return weights (B, P, S, M) over the memory, and how far to trust them (B, S, P)."""
        parts = self.config.parts
        query = self.copy_query(values).unflatten(-1, (parts, -1))  # (B, S, P, d)
        key = self.copy_key(memory[0][:, 1:]).unflatten(-1, (parts, -1))  # (B, M, P, d)
        allowed = memory[1][:, 1:]
        scores = torch.einsum("bspd,bmpd->bpsm", query, key) * query.shape[-1] ** -0.5
        weights = scores.float().masked_fill(~allowed[:, None, None], -1e9).softmax(-1)
        gate = (self.copy_gate(values).float() + trust).sigmoid() * allowed.any(1)[:, None, None]
        return weights, gate
