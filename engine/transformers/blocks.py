"""Attention, feed-forward, positions and modulation, shared by every transformer here."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..shares import rand_rows


def sinusoids(positions: Tensor, width: int, longest: float = 1000.0) -> Tensor:
    """Return (..., width) sine and cosine features of positions (...) (Vaswani et al. 2017)."""
    rates = torch.exp(
        torch.arange(0, width, 2, device=positions.device) * (-math.log(longest) / width)
    )
    angles = positions[..., None].float() * rates
    return torch.cat([angles.sin(), angles.cos()], -1)


def rotate_by_position(values: Tensor, positions: Tensor) -> Tensor:
    """Apply rotary positions (Su et al. 2021).

    Args:
        values: (B, heads, S, D) queries or keys.
        positions: (S,) or (B, S).
    """
    half = values.shape[-1] // 2
    rates = torch.exp(torch.arange(half, device=values.device) * (-math.log(1000.0) / half))
    angles = positions[..., None].float() * rates  # (S, half) or (B, S, half)
    if angles.dim() == 3:
        angles = angles[:, None]
    cosine, sine = angles.cos(), angles.sin()
    first, second = values[..., :half], values[..., half:]
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], -1)


class ClipDropout(nn.Module):
    """Dropout whose mask is one for all steps of a clip (Gal & Ghahramani 2016).

    Besides regularising, it draws S times fewer random numbers, which on a CPU
    take as long as a matrix product.
    """

    def __init__(self, chance: float) -> None:
        super().__init__()
        self.chance = chance

    def forward(self, values: Tensor) -> Tensor:
        """Drop channels of (B, S, D)."""
        if not self.training or self.chance == 0.0:
            return values
        drawn = rand_rows(len(values), 1, values.shape[-1], device=values.device)
        kept = drawn > self.chance
        return values * (kept / (1.0 - self.chance))


class Attention(nn.Module):
    """Multi-head attention; self-attention with rotary positions, or to another sequence."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.outward = nn.Linear(width, width)

    def forward(
        self, values: Tensor, other: Tensor, allowed: Tensor, positions: Tensor | None = None
    ) -> Tensor:
        """Attend from values (B, S, D) to other (B, M, D).

        Args:
            values: the queries' side.
            other: the keys' side; pass `values` for self-attention.
            allowed: (B, M) True where a key may be seen; each row needs one True.
            positions: (S,) rotary positions for self-attention, None for none.
        """
        query = self._split(self.query(values))
        key, value = (self._split(half) for half in self.key_value(other).chunk(2, -1))
        if positions is not None:
            query, key = rotate_by_position(query, positions), rotate_by_position(key, positions)
        mixed = functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=allowed[:, None, None, :].expand(-1, 1, query.shape[2], -1),
        )
        return torch.as_tensor(self.outward(mixed.transpose(1, 2).flatten(2)))

    def _split(self, values: Tensor) -> Tensor:
        return values.view(*values.shape[:2], self.heads, -1).transpose(1, 2)


class FeedForward(nn.Module):
    """Two linear maps with GELU between."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.inward = nn.Linear(width, inner)
        self.outward = nn.Linear(inner, width)

    def forward(self, values: Tensor) -> Tensor:
        """Map (..., D) to the same shape."""
        return torch.as_tensor(self.outward(functional.gelu(self.inward(values))))


class Block(nn.Module):
    """Self-attention, optional attention to words and to memory, feed-forward.

    Norms are modulated by a condition vector (adaptive layer norm, Perez et al. 2018).
    """

    def __init__(
        self, width: int, heads: int, dropout: float, *, words: bool, memory: bool
    ) -> None:
        super().__init__()
        self.norm_self = nn.LayerNorm(width, elementwise_affine=False)
        self.norm_feed = nn.LayerNorm(width, elementwise_affine=False)
        self.modulation = nn.Linear(width, 4 * width)
        self.attention = Attention(width, heads)
        self.feed = FeedForward(width, 4 * width)
        self.dropout = ClipDropout(dropout)
        self.norm_words = nn.LayerNorm(width) if words else None
        self.words = Attention(width, heads) if words else None
        self.norm_memory = nn.LayerNorm(width) if memory else None
        self.memory = Attention(width, heads) if memory else None
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(
        self,
        values: Tensor,
        is_step: Tensor,
        condition: Tensor,
        words: tuple[Tensor, Tensor] | None = None,
        memory: tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        """Map (B, S, D) to the same shape.

        Args:
            values: the sequence.
            is_step: (B, S) False at padding.
            condition: (B, D).
            words: (B, W, D) and (B, W) allowed.
            memory: (B, M, D) and (B, M) allowed.
        """
        scale, shift, feed_scale, feed_shift = self.modulation(condition)[:, None].chunk(4, -1)
        positions = torch.arange(values.shape[1], device=values.device)
        normed = self.norm_self(values) * (1 + scale) + shift
        values = values + self.dropout(self.attention(normed, normed, is_step, positions))
        if self.words is not None and self.norm_words is not None and words is not None:
            values = values + self.dropout(self.words(self.norm_words(values), *words))
        if self.memory is not None and self.norm_memory is not None and memory is not None:
            values = values + self.dropout(self.memory(self.norm_memory(values), *memory))
        normed = self.norm_feed(values) * (1 + feed_scale) + feed_shift
        return torch.as_tensor(values + self.dropout(self.feed(normed)))


class PostNormBlock(nn.Module):
    """Self-attention and feed-forward, each followed by its norm (Vaswani et al. 2017)."""

    def __init__(self, width: int, heads: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.feed = FeedForward(width, inner)
        self.norm_self = nn.LayerNorm(width)
        self.norm_feed = nn.LayerNorm(width)
        self.dropout = ClipDropout(dropout)

    def forward(self, values: Tensor, allowed: Tensor) -> Tensor:
        """Map (B, S, D) to the same shape.

        Args:
            values: the sequence.
            allowed: (B, S) False where a step must not be seen.
        """
        values = self.norm_self(values + self.dropout(self.attention(values, values, allowed)))
        return torch.as_tensor(self.norm_feed(values + self.dropout(self.feed(values))))
