"""Published MoMask checkpoints as a model of Keyfill: `python -m engine import-momask`.

The networks are rebuilt in their published sizes, filled strictly, and written only
when all of them fit. It knows nothing about motion.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import torch
from torch import nn

from ...checkpoint import save_checkpoint, write_manifest
from ...config import to_json
from ...models.description import SystemDescription, write_description
from ...tokenizer.codebook import CodebookConfig
from ...tokenizer.dilated import DilatedConfig
from ...tokenizer.residual_quantizer import QuantizerConfig
from ...tokenizer.rvq_vae import RvqVae, RvqVaeConfig
from ...transformers.length import LengthEstimator, LengthEstimatorConfig
from ...transformers.sentence import SentenceConfig, SentenceMasked, SentenceResidual
from .published_files import (
    FEATURES,
    KIT_FEATURES,
    TITLES,
    ImportRefused,
    Published,
    State,
    find_networks,
    kit_refusal,
    read_statistics,
)
from .published_names import length_tensors, masked_tensors, residual_tensors, tokenizer_tensors

M = TypeVar("M", bound=nn.Module)

LICENCE: Final = "non-commercial use only: the published weights were trained on AMASS"
"""What the models that are made here say of themselves."""


def import_momask(folder: Path, out: Path) -> None:
    """Convert a folder of published checkpoints to a model folder, whole or not at all.

    Args:
        folder: holds `t2m/<name>/…`, or is that `t2m` folder.
        out: the folder to make; it may exist if it is empty.

    Raises:
        ImportRefused: if the checkpoints cannot be used, or `out` is taken.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ImportRefused(f"{out} is already there.", "Name a new folder with --out.")
    found = find_networks(folder)
    networks = {
        "tokenizer": _tokenizer(found["tokenizer"]),
        "masked": _transformer(found, "masked"),
        "residual": _transformer(found, "residual"),
        "length": _length(found["length"]),
    }
    _check_text(networks, found)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".keyfill-") as temporary:
        staged = Path(temporary) / "model"
        for name, network in networks.items():
            tensors = {
                key: tensor
                for key, tensor in network.state_dict().items()
                if not key.endswith((".total", ".use"))
            }
            config: Any = network.config
            save_checkpoint(staged / f"{name}.safetensors", tensors, to_json(config))
        write_description(staged, SystemDescription("momask", "clip_projected", LICENCE))
        write_manifest(staged)
        if out.is_dir():
            out.rmdir()
        shutil.move(staged, out)


def _number(network: Published, name: str) -> int:
    """Return a whole number of the network's opt.txt."""
    try:
        return int(network.options[name])
    except (KeyError, ValueError) as error:
        raise ImportRefused(f"{network.folder / 'opt.txt'} does not say {name}.") from error


def _shape(network: Published, name: str, dimensions: int) -> tuple[int, ...]:
    tensor = network.state.get(name)
    if tensor is None or tensor.dim() != dimensions:
        raise ImportRefused(f"The weights in {network.folder} are not those of MoMask: no {name}.")
    return tuple(tensor.shape)


def _tokenizer(network: Published) -> RvqVae:
    width, features, _ = _shape(network, "encoder.model.0.weight", 3)
    if features == KIT_FEATURES:
        raise kit_refusal(network.folder)
    if features != FEATURES:
        raise ImportRefused(
            f"{network.folder} has {features} numbers a frame; HumanML3D has {FEATURES}.",
            "Use the HumanML3D checkpoints that MoMask publishes.",
        )
    if network.options.get("vq_act", "relu") != "relu" or network.options.get(
        "vq_norm", "None"
    ) not in ("None", ""):
        raise ImportRefused(
            f"{network.folder} was trained with another activation or norm than the published one.",
            "Use the checkpoints that MoMask publishes.",
        )
    size, code_width = _shape(network, "quantizer.layers.0.codebook", 2)
    quantizer = QuantizerConfig(
        stages=_number(network, "num_quantizers"),
        codebook=CodebookConfig(size=size, width=code_width),
        is_shared=network.options.get("shared_codebook") == "True",
        stage_dropout=0.2,
    )
    sizes = DilatedConfig(
        FEATURES, width, _number(network, "depth"),
        _number(network, "dilation_growth_rate"), _number(network, "down_t"),
    )  # fmt: skip
    model = RvqVae(RvqVaeConfig(quantizer, sizes))
    mean, spread = (read_statistics(network.folder / "meta" / f"{n}.npy") for n in ("mean", "std"))
    return _filled(model, network, lambda: tokenizer_tensors(network.state, model.config)
                   | {"mean": mean, "spread": spread})  # fmt: skip


def _transformer(
    found: Mapping[str, Published], kind: str
) -> SentenceMasked | SentenceResidual:
    network, tokenizer = found[kind], found["tokenizer"]
    width, code_width = _shape(network, "input_process.poseEmbedding.weight", 2)
    is_shared = kind == "masked" or network.options.get("share_weight") == "True"
    if kind == "residual" and tokenizer.options.get("shared_codebook") == "True":
        raise ImportRefused(
            f"{tokenizer.folder} has one codebook for all stages, whose embeddings MoMask's "
            "residual transformer does not save.",
            "Use the published checkpoints, which have one codebook a stage.",
        )
    config = SentenceConfig(
        stages=_number(tokenizer, "num_quantizers"),
        codebook_size=_shape(tokenizer, "quantizer.layers.0.codebook", 2)[0],
        code_width=code_width,
        text_width=_shape(network, "cond_emb.weight", 2)[1],
        width=width,
        heads=_number(network, "n_heads"),
        layers=_number(network, "n_layers"),
        feed_width=_shape(network, "seqTransEncoder.layers.0.linear1.weight", 2)[0],
        is_shared=is_shared,
    )
    if kind == "masked":
        masked = SentenceMasked(config)
        return _filled(masked, network, lambda: masked_tensors(network.state, config))
    residual = SentenceResidual(config)
    return _filled(residual, network, lambda: residual_tensors(network.state, config))


def _length(network: Published) -> LengthEstimator:
    first, text_width = _shape(network, "output.0.weight", 2)
    second, third = (_shape(network, f"output.{n}.weight", 2)[0] for n in (4, 8))
    classes = _shape(network, "output.11.weight", 2)[0]
    model = LengthEstimator(LengthEstimatorConfig(text_width, (first, second, third), classes))
    return _filled(model, network, lambda: length_tensors(network.state))


def _filled(model: M, network: Published, rename: Callable[[], State]) -> M:
    """Put renamed weights into a network, every one of them and no other."""
    try:
        model.load_state_dict(dict(rename()), strict=True)
    except (KeyError, RuntimeError) as error:
        raise ImportRefused(
            f"The weights in {network.folder} do not fit the sizes in its opt.txt."
        ) from error
    if not all(bool(torch.isfinite(t).all()) for t in model.state_dict().values()):
        raise ImportRefused(f"The weights in {network.folder} hold numbers that are not finite.")
    return model.eval()


def _check_text(networks: Mapping[str, nn.Module], found: Mapping[str, Published]) -> None:
    """Refuse networks that read different text vectors."""
    widths = {kind: int(getattr(networks[kind].config, "text_width", 0)) for kind in TITLES}
    for kind in ("residual", "length"):
        if widths[kind] != widths["masked"]:
            raise ImportRefused(
                f"{found[kind].folder} and {found['masked'].folder} read different text vectors.",
                "Use checkpoints that were published together.",
            )


def main(words: list[str]) -> int:
    """Run `python -m engine import-momask`."""
    parser = argparse.ArgumentParser(
        prog="python -m engine import-momask",
        description="Make a model of Keyfill from MoMask's published checkpoints.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder that holds t2m")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    options = parser.parse_args(words)
    import_momask(options.folder, options.out)
    print(options.out)
    return 0
