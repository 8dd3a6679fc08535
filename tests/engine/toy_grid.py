"""A grid model of random tiny networks that remembers three short clips."""

from __future__ import annotations

from dataclasses import replace

import torch
from keyfill_extension.engine.retrieval.bridging import BridgeFinder
from keyfill_extension.engine.retrieval.clip_index import ClipIndex
from keyfill_extension.engine.retrieval.memory import MotionMemory
from keyfill_extension.engine.retrieval.performing import Performer
from keyfill_extension.engine.retrieval.planner import Planner
from keyfill_extension.engine.systems.grid.generator import GridGenerator
from keyfill_extension.engine.systems.grid.presets import (
    MASKED_PRESETS,
    RESIDUAL_PRESETS,
    TOKENIZER_PRESETS,
)
from keyfill_extension.engine.systems.grid.system import GridSystem
from keyfill_extension.engine.text_encoder import FakeTextEncoder
from keyfill_extension.engine.tokenizer.grid import GridTokenizer
from keyfill_extension.engine.transformers.length import LengthConfig, LengthPredictor
from keyfill_extension.engine.transformers.masked import MaskedTransformer
from keyfill_extension.engine.transformers.residual import ResidualTransformer

CAPTIONS = ["a person walks", "a person jumps", "a person waves"]


def toy_grid() -> GridGenerator:
    """Return it in eval mode; it fills any mask, as the shipped one does."""
    torch.manual_seed(3)
    encoder = FakeTextEncoder(16)
    tokenizer = GridTokenizer(TOKENIZER_PRESETS["smoke"].model).eval().requires_grad_(False)
    for part in tokenizer.parts:
        for stage in range(tokenizer.stages):
            tokenizer.part(part).quantizer.book(stage).entries.normal_()
    networks = (
        MaskedTransformer(replace(MASKED_PRESETS["smoke"].model, text_width=16)),
        ResidualTransformer(replace(RESIDUAL_PRESETS["smoke"].model, text_width=16)),
        LengthPredictor(LengthConfig(text_width=16, width=8)),
    )
    for network in networks:
        network.eval().requires_grad_(False)
    codes = torch.randint(16, (30, 4, tokenizer.stages), dtype=torch.int16)
    memory = MotionMemory(
        CAPTIONS, torch.arange(3), encoder.encode(CAPTIONS).sentence, codes,
        torch.tensor([0, 10, 20, 30]),
    )  # fmt: skip
    bridges = BridgeFinder(tokenizer, memory)
    system = GridSystem(tokenizer, *networks, memory, encoder, bridges)
    index = ClipIndex(memory)
    return GridGenerator(system, Planner(index, encoder), Performer(index, bridges.project))
