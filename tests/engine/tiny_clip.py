"""A random model in CLIP's format, for tests of what reads and uses it."""

from __future__ import annotations

from pathlib import Path

import torch


def write_tiny_clip(folder: Path, width: int) -> Path:
    """Write a random CLIP of `width` numbers and a tokenizer of letters; return the folder."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig

    letters = "abcdefghijklmnopqrstuvwxyz,"
    vocabulary = {letter: index for index, letter in enumerate(letters)}
    marks = ("<|startoftext|>", "<|endoftext|>")
    for mark in marks:
        vocabulary[mark] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token=marks[1]))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{marks[0]} $A {marks[1]}",
        special_tokens=[(mark, vocabulary[mark]) for mark in marks],
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    sizes = {"hidden_size": width, "intermediate_size": 32, "num_hidden_layers": 2}
    sizes |= {"num_attention_heads": 2, "projection_dim": width}
    text = CLIPTextConfig(
        vocab_size=len(vocabulary),
        bos_token_id=vocabulary[marks[0]],
        eos_token_id=vocabulary[marks[1]],
        pad_token_id=vocabulary[marks[1]],
        **sizes,
    )
    vision = CLIPVisionConfig(image_size=16, patch_size=8, **sizes)
    torch.manual_seed(0)
    config = CLIPConfig(
        text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=width
    )
    CLIPModel(config).save_pretrained(folder)
    return folder
