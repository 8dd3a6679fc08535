"""Retrieval by itself: the remembered clips, cut, spliced and put in order, never decoded."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from keyfill_extension.engine.data.bvh_clips import at_origin
from keyfill_extension.engine.data.corpus import Corpus, CorpusClip
from keyfill_extension.engine.evaluation.baselines.played_back import PlayedBack, retrieval_of
from keyfill_extension.engine.evaluation.prompts.prompt import Prompt
from keyfill_extension.engine.evaluation.scores.baseline import CaptionBaseline
from keyfill_extension.engine.evaluation.scores.prompt_scores import score_prompts, scores_table
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.quaternions import axis_angle_to_quaternion
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX, PART_JOINTS
from keyfill_extension.engine.retrieval.bridging import BridgeFinder
from keyfill_extension.engine.retrieval.memory import MotionMemory
from keyfill_extension.engine.systems.grid.generator import generator_over
from keyfill_extension.engine.systems.grid.presets import TOKENIZER_PRESETS
from keyfill_extension.engine.systems.grid.system import GridSystem
from keyfill_extension.engine.text_encoder import FakeTextEncoder
from keyfill_extension.engine.tokenizer.grid import GridTokenizer

from ..small_corpus import swinging_clip
from .actions import clap
from .real_clips import real_clip

WALK, WAVE = "a person walks forward", "someone waves with the right hand"


def waving(frames: int) -> Clip:
    """Stands; the right arm swings."""
    rot = np.zeros((frames, 22, 4))
    rot[..., 0] = 1.0
    angle = 1.0 + np.sin(np.arange(frames) / 5.0)
    arm = axis_angle_to_quaternion(np.array([0.0, 0.0, 1.0]), angle)
    rot[:, JOINT_INDEX["right_shoulder"]] = arm
    return Clip(np.tile([0.0, 0.95, 0.0], (frames, 1)), rot)


WALKING, WAVING = swinging_clip(120, 1.2, 0.4), waving(70)


@pytest.fixture(scope="module")
def system() -> GridSystem:
    """Return a system that has no networks but the tokenizer: nothing could fill a cell."""
    torch.manual_seed(3)
    tokenizer = GridTokenizer(TOKENIZER_PRESETS["smoke"].model).eval().requires_grad_(False)
    for part in tokenizer.parts:
        for stage in range(tokenizer.stages):
            tokenizer.part(part).quantizer.book(stage).entries.normal_()
    codes = torch.zeros(4, 4, tokenizer.stages, dtype=torch.int16)
    memory = MotionMemory(
        ["x"], torch.zeros(1).long(), torch.eye(1, 16), codes, torch.tensor([0, 4])
    )
    nothing, place = torch.nn.Module(), torch.nn.Linear(1, 1)
    bridges = BridgeFinder(tokenizer, memory)
    return GridSystem(tokenizer, place, nothing, nothing, memory, FakeTextEncoder(), bridges)


@pytest.fixture(scope="module")
def retrieval(system: GridSystem) -> PlayedBack:
    entries = [
        CorpusClip(f"clip {caption}", clip, (caption,), "train", caption, "made up", "none")
        for caption, clip in ((WALK, WALKING), (WAVE, WAVING))
    ]
    return PlayedBack(system, Corpus(tuple(entries)))


def assert_same(made: Clip, wanted: Clip) -> None:
    assert made.frames == wanted.frames
    np.testing.assert_allclose(made.joints(), at_origin(wanted).joints(), atol=1e-6)


def test_a_clip_shorter_than_the_take_is_played_as_it_was_recorded(retrieval: PlayedBack) -> None:
    (made,) = retrieval.takes(WAVE, 6.0, 1)
    assert_same(made, WAVING)


def test_of_a_longer_clip_a_stretch_as_long_as_the_take_is_played(retrieval: PlayedBack) -> None:
    (made,) = retrieval.takes(WALK, 1.5, 1)
    starts = [
        first for first in range(0, 120, 4)
        if WALKING.cut(first, first + 45).frames == 45
        and np.allclose(
            made.joints(), at_origin(WALKING.cut(first, first + 45)).joints(), atol=1e-6
        )
    ]
    assert len(starts) == 1


def test_a_prompt_for_the_other_side_plays_the_mirror_image(retrieval: PlayedBack) -> None:
    (made,) = retrieval.takes(WAVE.replace("right", "left"), 6.0, 1)
    assert_same(made, WAVING.mirrored())


def test_two_actions_at_once_are_the_legs_of_one_and_the_arm_of_the_other(
    retrieval: PlayedBack,
) -> None:
    (made,) = retrieval.takes(f"{WALK} while waving with the right hand", 3.0, 1)
    arm = list(PART_JOINTS["RIGHT_ARM"])
    others = [joint for joint in range(1, 22) if joint not in arm]
    first = next(
        first for first in range(0, 40, 4)
        if np.allclose(made.rot[:, others], WALKING.rot[first : first + 90, others], atol=1e-9)
    )
    assert made.frames == 90
    np.testing.assert_allclose(made.rot[:70, arm], WAVING.rot[:, arm])
    # The waving clip has ended: the walking clip's own arm goes on.
    np.testing.assert_allclose(made.rot[70:, arm], WALKING.rot[first + 70 : first + 90, arm])


def test_actions_in_order_share_the_time_and_go_on_where_the_first_ends(
    retrieval: PlayedBack,
) -> None:
    (made,) = retrieval.takes(f"{WALK}, then waves with the right hand", 4.0, 1)
    assert made.frames == 120
    np.testing.assert_allclose(made.root_pos[60, [0, 2]], made.root_pos[59, [0, 2]], atol=1e-9)
    shoulder = JOINT_INDEX["right_shoulder"]
    waves = [
        np.allclose(made.rot[60:, shoulder], WAVING.rot[first : first + 60, shoulder])
        for first in range(0, 11, 4)
    ]
    assert sum(waves) == 1
    assert np.linalg.norm(made.root_pos[59] - made.root_pos[0]) > 1.5


def test_takes_differ_by_seed_alone(system: GridSystem) -> None:
    entries = [
        CorpusClip(f"{k}", swinging_clip(60, 0.4 + 0.2 * k, 0.1 * k, k), (WALK,), "train", f"{k}",
                   "made up", "none")
        for k in range(3)
    ]  # fmt: skip
    many = PlayedBack(system, Corpus(tuple(entries)))
    takes = many.takes(WALK, 2.0, 6, seed=4)
    again = many.takes(WALK, 2.0, 1, seed=6)[0]
    np.testing.assert_array_equal(takes[2].root_pos, again.root_pos)
    assert len({clip.root_pos.tobytes() for clip in takes}) > 1


def test_only_the_grid_model_has_a_retrieval_to_play(system: GridSystem) -> None:
    assert retrieval_of(object(), Corpus(())) is None
    holder = type("Holder", (), {"generator": generator_over(system)})()
    clip = CorpusClip("a", WALKING, (WALK,), "train", "a", "made up", "none")
    assert isinstance(retrieval_of(holder, Corpus((clip,))), PlayedBack)


def test_what_is_played_back_has_a_column_of_its_own() -> None:
    prompt = Prompt("clap", 4.0, ("claps",))
    bodies = [real_clip("clap", clap(), "claps").body]
    baseline = CaptionBaseline(FakeTextEncoder(), [real_clip("walk", WALKING, "walks")])
    scores = score_prompts([prompt], {"clap": bodies}, baseline, {"clap": bodies * 2})
    assert scores["played_pass_rate"] == 1.0
    table = scores_table("Singles", scores)
    assert "| clap | claps | 1/1 | 0/1 | 2/2 |" in table
    assert "retrieval, played back 100%" in table
    without = score_prompts([prompt], {"clap": bodies}, baseline)
    assert without["played_pass_rate"] is None
    assert "played back" not in scores_table("Singles", without)
