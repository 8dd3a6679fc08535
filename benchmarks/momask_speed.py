"""How long MoMask takes in its published sizes: `python benchmarks/momask_speed.py`.

Random weights, 49 token steps (196 frames), 10 passes and every residual stage, all with
guidance, then decoding. Prints the machine's matrix rates and the share of them that is used.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

from machine import describe, matrix_rate

REPOSITORY = Path(__file__).resolve().parent.parent
STEPS = 49


def build(is_halved: bool):
    """Return MoMask in its published sizes, untrained."""
    import torch

    from engine.systems.momask.body_frames import PublishedFrames
    from engine.systems.momask.system import MoMask, MoMaskNetworks, Scoring, plain_scoring
    from engine.text_encoder import FakeTextEncoder
    from engine.tokenizer.rvq_vae import RvqVae, RvqVaeConfig
    from engine.transformers.length import LengthEstimator, LengthEstimatorConfig
    from engine.transformers.sentence import SentenceConfig, SentenceMasked, SentenceResidual

    torch.manual_seed(0)
    networks = MoMaskNetworks(
        RvqVae(RvqVaeConfig()), SentenceMasked(SentenceConfig()),
        SentenceResidual(SentenceConfig()), LengthEstimator(LengthEstimatorConfig()),
    )  # fmt: skip
    for network in (networks.tokenizer, networks.masked, networks.residual, networks.length):
        network.eval().requires_grad_(False)
    scoring = Scoring.halved(networks) if is_halved else plain_scoring(networks)
    return MoMask(networks, scoring, PublishedFrames(4), FakeTextEncoder(512))


def fill(system):
    """Fill a whole motion and decode it."""
    import torch

    from engine.motion.running import run_to_end
    from engine.systems.sliding import fill_steps

    sentence = torch.ones(1, 512)
    mask = torch.ones(STEPS, dtype=torch.bool)
    codes = torch.zeros(1, STEPS, 6, dtype=torch.long)
    generators = [torch.Generator().manual_seed(0)]
    unseen = torch.zeros(1, STEPS, dtype=torch.bool)
    task = fill_steps(
        system.base_with(sentence), codes[0, :, 0], (mask, unseen), system.decoding.base, generators
    )
    codes[..., 0] = run_to_end(task)
    codes = run_to_end(system.fill_detail(codes, mask, sentence, generators))
    return system.networks.tokenizer.decode(codes[:, :, None])


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    sys.path.insert(0, str(REPOSITORY))
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    torch.set_num_threads(options.threads)
    print(describe())
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        fill(build(is_halved=False))
    work = counter.get_total_flops()
    print(f"{work / 1e9:.1f} GFLOP a motion\n")
    print("| numbers | seconds, median | TFLOP/s | of the fp32 rate | of the bf16 rate |")
    print("|---|---|---|---|---|")
    for name, is_halved in (("fp32", False), ("bf16", True)):
        system = build(is_halved)
        fill(system)
        seconds, rates = [], {torch.float32: [], torch.bfloat16: []}
        for _ in range(options.runs):
            started = time.perf_counter()
            fill(system)
            seconds.append(time.perf_counter() - started)
            # Between the runs, so that what else the machine does weighs on both alike.
            for dtype, found in rates.items():
                found.append(matrix_rate(dtype, 1024))
        median = statistics.median(seconds)
        reached = work / median / 1e12
        shares = [reached / statistics.median(found) for found in rates.values()]
        print(f"| {name} | {median:.3f} | {reached:.3f} | {shares[0]:.0%} | {shares[1]:.0%} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
