"""Causal attention whose keys and values can be kept between calls.

A sequence fed in pieces, each with the memory of the ones before it, gives what the
whole sequence gives at once. It knows no codes and no text.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .blocks import ClipDropout, FeedForward, rotate_by_position


class LayerCache:
    """Keys and values (B, heads, M, d) of the positions that one block has seen."""

    def __init__(self) -> None:
        self._keys: Tensor | None = None
        self._values: Tensor | None = None

    @property
    def length(self) -> int:
        """Positions seen (M)."""
        return 0 if self._keys is None else self._keys.shape[2]

    def extend(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Append (B, heads, n, d); return all that were seen, the new ones included."""
        if self._keys is not None and self._values is not None:
            keys = torch.cat([self._keys, keys], 2)
            values = torch.cat([self._values, values], 2)
        self._keys, self._values = keys, values
        return keys, values


class CausalAttention(nn.Module):
    """Multi-head self-attention to the own and earlier positions, with rotary positions."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.inward = nn.Linear(width, 3 * width)
        self.outward = nn.Linear(width, width)

    def forward(self, values: Tensor, cache: LayerCache | None = None) -> Tensor:
        """Attend within (B, S, D), and to what the cache has seen before."""
        steps, seen = values.shape[1], cache.length if cache is not None else 0
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, S, D) -> (B, heads, S, d)
            for part in self.inward(values).chunk(3, -1)
        )
        places = torch.arange(seen, seen + steps, device=values.device)
        query, key = rotate_by_position(query, places), rotate_by_position(key, places)
        if cache is not None:
            key, value = cache.extend(key, value)
        allowed = torch.arange(seen + steps, device=values.device) <= places[:, None]
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=allowed)
        return torch.as_tensor(self.outward(mixed.transpose(1, 2).flatten(2)))


class CausalBlock(nn.Module):
    """Causal attention and feed-forward, norms before."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm_self, self.norm_feed = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = CausalAttention(width, heads)
        self.feed = FeedForward(width, 4 * width)
        self.dropout = ClipDropout(dropout)

    def forward(self, values: Tensor, cache: LayerCache | None = None) -> Tensor:
        """Map (B, S, D) to the same shape."""
        values = values + self.dropout(self.attention(self.norm_self(values), cache))
        return torch.as_tensor(values + self.dropout(self.feed(self.norm_feed(values))))


class CausalTrunk(nn.Module):
    """A stack of blocks with a norm at its end."""

    def __init__(self, width: int, heads: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(CausalBlock(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def empty_cache(self) -> list[LayerCache]:
        """Return the memory of a sequence that has not begun."""
        return [LayerCache() for _ in self.blocks]

    def forward(self, values: Tensor, caches: list[LayerCache] | None = None) -> Tensor:
        """Map (B, S, D) to the same shape; with caches, going on where they end."""
        for index, block in enumerate(self.blocks):
            values = block(values, None if caches is None else caches[index])
        return torch.as_tensor(self.norm(values))
