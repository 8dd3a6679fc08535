"""Run by test_distributed.py, alone and in two processes of torchrun: every trainer, and more."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import torch

extension = types.ModuleType("keyfill_extension")
extension.__path__ = [str(Path(__file__).resolve().parents[2])]
sys.modules.setdefault("keyfill_extension", extension)

from keyfill_extension.engine.shares import Share, mean_of_all, own_rows, sharing  # noqa: E402
from keyfill_extension.engine.tokenizer.codebook import Codebook, CodebookConfig  # noqa: E402
from keyfill_extension.engine.training import (  # noqa: E402
    evaluator,
    length,
    masked,
    residual,
    tokenizer,
)
from keyfill_extension.engine.training.distributed import join_processes  # noqa: E402
from keyfill_extension.engine.training.loop import TrainingError  # noqa: E402
from keyfill_extension.engine.training.whole_body import gpt, momask, words  # noqa: E402
from keyfill_extension.engine.training.whole_body import tokenizer as body_tokenizer  # noqa: E402
from keyfill_extension.tests.engine.quick_trainings import quicken_trainings  # noqa: E402

STEPS = 6

RUNS = (
    (tokenizer, "smoke", "grid", None),
    (masked, "smoke", "masked", "grid"),
    (residual, "smoke", "residual", "grid"),
    (body_tokenizer, "smoke-halves", "halves", None),
    (words, "smoke-upper", "words", "halves"),
    (body_tokenizer, "smoke-shared", "shared", None),
    (gpt, "smoke", "gpt", "shared"),
    (length, "smoke", "length", None),
    (evaluator, "smoke", "evaluator", None),
    (momask, "smoke", "momask", None),
)


def arguments(preset: str, corpus: Path, out: Path, codes: Path | None = None) -> list[str]:
    made = ["--preset", preset, "--steps", str(STEPS), "--corpus", str(corpus), "--out", str(out)]
    return made + (["--tokenizer", str(codes)] if codes else [])


def train_all(corpus: Path, out: Path) -> None:
    for trainer, preset, name, codes in RUNS:
        trainer.main(arguments(preset, corpus, out / name, out / codes if codes else None))


def move_codebook(share: Share) -> dict[str, torch.Tensor]:
    """Fill a codebook and move it so that entries die: own rows are uneven, the last is odd."""
    torch.manual_seed(0)
    book = Codebook(CodebookConfig(size=8, width=3, decay=0.3, revive_below=0.4))
    vectors = torch.randn(6, 20, 3)
    is_real = torch.rand(6, 20) < torch.tensor([0.9, 0.8, 0.9, 0.1, 0.0, 0.0])[:, None]
    torch.manual_seed(1)
    with sharing(share):
        for scale in (1.0, 0.5, 3.0, 0.2):
            own = own_rows(scale * vectors)[own_rows(is_real)]
            if not bool(book.is_filled):
                book.fill(share.gather(own))
            book.update(own, book.nearest(own))
        missed = mean_of_all((own - book.look_up(book.nearest(own))).square())
        shown = share.add_up(missed.detach()) / share.count
    return {**book.state_dict(), "missed": shown}


def contrast_gradient(share: Share) -> torch.Tensor:
    """Return the gradient of a weight behind gathered rows, averaged as the loop averages it."""
    torch.manual_seed(2)
    weight = torch.nn.Parameter(torch.randn(4, 3))
    rows = torch.randn(6, 4)
    with sharing(share):
        found = share.gather(own_rows(rows) @ weight)
        (found @ found.T).softmax(-1).square().sum().backward()
    return share.add_up(weight.grad) / share.count


def main() -> None:
    corpus, out, broken = map(Path, sys.argv[1:])
    quicken_trainings(setattr)
    share = join_processes()
    train_all(corpus, out)
    tokenizer.main(arguments("smoke", corpus, broken))
    found = {**move_codebook(share), "gradient": contrast_gradient(share)}
    torch.save(found, out / f"found_{share.index}.pt")
    try:
        tokenizer.main([*arguments("smoke", corpus, broken), "--without", "nothing"])
    except TrainingError as error:
        (out / f"refused_{share.index}.txt").write_text(str(error))


if __name__ == "__main__":
    main()
