"""The text-motion evaluator: motion and words as points of one space, for measuring only.

A contrastive pair of encoders in the spirit of Guo et al. 2022 (HumanML3D, section 5)
and TMR (Petrovich et al. 2023). Its weights are shipped and fixed, so that figures
stay comparable. It never chooses takes and knows no generator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..checkpoint import WeightsError, load_checkpoint
from ..config import from_json
from ..data.tokens import first_words, pad_words
from ..features import DESCRIBED_WIDTH, WIDTH, clip_to_features, describe, integrate_root
from ..motion.clip import Clip
from ..shares import RowDropout
from ..text_encoder import TextEncoder

FILE_NAME: Final = "evaluator.safetensors"

FRAMES: Final = 4
"""Frames that the motion encoder reads at a time."""

_PATH_WIDTH: Final = 4
_CHUNK: Final = 64


@dataclass(frozen=True, slots=True)
class EvaluatorConfig:
    """What is needed to rebuild the evaluator with the same weights."""

    text_width: int = 384
    width: int = 192
    """Of the hidden layers."""

    outputs: int = 64
    """Numbers of a clip or caption (D). Few, since the validation split is small."""

    dropout: float = 0.3

    def __post_init__(self) -> None:
        if not 1 <= self.outputs <= 64:
            raise ValueError(f"outputs must be from 1 to 64, not {self.outputs}")


class MotionTextEvaluator(nn.Module):
    """Maps motion and captions to vectors (B, D) of length sqrt(D), near if they fit."""

    mean: Tensor
    scale: Tensor

    def __init__(self, config: EvaluatorConfig) -> None:
        super().__init__()
        self.config = config
        width, inputs = config.width, 2 * DESCRIBED_WIDTH - WIDTH + _PATH_WIDTH
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("scale", torch.ones(inputs))
        self.inward = nn.Linear(FRAMES * inputs, width)
        self.dropout = RowDropout(config.dropout)
        self.steps = nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.motion_head = _head(6 * width, config)
        self.word_query = nn.Linear(config.text_width, config.text_width)
        self.word_value = nn.Linear(config.text_width, width)
        self.text_head = _head(config.text_width + width, config)
        self.sharpness = nn.Parameter(torch.tensor(2.3))

    def motion(self, described: Tensor, lengths: Tensor) -> Tensor:
        """Return vectors (B, D) of clips.

        Args:
            described: (B, T, DESCRIBED_WIDTH) of `describe`; what stands behind a clip's
                end does not matter.
            lengths: (B,) frames of each clip, at least 1.
        """
        inputs = (self.inputs(described) - self.mean) / self.scale
        inputs = _hold_last(inputs, lengths)
        steps = (lengths + FRAMES - 1) // FRAMES
        values = self.inward(inputs.unflatten(1, (-1, FRAMES)).flatten(2))  # (B, S, width)
        values = self.dropout(functional.gelu(values))
        packed = nn.utils.rnn.pack_padded_sequence(
            values, steps.cpu(), batch_first=True, enforce_sorted=False
        )
        states, last = self.steps(packed)
        states, _ = nn.utils.rnn.pad_packed_sequence(states, batch_first=True)
        is_step = torch.arange(states.shape[1], device=steps.device) < steps[:, None]
        mean = (states * is_step[..., None]).sum(1) / steps[:, None]
        most = states.masked_fill(~is_step[..., None], -2.0).amax(1)
        ends = last.transpose(0, 1).flatten(1)
        return self._on_sphere(self.motion_head(torch.cat([mean, most, ends], 1)))

    def text(self, sentence: Tensor, words: Tensor, word_mask: Tensor) -> Tensor:
        """Return vectors (B, D) of captions.

        Args:
            sentence: (B, text_width).
            words: (B, W, text_width).
            word_mask: (B, W) True at real words.
        """
        query = self.word_query(sentence)
        scores = torch.einsum("bd,bwd->bw", query, words) * words.shape[-1] ** -0.5
        weights = scores.masked_fill(~word_mask, -1e9).softmax(-1) * word_mask
        pooled = torch.einsum("bw,bwd->bd", weights, self.word_value(words))
        return self._on_sphere(self.text_head(torch.cat([sentence, pooled], 1)))

    def inputs(self, described: Tensor) -> Tensor:
        """Return (B, T, inputs): features, joints, the joints' speeds and the path so far."""
        joints = described[..., WIDTH:]
        speeds = functional.pad(joints.diff(dim=-2), (0, 0, 1, 0))
        yaw, root = integrate_root(described[..., :WIDTH])
        path = torch.stack([root[..., 0], root[..., 2], yaw.sin(), yaw.cos()], -1)
        return torch.cat([described, speeds, path], -1)

    @torch.no_grad()
    def set_statistics(self, inputs: Tensor) -> None:
        """Measure means and scales on training inputs (N, inputs)."""
        self.mean.copy_(inputs.mean(0))
        self.scale.copy_(inputs.std(0).clamp_min(1e-3))

    def _on_sphere(self, values: Tensor) -> Tensor:
        # Length sqrt(D): numbers of about 1, and cubic kernels (KID) see the cosine.
        return torch.as_tensor(functional.normalize(values, dim=-1) * self.config.outputs**0.5)


def _head(inputs: int, config: EvaluatorConfig) -> nn.Sequential:
    return nn.Sequential(
        RowDropout(config.dropout),
        nn.Linear(inputs, config.width),
        nn.GELU(),
        RowDropout(config.dropout),
        nn.Linear(config.width, config.outputs),
    )


def _hold_last(values: Tensor, lengths: Tensor) -> Tensor:
    """Return (B, T', D), T' whole steps: each clip's last frame repeated to the end."""
    frames = values.shape[1] + -values.shape[1] % FRAMES
    places = torch.arange(frames, device=values.device)[None].expand(len(values), -1)
    places = torch.minimum(places, lengths[:, None] - 1)
    return values.gather(1, places[..., None].expand(-1, -1, values.shape[-1]))


def load_evaluator(path: Path) -> MotionTextEvaluator:
    """Load the evaluator's file, in eval mode on the CPU.

    Raises:
        WeightsError: if the file is missing or damaged, or holds another model.
    """
    tensors, config = load_checkpoint(path)
    try:
        model = MotionTextEvaluator(from_json(EvaluatorConfig, config))
        model.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (ValueError, RuntimeError) as error:
        raise WeightsError(f"The file {path} holds no evaluator of this version.") from error
    return model.requires_grad_(False).eval()


@torch.inference_mode()
def embed_clips(model: MotionTextEvaluator, clips: Sequence[Clip]) -> NDArray[np.float64]:
    """Return (N, D) vectors of 30 fps clips, one row a clip; N may be 0."""
    rows = []
    for first in range(0, len(clips), _CHUNK):
        features = [clip_to_features(clip)[0] for clip in clips[first : first + _CHUNK]]
        lengths = torch.tensor([len(row) for row in features])
        padded = nn.utils.rnn.pad_sequence(features, batch_first=True)
        rows.append(model.motion(describe(padded), lengths).double())
    return _to_array(rows, model.config.outputs)


@torch.inference_mode()
def embed_captions(
    model: MotionTextEvaluator, encoder: TextEncoder, captions: Sequence[str]
) -> NDArray[np.float64]:
    """Return (N, D) vectors of captions, one row a caption; N may be 0."""
    rows = []
    for first in range(0, len(captions), _CHUNK):
        encoded = encoder.encode(captions[first : first + _CHUNK])
        words = pad_words(first_words(encoded), encoder.width)
        rows.append(model.text(encoded.sentence, *words).double())
    return _to_array(rows, model.config.outputs)


def _to_array(rows: list[Tensor], outputs: int) -> NDArray[np.float64]:
    joined = torch.cat(rows) if rows else torch.zeros(0, outputs, dtype=torch.float64)
    return np.asarray(joined.numpy(), dtype=np.float64)
