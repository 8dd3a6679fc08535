"""`--init` starts from trained weights; what does not fit is refused before anything is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from keyfill_extension.engine.api import load_engine
from keyfill_extension.engine.checkpoint import WeightsError, load_checkpoint, verify_weights
from keyfill_extension.engine.data.corpus import CorpusError
from keyfill_extension.engine.models.catalogue import list_models
from keyfill_extension.engine.models.description import read_description
from keyfill_extension.engine.motion.request import MotionRequest
from keyfill_extension.engine.presets import with_options
from keyfill_extension.engine.retrieval.memory import MotionMemory
from keyfill_extension.engine.systems.grid.presets import MASKED_PRESETS
from keyfill_extension.engine.tokenizer.grid import load_grid_tokenizer
from keyfill_extension.engine.training import length, masked, residual, tokenizer, weights
from keyfill_extension.engine.training.loop import TrainingError
from keyfill_extension.engine.training.whole_body import gpt, momask, words
from keyfill_extension.engine.training.whole_body import tokenizer as body_tokenizer

from .small_corpus import write_small_corpus

TRAINED = {"grid": tokenizer, "masked": masked, "residual": residual, "length": length}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a corpus, a grid model, another corpus, and runs begun from the model.

    Each is one step, so that its log tells the loss of the weights that it began with.
    """
    base = tmp_path_factory.mktemp("tuning")
    for name, clips in (("corpus", 12), ("own", 9)):
        write_small_corpus(base / name, clips)
    for name in TRAINED:
        run_trainer(base, name, "first", "corpus")
    runs = {name: base / "first" / name for name in TRAINED}
    words_ = [f"--run={folder}" for folder in runs.values()]
    weights.main([*words_, "--out", str(base / "model")])
    for name in TRAINED:
        run_trainer(base, name, "second", "own", "--steps", "1", "--init", str(base / "model"))
    return base


def run_trainer(base: Path, name: str, runs: str, corpus: str, *more: str) -> None:
    common = ["--preset", "smoke", "--corpus", str(base / corpus), "--out", str(base / runs / name)]
    if name in ("masked", "residual"):
        codes = base / "model" if "--init" in more else base / "first" / "grid"
        common += ["--tokenizer", str(codes)]
    assert TRAINED[name].main([*common, *more]) == 0


def read_log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_the_first_loss_is_that_of_the_given_weights(base: Path) -> None:
    options = ["--preset", "smoke", "--corpus", str(base / "own"), "--out", str(base / "probe")]
    read, codes = masked.read_generator_options(
        "masked", {"smoke": None}, [*options, "--tokenizer", str(base / "model")]
    )
    data = masked.load_data(read.corpus, codes, [], 4, read.out)
    losses = {}
    for name in ("model", "random"):
        torch.manual_seed(0)
        model = masked.MaskedTransformer(MASKED_PRESETS["smoke"].model)
        if name == "model":
            stored = load_checkpoint(base / "model" / "masked.safetensors")[0]
            model.load_state_dict({key: value.float() for key, value in stored.items()})
        source = masked.BatchSource(data.composer, data.encoder, model.mask_code)
        torch.manual_seed(0)
        losses[name] = masked.MaskedTask(model.train(), source, []).batch_loss(4)[0].item()
    first = read_log(base / "second" / "masked")[0]["loss"]
    assert first == pytest.approx(losses["model"], abs=2e-6)
    assert first != pytest.approx(losses["random"], abs=1e-4)


def test_a_tokenizer_begins_with_the_given_weights_and_statistics(base: Path) -> None:
    preset = with_options(tokenizer.TOKENIZER_PRESETS["smoke"], 1)
    task = tokenizer.prepare(preset, base / "own", ())
    given = load_grid_tokenizer(base / "model").train()
    given.requires_grad_(True)
    torch.manual_seed(0)
    wanted = tokenizer.TokenizerTask(given, preset, task.bank, task.held_out).batch_loss(4)[0]
    first = read_log(base / "second" / "grid")[0]["loss"]
    assert first == pytest.approx(wanted.item(), abs=2e-6)


def test_trained_weights_are_learnt_from_more_slowly(base: Path) -> None:
    rates = [
        json.loads((base / runs / "masked" / "config.json").read_text())["preset"]["loop"]
        for runs in ("first", "second")
    ]
    assert rates[1]["learning_rate"] == rates[0]["learning_rate"] / 4


def test_the_tuned_folder_is_a_model_with_all_its_files(base: Path) -> None:
    out = base / "mine"
    weights.main(
        ["--run", str(base / "second" / "masked"), "--init", str(base / "model"),
         "--out", str(out)]
    )  # fmt: skip
    assert {path.stem for path in verify_weights(out)} >= {"tokenizer", "masked", "memory"}
    run_log = (base / "second" / "masked" / "log.jsonl").read_text()
    assert (out / "masked.log.jsonl").read_text() == run_log
    assert not (out / "memory.log.jsonl").exists()
    listed = {model.label: model for model in list_models(base / "model", base)}
    assert listed["mine"].is_own and listed["mine"].reason == ""
    engine = load_engine(out, "cpu")
    running = engine.run(MotionRequest("a person walks", 1.0))
    while True:
        try:
            next(running)
        except StopIteration as finished:
            assert finished.value.clips[0].frames == 30
            break


def test_the_memory_holds_own_clips_and_the_old_ones_each_once(base: Path) -> None:
    def captions(folder: Path) -> list[str]:
        tensors = load_checkpoint(folder / "memory.safetensors")[0]
        return MotionMemory.from_tensors(tensors).captions

    own, old = captions(base / "second" / "masked"), captions(base / "first" / "masked")
    # The small corpora begin with the same clips: those are remembered once.
    assert sorted(own) == sorted(old)
    assert len(set(own)) > 1


def test_with_another_tokenizer_old_codes_are_not_remembered(base: Path, tmp_path: Path) -> None:
    out = tmp_path / "masked"
    masked.main(
        ["--preset", "smoke", "--steps", "1", "--corpus", str(base / "own"), "--out", str(out),
         "--tokenizer", str(base / "second" / "grid"), "--init", str(base / "model")]
    )  # fmt: skip
    tensors = load_checkpoint(out / "memory.safetensors")[0]
    found = MotionMemory.from_tensors(tensors).captions
    assert max(int(text.split()[-1]) for text in found if "number" in text) < 9


@pytest.mark.parametrize("name", ["grid", "masked", "residual"])  # length has one size
def test_weights_of_another_preset_are_refused_and_nothing_is_written(
    base: Path, tmp_path: Path, name: str
) -> None:
    trainer = TRAINED[name]
    common = ["--corpus", str(base / "own"), "--out", str(tmp_path / "out")]
    if name in ("masked", "residual"):
        common += ["--tokenizer", str(base / "model")]
    with pytest.raises(TrainingError, match="other sizes than the preset; choose --preset smoke"):
        trainer.main([*common, "--preset", "grid", "--init", str(base / "model")])
    assert not (tmp_path / "out").exists()


def test_missing_and_damaged_weights_are_named_and_nothing_is_written(
    base: Path, tmp_path: Path
) -> None:
    common = ["--preset", "smoke", "--corpus", str(base / "own"), "--out", str(tmp_path / "out")]
    with pytest.raises(WeightsError, match="length.safetensors is missing"):
        length.main([*common, "--init", str(base / "nowhere")])
    (tmp_path / "cut").mkdir()
    whole = (base / "model" / "length.safetensors").read_bytes()
    (tmp_path / "cut" / "length.safetensors").write_bytes(whole[:-9])
    with pytest.raises(WeightsError, match="damaged or cut short"):
        length.main([*common, "--init", str(tmp_path / "cut")])
    assert not (tmp_path / "out").exists()


def test_weights_that_lack_a_tensor_are_refused(base: Path, tmp_path: Path) -> None:
    from keyfill_extension.engine.checkpoint import save_checkpoint

    tensors, config = load_checkpoint(base / "model" / "length.safetensors")
    tensors.popitem()
    save_checkpoint(tmp_path / "length.safetensors", tensors, config)
    with pytest.raises(TrainingError, match="leave out --init"):
        length.main(
            ["--preset", "smoke", "--corpus", str(base / "own"), "--out", str(tmp_path / "out"),
             "--init", str(tmp_path)]
        )  # fmt: skip
    assert not (tmp_path / "out").exists()


def test_a_corpus_without_validation_is_refused_with_the_cure(base: Path, tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "motion.npz").write_bytes((base / "own" / "motion.npz").read_bytes())
    lines = (base / "own" / "clips.jsonl").read_text().replace('"val"', '"train"')
    (tmp_path / "corpus" / "clips.jsonl").write_text(lines)
    common = ["--preset", "smoke", "--corpus", str(tmp_path / "corpus")]
    with pytest.raises(CorpusError, match="no clip of the split val; .* build the corpus again"):
        length.main([*common, "--out", str(tmp_path / "out"), "--init", str(base / "model")])
    assert not (tmp_path / "out").exists()


def test_a_run_from_other_weights_is_another_run(base: Path) -> None:
    common = ["--preset", "smoke", "--corpus", str(base / "own"), "--steps", "1"]
    with pytest.raises(TrainingError, match="another --out"):
        length.main([*common, "--out", str(base / "second" / "length")])


def test_momask_goes_on_with_its_tokenizer_as_it_is(base: Path, tmp_path: Path) -> None:
    common = ["--preset", "smoke", "--corpus", str(base / "own")]
    momask.main([*common, "--out", str(tmp_path / "first")])
    momask.main([*common, "--out", str(tmp_path / "tuned"), "--init", str(tmp_path / "first")])
    old, new = (load_checkpoint(tmp_path / run / "tokenizer.safetensors")[0]
                for run in ("first", "tuned"))  # fmt: skip
    assert all(torch.equal(old[name], new[name]) for name in old)
    load_engine(tmp_path / "tuned", "cpu")
    changed = [load_checkpoint(tmp_path / run / "masked.safetensors")[0]
               for run in ("first", "tuned")]  # fmt: skip
    assert any(not torch.equal(changed[0][name], changed[1][name]) for name in changed[0])


def test_the_other_systems_are_tuned_and_gathered(base: Path, tmp_path: Path) -> None:
    common = ["--corpus", str(base / "own")]
    shared, gpt_run = tmp_path / "shared", tmp_path / "gpt"
    body_tokenizer.main([*common, "--preset", "smoke-shared", "--out", str(shared)])
    on_codes = [*common, "--preset", "smoke", "--tokenizer", str(shared)]
    gpt.main([*on_codes, "--out", str(gpt_run)])
    gather = ["--system", "hifigpt", "--out", str(tmp_path / "model"), "--run", str(gpt_run)]
    with pytest.raises(TrainingError, match="needs tokenizer.safetensors: name the run"):
        weights.main(gather)
    assert not (tmp_path / "model").exists()
    weights.main([*gather, "--run", str(shared)])
    assert read_description(tmp_path / "model").system == "hifigpt"
    load_engine(tmp_path / "model", "cpu")
    gpt.main(
        [*on_codes, "--steps", "1", "--out", str(tmp_path / "tuned"), "--init",
         str(tmp_path / "model")]
    )  # fmt: skip
    with pytest.raises(TrainingError, match="hold.? the system hifigpt, not mmm"):
        weights.main(["--system", "mmm", "--init", str(tmp_path / "model"), "--out", "nowhere"])
    with pytest.raises(TrainingError, match="corpus holds no network of hifigpt"):
        weights.main([*gather, "--run", str(base / "corpus")])
    with pytest.raises(TrainingError, match="both hold tokenizer"):
        weights.main([*gather, "--run", str(shared), "--run", str(tmp_path / "model")])
    with pytest.raises(WeightsError, match="masked.safetensors is missing"):
        words.main([*on_codes, "--out", str(tmp_path / "x"), "--init", str(tmp_path / "model")])
