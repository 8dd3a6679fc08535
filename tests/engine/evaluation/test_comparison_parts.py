"""Tokenizers, confidence, cost, edits and charts of the comparison, each by itself."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from keyfill_extension.engine.evaluation.charts.plots import (
    COLOURS,
    Chart,
    Line,
    draw_chart,
)
from keyfill_extension.engine.evaluation.comparison import codes, confidence, cost, edits
from keyfill_extension.engine.evaluation.comparison.figures import Yardstick
from keyfill_extension.engine.evaluation.comparison.sources import PlayedBackClips
from keyfill_extension.engine.features import WIDTH
from keyfill_extension.engine.motion.edits import upper_body
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX
from keyfill_extension.engine.retrieval.memory import MotionMemory
from keyfill_extension.engine.systems.contract import CodeGuesser
from keyfill_extension.engine.systems.grid.generator import GridGenerator, generator_over
from keyfill_extension.engine.systems.grid.presets import TOKENIZER_PRESETS
from keyfill_extension.engine.systems.grid.system import GridSystem
from keyfill_extension.engine.text_encoder import FakeTextEncoder
from keyfill_extension.engine.tokenizer.grid import GridTokenizer

from .. import test_published_systems as published
from ..test_momask import make_system
from . import comparing


@pytest.fixture(scope="module")
def tokenizer():
    return comparing.tiny_tokenizer()


def test_a_reconstruction_is_as_long_as_its_clip_and_stands_where_it_stood(tokenizer):
    clip = comparing.CLIPS[1].moved(0.4, np.array([1.0, 0.0, 2.0]))
    made = codes.reconstruct(tokenizer, clip)
    assert made.frames == clip.frames == 136
    np.testing.assert_allclose(made.root_pos[0, [0, 2]], clip.root_pos[0, [0, 2]], atol=1e-5)


def test_more_stages_give_a_clip_back_more_exactly(tokenizer):
    errors = np.mean([codes.stage_errors(tokenizer, clip) for clip in comparing.CLIPS], axis=0)
    assert len(errors) == 3
    assert errors[0] > errors[1] > errors[2] > 0.0


def test_joint_errors_are_those_of_the_decoded_clip(tokenizer):
    clip = comparing.CLIPS[0]
    # Laid on the pelvis and turned by its heading, as the error compares them.
    placed = [c.joints() - c.joints()[:, :1] for c in (clip, codes.reconstruct(tokenizer, clip))]
    rough = 1000 * np.linalg.norm(placed[1] - placed[0], axis=-1).mean()
    assert codes.stage_errors(tokenizer, clip)[-1] == pytest.approx(rough, rel=0.2)


def test_a_published_tokenizer_reads_the_published_features():
    network = replace(comparing.tiny_tokenizer().config.network, features=263)
    model = type(comparing.tiny_tokenizer())(
        replace(comparing.tiny_tokenizer().config, network=network)
    ).eval()
    made = codes.reconstruct(model, comparing.CLIPS[0])
    assert made.frames == comparing.CLIPS[0].frames
    # 134 frames at 30 fps are 90 rows at 20, whole steps of 4 rows.
    assert codes.encode_clip(model, comparing.CLIPS[0]).shape == (23, 1, 3)


def test_use_and_entropy_of_codes_are_those_of_the_counts(tokenizer):
    found = codes.CodeUse(tokenizer).add(comparing.CLIPS[:2]).to_json()
    drawn = torch.cat([codes.encode_clip(tokenizer, clip) for clip in comparing.CLIPS[:2]])
    assert found["steps"] == len(drawn) == 68
    assert found["used"][0][0] == len(drawn[:, 0, 0].unique()) / 16
    assert found["most_bits"] == 4.0
    assert 0.0 < found["entropy_bits"][0][0] <= 4.0


def test_entropy_of_equal_counts_is_the_logarithm_of_their_number():
    counts = np.array([[5, 5, 5, 5], [7, 0, 0, 0], [0, 0, 0, 0], [2, 2, 4, 0]])
    np.testing.assert_allclose(codes.entropy_bits(counts), [2.0, 0.0, 0.0, 1.5])


def test_every_network_of_a_system_is_found_and_helpers_are_not():
    system = published.mmm()
    names = {"tokenizer", "masked", "halves", "upper", "length"}
    assert set(codes.networks_of(system)) == names
    assert set(codes.tokenizers_of(system)) == {"tokenizer", "halves"}


def yardstick(entries) -> Yardstick:
    count = len(entries)
    groups = [entry.group for entry in entries]
    return Yardstick(np.zeros((count, 2)), [], groups, [], seed=0, draws=50)


@pytest.mark.parametrize("kind", ["mmm", "hifigpt"])
def test_published_systems_guess_hidden_codes(kind):
    system = published.mmm() if kind == "mmm" else published.hifigpt(2)
    held_out = comparing.held_out(4)
    guesses = confidence.guess_tokens(system, held_out.entries, seed=0)
    found = confidence.calibration(guesses, yardstick(held_out.entries))
    assert found["tokens"] == len(guesses.clips) > 40
    assert set(guesses.clips.tolist()) == {0, 1, 2, 3}
    assert ((guesses.confidence > 0) & (guesses.confidence <= 1)).all()
    assert sum(row["tokens"] for row in found["bins"]) == found["tokens"]


def test_the_likeliest_code_counts_as_right_only_where_it_stood():
    system = published.hifigpt(2)
    held_out = comparing.held_out(2)
    guesses = confidence.guess_tokens(system, held_out.entries, seed=0)
    first = codes.encode_clip(system.networks.tokenizer, held_out.clips[0])[:, 0]
    text = system.text_encoder.encode([held_out.captions[0][0]])
    logits = system.networks.gpt(first[None], text.sentence, torch.ones(1, dtype=torch.bool))
    likeliest = logits[0, :-1, 0].argmax(-1)
    wanted = (likeliest == first[:, 0]).numpy()
    np.testing.assert_array_equal(guesses.is_right[guesses.clips == 0], wanted)


def test_calibration_of_tokens_as_sure_as_right_has_no_error():
    sure = np.repeat([0.25, 0.75], 400)
    right = np.concatenate([np.arange(400) % 4 == 0, np.arange(400) % 4 != 0])
    guesses = confidence.Guesses(sure, right, np.arange(800) % 6)
    found = confidence.calibration(guesses, yardstick(comparing.held_out().entries))
    assert found["expected_error"] == pytest.approx(0.0)
    assert found["least_sure_fifth"]["value"] == 0.25
    assert found["surest_fifth"]["value"] == 0.75
    wrong = confidence.Guesses(sure, np.zeros(800, dtype=bool), guesses.clips)
    found = confidence.calibration(wrong, yardstick(comparing.held_out().entries))
    assert found["expected_error"] == pytest.approx(0.5)


def test_a_system_that_offers_no_guesses_is_not_measured():
    assert isinstance(published.mmm(), CodeGuesser)
    assert isinstance(published.hifigpt(2), CodeGuesser)
    assert not isinstance(comparing.FakeGenerator(), CodeGuesser)


def test_numbers_are_parameters_and_codebooks(tokenizer):
    parameters = sum(p.numel() for p in tokenizer.parameters())
    assert cost.count_numbers([tokenizer]) == parameters + 3 * 16 * 8
    assert cost.count_numbers([tokenizer, tokenizer]) == cost.count_numbers([tokenizer])


class Multiplying(comparing.FakeEngine):
    """Makes a take after a product of 2 x 3 and 3 x 5 matrices, and attention."""

    def run(self, request):
        with torch.inference_mode():
            torch.nn.functional.linear(torch.ones(2, 3), torch.ones(5, 3))
            rows = torch.ones(1, 1, 4, 8)
            torch.nn.functional.scaled_dot_product_attention(rows, rows, rows)
        return super().run(request)


def test_a_multiply_add_counts_two_operations_and_attention_is_counted():
    assert cost.count_operations(Multiplying()) == 2 * 2 * 3 * 5 + 2 * (2 * 4 * 4 * 8)


def test_times_are_told_by_length_with_the_machine(monkeypatch):
    monkeypatch.setattr(cost, "describe", lambda: "a machine")
    engine = comparing.FakeEngine()
    found = cost.time_takes(engine, "fake")
    assert found["machine"] == "a machine"
    assert list(found["seconds_by_length"]) == ["2", "4", "6", "8", "10"]
    assert found["aits_seconds"] == pytest.approx(
        np.mean(list(found["seconds_by_length"].values()))
    )
    assert len(engine.requests) == 1 + 5 * 3, "the first take warms up"


def test_edits_leave_what_is_kept_alone_and_gaps_are_compared_with_the_truth():
    engine = comparing.FakeEngine()
    run = edits.EditRun(engine, engine.generator.can_fill, "fake", most=2, seed=0)
    found = edits.measure_edits(run, comparing.held_out().entries)
    assert set(found) == set(edits.KINDS)
    gap = found["gap of 1 s"]
    assert gap["outside_largest_change"] == 0.0
    assert gap["error_m"]["value"] > gap["interpolation_m"]["value"] > 0.0, "it stands still"
    assert found["regenerate 3 s"]["seam_ratio"]["value"] > 1.0, "it jumps at the end"
    assert "refused" in found["upper body"]


def test_short_clips_are_no_hosts():
    engine = comparing.FakeEngine()
    run = edits.EditRun(engine, engine.generator.can_fill, "fake", most=2, seed=0)
    entries = [replace(e, clip=e.clip.cut(0, 50)) for e in comparing.held_out(2).entries]
    found = edits.measure_edits(run, entries)
    assert found["regenerate 3 s"] == {"refused": "No held-out clip is long enough."}


@pytest.mark.parametrize(("joint", "is_seen"), [("left_knee", True), ("left_wrist", False)])
def test_a_changed_kept_number_is_seen(joint: str, is_seen: bool):
    clip = comparing.CLIPS[0]
    rot = clip.rot.copy()
    rot[3, JOINT_INDEX[joint], 0] += 0.25
    found = edits.outside_change(upper_body(clip), replace(clip, rot=rot))
    assert found == pytest.approx(0.25 if is_seen else 0.0)


def test_a_moved_path_is_seen_where_legs_are_kept():
    clip = comparing.CLIPS[0]
    moved = replace(clip, root_pos=clip.root_pos + [0.0, 0.0, 0.5])
    assert edits.outside_change(upper_body(clip), moved) == pytest.approx(0.5)


SVG = "{http://www.w3.org/2000/svg}"


def test_a_chart_is_well_formed_and_higher_values_lie_higher():
    line = Line("a < b & $c$", ((1.0, 10.0), (2.0, 40.0)), 1)
    chart = Chart("Title", "x", "y", (line,), x_from=1.0)
    document = ElementTree.fromstring(draw_chart(chart))
    drawn = next(group for group in document.iter(f"{SVG}g") if group.get("id") == "line-0")
    points = list(drawn.iter(f"{SVG}use"))
    (x1, y1), (x2, y2) = ((float(p.get("x")), float(p.get("y"))) for p in points)
    assert x2 > x1 and y2 < y1
    assert {"a < b & $c$", "Title", "x", "y"} <= {text.text for text in document.iter(f"{SVG}text")}
    assert f"stroke: {COLOURS[1]}" in drawn.find(f"{SVG}path").get("style")
    assert f"fill: {COLOURS[1]}" in points[0].get("style")


def test_ends_of_the_axes_are_kept():
    line = Line("half", ((0.5, 0.5),))
    chart = Chart("Shares", "sure", "right", (line,), top=(1.0, 1.0))
    texts = [text.text for text in ElementTree.fromstring(draw_chart(chart)).iter(f"{SVG}text")]
    assert texts.count("0.0") == texts.count("1.0") == 2, "both axes go from 0 to 1"


def test_the_same_chart_is_the_same_file():
    chart = Chart("Title", "x", "y", (Line("a", ((0.0, 1.0), (1.0, 2.0))),))
    assert draw_chart(chart) == draw_chart(chart)
    assert "dc:date" not in draw_chart(chart)


def test_a_chart_of_nothing_is_drawn():
    drawn = ElementTree.fromstring(draw_chart(Chart("Nothing", "x", "y", ())))
    assert drawn.tag.endswith("svg")
    assert "Nothing" in [text.text for text in drawn.iter() if text.tag.endswith("text")]


class Knowing(torch.nn.Module):
    """Knows the codes of one clip; at shown cells it says something else."""

    mask_code = 99

    def __init__(self, true: torch.Tensor, size: int) -> None:
        super().__init__()
        self.true, self.size = true, size
        self.place = torch.nn.Parameter(torch.zeros(()))  # tells which device it is on

    def forward(self, codes, *others):
        wrong = (self.true + 1) % self.size
        said = torch.where(codes == self.mask_code, self.true[None], wrong[None])
        chances = 0.01 + torch.nn.functional.one_hot(said, self.size)
        return (chances / chances.sum(-1, keepdim=True)).log()


def grid_generator() -> GridGenerator:
    torch.manual_seed(3)
    tokenizer = GridTokenizer(TOKENIZER_PRESETS["smoke"].model).eval().requires_grad_(False)
    for part in tokenizer.parts:
        for stage in range(tokenizer.stages):
            tokenizer.part(part).quantizer.book(stage).entries.normal_()
    codes = torch.randint(16, (30, 4, tokenizer.stages), dtype=torch.int16)
    memory = MotionMemory(
        ["a", "b", "c"], torch.arange(3), torch.eye(3, 16), codes, torch.tensor([0, 10, 20, 30])
    )
    nothing = torch.nn.Module()
    bridges = SimpleNamespace(project=None)
    return generator_over(
        GridSystem(tokenizer, nothing, nothing, nothing, memory, FakeTextEncoder(), bridges)
    )


def with_masked(generator, network):
    if isinstance(generator, GridGenerator):
        return replace(generator, system=replace(generator.system, masked=network))
    return replace(generator, networks=replace(generator.networks, masked=network))


@pytest.mark.parametrize("kind", ["grid", "momask", "mmm"])
def test_hidden_codes_alone_are_asked_for_and_compared_with_what_stood_there(kind):
    builders = {"grid": grid_generator, "momask": lambda: make_system(WIDTH), "mmm": published.mmm}
    generator, held_out = builders[kind](), comparing.held_out(1)
    tokenizer = generator.main_tokenizer
    true = codes.encode_clip(tokenizer, held_out.clips[0])[..., 0]
    true = true if kind == "grid" else true[:, 0]
    knowing = with_masked(generator, Knowing(true, tokenizer.codebook_size))
    guesses = confidence.guess_tokens(knowing, held_out.entries, seed=0)
    assert guesses.is_right.all()
    assert 0.1 < len(guesses.clips) / true.numel() < 0.4, "a quarter of the first clip is hidden"
    assert (guesses.confidence > 0.6).all()


def test_what_is_played_back_has_the_lengths_and_seeds_of_the_models_takes():
    held_out, asked = comparing.held_out(3), []

    class Retrieval:
        def takes(self, prompt, seconds, takes, seed):
            asked.append((prompt, round(30 * seconds), takes, seed))
            return (comparing.CLIPS[0],)

    row = PlayedBackClips("grid, retrieval", Retrieval, held_out)
    assert row.make(held_out.prompts(1), 1) == [comparing.CLIPS[0]] * 3
    assert asked == [
        (prompt, clip.frames, 1, held_out.seed_of(1, index))
        for index, (prompt, clip) in enumerate(
            zip(held_out.prompts(1), held_out.clips, strict=True)
        )
    ]
