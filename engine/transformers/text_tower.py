"""A small text tower over frozen word vectors, trained against motion, that tells sides apart.

A sentence's vector as a mean of words hardly tells left from right or up from down. The tower
reads the words in their order; a motion tower beside it, needed for training and for probing
only, gives motions as points of the same space (contrastive, as TMR, Petrovich et al. 2023).
The systems read what it says beside the sentence (`TowerTextEncoder`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..checkpoint import load_network
from ..features import DESCRIBED_WIDTH
from ..motion.skeleton import FRAMES_PER_STEP
from ..text_encoder import EncodedText, TextEncoder
from .blocks import PostNormBlock, sinusoids

FILE_NAME: Final = "tower.safetensors"


@dataclass(frozen=True, slots=True)
class TowerConfig:
    """What is needed to rebuild both towers with the same weights."""

    text_width: int = 384
    width: int = 192
    heads: int = 6
    layers: int = 2
    outputs: int = 128
    """Numbers of a prompt or a motion (D)."""

    dropout: float = 0.2


class TextTower(nn.Module):
    """Words and sentence to one vector."""

    def __init__(self, config: TowerConfig) -> None:
        super().__init__()
        self.words = nn.Linear(config.text_width, config.width)
        self.sentence = nn.Linear(config.text_width, config.width)
        self.blocks = _blocks(config)
        self.head = _head(2 * config.width, config)

    def forward(self, sentence: Tensor, words: Tensor, word_mask: Tensor) -> Tensor:
        """Return vectors (B, D) of length sqrt(D).

        Args:
            sentence: (B, text_width).
            words: (B, W, text_width).
            word_mask: (B, W) True at real words; a row may have none.
        """
        allowed = functional.pad(word_mask, (1, 0), value=True)
        first = self.sentence(sentence * sentence.shape[-1] ** 0.5)
        values = torch.cat([first[:, None], self.words(words)], 1)
        values = _through(self.blocks, values, allowed)
        return _on_sphere(self.head(torch.cat([values[:, 0], _mean(values, allowed)], 1)))


class MotionTower(nn.Module):
    """Motion to one vector."""

    mean: Tensor
    scale: Tensor

    def __init__(self, config: TowerConfig) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(DESCRIBED_WIDTH))
        self.register_buffer("scale", torch.ones(DESCRIBED_WIDTH))
        self.steps = nn.Linear(FRAMES_PER_STEP * DESCRIBED_WIDTH, config.width)
        self.blocks = _blocks(config)
        self.head = _head(2 * config.width, config)

    def forward(self, described: Tensor, lengths: Tensor) -> Tensor:
        """Return vectors (B, D) of length sqrt(D).

        Args:
            described: (B, T, DESCRIBED_WIDTH) of `describe`; what stands behind the last whole
                step of a clip does not matter.
            lengths: (B,) frames of each clip, at least a step.
        """
        whole = described.shape[1] - described.shape[1] % FRAMES_PER_STEP
        values = (described[:, :whole] - self.mean) / self.scale
        values = functional.gelu(self.steps(values.unflatten(1, (-1, FRAMES_PER_STEP)).flatten(2)))
        place = torch.arange(values.shape[1], device=values.device)
        allowed = place < (lengths // FRAMES_PER_STEP).clamp_min(1)[:, None]
        values = _through(self.blocks, values, allowed)
        most = values.masked_fill(~allowed[..., None], -torch.inf).amax(1)
        return _on_sphere(self.head(torch.cat([_mean(values, allowed), most], 1)))

    @torch.no_grad()
    def set_statistics(self, described: Tensor) -> None:
        """Measure means and scales on training frames (N, DESCRIBED_WIDTH)."""
        self.mean.copy_(described.mean(0))
        self.scale.copy_(described.std(0).clamp_min(1e-2))


class Towers(nn.Module):
    """Both towers, as they are trained and kept together."""

    def __init__(self, config: TowerConfig) -> None:
        super().__init__()
        self.config = config
        self.text = TextTower(config)
        self.motion = MotionTower(config)
        self.sharpness = nn.Parameter(torch.tensor(2.3))


def _blocks(config: TowerConfig) -> nn.ModuleList:
    return nn.ModuleList(
        PostNormBlock(config.width, config.heads, 2 * config.width, config.dropout)
        for _ in range(config.layers)
    )


def _through(blocks: nn.ModuleList, values: Tensor, allowed: Tensor) -> Tensor:
    places = torch.arange(values.shape[1], device=values.device)
    values = values + sinusoids(places, values.shape[-1]).to(values.dtype)
    for block in blocks:
        values = block(values, allowed)
    return values


def _mean(values: Tensor, allowed: Tensor) -> Tensor:
    weights = allowed[..., None].to(values.dtype)
    return (values * weights).sum(1) / weights.sum(1)


def _head(inputs: int, config: TowerConfig) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, config.width), nn.GELU(), nn.Linear(config.width, config.outputs)
    )


def _on_sphere(values: Tensor) -> Tensor:
    return torch.as_tensor(functional.normalize(values, dim=-1) * values.shape[-1] ** 0.5)


def beside_sentence(tower: TextTower, text: EncodedText) -> Tensor:
    """Return sentences (B, text_width + D) with what the tower says behind them.

    All numbers are of about 1, so that neither half is learnt late.
    """
    said = tower(text.sentence, text.words, text.word_mask)
    return torch.cat([text.sentence * text.sentence.shape[-1] ** 0.5, said], -1)


class TowerTextEncoder:
    """A text encoder whose sentences have the tower's vector behind them."""

    def __init__(self, encoder: TextEncoder, tower: TextTower, outputs: int) -> None:
        self.name = encoder.name
        self.width = encoder.width
        self.sentence_width = encoder.sentence_width + outputs
        self._encoder, self._tower = encoder, tower

    def encode(self, prompts: Sequence[str]) -> EncodedText:
        """Encode B prompts."""
        text = self._encoder.encode(prompts)
        with torch.inference_mode():
            sentence = beside_sentence(self._tower, text)
        return EncodedText(sentence.clone(), text.words, text.word_mask)

    def words_cut(self, prompt: str) -> str:
        """Return the words at the prompt's end that the encoder does not read, or ""."""
        return self._encoder.words_cut(prompt)

    def knows(self, word: str) -> bool:
        """Return whether a word is one of the encoder's own, and not put together from pieces."""
        return self._encoder.knows(word)


def load_towers(path: Path, device: str = "cpu") -> Towers:
    """Load both towers in eval mode.

    Raises:
        WeightsError: if the file is missing or damaged.
    """
    return load_network(path, Towers, TowerConfig, device)


def with_tower(encoder: TextEncoder, weights: Path) -> TextEncoder:
    """Return the encoder that a model's folder was trained with: with its tower, if it has one.

    Raises:
        WeightsError: if the tower's file is damaged.
    """
    path = weights / FILE_NAME
    if not path.is_file():
        return encoder
    towers = load_towers(path)
    return TowerTextEncoder(encoder, towers.text, towers.config.outputs)
