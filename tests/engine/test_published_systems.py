"""MMM and T2M-HiFiGPT as generators: which masks they fill, and what a fill leaves alone."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from keyfill_extension.engine import api
from keyfill_extension.engine.checkpoint import WeightsError, save_checkpoint, write_manifest
from keyfill_extension.engine.config import to_json
from keyfill_extension.engine.features import WIDTH, clip_to_features
from keyfill_extension.engine.models.description import SystemDescription, write_description
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.request import MotionRequest, RequestError, span_mask
from keyfill_extension.engine.motion.running import run_to_end
from keyfill_extension.engine.motion.skeleton import PART_JOINTS, PARTS
from keyfill_extension.engine.systems.contract import Canvas, Made, Stopwatch
from keyfill_extension.engine.systems.hifigpt.system import HifiGpt, HifiGptNetworks, load_hifigpt
from keyfill_extension.engine.systems.mmm.system import Mmm, MmmDecoding, MmmNetworks, load_mmm
from keyfill_extension.engine.systems.sliding import scaled
from keyfill_extension.engine.text_encoder import FakeTextEncoder
from keyfill_extension.engine.tokenizer.codebook import CodebookConfig
from keyfill_extension.engine.tokenizer.dilated import DilatedConfig
from keyfill_extension.engine.tokenizer.factorized_codebook import FactorizedConfig
from keyfill_extension.engine.tokenizer.halves import (
    LOWER_WIDTH,
    UPPER_WIDTH,
    HalvesConfig,
    HalvesTokenizer,
)
from keyfill_extension.engine.tokenizer.residual_quantizer import QuantizerConfig
from keyfill_extension.engine.tokenizer.rvq_vae import RvqVae, RvqVaeConfig
from keyfill_extension.engine.transformers.double_tier import DoubleTierConfig, DoubleTierGpt
from keyfill_extension.engine.transformers.length import LengthConfig, LengthPredictor
from keyfill_extension.engine.transformers.masked_words import WordsConfig, WordsMasked

from .small_corpus import swinging_clip

ENCODER = FakeTextEncoder()
UPPER = tuple(part for part in PARTS if part != "LOWER_BODY")
KINDS = ("mmm", "hifigpt x4", "hifigpt x8")


def settled(model: torch.nn.Module) -> torch.nn.Module:
    """Fill the codebooks from motion; give the networks something to say."""
    windows = [clip_to_features(swinging_clip(32, 0.3 * k, 0.1 * k, k))[0] for k in range(6)]
    features = torch.stack(windows)
    if isinstance(model, RvqVae | HalvesTokenizer):
        model.set_statistics(features.flatten(0, 1))
        model.train()
        with torch.no_grad():
            model(features)
    return model.eval().requires_grad_(False)


def factorized(features: int) -> RvqVaeConfig:
    network = DilatedConfig(features, width=12, depth=1)
    return RvqVaeConfig(FactorizedConfig(CodebookConfig(size=40, width=4), 8), network)


def mmm() -> Mmm:
    torch.manual_seed(0)
    words = WordsConfig(
        codebook_size=40, text_width=16, width=16, heads=2, word_layers=1, layers=1, dropout=0.0
    )
    networks = MmmNetworks(
        settled(RvqVae(factorized(WIDTH))),
        settled(WordsMasked(words)),
        settled(HalvesTokenizer(HalvesConfig(factorized(LOWER_WIDTH), factorized(UPPER_WIDTH)))),
        settled(WordsMasked(replace(words, has_lower=True))),
        settled(LengthPredictor(LengthConfig(text_width=16, width=8))),
    )
    wide = {
        name: replace(getattr(MmmDecoding(), name), top_share=0.5) for name in ("take", "edit")
    }
    return Mmm(networks, ENCODER, MmmDecoding(**wide))


def hifigpt(halvings: int) -> HifiGpt:
    torch.manual_seed(0)
    book = CodebookConfig(size=20, width=8)
    quantizer = QuantizerConfig(3, book, is_shared=True, stage_dropout=0.0)
    network = DilatedConfig(WIDTH, width=12, depth=1, halvings=halvings)
    gpt = DoubleTierConfig(
        stages=3, codebook_size=20, text_width=16, width=16, heads=2, layers=1,
        residual_layers=1, dropout=0.0,
    )  # fmt: skip
    model = HifiGpt(
        HifiGptNetworks(
            settled(RvqVae(RvqVaeConfig(quantizer, network))), settled(DoubleTierGpt(gpt))
        ),
        ENCODER,
    )
    draw = replace(model.decoding.draw, top_share=0.5)
    return replace(model, decoding=replace(model.decoding, draw=draw))


@pytest.fixture(scope="module")
def systems() -> dict[str, Mmm | HifiGpt]:
    return {"mmm": mmm(), "hifigpt x4": hifigpt(2), "hifigpt x8": hifigpt(3)}


def canvas(clip: Clip, mask: np.ndarray, prompt: str = "a person walks", **more) -> Canvas:
    return Canvas(clip, mask, prompt, ENCODER.encode([prompt]), (7,), **more)


def new_take(frames: int, seeds: tuple[int, ...] = (7,), prompt: str = "a walk") -> Canvas:
    rot = np.zeros((frames, 22, 4), np.float32)
    rot[..., 0] = 1.0
    rest = Clip(np.zeros((frames, 3), np.float32), rot)
    mask = np.ones((frames, 4), dtype=bool)
    return Canvas(rest, mask, prompt, ENCODER.encode([prompt]), seeds, is_new=True)


def fill(system: Mmm | HifiGpt, wanted: Canvas) -> Made:
    running = system.fill(wanted, Stopwatch())
    while True:
        try:
            next(running)
        except StopIteration as finished:
            return finished.value


MASKS = {
    "everything": (span_mask(60, None, None), {"mmm", "hifigpt"}),
    "a span": (span_mask(60, (20, 40), None), {"mmm"}),
    "the end": (span_mask(60, (21, 60), None), {"mmm", "hifigpt"}),
    "the start": (span_mask(60, (0, 30), None), {"mmm"}),
    "two spans": (span_mask(60, (5, 15), None) | span_mask(60, (40, 60), None), {"mmm"}),
    "the upper body": (span_mask(60, None, UPPER), {"mmm"}),
    "a span of the upper body": (span_mask(60, (10, 33), UPPER), {"mmm"}),
    "an arm": (span_mask(60, None, ("LEFT_ARM",)), set()),
    "the legs": (span_mask(60, None, ("LOWER_BODY",)), set()),
    "a mixture": (span_mask(60, (0, 9), None) | span_mask(60, (9, 60), UPPER), set()),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", MASKS)
def test_each_system_says_which_masks_it_fills(systems, kind: str, name: str) -> None:
    mask, served_by = MASKS[name]
    reason = systems[kind].can_fill(mask)
    if kind.split()[0] in served_by:
        assert reason is None
    else:
        assert re.fullmatch(rf"The model {kind.split()[0]} .+\.", reason)


SERVED = [
    (kind, name)
    for kind in KINDS
    for name, (_, served_by) in MASKS.items()
    if kind.split()[0] in served_by
]


@pytest.mark.parametrize(("kind", "name"), SERVED)
def test_nothing_outside_the_mask_changes(systems, kind: str, name: str) -> None:
    mask = MASKS[name][0]
    system, clip = systems[kind], swinging_clip(60, 1.0, 0.3)
    made = fill(system, canvas(clip, mask)).clips[0]
    for index, part in enumerate(PARTS):
        joints, kept = list(PART_JOINTS[part]), ~mask[:, index]
        np.testing.assert_array_equal(made.rot[kept][:, joints], clip.rot[kept][:, joints])
        is_same = np.array_equal(made.rot[:, joints], clip.rot[:, joints])
        assert mask[:, index].any() != is_same
    np.testing.assert_array_equal(made.root_pos[~mask[:, 0]], clip.root_pos[~mask[:, 0]])


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_mask_hides_has_no_influence(systems, kind: str) -> None:
    mask = span_mask(60, (33, 60), None)
    clip, noise = swinging_clip(60, 1.0, 0.0), swinging_clip(60, 3.0, 2.0, seed=9)
    rot, root = clip.rot.copy(), clip.root_pos.copy()
    rot[33:], root[33:] = noise.rot[33:], noise.root_pos[33:]
    first = fill(systems[kind], canvas(clip, mask)).clips[0]
    second = fill(systems[kind], canvas(replace(clip, rot=rot, root_pos=root), mask)).clips[0]
    np.testing.assert_array_equal(first.rot, second.rot)
    np.testing.assert_array_equal(first.root_pos, second.root_pos)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frames", [1, 3, 8, 50])
def test_a_new_take_has_its_frames_and_starts_at_the_origin(systems, kind, frames: int) -> None:
    made = fill(systems[kind], new_take(frames))
    assert made.clips[0].frames == frames
    assert made.contacts[0].shape == (frames, 4)
    assert np.isfinite(made.clips[0].rot).all()
    np.testing.assert_allclose(made.clips[0].root_pos[0, [0, 2]], 0, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_take_longer_than_the_window_goes_on(systems, kind: str) -> None:
    made = fill(systems[kind], new_take(700)).clips[0]
    assert made.frames == 700
    assert np.abs(np.diff(made.rot[400:], axis=0)).max() > 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_its_take_whatever_the_other_seeds(systems, kind: str) -> None:
    both = fill(systems[kind], new_take(60, (3, 4))).clips
    again = fill(systems[kind], new_take(60, (4,))).clips[0]
    np.testing.assert_allclose(both[1].rot, again.rot, atol=1e-5)
    assert np.abs(both[0].rot - both[1].rot).max() > 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_a_prompt_and_none_give_different_motion(systems, kind: str) -> None:
    first = fill(systems[kind], new_take(60, prompt="someone crawls")).clips[0]
    other = fill(systems[kind], new_take(60, prompt="")).clips[0]
    assert np.abs(first.rot - other.rot).max() > 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_the_length_of_a_take_is_chosen_by_prompt_and_seed(systems, kind: str) -> None:
    text = ENCODER.encode(["a person walks"])
    frames = [run_to_end(systems[kind].choose_frames(text, seed)) for seed in range(4)]
    assert frames[0] == run_to_end(systems[kind].choose_frames(text, 0))
    assert all(4 <= number <= 320 for number in frames)


def test_hifigpts_own_end_decides_how_long_a_take_is(systems) -> None:
    system, text = systems["hifigpt x8"], ENCODER.encode(["a person walks"])
    gpt = DoubleTierGpt(system.networks.gpt.config)
    gpt.load_state_dict(system.networks.gpt.state_dict())
    ends = {}
    for bias in (50.0, -50.0):
        torch.nn.init.constant_(gpt.heads[0].bias[gpt.end_code : gpt.end_code + 1].data, bias)
        own = replace(system, networks=replace(system.networks, gpt=gpt.eval()))
        ends[bias] = run_to_end(own.choose_frames(text, 0))
    assert ends == {50.0: 16, -50.0: 296}


def test_new_takes_are_put_down_and_what_stands_is_not(systems, monkeypatch) -> None:
    put_down = []
    monkeypatch.setattr(
        "keyfill_extension.engine.systems.hifigpt.system.land",
        lambda features: put_down.append(len(features)) or features,
    )
    fill(systems["hifigpt x4"], new_take(40, seeds=(1, 2)))
    assert put_down == [40, 40]
    mask = MASKS["the end"][0]
    fill(systems["hifigpt x4"], canvas(swinging_clip(60, 1.0, 0.3), mask))
    assert put_down == [40, 40]


def test_varying_a_share_of_a_span_keeps_the_most_certain_steps(systems) -> None:
    clip, mask = swinging_clip(60, 1.0, 0.2), span_mask(60, (8, 56), None)
    whole = fill(systems["mmm"], canvas(clip, mask)).clips[0]
    part = fill(systems["mmm"], canvas(clip, mask, variation=0.1)).clips[0]
    assert np.abs(part.rot - whole.rot).max() > 1e-4


def test_hidden_kept_steps_change_the_fill_and_not_the_kept_frames(systems) -> None:
    clip, mask = swinging_clip(60, 1.0, 0.2), span_mask(60, (20, 40), None)
    seen = fill(systems["mmm"], canvas(clip, mask)).clips[0]
    blind = fill(systems["mmm"], canvas(clip, mask, strength=1.0)).clips[0]
    np.testing.assert_array_equal(blind.rot[:20], clip.rot[:20])
    assert np.abs(blind.rot[20:40] - seen.rot[20:40]).max() > 1e-5


@pytest.mark.parametrize("setting", ["variation", "strength"])
def test_hifigpt_refuses_what_a_writer_cannot_do(systems, setting: str) -> None:
    wanted = canvas(swinging_clip(40, 1.0, 0.0), span_mask(40, (20, 40), None), **{setting: 0.5})
    with pytest.raises(RequestError, match="choose another model"):
        fill(systems["hifigpt x4"], wanted)


@pytest.mark.parametrize(
    ("steps", "passes"), [(0, 1), (1, 1), (5, 2), (24, 10), (49, 20), (90, 20)]
)
def test_passes_grow_with_the_length(systems, steps: int, passes: int) -> None:
    assert scaled(systems["mmm"].decoding.edit, steps).iterations == passes


def save(folder: Path, system: Mmm | HifiGpt) -> None:
    names = ("tokenizer", "masked", "halves", "upper", "length", "gpt")
    for name in names:
        network = getattr(system.networks, name, None)
        if network is not None:
            path = folder / f"{name}.safetensors"
            save_checkpoint(path, network.state_dict(), to_json(network.config))


@pytest.mark.parametrize("kind", KINDS)
def test_saved_networks_make_the_same_motion(systems, kind: str, tmp_path: Path) -> None:
    system = systems[kind]
    save(tmp_path, system)
    load = load_mmm if kind == "mmm" else load_hifigpt
    loaded = replace(load(tmp_path, "cpu", ENCODER), decoding=system.decoding)
    first, second = (fill(own, new_take(40)).clips[0] for own in (system, loaded))
    np.testing.assert_array_equal(first.rot, second.rot)


@pytest.mark.parametrize("kind", ["mmm", "hifigpt x4"])
def test_networks_that_do_not_fit_are_refused(systems, kind: str, tmp_path: Path) -> None:
    load = load_mmm if kind == "mmm" else load_hifigpt
    save(tmp_path, systems[kind])
    with pytest.raises(WeightsError, match="text encoder fake"):
        load(tmp_path, "cpu", FakeTextEncoder(width=8))
    other = systems["hifigpt x8" if kind == "mmm" else "mmm"].networks.tokenizer
    save_checkpoint(tmp_path / "tokenizer.safetensors", other.state_dict(), to_json(other.config))
    with pytest.raises(WeightsError, match="not of one model"):
        load(tmp_path, "cpu", ENCODER)
    (tmp_path / "tokenizer.safetensors").unlink()
    with pytest.raises(WeightsError, match="missing"):
        load(tmp_path, "cpu", ENCODER)


@pytest.mark.parametrize("kind", ["mmm", "hifigpt x8"])
def test_a_described_folder_is_loaded_as_its_system(
    systems, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path, systems[kind])
    write_manifest(tmp_path)
    write_description(tmp_path, SystemDescription(kind.split()[0]))
    monkeypatch.setattr(api, "load_text_encoder", lambda *_: ENCODER)
    engine = api.load_engine(tmp_path, "cpu")
    running = engine.run(MotionRequest("a person walks", 1.0))
    while True:
        try:
            next(running)
        except StopIteration as finished:
            assert finished.value.clips[0].frames == 30
            return


@pytest.mark.parametrize("kind", ["mmm", "hifigpt x4"])
def test_of_several_candidates_the_one_is_kept_that_fits_best(systems, kind, monkeypatch) -> None:
    system, wanted = systems[kind], new_take(40, seeds=(7, 8))
    alone = fill(system, wanted)
    several = replace(system, decoding=replace(system.decoding, candidates=4))
    seen = []

    def first_and_last(fit: torch.Tensor, count: int) -> torch.Tensor:
        seen.append((len(fit), count, len(set(fit.tolist()))))
        return torch.tensor([0, 7])

    found = fill(several, wanted)
    assert len(found.clips) == 2
    monkeypatch.setattr(f"{type(system).__module__}.best_rows", first_and_last)
    chosen = fill(several, wanted)
    assert seen[0][:2] == (8, 4) and seen[0][2] > 1
    np.testing.assert_array_equal(chosen.clips[0].rot, alone.clips[0].rot)
    assert not np.array_equal(chosen.clips[1].rot, alone.clips[1].rot)


@pytest.mark.parametrize("kind", ["mmm", "hifigpt x4"])
def test_without_words_there_is_nothing_to_choose_by(systems, kind) -> None:
    system, wanted = systems[kind], new_take(40, prompt=" ")
    several = replace(system, decoding=replace(system.decoding, candidates=4))
    one, other = fill(system, wanted), fill(several, wanted)
    np.testing.assert_array_equal(one.clips[0].rot, other.clips[0].rot)
