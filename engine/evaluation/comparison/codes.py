"""Tokenizers on real and generated clips: what they give back, which codes they use.

It knows the tokenizers' contract and which features they read, no generator.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...data.windows import whole_steps
from ...features import Origin, clip_to_features, features_to_clip
from ...measuring.metrics import Array
from ...motion.clip import Clip
from ...motion.files import humanml3d
from ...tokenizer.contract import Tokenizer
from ..checks.measures import Body

_NOT_ITS_OWN: Final = ("text_encoder", "scoring")
"""Fields of generators with frozen helpers, and with copies of networks in 16 bits."""


def networks_of(generator: object) -> dict[str, nn.Module]:
    """Return a generator's networks by the names of the fields that hold them."""
    return dict(_networks(generator, ""))


def _networks(holder: object, name: str) -> Iterator[tuple[str, nn.Module]]:
    if isinstance(holder, nn.Module):
        yield name, holder
    elif is_dataclass(holder):
        for field in fields(holder):
            if field.name not in _NOT_ITS_OWN:
                yield from _networks(getattr(holder, field.name), field.name)


def tokenizers_of(generator: object) -> dict[str, Tokenizer]:
    """Return a generator's tokenizers by the names of the fields that hold them."""
    found: dict[str, Any] = networks_of(generator)
    return {name: network for name, network in found.items() if _is_tokenizer(network)}


def _is_tokenizer(network: object) -> bool:
    return all(hasattr(network, name) for name in ("encode", "decode", "stages", "parts"))


def _reads_published(tokenizer: Tokenizer) -> bool:
    network = getattr(getattr(tokenizer, "config", None), "network", None)
    return getattr(network, "features", 0) == humanml3d.FEATURES


def _features(tokenizer: Tokenizer, clip: Clip) -> tuple[Tensor, Origin]:
    """Return whole steps of the features (1, T, D) that the tokenizer reads, on its device."""
    if _reads_published(tokenizer):
        rows, origin = torch.from_numpy(humanml3d.clip_to_features(clip)).float(), Origin()
    else:
        rows, origin = clip_to_features(clip)
    place = next(iter(_as_module(tokenizer).buffers())).device
    return whole_steps(rows, tokenizer.frames_per_step)[None].to(place), origin


def _as_module(tokenizer: Tokenizer) -> nn.Module:
    assert isinstance(tokenizer, nn.Module)
    return tokenizer


@torch.inference_mode()
def encode_clip(tokenizer: Tokenizer, clip: Clip) -> Tensor:
    """Return codes (S, P, Q) of a 30 fps clip."""
    return tokenizer.encode(_features(tokenizer, clip)[0])[0].cpu()


@torch.inference_mode()
def reconstruct(tokenizer: Tokenizer, clip: Clip, stages: int | None = None) -> Clip:
    """Return a 30 fps clip encoded and decoded with the first `stages` stages (None: all)."""
    features, origin = _features(tokenizer, clip)
    decoded = tokenizer.decode(tokenizer.encode(features)[..., :stages])[0]
    if _reads_published(tokenizer):
        return humanml3d.features_to_clip(decoded.double().cpu().numpy(), clip.frames)
    return features_to_clip(decoded[: clip.frames], origin)


def stage_errors(tokenizer: Tokenizer, clip: Clip) -> list[float]:
    """Return Q joint errors in millimetres with the first 1, 2, ... Q stages.

    The pelvis and its heading are laid on one another: paths are not compared.
    """
    wanted = Body.from_clip(clip).local
    made = [
        Body.from_clip(reconstruct(tokenizer, clip, stage + 1)).local
        for stage in range(tokenizer.stages)
    ]
    return [1000 * float(np.linalg.norm(local - wanted, axis=-1).mean()) for local in made]


class CodeUse:
    """Counts the codes of clips, part by part and stage by stage."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        shape = (len(tokenizer.parts), tokenizer.stages, tokenizer.codebook_size)
        self._counts: NDArray[np.int64] = np.zeros(shape, np.int64)
        self._steps = 0

    def add(self, clips: Sequence[Clip]) -> CodeUse:
        """Count the codes of clips."""
        for clip in clips:
            codes = encode_clip(self._tokenizer, clip).numpy()  # (S, P, Q)
            self._steps += len(codes)
            for part, stage in np.ndindex(self._counts.shape[:2]):
                own = codes[:, part, stage]
                self._counts[part, stage] += np.bincount(own, minlength=self._counts.shape[2])
        return self

    def to_json(self) -> dict[str, Any]:
        """Return the share of codes in use and the entropy in bits: a list a part, Q numbers."""
        return {
            "steps": self._steps,
            "most_bits": float(np.log2(self._counts.shape[2])),
            "used": (self._counts > 0).mean(-1).tolist(),
            "entropy_bits": entropy_bits(self._counts).tolist(),
        }


def entropy_bits(counts: NDArray[np.int64]) -> Array:
    """Return the entropy (...) in bits of counts (..., K); 0 where nothing was counted."""
    shares = counts / np.maximum(counts.sum(-1, keepdims=True), 1)
    logs = np.log2(np.where(shares > 0, shares, 1.0))
    return np.asarray(-(shares * logs).sum(-1) + 0.0)
