"""The double-tier GPT: shapes, causality, memory, corruption, writing, training."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from keyfill_extension.engine.config import from_json, to_json
from keyfill_extension.engine.decoding import DecodingConfig
from keyfill_extension.engine.motion.running import run_to_end
from keyfill_extension.engine.systems.hifigpt.continuing import (
    Continuation,
    Ending,
    Written,
    continue_codes,
)
from keyfill_extension.engine.transformers.causal import CausalTrunk
from keyfill_extension.engine.transformers.double_tier import (
    DoubleTierConfig,
    DoubleTierGpt,
    corrupt,
    likelihood_loss,
)

SMALL = DoubleTierConfig(
    stages=3, codebook_size=10, text_width=5, width=16, heads=2, layers=2,
    residual_layers=2, dropout=0.0,
)  # fmt: skip
FREE = DecodingConfig(temperature=1.0, top_share=1.0, guidance=1.0)


def network(*, is_shared: bool = True) -> DoubleTierGpt:
    torch.manual_seed(0)
    model = DoubleTierGpt(replace(SMALL, is_shared=is_shared))
    for parameter in model.parameters():  # no silent start: every path must be seen
        torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


def clips(steps: int, batch: int = 2) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    codes = torch.randint(10, (batch, steps, 3))
    return codes, torch.randn(batch, 5), torch.ones(batch, dtype=torch.bool)


def written(model, wanted: Continuation, config: DecodingConfig = FREE, seed: int = 0) -> Written:
    generators = [torch.Generator().manual_seed(seed + k) for k in range(len(wanted.sentence))]
    return run_to_end(continue_codes(model, wanted, config, generators))


def write(model, wanted: Continuation, config: DecodingConfig = FREE, seed: int = 0):
    """Return codes and lengths."""
    found = written(model, wanted, config, seed)
    return found.codes, found.lengths


def start(
    steps: int, batch: int = 2, *, before: int = 0, ending: Ending | None = None
) -> Continuation:
    codes, sentence, has_text = clips(before, batch)
    return Continuation(sentence, has_text, codes, steps, ending)


@pytest.mark.parametrize("steps", [0, 1, 7])
@pytest.mark.parametrize("is_shared", [True, False])
def test_logits_have_a_row_a_step_and_one_for_the_end(steps: int, is_shared: bool) -> None:
    logits = network(is_shared=is_shared)(*clips(steps))
    assert logits.shape == (2, steps + 1, 3, 11)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("step", [0, 3, 6])
@pytest.mark.parametrize("stage", [0, 1, 2])
def test_a_code_is_seen_by_what_follows_it_and_by_nothing_before(step: int, stage: int) -> None:
    model = network()
    codes, *text = clips(7)
    changed = codes.clone()
    changed[:, step, stage] = (codes[:, step, stage] + 1) % 10
    difference = (model(changed, *text) - model(codes, *text)).abs().amax((0, 3))  # (S + 1, Q)
    order = torch.arange(8)[:, None] * 3 + torch.arange(3)
    is_later = order > step * 3 + stage
    assert (difference[~is_later] == 0).all()
    assert (difference[is_later] > 1e-6).all()


def test_only_the_base_stage_may_end_a_clip() -> None:
    chances = network()(*clips(4)).softmax(-1)[..., SMALL.codebook_size]
    assert (chances[:, :, 1:] == 0).all()
    assert (chances[:, :, 0] > 0).all()


def test_shared_stages_read_one_table_and_separate_ones_their_own() -> None:
    shared, separate = network(), network(is_shared=False)
    assert shared.codes.weight.shape == (10, 16)
    assert separate.codes.weight.shape == (30, 16)
    codes = torch.tensor([[[4, 7, 7]]])
    swapped = torch.tensor([[[7, 4, 7]]])
    torch.testing.assert_close(shared.step_tokens(codes), shared.step_tokens(swapped))
    assert (separate.step_tokens(codes) - separate.step_tokens(swapped)).abs().max() > 1e-3


def test_the_text_is_seen_unless_it_is_dropped() -> None:
    model = network()
    codes, sentence, _ = clips(4)
    has_text = torch.tensor([True, False])
    difference = model(codes, sentence, has_text) - model(codes, sentence + 1, has_text)
    assert difference[0].abs().max() > 1e-3
    assert difference[1].abs().max() == 0


@pytest.mark.parametrize("pieces", [(1, 1, 1, 1, 1), (3, 2), (5,), (1, 4)])
def test_a_trunk_fed_in_pieces_gives_what_it_gives_at_once(pieces: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    trunk, values = CausalTrunk(16, 2, 3, 0.0).eval(), torch.randn(2, 5, 16)
    caches = trunk.empty_cache()
    fed = [trunk(piece, caches) for piece in values.split(list(pieces), 1)]
    torch.testing.assert_close(torch.cat(fed, 1), trunk(values))
    assert [cache.length for cache in caches] == [5, 5, 5]


@pytest.mark.parametrize("is_shared", [True, False])
def test_both_tiers_with_their_memory_give_what_the_whole_clip_gives(is_shared: bool) -> None:
    model = network(is_shared=is_shared)
    codes, sentence, has_text = clips(5)
    caches, token = model.temporal.empty_cache(), model.text_token(sentence, has_text)
    rows = []
    for step in range(6):
        inner = model.residual.empty_cache()
        context = model.next_context(token, caches)
        known = codes[:, min(step, 4)] * (step < 5)
        tokens = [context, *model.stage_tokens(known).unbind(-2)]
        rows.append(
            torch.stack([model.next_scores(t, q, inner) for q, t in enumerate(tokens)], 1)
        )
        token = model.step_tokens(codes[:, step : step + 1]) if step < 5 else token
    torch.testing.assert_close(torch.stack(rows, 1), model(codes, sentence, has_text))


def test_greedy_writing_follows_the_uncached_network() -> None:
    model, wanted = network(), start(6)
    codes, lengths = write(model, wanted, replace(FREE, temperature=0.0))
    assert lengths.tolist() == [6, 6]
    logits = model(codes, wanted.sentence, wanted.has_text)[:, :6, :, :10]
    torch.testing.assert_close(codes, logits.argmax(-1))


def test_the_fit_is_what_the_text_adds_to_the_new_codes() -> None:
    model, wanted = network(), start(4, before=2)
    found = written(model, wanted, replace(FREE, guidance=2.0))
    chances = []
    for has_text in (wanted.has_text, ~wanted.has_text):
        logits = model(found.codes, wanted.sentence, has_text)[:, :6].log_softmax(-1)
        chances.append(logits.gather(-1, found.codes[..., None])[:, 2:].sum((1, 2, 3)))
    torch.testing.assert_close(found.fit, chances[0] - chances[1], atol=1e-4, rtol=1e-4)
    assert written(model, wanted).fit.tolist() == [0.0, 0.0]


def test_guidance_pushes_away_from_what_is_written_without_text() -> None:
    model, wanted = network(), start(1)
    guided = replace(FREE, temperature=0.0, guidance=4.0)
    codes = write(model, wanted, guided)[0]
    none = torch.zeros_like(codes)
    with_text = model(none, wanted.sentence, wanted.has_text)[:, 0, 0].log_softmax(-1)
    without = model(none, wanted.sentence, ~wanted.has_text)[:, 0, 0].log_softmax(-1)
    best = (without + 4.0 * (with_text - without))[:, :10].argmax(-1)
    assert codes[:, 0, 0].tolist() == best.tolist()


@pytest.mark.parametrize("before", [0, 1, 4])
@pytest.mark.parametrize("steps", [0, 1, 5])
def test_what_stands_stays_and_the_asked_steps_follow(before: int, steps: int) -> None:
    wanted = start(steps, before=before)
    codes, lengths = write(network(), wanted)
    assert codes.shape == (2, before + steps, 3)
    torch.testing.assert_close(codes[:, :before], wanted.before)
    assert lengths.tolist() == [before + steps] * 2
    assert ((codes >= 0) & (codes < 10)).all()


def test_the_same_seed_writes_the_same_and_another_one_another() -> None:
    model, wanted = network(), start(8)
    first, again, other = (write(model, wanted, seed=seed)[0] for seed in (3, 3, 30))
    torch.testing.assert_close(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("ending", [Ending((0.3, 0.5, 0.7), 2), None])
def test_a_row_does_not_depend_on_its_neighbours(ending: Ending | None) -> None:
    model, wanted = network(), start(8, batch=3, ending=ending)
    whole, lengths = write(model, wanted, seed=5)
    last = Continuation(
        wanted.sentence[2:], wanted.has_text[2:], wanted.before[2:], 8,
        ending and Ending(ending.shares[2:], 2),
    )  # fmt: skip
    alone, length = write(model, last, seed=7)
    torch.testing.assert_close(alone, whole[2:])
    assert length.tolist() == lengths[2:].tolist()


@pytest.mark.parametrize("may_end", [True, False])
def test_a_clip_ends_where_the_network_ends_it_only_if_it_may(may_end: bool) -> None:
    model, ending = network(), Ending((0.5, 0.5), 1) if may_end else None
    with torch.no_grad():
        model.heads[0].bias[model.end_code] = 50.0
    codes, lengths = write(model, start(6, before=2, ending=ending))
    assert lengths.tolist() == ([3, 3] if may_end else [8, 8])
    assert codes.shape == (2, 8, 3)
    assert (codes < 10).all()
    assert (codes[:, 3:].any() != torch.tensor(may_end)).all()


def ending_half_of_the_clips_at_each_step() -> DoubleTierGpt:
    """A network that gives the end half of all chances with text, next to none without."""
    model = network()
    with torch.no_grad():
        for head in model.heads:
            head.weight.zero_()
            head.bias.zero_()
            head.bias[model.end_code] = torch.log(torch.tensor(10.0))  # beside ten codes of 1
    return model


@pytest.mark.parametrize("guidance", [1.0, 4.0])
@pytest.mark.parametrize("temperature", [0.3, 1.0])
@pytest.mark.parametrize(
    ("share", "least", "steps"),
    [(0.4, 0, 0), (0.6, 0, 1), (0.8, 0, 2), (0.4, 3, 3), (0.8, 3, 5), (0.9999, 0, 12)],
)
def test_a_clip_ends_where_the_chance_of_having_ended_reaches_its_share(
    guidance: float, temperature: float, share: float, least: int, steps: int
) -> None:
    config = DecodingConfig(temperature=temperature, top_share=0.2, guidance=guidance)
    wanted = start(12, before=1, ending=Ending((share, share), least))
    _, lengths = write(ending_half_of_the_clips_at_each_step(), wanted, config)
    assert lengths.tolist() == [1 + steps, 1 + steps]


@torch.no_grad()
@pytest.mark.parametrize(("nudge", "steps"), [(0.999, 1), (1.001, 2)])
def test_guidance_does_not_move_the_end(nudge: float, steps: int) -> None:
    model, wanted = network(), start(2, batch=1)
    config = replace(FREE, guidance=5.0, temperature=0.0)
    first = write(model, wanted, config)[0][:, :1]
    chances = model(first, wanted.sentence, wanted.has_text).softmax(-1)
    share = nudge * float(chances[0, 1, 0, model.end_code])
    lengths = write(model, replace(wanted, ending=Ending((share,), 1)), config)[1]
    assert lengths.tolist() == [steps]


def test_corruption_by_step_replaces_whole_steps() -> None:
    torch.manual_seed(0)
    codes = torch.zeros(4, 500, 6, dtype=torch.long)
    wrong = corrupt(codes, 0.5, 1000) != 0
    by_step = wrong.any(-1)
    assert (wrong.sum(-1)[by_step] >= 5).all()  # one in a thousand draws the old code again
    assert by_step.float().mean() == pytest.approx(0.5, abs=0.05)


def test_corruption_by_code_replaces_codes_one_by_one() -> None:
    torch.manual_seed(0)
    codes = torch.zeros(4, 500, 6, dtype=torch.long)
    wrong = (corrupt(codes, 0.5, 1000, "code") != 0).sum(-1)
    assert (wrong == 3).float().mean() == pytest.approx(20 / 64, abs=0.04)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_nothing_is_corrupted_where_nothing_is_asked(share: float) -> None:
    codes = torch.randint(9, (2, 5, 3))
    kind = "none" if share else "step"
    torch.testing.assert_close(corrupt(codes, share, 9, kind), codes)


def test_corruption_reaches_the_temporal_tier_alone() -> None:
    model = network()
    codes, *text = clips(5)
    seen = codes.clone()
    seen[:, 4] = (codes[:, 4] + 1) % 10
    difference = (model(codes, *text, seen) - model(codes, *text)).abs().amax((0, 2, 3))
    assert (difference[:5] == 0).all()
    assert difference[5] > 1e-6


def test_the_loss_counts_codes_and_the_end_and_nothing_behind() -> None:
    codes = clips(4)[0]
    lengths = torch.tensor([4, 2])
    logits = torch.zeros(2, 5, 3, 11)
    logits.scatter_(-1, torch.nn.functional.pad(codes, (0, 0, 0, 1))[..., None], 30.0)
    logits[0, 4, 0] = logits[1, 2, 0] = 30.0 * torch.nn.functional.one_hot(torch.tensor(10), 11)
    assert likelihood_loss(logits, codes, lengths, 10) < 1e-6
    logits[1, 3:] = logits[0, 4, 1:] = 7.0 * torch.randn(11)
    assert likelihood_loss(logits, codes, lengths, 10) < 1e-6
    logits[1, 2, 0] = 0.0
    # 6 steps of 3 codes and 2 ends, of which one is now a guess among eleven.
    expected = torch.tensor(11.0).log() / 20
    torch.testing.assert_close(likelihood_loss(logits, codes, lengths, 10), expected)


@pytest.mark.parametrize("is_shared", [True, False])
def test_every_parameter_has_a_gradient(is_shared: bool) -> None:
    model = network(is_shared=is_shared)
    codes, sentence, _ = clips(6)
    logits = model(codes, sentence, torch.tensor([True, False]))
    likelihood_loss(logits, codes, torch.tensor([6, 4]), model.end_code).backward()
    silent = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []


def test_an_optimiser_step_lowers_the_loss() -> None:
    torch.manual_seed(0)
    model = DoubleTierGpt(SMALL)
    codes, *text = clips(6)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(2):
        loss = likelihood_loss(model(codes, *text), codes, torch.tensor([6, 4]), model.end_code)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[1] < losses[0]


def test_the_config_survives_json_and_refuses_odd_sizes() -> None:
    assert from_json(DoubleTierConfig, to_json(SMALL)) == SMALL
    with pytest.raises(ValueError, match="twice the heads"):
        DoubleTierConfig(width=20, heads=4)
