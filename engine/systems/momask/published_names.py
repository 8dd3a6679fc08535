"""The parameters of MoMask's published networks under the names that they have here.

Each function takes the published tensors and returns those of one network; a name
that is left over or missing is found when the network is filled. It reads no file.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ...tokenizer.rvq_vae import RvqVaeConfig
from ...transformers.sentence import SentenceConfig

State = Mapping[str, Tensor]
Names = dict[str, str]
"""The name here -> the published name, without `.weight` and `.bias`."""


def tokenizer_tensors(state: State, config: RvqVaeConfig) -> dict[str, Tensor]:
    """Return the tensors of the RVQ-VAE, without mean and spread."""
    halvings = range(config.network.halvings)
    last = config.network.halvings + 2
    names: Names = {
        "encoder.inward": "encoder.model.0",
        "encoder.outward": f"encoder.model.{last}",
        "decoder.inward": "decoder.model.0",
        "decoder.smooth": f"decoder.model.{last}",
        "decoder.outward": f"decoder.model.{last + 2}",
    }
    for rate in halvings:
        names[f"encoder.downward.{rate}"] = f"encoder.model.{rate + 2}.0"
        names[f"decoder.upward.{rate}"] = f"decoder.model.{rate + 2}.2"
        for block in range(config.network.depth):
            for own, published in (("look", "conv1"), ("mix", "conv2")):
                tail = f"model.{block}.{published}"
                names[f"encoder.stacks.{rate}.{block}.{own}"] = f"encoder.model.{rate + 2}.1.{tail}"
                names[f"decoder.stacks.{rate}.{block}.{own}"] = f"decoder.model.{rate + 2}.0.{tail}"
    tensors = _renamed(state, names)
    for stage in range(1 if config.quantizer.is_shared else config.quantizer.stages):
        tensors[f"quantizer.books.{stage}.entries"] = state[f"quantizer.layers.{stage}.codebook"]
        tensors[f"quantizer.books.{stage}.is_filled"] = torch.tensor(True)
    used = 2 * len(names) + config.quantizer.stages
    return _all_used(tensors, state, used)


def masked_tensors(state: State, config: SentenceConfig) -> dict[str, Tensor]:
    """Return the tensors of the masked transformer."""
    tensors = _trunk_tensors(state, config)
    tensors["codes.weight"] = state["token_emb.weight"]
    return _all_used(tensors, state, _trunk_size(config) + 1)


def residual_tensors(state: State, config: SentenceConfig) -> dict[str, Tensor]:
    """Return the tensors of the residual transformer.

    Shared tables are published in three pieces: what only the first stage reads, what
    two stages share, what only the last predicts. Without sharing, the published
    code adds the product to itself before the bias; twice the weight says the same.
    """
    tensors = _trunk_tensors(state, config) | _renamed(state, {"stage": "quant_emb"})
    pieces = ("token_embed_weight_", "embed_proj_shared_weight", "output_proj_weight_")
    if config.is_shared:
        tensors["tables"] = torch.cat([state[piece] for piece in pieces])
    else:
        tensors["tables"] = state["token_embed_weight"]
        tensors["own_outputs"] = 2.0 * state["output_proj_weight"]
        # One row a stage is published, of which the last is never read.
        tensors["own_biases"] = state["output_proj_bias"][: config.stages - 1]
    return _all_used(tensors, state, _trunk_size(config) + 2 + 3)


def length_tensors(state: State) -> dict[str, Tensor]:
    """Return the tensors of the length estimator."""
    names: Names = {"outward": "output.11"}
    for layer, (linear, norm) in enumerate(((0, 1), (4, 5), (8, 9))):
        names |= {f"layers.{layer}": f"output.{linear}", f"norms.{layer}": f"output.{norm}"}
    return _all_used(_renamed(state, names), state, 2 * len(names))


def _trunk_tensors(state: State, config: SentenceConfig) -> dict[str, Tensor]:
    names: Names = {
        "trunk.inward": "input_process.poseEmbedding",
        "trunk.sentence": "cond_emb",
        "trunk.dense": "output_process.dense",
        "trunk.norm": "output_process.LayerNorm",
        "trunk.outward": "output_process.poseFinal",
    }
    tensors: dict[str, Tensor] = {}
    for layer in range(config.layers):
        own, published = f"trunk.blocks.{layer}", f"seqTransEncoder.layers.{layer}"
        names |= {
            f"{own}.attention.outward": f"{published}.self_attn.out_proj",
            f"{own}.feed.inward": f"{published}.linear1",
            f"{own}.feed.outward": f"{published}.linear2",
            f"{own}.norm_self": f"{published}.norm1",
            f"{own}.norm_feed": f"{published}.norm2",
        }
        for kind in ("weight", "bias"):
            joined = state[f"{published}.self_attn.in_proj_{kind}"]
            tensors[f"{own}.attention.query.{kind}"] = joined[: config.width]
            tensors[f"{own}.attention.key_value.{kind}"] = joined[config.width :]
    return tensors | _renamed(state, names)


def _trunk_size(config: SentenceConfig) -> int:
    """Return how many published tensors the trunk is made from."""
    return 10 + 12 * config.layers


def _renamed(state: State, names: Names) -> dict[str, Tensor]:
    return {
        f"{own}.{kind}": state[f"{published}.{kind}"]
        for own, published in names.items()
        for kind in ("weight", "bias")
    }


def _all_used(tensors: dict[str, Tensor], state: State, used: int) -> dict[str, Tensor]:
    """Return the tensors if no published one was left over; positions are computed, not read."""
    given = [name for name in state if not name.endswith("position_enc.pe")]
    if len(given) != used:
        raise KeyError(f"{len(given)} tensors instead of {used}")
    return tensors
