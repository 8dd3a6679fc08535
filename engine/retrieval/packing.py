"""Small exact and nearly exact encodings for what a memory file holds.

It knows no clip and no model.
"""

from __future__ import annotations

import json
import zlib

import numpy as np
import torch
from torch import Tensor

AXES = 128
"""Principal axes that vectors are kept on."""


def pack_texts(texts: list[str]) -> Tensor:
    """Return texts as bytes (N,) uint8."""
    packed = zlib.compress(json.dumps(texts).encode(), 9)
    return torch.frombuffer(bytearray(packed), dtype=torch.uint8)


def unpack_texts(packed: Tensor) -> list[str]:
    """Return what `pack_texts` was given."""
    texts: list[str] = json.loads(zlib.decompress(bytes(packed.tolist())))
    return texts


def pack_codes(codes: Tensor) -> tuple[Tensor, Tensor]:
    """Return codes (...) below 512 as their low bytes (...) and their ninth bits, 8 a byte."""
    if codes.numel() and int(codes.max()) >= 512:
        raise ValueError(f"a code of {int(codes.max())} has more than 9 bits")
    high = np.packbits(codes.flatten().numpy() >= 256, bitorder="little")
    return (codes % 256).to(torch.uint8), torch.from_numpy(high)


def unpack_codes(low: Tensor, high: Tensor) -> Tensor:
    """Return the codes (...) int16 of `pack_codes`."""
    bits = np.unpackbits(high.numpy(), count=low.numel(), bitorder="little")
    return low.to(torch.int16) + 256 * torch.from_numpy(bits).to(torch.int16).view(low.shape)


def pack_vectors(vectors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return vectors (N, D) as int8 on their principal axes, those axes, and what one step is."""
    spread = vectors.T.double() @ vectors.double()
    axes = torch.linalg.eigh(spread).eigenvectors.flip(1)[:, :AXES].to(torch.float16)
    placed = vectors @ axes.float()
    scale = placed.abs().amax().clamp_min(1e-9) / 127.0
    return (placed / scale).round().to(torch.int8), axes, scale


def unpack_vectors(placed: Tensor, axes: Tensor, scale: Tensor) -> Tensor:
    """Return vectors (N, D) nearly as `pack_vectors` was given them."""
    return placed.float() * scale @ axes.float().T
