"""Tracks of a plan: there and back as JSON, and one sentence with a cure for each that is wrong."""

from __future__ import annotations

import json

import numpy as np
import pytest
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.request import MotionRequest
from keyfill_extension.engine.motion.request_errors import RequestError
from keyfill_extension.engine.motion.skeleton import PARTS
from keyfill_extension.engine.motion.tracks import (
    MOST_TRACKS,
    STATES,
    Track,
    check_tracks,
    plan_text,
    tracks_from_json,
    tracks_to_json,
)

LEGS, ARMS = ("LOWER_BODY", "TORSO"), ("LEFT_ARM", "RIGHT_ARM")
WALK = Track("walks", LEGS, 0.0, 3.0, nearest=("a person walks",), known=0.75)
WAVE = Track("waves the left hand", ("LEFT_ARM",), 1.0, 2.5, count=3)
SIT = Track("sits down", PARTS, 3.0, 6.0, hold=True, state="seated")
FIELDS = ["text", "parts", "start", "end", "count", "hold", "state", "nearest", "known"]


def test_tracks_are_the_same_there_and_back() -> None:
    tracks = (WALK, WAVE, SIT)
    written = json.loads(json.dumps(tracks_to_json(tracks)))
    assert tracks_from_json(written) == tracks
    assert all(list(track) == FIELDS for track in written)
    assert written[0]["parts"] == list(LEGS) and written[0]["nearest"] == ["a person walks"]


def test_what_a_plan_tells_is_accepted_as_tracks() -> None:
    assert tracks_from_json(json.loads(plan_text((WALK, WAVE, SIT)))) == (WALK, WAVE, SIT)
    assert plan_text(()) == ""


def test_seconds_have_three_digits() -> None:
    (told,) = tracks_to_json([Track("walks", LEGS, 1 / 3, 2 / 3, known=0.12345)])
    assert (told["start"], told["end"], told["known"]) == (0.333, 0.667, 0.123)


def test_only_a_text_and_a_time_are_needed() -> None:
    (read,) = tracks_from_json([{"text": "walks", "start": 0, "end": 2}])
    assert read == Track("walks", PARTS, 0.0, 2.0)
    check_tracks([read], 2.0)


def test_rounded_times_still_fit_each_other_and_the_take() -> None:
    third = Track("walks", PARTS, 0.0, 3.3334)
    check_tracks([third, Track("runs", PARTS, 3.333, 10.0004)], 10.0)


def test_tracks_may_overlap_on_different_parts() -> None:
    check_tracks([WALK, Track("waves", ARMS, 0.0, 3.0), SIT], 6.0)


@pytest.mark.parametrize("state", ["", *STATES])
@pytest.mark.parametrize("count", [0, 1, 50])
def test_every_state_and_count_is_accepted(state, count) -> None:
    check_tracks([Track("moves", PARTS, 0.0, 1.0, count=count, state=state)], 1.0)


CHOOSE_PARTS = "Choose from LOWER_BODY, TORSO, LEFT_ARM, RIGHT_ARM."

BAD = {
    "two on one part": (
        [WALK, Track("runs", ("TORSO", *ARMS), 2.0, 5.0)], 6.0,
        "Tracks 1 and 2 both have TORSO at one time.",
        "Give them different parts, or let one begin where the other ends.",
    ),
    "the third on the first's part": (
        [WALK, WAVE, Track("waves", ARMS, 2.0, 4.0)], 6.0,
        "Tracks 2 and 3 both have LEFT_ARM at one time.",
        "Give them different parts, or let one begin where the other ends.",
    ),
    "an unknown part": (
        [Track("walks", ("LOWER_BODY", "TAIL"), 0.0, 2.0)], 6.0,
        "There is no body part TAIL (track 1).", CHOOSE_PARTS,
    ),
    "a very long part": (
        [Track("walks", ("X" * 500,), 0.0, 2.0)], 6.0,
        f"There is no body part {'X' * 40} (track 1).", CHOOSE_PARTS,
    ),
    "no part": (
        [Track("walks", (), 0.0, 2.0)], 6.0, "Track 1 has no body part.", CHOOSE_PARTS,
    ),
    "an unknown state": (
        [WALK, Track("flies", ARMS, 0.0, 2.0, state="flying")], 6.0,
        'There is no state "flying" (track 2).',
        "Choose from standing, seated, crouched, kneeling, on all fours, lying, airborne, hanging.",
    ),
    "behind the take": (
        [WALK, SIT], 5.0, "Track 2 (3 to 6 s) lies outside the take of 5 s.",
        "Move it inside, or give the take more seconds.",
    ),
    "before the take": (
        [Track("walks", LEGS, -1.0, 2.0)], 0.0, "Track 1 (-1 to 2 s) lies outside the take.",
        "Move it inside, or give the take more seconds.",
    ),
    "an empty text": (
        [WALK, Track("  ", ARMS, 0.0, 2.0)],
        6.0,
        "Track 2 has no text.",
        "Type what happens in it.",
    ),
    "300 tracks": (
        [Track("walks", PARTS, float(i), i + 1.0) for i in range(300)], 0.0,
        "The plan has 300 tracks.", "Give at most 64.",
    ),
    "backwards in time": (
        [Track("walks", PARTS, 3.0, 1.0)], 6.0, "Track 1 lasts -2 s.", "Give it at least 0.2 s.",
    ),
    "too short": (
        [Track("walks", PARTS, 1.0, 1.1)], 6.0, "Track 1 lasts 0.1 s.", "Give it at least 0.2 s.",
    ),
    "at no time": (
        [Track("walks", PARTS, 0.0, float("nan"))], 6.0, "Track 1 has no time.", "Give seconds.",
    ),
    "for ever": (
        [Track("walks", PARTS, 0.0, float("inf"))], 0.0, "Track 1 has no time.", "Give seconds.",
    ),
    "too often": (
        [Track("jumps", PARTS, 0.0, 4.0, count=51)], 6.0,
        "Track 1 cannot happen 51 times.", "Choose 0 to 50.",
    ),
    "less than never": (
        [Track("jumps", PARTS, 0.0, 4.0, count=-1)], 6.0,
        "Track 1 cannot happen -1 times.", "Choose 0 to 50.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("tracks", "seconds", "message", "remedy"), BAD.values(), ids=list(BAD))
def test_a_plan_that_cannot_be_is_refused_with_a_cure(tracks, seconds, message, remedy) -> None:
    with pytest.raises(RequestError) as refused:
        check_tracks(tracks, seconds)
    assert (refused.value.message, refused.value.remedy) == (message, remedy)
    with pytest.raises(RequestError) as refused:
        MotionRequest("", seconds, tracks=tuple(tracks)).check()
    assert str(refused.value) == f"{message} {remedy}"


def test_the_most_tracks_are_accepted() -> None:
    check_tracks([Track("walks", PARTS, float(i), i + 1.0) for i in range(MOST_TRACKS)], 64.0)


GOOD = {"text": "walks", "start": 0.0, "end": 2.0}

BAD_JSON = {
    "no list": ({"text": "walks"}, '"tracks" is {"text": "walks"}.'),
    "an empty list": ([], '"tracks" is [].'),
    "nothing": (None, '"tracks" is null.'),
    "no object": ([GOOD, "walks"], "Track 2 is no object."),
    "no text": ([{"start": 0, "end": 1}], 'The "text" of track 1 is missing.'),
    "no start": ([{"text": "walks", "end": 1}], 'The "start" of track 1 is missing.'),
    "no end": ([GOOD, {"text": "walks", "start": 1}], 'The "end" of track 2 is missing.'),
    "a number as text": ([GOOD | {"text": 7}], 'The "text" of track 1 is 7.'),
    "a text as time": ([GOOD | {"end": "2"}], 'The "end" of track 1 is "2".'),
    "a flag as time": ([GOOD | {"start": True}], 'The "start" of track 1 is true.'),
    "a fraction as count": ([GOOD | {"count": 1.5}], 'The "count" of track 1 is 1.5.'),
    "a number as hold": ([GOOD | {"hold": 1}], 'The "hold" of track 1 is 1.'),
    "a part as parts": ([GOOD | {"parts": "TORSO"}], 'The "parts" of track 1 is "TORSO".'),
    "numbers as parts": ([GOOD | {"parts": [1]}], '"parts" of track 1 holds no names.'),
    "numbers as captions": ([GOOD | {"nearest": [1]}], '"nearest" of track 1 holds no names.'),
    "an unknown field": ([GOOD | {"who": "orc"}], 'Track 1 has no field "who".'),
}


@pytest.mark.parametrize(("value", "message"), BAD_JSON.values(), ids=list(BAD_JSON))
def test_json_that_is_no_plan_is_refused_with_a_cure(value, message) -> None:
    with pytest.raises(RequestError) as refused:
        tracks_from_json(value)
    assert refused.value.message == message
    assert refused.value.remedy.endswith(".")


def test_an_unknown_field_is_told_the_known_ones() -> None:
    with pytest.raises(RequestError, match=f"Choose from {', '.join(FIELDS)}."):
        tracks_from_json([GOOD | {"who": "orc"}])


@pytest.mark.parametrize("huge", [1e300, -1e300, 10**30])
def test_huge_times_are_no_times(huge) -> None:
    (track,) = tracks_from_json([GOOD | {"end": huge}])
    with pytest.raises(RequestError, match="Track 1 has no time"):
        check_tracks([track], 6.0)


def test_tracks_need_no_prompt_and_no_clip_takes_them() -> None:
    MotionRequest("", 6.0, tracks=(WALK, WAVE, SIT)).check()
    MotionRequest("", 0.0, tracks=(WALK,)).check()
    with pytest.raises(RequestError, match="The prompt is empty"):
        MotionRequest("").check()


@pytest.mark.parametrize("end", [0.3, 301.0])
def test_tracks_without_a_length_make_no_take_that_is_too_short_or_too_long(end) -> None:
    with pytest.raises(RequestError) as refused:
        MotionRequest("", tracks=(Track("walks", PARTS, 0.0, end),)).check()
    assert refused.value.message == f"The tracks end at {end:g} s."
    assert refused.value.remedy == "Let the last one end at 0.5 to 300 seconds."
    MotionRequest("", tracks=(Track("walks", PARTS, 0.0, 300.0),)).check()


def test_a_request_says_in_one_way_what_happens() -> None:
    with pytest.raises(RequestError, match=r"Beats and tracks both .* Leave out one of them\."):
        MotionRequest("", beats=(("walks", 2.0),), tracks=(WALK,)).check()


def test_edits_take_no_tracks_and_have_no_plan() -> None:
    clip = Clip(np.zeros((4, 3)), np.tile([1.0, 0.0, 0.0, 0.0], (4, 22, 1)), 30.0)
    mask = np.ones((4, len(PARTS)), bool)
    with pytest.raises(RequestError, match="Tracks are for new takes. Leave out the clip, or"):
        MotionRequest("waves", clip=clip, mask=mask, tracks=(WALK,)).check()
    with pytest.raises(RequestError, match="An edit has no plan. Leave out the clip to see"):
        MotionRequest("waves", clip=clip, mask=mask, plan_only=True).check()
