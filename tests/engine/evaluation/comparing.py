"""A bench of made-up clips, a tiny evaluator and fake models, for tests of the comparison."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from keyfill_extension.engine.checkpoint import save_checkpoint, write_manifest
from keyfill_extension.engine.config import to_json
from keyfill_extension.engine.data.corpus import CorpusClip
from keyfill_extension.engine.evaluation.comparison.command import Doors
from keyfill_extension.engine.evaluation.comparison.held_out import HeldOut
from keyfill_extension.engine.evaluation.comparison.samples import Judge
from keyfill_extension.engine.features import WIDTH, clip_to_features
from keyfill_extension.engine.measuring.evaluator import (
    EvaluatorConfig,
    MotionTextEvaluator,
    load_evaluator,
)
from keyfill_extension.engine.motion.request import MotionResult, Progress
from keyfill_extension.engine.text_encoder import FakeTextEncoder
from keyfill_extension.engine.tokenizer.codebook import CodebookConfig
from keyfill_extension.engine.tokenizer.dilated import DilatedConfig
from keyfill_extension.engine.tokenizer.residual_quantizer import QuantizerConfig
from keyfill_extension.engine.tokenizer.rvq_vae import RvqVae, RvqVaeConfig

from ..small_corpus import swinging_clip

CLIPS = tuple(swinging_clip(134 + 2 * k, 0.2 + 0.1 * k, 0.1 * k, k) for k in range(6))


def held_out(count: int = 6) -> HeldOut:
    """Return clips of different groups, each with two captions of its own."""
    entries = tuple(
        CorpusClip(f"clip_{k}", CLIPS[k], (f"walk {k}", f"go {k}"), "val", f"group_{k}", "made", "")
        for k in range(count)
    )
    return HeldOut(entries, "val", seed=3)


def tiny_evaluator() -> MotionTextEvaluator:
    """Return an untrained evaluator that tells the made-up clips apart."""
    torch.manual_seed(0)
    model = MotionTextEvaluator(EvaluatorConfig(text_width=16, width=12, outputs=6))
    return model.requires_grad_(False).eval()


def judge() -> Judge:
    """Return the tiny evaluator with a fake text encoder."""
    return Judge(tiny_evaluator(), FakeTextEncoder())


def tiny_tokenizer(stages: int = 3) -> RvqVae:
    """Return a tokenizer whose codebooks were filled from the made-up clips."""
    torch.manual_seed(0)
    book = CodebookConfig(size=16, width=8)
    quantizer = QuantizerConfig(stages, book, stage_dropout=0.0)
    config = RvqVaeConfig(quantizer, DilatedConfig(WIDTH, width=8, depth=1), starts_linear=True)
    model = RvqVae(config)
    features = torch.stack([clip_to_features(clip)[0][:128] for clip in CLIPS])
    model.set_statistics(features.flatten(0, 1))
    model.start_linear(features)
    model.train()
    with torch.no_grad():
        model(features)
    return model.eval().requires_grad_(False)


@dataclass
class FakeNetworks:
    """What generators keep their networks in."""

    tokenizer: RvqVae = field(default_factory=tiny_tokenizer)


@dataclass
class FakeGenerator:
    """Says what it can fill."""

    networks: FakeNetworks = field(default_factory=FakeNetworks)
    name: str = "fake"

    def can_fill(self, mask):
        """Fill whole frames only."""
        return None if (mask.all(1) == mask.any(1)).all() else "The model fake fills whole frames."


class FakeEngine:
    """Walks about, another way for each seed; edits stand still where they are masked."""

    def __init__(self) -> None:
        self.generator = FakeGenerator()
        self.requests = []

    def run(self, request):
        """Serve a request."""
        request.check()
        self.requests.append(request)
        yield Progress(0, 1, "Walking")
        if request.clip is None:
            frames = round(request.seconds * 30)
            seeds = [request.seed + take for take in range(request.takes)]
            return MotionResult(tuple(swinging_clip(frames, 0.5, 0.2, seed) for seed in seeds))
        held = np.maximum.accumulate(np.where(request.mask.all(1), 0, np.arange(len(request.mask))))
        still = SimpleNamespace(root=request.clip.root_pos[held], rot=request.clip.rot[held])
        return MotionResult((type(request.clip)(still.root, still.rot),))


def write_corpus(folder: Path, clips: int = 12) -> Path:
    """Write a corpus with captions of its own for each clip; every second one is held out."""
    folder.mkdir(parents=True)
    made = [swinging_clip(134 + k, 0.2 + 0.05 * k, 0.05 * k, k) for k in range(clips)]
    starts = np.cumsum([0, *(clip.frames for clip in made)])
    lines = [
        {
            "id": f"clip_{k}", "start": int(starts[k]), "frames": clip.frames, "fps": 30,
            "split": "val" if k % 2 else "train", "group": f"group_{k}", "source": "made up",
            "licence": "none", "captions": [f"walk {k}", f"go {k}"],
        }
        for k, clip in enumerate(made)
    ]  # fmt: skip
    lines[1]["parts"] = ["TORSO"]
    np.savez(
        folder / "motion.npz",
        root_pos=np.concatenate([clip.root_pos for clip in made]).astype(np.float32),
        rot=np.concatenate([np.round(clip.rot * 32767).astype(np.int16) for clip in made]),
    )
    (folder / "clips.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    return folder


def write_model(folder: Path) -> Path:
    """Write a folder that is taken for a model's."""
    save_checkpoint(folder / "any.safetensors", {"weight": torch.ones(2)}, {})
    write_manifest(folder)
    return folder


def doors(engine: FakeEngine) -> Doors:
    """Return doors behind which the fake engine and a tiny judge stand."""
    return Doors(
        lambda folder, device: engine,
        lambda path: Judge(load_evaluator(path), FakeTextEncoder()),
    )


def write_evaluator(path: Path) -> Path:
    """Write the tiny evaluator's file once: written again it has other bytes."""
    if not path.is_file():
        model = tiny_evaluator()
        save_checkpoint(path, model.state_dict(), to_json(model.config))
    return path
