"""From prompts to tracks and acts: parts, states, beats, notes; planned out of a small memory."""

from __future__ import annotations

from functools import cache

import pytest
from keyfill_extension.engine.motion.request_errors import RequestError
from keyfill_extension.engine.motion.skeleton import PARTS
from keyfill_extension.engine.motion.tracks import KNOWN, MOST_TRACKS, Plan, Track, check_tracks
from keyfill_extension.engine.retrieval.clip_index import ClipIndex
from keyfill_extension.engine.retrieval.planner import Planner
from keyfill_extension.tests.engine import facts_motions as motions
from keyfill_extension.tests.engine.retrieval.small_memories import ENCODER, facts_of, memory_of

LEGS, ARMS = ("LOWER_BODY", "TORSO"), ("LEFT_ARM", "RIGHT_ARM")

MOTIONS = {
    "a person walks": motions.walk,
    "a person waves the left hand": motions.wave,
    "a person claps": motions.clap,
    "a person jumps": motions.jump,
    "a person kicks": motions.kick,
    "a person sits down": motions.sitting_down,
    "a person stands up": motions.standing_up,
    "a person falls down": motions.falling,
    "a person gets up from the floor": motions.getting_up,
}


@cache
def planner(is_factual: bool = True) -> Planner:
    clips = [(text, facts_of(motion())) for text, motion in MOTIONS.items()]
    return Planner(ClipIndex(memory_of(clips), is_factual), ENCODER)


def plan(prompt: str, seconds: float = 6.0) -> Plan:
    return planner().plan([(prompt, seconds)])


def texts(made: Plan) -> list[str]:
    return [track.text for track in made.tracks]


def test_one_action_takes_the_whole_body_and_all_the_time() -> None:
    made = plan("a person walks")
    (track,) = made.tracks
    assert (track.text, track.parts) == ("a person walks", PARTS)
    assert (track.start, track.end, made.seconds) == (0.0, 6.0, 6.0)
    assert track.nearest[0] == "a person walks"
    assert made.notes == ()


def test_two_at_once_share_the_body() -> None:
    walk, wave = plan("a person walks while waving").tracks
    assert (walk.parts, wave.parts) == (LEGS, ARMS)
    assert (walk.start, walk.end) == (wave.start, wave.end) == (0.0, 6.0)
    wave, walk = plan("a person waves while walking").tracks
    assert (walk.parts, wave.parts) == (LEGS, ARMS)


@pytest.mark.parametrize("side", ["left", "right"])
def test_an_arm_of_a_named_side_leaves_the_other_to_the_legs(side) -> None:
    walk, wave = plan(f"a person walks while waving the {side} hand").tracks
    own = f"{side.upper()}_ARM"
    assert wave.parts == (own,)
    assert walk.parts == tuple(part for part in PARTS if part != own)


def test_tracks_of_a_plan_make_a_valid_request() -> None:
    for prompt in ("a person walks while waving", "a person sits down then walks then claps"):
        made = plan(prompt, 8.0)
        check_tracks(made.tracks, made.seconds)


def test_who_sits_gets_up_before_walking() -> None:
    made = plan("a person sits down then walks", 9.0)
    assert [text.split(" ", 2)[-1] for text in texts(made)][0] == "sits down"
    assert texts(made)[1] == "stands up"
    assert texts(made)[2].endswith("walks")
    assert [track.state for track in made.tracks] == ["seated", "standing", ""]
    ends = [track.end for track in made.tracks]
    assert [track.start for track in made.tracks] == [0.0, *ends[:-1]]
    assert ends[-1] == pytest.approx(9.0)
    assert "gets up from the floor" in texts(plan("a person falls down then walks", 9.0))
    # Nothing is put between what fits together.
    assert len(plan("a person walks then sits down", 9.0).tracks) == 2
    assert len(plan("a person sits down then stands up", 9.0).tracks) == 2


def test_arms_of_who_sits_leave_the_legs_seated() -> None:
    sits, waves = plan("a person sits down then waves", 8.0).tracks
    assert sits.parts == PARTS
    assert waves.parts == ARMS
    assert plan("a person stands up then waves", 8.0).tracks[-1].parts == PARTS


def test_beats_follow_each_other_with_the_state_carried_on() -> None:
    made = planner().plan([("a person sits down", 4.0), ("a person walks", 5.0)])
    assert [track.text.removeprefix("a person ") for track in made.tracks] == [
        "sits down", "stands up", "walks",
    ]  # fmt: skip
    assert made.tracks[0].end == made.tracks[1].start == 4.0
    assert made.tracks[2].end == made.seconds == 9.0
    waves = planner().plan([("a person sits down", 4.0), ("a person waves", 3.0)]).tracks[-1]
    assert (waves.parts, waves.start, waves.end) == (ARMS, 4.0, 7.0)
    alone = planner().plan([("a person walks", 4.0), ("a person waves", 3.0)]).tracks[-1]
    assert alone.parts == PARTS


def test_a_beat_without_seconds_takes_what_its_actions_need() -> None:
    made = planner().plan([("a person jumps", 0.0), ("a person walks", 2.0)])
    jump = facts_of(motions.jump())
    assert 0.5 < made.tracks[0].end < jump.seconds + 1.5
    assert made.seconds == made.tracks[0].end + 2.0
    assert made.notes == ()


def test_too_little_time_is_noted_with_what_would_do() -> None:
    prompt = "a person sits down, then stands up, then jumps, then kicks"
    made = plan(prompt, 2.0)
    (note,) = made.notes
    assert note.startswith("2 s are too short for all that is asked; ")
    enough = float(note.split("; ")[1].split(" ")[0])
    assert enough > 2.0
    assert note.endswith(f"{enough:g} s would do")
    assert plan(prompt, enough).notes == ()
    assert plan(prompt, enough - 0.75).notes != ()


def test_what_is_not_known_is_noted_with_what_is_nearest() -> None:
    made = plan("a person frobnicates the gizmo")
    (track,) = made.tracks
    assert track.known < KNOWN
    (note,) = made.notes
    assert note == f'"{track.text}" is not known; nearest: "{track.nearest[0]}"'
    assert track.nearest[0] in MOTIONS


def test_another_language_is_noted_with_what_was_understood() -> None:
    (note,) = plan("eine alte frau tanzt langsam").notes
    assert note.startswith('English is read; this was understood as "')
    assert note.split('"')[1] in MOTIONS


def test_each_note_is_made_once() -> None:
    beats = [("a person frobnicates", 4.0)] * 3
    assert len(planner().plan(beats).notes) == 1


def test_the_count_and_the_hold_are_on_the_track() -> None:
    assert plan("a person jumps twice").tracks[0].count == 2
    falls = plan("a person falls down and stays down", 7.0).tracks[0]
    assert falls.hold
    assert falls.state == "lying"
    assert not plan("a person walks").tracks[0].hold


def test_what_is_not_to_move_is_on_the_track_and_in_the_act() -> None:
    claps, walks = plan("a person claps then walks, not moving the arms", 8.0).tracks
    assert claps.text == "a person claps without moving the arms"
    assert walks.text == "walks without moving the arms"
    assert walks.known == plan("walks").tracks[0].known
    assert planner().acts([walks], 20)[0].action.still == ("arms",)


def test_who_has_to_get_up_first_does_the_next_thing_after_it() -> None:
    made = plan("a person sits down while walking", 9.0)
    spans = [(track.start, track.end) for track in made.tracks]
    assert all(end <= start for (_, end), (start, _) in zip(spans, spans[1:], strict=False))


def test_a_plan_has_at_most_so_many_tracks() -> None:
    beats = [("a person jumps", 2.0)] * MOST_TRACKS
    assert len(planner().plan(beats).tracks) == MOST_TRACKS
    with pytest.raises(RequestError, match=rf"{MOST_TRACKS + 1} actions"):
        planner().plan([*beats, ("a person walks", 2.0)])


def test_somebodys_tracks_are_described() -> None:
    own = (
        Track("a person walks", LEGS, 0.0, 4.0, known=0.0),
        Track("frobnicates the gizmo", ARMS, 1.0, 3.0, count=2),
    )
    walk, strange = planner().described(own)
    assert walk.nearest[0] == "a person walks"
    assert walk.known > KNOWN > strange.known
    assert (strange.text, strange.parts, strange.start, strange.end, strange.count) == (
        "frobnicates the gizmo", ARMS, 1.0, 3.0, 2,
    )  # fmt: skip


def test_acts_are_tracks_in_steps() -> None:
    tracks = [
        Track("a person waves", ARMS, 1.0, 3.0),
        Track("a person walks", LEGS, 0.0, 4.0),
        Track("a person jumps", PARTS, 4.0, 6.0, count=2, hold=True),
    ]
    walk, wave, jump = planner().acts(tracks, 45)
    assert [act.action.kind.name for act in (walk, wave, jump)] == ["walk", "wave", "jump"]
    assert [(act.first, act.last) for act in (walk, wave, jump)] == [(0, 30), (8, 22), (30, 45)]
    assert (walk.parts, wave.parts, jump.parts) == ((0, 1), (2, 3), (0, 1, 2, 3))
    assert (walk.rides_on, wave.rides_on, jump.rides_on) == (None, 0, None)
    assert (jump.action.count, jump.is_held, jump.action.is_held) == (2, True, True)
    assert all(act.choices for act in (walk, wave, jump))


def test_each_act_has_a_step_within_the_take() -> None:
    tracks = [Track("a person walks", PARTS, 0.0, 0.2), Track("a person jumps", PARTS, 5.9, 6.1)]
    for act in planner().acts(tracks, 45):
        assert 0 <= act.first < act.last <= 45


def test_arms_of_who_sits_ride_on_nothing() -> None:
    tracks = plan("a person sits down then waves", 8.0).tracks
    sits, waves = planner().acts(tracks, 60)
    assert waves.rides_on is None
    assert waves.first >= sits.last


def test_acts_choose_by_the_state_before_them() -> None:
    seated = motions.wave()
    motions.sit(seated, 1.0)
    clips = [("a person waves", facts_of(motions.wave())), ("a person waves", facts_of(seated)),
             ("a person sits down", facts_of(motions.sitting_down()))]  # fmt: skip
    own = Planner(ClipIndex(memory_of(clips)), ENCODER)
    waves = Track("a person waves", PARTS, 3.0, 6.0)
    first = own.acts([waves], 45)[0]
    assert first.choices[0].stretch.clip == 0
    sits = Track("a person sits down", PARTS, 0.0, 3.0)
    assert own.acts([sits, waves], 45)[1].choices[0].stretch.clip == 1
    # A track's own state says what it leads to.
    crouched = Track("a person frobnicates", PARTS, 0.0, 3.0, state="seated")
    assert own.acts([crouched, waves], 45)[1].choices[0].stretch.clip == 1


def test_a_memory_that_was_not_measured_is_planned_by_words() -> None:
    clips = [(text, facts_of(motion())) for text, motion in list(MOTIONS.items())[:4]]
    words = Planner(ClipIndex(memory_of(clips, is_measured=False)), ENCODER)
    made = words.plan([("a person walks then jumps", 6.0)])
    assert len(made.tracks) == 2
    acts = words.acts(made.tracks, 45)
    assert [act.choices[0].stretch.clip for act in acts] == [0, 3]
