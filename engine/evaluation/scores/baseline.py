"""What an animator has without a model: the training clips whose captions are nearest.

It knows the text encoder, no trained model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor
from tqdm import tqdm

from ...text_encoder import TextEncoder
from .library import RealClip

TOP: Final = 3
"""Different clips taken for a prompt, as many as the model has seeds."""

_BATCH: Final = 64


class CaptionBaseline:
    """Finds the clips of the nearest captions by the text encoder's cosine."""

    def __init__(self, encoder: TextEncoder, clips: Sequence[RealClip]) -> None:
        """Encode every caption once.

        Args:
            encoder: the text encoder of the model, so that both read alike.
            clips: the clips to choose from: the training split.
        """
        self._encoder = encoder
        self._clips = list(clips)
        owners: dict[str, list[int]] = {}
        for index, clip in enumerate(self._clips):
            for caption in dict.fromkeys(clip.entry.captions):
                owners.setdefault(caption, []).append(index)
        # Captions of like length together need little padding.
        captions = sorted(owners, key=lambda caption: (len(caption), caption))
        self._owners = [owners[caption] for caption in captions]
        self._sentences = _encode(encoder, captions)

    def nearest(self, prompt: str, count: int = TOP) -> list[RealClip]:
        """Return up to `count` different clips, the one with the nearest caption first."""
        cosines = self._sentences @ _encode(self._encoder, [prompt])[0]
        found: dict[int, None] = {}
        for row in cosines.argsort(descending=True, stable=True).tolist():
            found.update(dict.fromkeys(self._owners[row]))
            if len(found) >= count:
                break
        return [self._clips[index] for index in list(found)[:count]]

    def cosine(self, prompt: str) -> float:
        """Return the cosine of a prompt and the caption nearest to it."""
        return float((self._sentences @ _encode(self._encoder, [prompt])[0]).max())


def _encode(encoder: TextEncoder, texts: list[str]) -> Tensor:
    """Return unit vectors (N, D)."""
    parts = [
        encoder.encode(texts[first : first + _BATCH]).sentence.float().cpu()
        for first in tqdm(
            range(0, len(texts), _BATCH), desc="captions", disable=len(texts) <= _BATCH
        )
    ]
    return torch.nn.functional.normalize(torch.cat(parts), dim=-1)
