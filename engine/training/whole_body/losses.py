"""Losses of the published tokenizers on windows of motion.

T2M-HiFiGPT section 3.1: beside the features, bones and speeds of the posed body count
(bones by direction, since the skeleton's lengths are fixed). MoMask and MMM train on
the same terms with other weights. It knows no data source.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from ...data.windows import WindowBatch
from ...presets import TokenizerLosses
from ...tokenizer.contract import Quantized
from ..loop import Report
from ..tokenizer import kinematic_terms, mean_over


class Reconstructs(Protocol):
    """What is needed of `RvqVae` and `HalvesTokenizer`."""

    frames_per_step: int

    @property
    def mean(self) -> Tensor:
        """(WIDTH,)."""

    @property
    def spread(self) -> Tensor:
        """(WIDTH,)."""

    def normalised(self, features: Tensor) -> Tensor:
        """Return features (..., WIDTH) about 0 with spread 1."""

    def __call__(self, features: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Quantized]:
        """Return normalised features (B, T, WIDTH), and what the quantizer did."""


def body_losses(
    model: Reconstructs, batch: WindowBatch, weights: TokenizerLosses
) -> tuple[Tensor, Report]:
    """Return the training loss of a batch and its terms; terms of weight 0 are not computed.

    Args:
        model: in training mode it moves its codebooks.
        batch: windows of whole steps in which all parts were captured.
        weights: of the terms; `feature` counts normalised features, the others lengths.
    """
    real = batch.is_real[..., None].float()
    decoded, quantized = model(batch.features, batch.is_real[:, :: model.frames_per_step])
    wanted = model.normalised(batch.features)
    error = functional.smooth_l1_loss(decoded, wanted, reduction="none")
    terms = {"feature": mean_over(error, real), "commitment": quantized.commitment}
    posed = ("joints", "bones", "velocity", "acceleration", "feet", "path", "heading")
    if any(getattr(weights, name) for name in posed):
        restored = decoded * model.spread + model.mean
        # Metres in 16 bits have steps of millimetres: no speed could be learnt.
        with torch.autocast(decoded.device.type, enabled=False):
            terms |= kinematic_terms(restored, batch.features, real)
    total = torch.stack([getattr(weights, name) * value for name, value in terms.items()]).sum()
    return total, {name: value.item() for name, value in terms.items()}
