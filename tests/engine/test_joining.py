"""Joined clips: arms of one clip on the legs of another, and clips one after another."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from keyfill_extension.engine.data.body_codes import Augmentation, encode_corpus, reworded
from keyfill_extension.engine.data.corpus import Corpus, CorpusClip
from keyfill_extension.engine.data.joining import ARMS, Joiner, find_donors, rows_of
from keyfill_extension.engine.data.tokens import index_captions
from keyfill_extension.engine.data.windows import build_bank
from keyfill_extension.engine.features import PART_SLICES, features_to_clip
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.quaternions import axis_angle_to_quaternion
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX, PARTS
from keyfill_extension.engine.systems.hifigpt.presets import BODY_TOKENIZER_PRESETS
from keyfill_extension.engine.text_encoder import FakeTextEncoder
from keyfill_extension.engine.tokenizer.rvq_vae import RvqVae

from .small_corpus import swinging_clip


def waving_clip(frames: int) -> Clip:
    """Return a clip that stands and swings the right elbow."""
    rot = np.zeros((frames, 22, 4))
    rot[..., 0] = 1.0
    angle = 1.2 * np.sin(2 * np.pi * np.arange(frames) / 15)
    axis = np.array([0.0, 1.0, 0.0])
    rot[:, JOINT_INDEX["right_elbow"]] = axis_angle_to_quaternion(axis, angle)
    return Clip(np.tile([0.0, 0.95, 0.0], (frames, 1)), rot)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    def entry(name: str, clip: Clip, caption: str) -> CorpusClip:
        return CorpusClip(name, clip, (caption,), "train", name, "made up", "none needed")

    return Corpus((
        entry("walk", swinging_clip(60, 1.2, 0.0), "a person walks forward"),
        entry("wave", waving_clip(80), "someone waves with the right hand"),
        entry("walk 2", swinging_clip(72, 1.0, 0.1, 3), "a man strolls to the left"),
    ))


@pytest.fixture(scope="module")
def joiner(corpus: Corpus) -> Joiner:
    bank = build_bank(corpus, is_mirrored=False)
    texts, captions = index_captions(corpus, is_mirrored=False)
    return Joiner(bank, captions, texts, torch.arange(3), find_donors(bank, captions, texts))


def test_standing_clips_lend_the_arm_that_moves(joiner):
    assert joiner.donors.arms.tolist() == [1]
    assert joiner.donors.legs.tolist() == [0, 2]
    assert joiner.donors.moved(1) == [ARMS[1]]


def test_a_spliced_clip_has_one_clips_legs_and_the_others_arm(joiner):
    torch.manual_seed(1)
    found = joiner.splice()
    assert "wav" in found.caption and ("walk" in found.caption or "stroll" in found.caption)
    legs = rows_of(joiner.bank, 0 if "walk" in found.caption else 2)
    frames = len(found.rows)
    arm = PART_SLICES["RIGHT_ARM"]
    kept = [i for i in range(found.rows.shape[1]) if not arm.start <= i < arm.stop]
    assert torch.equal(found.rows[:, kept], legs[:frames][:, kept])
    donor = rows_of(joiner.bank, 1)[:, arm]
    starts = range(len(donor) - frames + 1)
    assert any(torch.equal(found.rows[:, arm], donor[s : s + frames]) for s in starts)


def fastest(rows: torch.Tensor) -> float:
    joints = torch.from_numpy(features_to_clip(rows).joints())
    return float(joints.diff(dim=0).norm(dim=-1).max())


def test_stitched_clips_meet_without_a_jump(joiner):
    torch.manual_seed(4)
    own = max(fastest(rows_of(joiner.bank, clip)) for clip in range(3))
    for _ in range(5):
        found = joiner.stitch(longest=160)
        assert len(found.rows) <= 160
        assert fastest(found.rows) < 1.5 * own  # a jump spread over 16 frames


def test_a_corpus_of_one_recording_is_not_stitched_for_ever(corpus):
    alone = Corpus(corpus.clips[:1])
    bank = build_bank(alone, is_mirrored=False)
    texts, captions = index_captions(alone, is_mirrored=False)
    donors = find_donors(bank, captions, texts)
    joiner = Joiner(bank, captions, texts, torch.zeros(1), donors)
    assert len(joiner.stitch(300).rows) == 60


@pytest.mark.parametrize(
    ("choice", "expected"), [(0, "waves with the right hand"), (1, "waving with the right hand")]
)
def test_captions_are_reworded_as_prompts_are_typed(choice, expected):
    assert reworded("someone waves with the right hand", choice) == expected


def test_joined_clips_are_drawn_as_often_as_they_should(corpus):
    torch.manual_seed(0)
    tokenizer = RvqVae(BODY_TOKENIZER_PRESETS["smoke-shared"].model).eval()
    plan = Augmentation(spliced=5, stitched=4, spliced_share=0.25, stitched_share=0.15)
    bank = encode_corpus(corpus, tokenizer, FakeTextEncoder(), plan)
    assert len(bank.codes) == len(bank.captions) == len(bank.weights) == 6 + 5 + 4
    shares = torch.stack([part.sum() for part in bank.weights.split([6, 5, 4])])
    torch.testing.assert_close(shares / shares.sum(), torch.tensor([0.6, 0.25, 0.15]))
    texts = bank.texts.captions
    assert all(len(texts) > row for rows in bank.captions for row in rows)
    said = {texts[row] for row in bank.captions[3]}  # the first clip's mirror image
    assert "a person walks forward" in said and len(said) == 2
    plain = encode_corpus(corpus, tokenizer, FakeTextEncoder())
    assert len(plain.codes) == 3 and plain.captions == [[0], [1], [2]]
    assert torch.equal(plain.codes[0], bank.codes[0])


def test_all_parts_are_named():
    assert [PARTS[arm] for arm in ARMS] == ["LEFT_ARM", "RIGHT_ARM"]
