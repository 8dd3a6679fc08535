"""A prompt as vectors: one for the sentence, one for each word piece.

Reads local files only and never the network. It knows nothing about motion.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import torch
from torch import Tensor

from .checkpoint import WeightsError
from .minilm import TOKENIZER_NAME, Bert, find_minilm_folder, load_bert

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

MINILM_WORDS: Final = 128
"""Most word pieces of a prompt, the two marks included: the length it was fine-tuned with."""

CLIP_REPOSITORY: Final = "openai/clip-vit-base-patch32"
CLIP_WORDS: Final = 77
_CLIP_REMEDY: Final = (
    "Download openai/clip-vit-base-patch32 once while online (hf download "
    "openai/clip-vit-base-patch32), put it into the model's folder as clip, "
    "or use a model of the text encoder minilm."
)


@dataclass(frozen=True, slots=True, eq=False)
class EncodedText:
    """Prompts as vectors, float32."""

    sentence: Tensor
    """(B, D) one vector a prompt; longer behind a tower (`transformers.text_tower`)."""

    words: Tensor
    """(B, W, D) one vector a word piece, without the start and end marks; 0 where padded."""

    word_mask: Tensor
    """(B, W) bool, True at real words. W is at least 1; an empty prompt has no True."""


class TextEncoder(Protocol):
    """What the models need of a text encoder. It is frozen and passed in, never saved with them."""

    @property
    def name(self) -> str:
        """Name for configs, as `load_text_encoder` takes it."""

    @property
    def width(self) -> int:
        """D, of the words."""

    @property
    def sentence_width(self) -> int:
        """Of the sentence; D, but for an encoder with a tower."""

    def encode(self, prompts: Sequence[str]) -> EncodedText:
        """Encode B prompts; the same prompt gives the same vectors in any batch (to 1e-5)."""

    def words_cut(self, prompt: str) -> str:
        """Return the words at the prompt's end that the encoder does not read, or ""."""

    def knows(self, word: str) -> bool:
        """Return whether a word is one of the encoder's own, and not put together from pieces."""


def load_text_encoder(
    name: str = "minilm", folder: Path | None = None, device: str = "cpu"
) -> TextEncoder:
    """Load a text encoder from local files.

    Args:
        name: "minilm", "clip", or "clip_projected": CLIP's sentences with the length that its
            projection gives them, as published motion models were trained.
        folder: the model's folder; None takes the add-on's own or the installed package (minilm)
            or the local Hugging Face cache (clip).
        device: where the model runs and the vectors lie.

    Raises:
        WeightsError: if the model's files are missing or not the pinned ones.
    """
    # Read by huggingface_hub and transformers when they are imported: no look at the network.
    os.environ["HF_HUB_OFFLINE"] = "1"
    if name == "minilm":
        return _load_minilm(folder or find_minilm_folder(), device)
    if name in ("clip", "clip_projected"):
        return _load_clip(folder, device, name)
    raise WeightsError(f"There is no text encoder {name!r}.", "Choose minilm or clip.")


def check_trained_with(encoder: TextEncoder, widths: Collection[int], weights: Path) -> None:
    """Raise WeightsError unless all networks in a folder read sentences of the encoder's width."""
    if set(widths) != {encoder.sentence_width}:
        raise WeightsError(
            f"The model in {weights} was not trained with the text encoder {encoder.name}."
        )


class _TransformerTextEncoder:
    """A tokenizer and a frozen transformer; `pool` says how the sentence comes from the words."""

    def __init__(self, name: str, width: int, limit: int, tokenizer: Tokenizer) -> None:
        self.name = name
        self.width = self.sentence_width = width
        self.limit = limit
        tokenizer.no_padding()
        # Cut here and not by the tokenizer, so that what was cut can be told.
        tokenizer.no_truncation()
        self._tokenizer = tokenizer

    def encode(self, prompts: Sequence[str]) -> EncodedText:
        """Encode B prompts, padded to the longest one."""
        rows = [_cut_ids(encoding.ids, self.limit) for encoding in self._read(prompts)]
        length = max((len(row) for row in rows), default=2)
        ids = torch.tensor(
            [row + [row[-1]] * (length - len(row)) for row in rows], dtype=torch.long
        ).reshape(len(rows), length)
        lengths = torch.tensor([len(row) for row in rows], dtype=torch.long)
        mask = torch.arange(length) < lengths[:, None]  # (B, W + 2)
        if not rows:
            return _without_marks(torch.zeros(0, self.width), torch.zeros(0, 2, self.width), mask)
        with torch.inference_mode():
            sentence, states = self.run_model(ids, mask)
        # A clone leaves inference mode, so that the vectors may enter a training graph.
        return _without_marks(sentence.clone(), states.clone(), mask.to(states.device))

    def words_cut(self, prompt: str) -> str:
        """Return the end of the prompt from the first word that is not wholly read."""
        encoding = self._read([prompt])[0]
        if len(encoding.ids) <= self.limit:
            return ""
        start = encoding.offsets[self.limit - 1][0]
        while start > 0 and not prompt[start - 1].isspace():
            start -= 1
        return prompt[start:].strip()

    def knows(self, word: str) -> bool:
        """Return whether a word is one piece to the tokenizer."""
        return len(self._tokenizer.encode(word, add_special_tokens=False).ids) == 1

    def _read(self, prompts: Sequence[str]) -> list[Encoding]:
        # Halves of surrogate pairs, as a damaged file or terminal leaves them, become "?".
        clean = [prompt.encode("utf-8", "replace").decode("utf-8") for prompt in prompts]
        return self._tokenizer.encode_batch(clean)

    def run_model(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the sentences (B, D) and the last states (B, W + 2, D) of ids (B, W + 2)."""
        raise NotImplementedError


def _cut_ids(ids: list[int], limit: int) -> list[int]:
    """Shorten to `limit` ids and keep the end mark."""
    return ids if len(ids) <= limit else [*ids[: limit - 1], ids[-1]]


def _without_marks(sentence: Tensor, states: Tensor, mask: Tensor) -> EncodedText:
    """Drop the start mark and each row's end mark; keep at least one column.

    Args:
        sentence: (B, D).
        states: (B, W + 2, D).
        mask: (B, W + 2) True at ids that are no padding.
    """
    real = mask[:, 2:]  # column i + 1 holds word i where column i + 2 is still no padding
    words = states[:, 1:-1]
    if real.shape[1] == 0:
        real = mask.new_zeros(len(mask), 1)
        words = states.new_zeros(len(states), 1, states.shape[-1])
    return EncodedText(sentence, words * real[..., None], real)


class MiniLmTextEncoder(_TransformerTextEncoder):
    """all-MiniLM-L6-v2: the sentence is the normalised mean of all states, as its card says."""

    def __init__(self, model: Bert, tokenizer: Tokenizer) -> None:
        super().__init__("minilm", model.config.width, MINILM_WORDS, tokenizer)
        self._model = model

    def run_model(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Run BERT; the mean counts the start and end marks too."""
        device = self._model.device
        states = self._model(ids.to(device), mask.to(device))
        weights = mask.to(device)[..., None].to(states.dtype)
        mean = (states * weights).sum(1) / weights.sum(1)
        return torch.nn.functional.normalize(mean, dim=-1), states


class ClipTextEncoder(_TransformerTextEncoder):
    """The text half of CLIP: the sentence is the projected state at the end mark.

    Its length is 1 unless the encoder is called "clip_projected".
    """

    def __init__(self, model: Any, tokenizer: Tokenizer, name: str = "clip") -> None:
        super().__init__(name, int(model.config.hidden_size), CLIP_WORDS, tokenizer)
        self._model = model

    def run_model(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Run CLIP; padding repeats the end mark, which causal attention keeps from the words."""
        device = self._model.device
        output = self._model(
            input_ids=ids.to(device), attention_mask=mask.to(device).long()
        )
        sentence: Tensor = output.text_embeds
        if self.name == "clip":
            sentence = torch.nn.functional.normalize(sentence, dim=-1)
        return sentence, output.last_hidden_state


def _load_minilm(folder: Path, device: str) -> MiniLmTextEncoder:
    from tokenizers import Tokenizer

    model = load_bert(folder).to(device)
    return MiniLmTextEncoder(model, Tokenizer.from_file(str(folder / TOKENIZER_NAME)))


def _load_clip(folder: Path | None, device: str, name: str) -> ClipTextEncoder:
    try:
        from transformers.models.clip.modeling_clip import CLIPTextModelWithProjection
        from transformers.utils import logging
    except ModuleNotFoundError as error:
        raise WeightsError(
            "Models with the text encoder clip need transformers, which is not here.",
            "Choose a Python of your own that has transformers in the add-on's preferences, "
            "or a model with the text encoder minilm.",
        ) from error

    folder = folder or _find_cached_clip()
    if not (folder / "tokenizer.json").is_file():
        raise WeightsError(f"The folder {folder} holds no CLIP text encoder.", _CLIP_REMEDY)
    from safetensors import SafetensorError
    from tokenizers import Tokenizer

    # Loading the text half alone would list every weight of the image half as unexpected.
    untyped_logging: Any = logging
    untyped_logging.set_verbosity_error()
    untyped_logging.disable_progress_bar()
    try:
        model = CLIPTextModelWithProjection.from_pretrained(
            folder, local_files_only=True, dtype=torch.float32
        )
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        raise WeightsError(f"The CLIP model in {folder} is damaged.", _CLIP_REMEDY) from error
    model.requires_grad_(False).train(False).to(device)
    return ClipTextEncoder(model, Tokenizer.from_file(str(folder / "tokenizer.json")), name)


def _find_cached_clip() -> Path:
    """Return CLIP's folder in the local Hugging Face cache."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(CLIP_REPOSITORY, "config.json")
    if not isinstance(found, str):
        raise WeightsError("The text encoder clip is not on this machine.", _CLIP_REMEDY)
    return Path(found).parent


class FakeTextEncoder:
    """A text encoder for tests: each word's vector comes from a hash of the word, no model."""

    def __init__(self, width: int = 16, limit: int = 12) -> None:
        self.name = "fake"
        self.width = self.sentence_width = width
        self.limit = limit

    def encode(self, prompts: Sequence[str]) -> EncodedText:
        """Encode B prompts; a sentence is the normalised mean of its words, 0 if it has none."""
        rows = [prompt.lower().split()[: self.limit] for prompt in prompts]
        length = max(1, *(len(row) for row in rows)) if rows else 1
        words = torch.zeros(len(rows), length, self.width)
        mask = torch.zeros(len(rows), length, dtype=torch.bool)
        for index, row in enumerate(rows):
            for position, word in enumerate(row):
                words[index, position] = self._word_vector(word)
                mask[index, position] = True
        sentence = torch.nn.functional.normalize(words.sum(1), dim=-1)
        return EncodedText(sentence, words, mask)

    def words_cut(self, prompt: str) -> str:
        """Return the words beyond the limit."""
        return " ".join(prompt.split()[self.limit :])

    def knows(self, word: str) -> bool:
        """Return True: it has a vector of its own for every word."""
        return True

    def _word_vector(self, word: str) -> Tensor:
        seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:7], "big")
        return torch.randn(self.width, generator=torch.Generator().manual_seed(seed))
