"""What a memory file holds comes back."""

from __future__ import annotations

import pytest
import torch
from keyfill_extension.engine.checkpoint import load_checkpoint
from keyfill_extension.engine.retrieval.packing import (
    AXES,
    pack_codes,
    pack_texts,
    pack_vectors,
    unpack_codes,
    unpack_texts,
    unpack_vectors,
)


@pytest.mark.parametrize("shape", [(0, 4, 8), (1, 1, 1), (7, 4, 3)])
def test_codes_of_nine_bits_come_back(shape: tuple[int, ...]) -> None:
    codes = torch.randint(512, shape, dtype=torch.int16)
    low, high = pack_codes(codes)
    assert low.dtype == high.dtype == torch.uint8
    assert torch.equal(unpack_codes(low, high), codes)


def test_the_bytes_of_stored_codes_are_these() -> None:
    codes = torch.tensor([0, 256, 511, 255, 300, 1, 2, 400, 257], dtype=torch.int16)
    low, high = pack_codes(codes)
    assert low.tolist() == [0, 0, 255, 255, 44, 1, 2, 144, 1]
    assert high.tolist() == [0b10010110, 0b1], "the first code's bit is the lowest"


def test_the_shipped_memory_is_read_as_before_and_packed_to_the_same_bytes(repository) -> None:
    stored = load_checkpoint(repository / "weights" / "memory.safetensors")[0]
    low, high = stored["codes"], stored["code_bits"]
    codes = unpack_codes(low, high)
    bits = (high[:, None].long() >> torch.arange(8)) & 1
    wanted = low.long() + 256 * bits.flatten()[: low.numel()].view(low.shape)
    assert torch.equal(codes, wanted.short())
    again = pack_codes(codes)
    assert torch.equal(again[0], low) and torch.equal(again[1], high)


def test_larger_codes_are_refused() -> None:
    with pytest.raises(ValueError, match="9 bits"):
        pack_codes(torch.tensor([512]))


def test_texts_come_back() -> None:
    texts = ["a person waves", 'ein "Zitat" – ü', ""]
    assert unpack_texts(pack_texts(texts)) == texts


def test_vectors_on_few_axes_come_back_nearly() -> None:
    torch.manual_seed(0)
    few = torch.randn(300, AXES // 2) @ torch.randn(AXES // 2, 384)
    vectors = torch.nn.functional.normalize(few, dim=-1)
    back = unpack_vectors(*pack_vectors(vectors))
    cosine = torch.nn.functional.cosine_similarity(vectors, back, dim=-1)
    assert cosine.min() > 0.999
