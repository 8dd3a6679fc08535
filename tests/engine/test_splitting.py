"""Which recordings are learnt from and which are held out: by group and by what nearly repeats."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from keyfill_extension.engine.data.corpus import SPLITS, CorpusClip
from keyfill_extension.engine.data.near_duplicates import (
    FRAME_STEP,
    NEAR_METRES,
    QUERY_STRIDE,
    find_near_duplicates,
)
from keyfill_extension.engine.data.splitting import MOST_TOLD, choose_splits, gather, warnings
from keyfill_extension.engine.motion.clip import Clip, headings
from keyfill_extension.engine.motion.quaternions import rotate, yaw_to_quaternion

from .small_corpus import swinging_clip


def entry(group: str, clip: Clip) -> CorpusClip:
    return CorpusClip(group, clip, ("x",), "", group, "made up", "none")


def spread(names: list[str], bundles: dict[str, str] | None = None) -> dict[str, str]:
    return choose_splits(dict.fromkeys(names, ""), bundles or gather(names, []))


def test_splits_hang_on_the_name_alone() -> None:
    names = [f"group{number}" for number in range(400)]
    first, again = spread(names), spread(names[::-3])
    assert all(first[group] == split for group, split in again.items())
    counts = Counter(first.values())
    assert 0.05 < counts["val"] / 400 < 0.15
    assert 0.05 < counts["test"] / 400 < 0.15


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
def test_few_recordings_are_learnt_from_first_then_watched_then_reported_on(count: int) -> None:
    for start in range(20):
        names = [f"take {start + number}" for number in range(count)]
        assert set(spread(names).values()) == set(SPLITS[:count])


def test_what_the_table_asks_for_holds_and_its_bundle_follows() -> None:
    asked = {"a": "", "b": "test", "c": "", "d": "val", "e": ""}
    chosen = choose_splits(asked, gather(asked, [("a", "b"), ("d", "e")]))
    assert chosen == {"a": "test", "b": "test", "c": "train", "d": "val", "e": "val"}


def test_linked_groups_share_a_split_however_indirectly() -> None:
    bundles = gather("dcba", [("a", "b"), ("c", "d"), ("d", "b")])
    assert set(bundles.values()) == {"a"}
    assert gather("ab", []) == {"a": "a", "b": "b"}
    names = [f"group{number}" for number in range(60)]
    pairs = [(names[k], names[k + 30]) for k in range(30)]
    chosen = spread(names, gather(names, pairs))
    assert all(chosen[first] == chosen[second] for first, second in pairs)
    assert set(chosen.values()) == set(SPLITS)


def test_a_bundle_that_would_fill_a_split_is_learnt_from() -> None:
    for start in range(30):
        names = [f"{start} {number}" for number in range(40)]
        pairs = [(names[0], name) for name in names[1:20]]
        assert spread(names, gather(names, pairs))[names[0]] == "train"


def test_empty_splits_and_torn_pairs_are_told() -> None:
    (told,) = warnings({"a": "train", "b": "val"}, [])
    assert told.startswith("No recording is left for test") and "captions.csv" in told
    told_of_one = warnings({"a": "train"}, [])
    assert [split in told for split, told in zip(("val", "test"), told_of_one, strict=True)]
    chosen = {"a": "train", "b": "val", "c": "test"}
    (torn,) = warnings(chosen, [("a", "b")])
    assert '"a" and "b" are nearly the same motion' in torn and "same split" in torn
    many = {f"{k}": SPLITS[k % 3] for k in range(9)}
    torn_pairs = [(f"{k}", f"{k + 1}") for k in range(8)]
    assert warnings(many, torn_pairs)[-1] == f"So are {8 - MOST_TOLD} more pairs."


WALK = swinging_clip(150, 1.2, 0.3, seed=1)
SLOW = swinging_clip(150, 0.5, -0.6, seed=2)


def found(**clips: Clip) -> list[tuple[str, str]]:
    near = find_near_duplicates([entry(name, clip) for name, clip in clips.items()])
    assert all(0.0 <= each.metres < NEAR_METRES for each in near)
    return [(each.first, each.second) for each in near]


@pytest.mark.parametrize("first", [0, 7, 30])
def test_a_cut_of_a_clip_is_found_wherever_it_stands(first: int) -> None:
    part = WALK.cut(first, first + 80).moved(1.1, np.array([2.0, 0.0, -3.0]))
    assert found(walk=WALK, part=part, slow=SLOW) == [("part", "walk")]


def test_a_mirrored_clip_and_a_noisy_one_are_nearly_the_same() -> None:
    shaken = Clip(
        WALK.root_pos + np.random.default_rng(0).normal(0, 0.005, WALK.root_pos.shape), WALK.rot
    )
    assert found(a=WALK, b=WALK.mirrored()) == [("a", "b")]
    assert found(a=WALK, b=shaken) == [("a", "b")]


def test_other_motion_is_not_nearly_the_same() -> None:
    assert found(walk=WALK, slow=SLOW) == []
    assert found(walk=WALK) == []


def test_clips_shorter_than_a_window_are_compared_too() -> None:
    short = WALK.cut(40, 60)
    assert found(a=short, b=short.moved(0.5, np.zeros(3)), c=SLOW.cut(0, 20)) == [("a", "b")]


def test_clips_of_one_recording_are_no_pair() -> None:
    same = [entry("one", WALK), entry("one", WALK), entry("two", SLOW)]
    assert find_near_duplicates(same) == ()


def plain_distance(clip: Clip, other: Clip) -> float:
    """Return the distance as the module's words say it, window by window."""

    def window(joints, yaw, first):
        middle = first + 24
        origin = joints[middle, 0] * [1.0, 0.0, 1.0]
        unturn = yaw_to_quaternion(np.asarray(-yaw[middle]))
        return rotate(unturn, joints[first : first + 48 : FRAME_STEP] - origin)

    joints, yaw = clip.joints(), headings(clip.rot[:, 0])
    nearest = []
    for first in range(0, clip.frames - 47, QUERY_STRIDE):
        own = window(joints, yaw, first)
        apart = []
        for one in (other, other.mirrored()):
            there, turned = one.joints(), headings(one.rot[:, 0])
            for start in range(one.frames - 47):
                gap = own - window(there, turned, start)
                apart.append(np.sqrt((gap**2).sum(-1).mean()))
        nearest.append(min(apart))
    return float(np.mean(nearest))


def test_the_quick_search_measures_what_the_words_say() -> None:
    close = swinging_clip(120, 1.18, 0.29, seed=1)
    (pair,) = find_near_duplicates([entry("a", WALK), entry("b", close), entry("c", SLOW)])
    both = plain_distance(WALK, close), plain_distance(close, WALK)
    assert 0.002 < min(both) < NEAR_METRES
    assert pair.metres == pytest.approx(min(both), rel=1e-2)
