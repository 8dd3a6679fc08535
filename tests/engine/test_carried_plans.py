"""Plans on their way: over the protocol, in batches, in files and on the command line."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from keyfill_extension.engine import protocol
from keyfill_extension.engine.__main__ import main
from keyfill_extension.engine.batch import FIELDS, LineNote, parse_line, run_batch
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip, load_clip, save_clip
from keyfill_extension.engine.motion.request import MotionRequest, MotionResult, Progress
from keyfill_extension.engine.motion.request_errors import RequestError
from keyfill_extension.engine.motion.skeleton import PARTS
from keyfill_extension.engine.motion.tracks import Track, plan_text, tracks_from_json
from keyfill_extension.engine.protocol import ProtocolError

WALK = Track("walks", ("LOWER_BODY", "TORSO"), 0.0, 3.0, nearest=("a person walks",), known=0.875)
WAVE = Track("waves", ("LEFT_ARM", "RIGHT_ARM"), 0.0, 3.0, known=0.25)
SIT = Track("sits down", PARTS, 3.0, 6.0, 1, True, "seated")
PLAN = (WALK, WAVE, SIT)
LINE = [
    {"text": "walks", "start": 0, "end": 2},
    {"text": "jumps", "start": 2, "end": 4, "count": 2},
]


def standing(frames: int) -> Clip:
    root_pos = np.tile([0.0, 0.95, 0.0], (frames, 1))
    return Clip(root_pos, np.tile(quaternions.IDENTITY, (frames, 22, 1)), 30.0)


class PlanningEngine:
    """Reads every prompt as walking, waving and sitting down, or takes the request's tracks."""

    device = "cpu"

    def __init__(self) -> None:
        self.requests: list[MotionRequest] = []

    def run(self, request):
        request.check()
        self.requests.append(request)
        yield Progress(0, 1, "Reading the prompt")
        notes = ('"waves" is not known; nearest: "a person walks"',)
        plan = request.tracks or PLAN
        clips = () if request.plan_only else (standing(180),) * request.takes
        return MotionResult(clips, plan=plan, notes=notes)


def over_the_wire(message: protocol.Message) -> protocol.Message:
    stream = io.BytesIO()
    protocol.write_message(stream, message)
    stream.seek(0)
    arrived = protocol.read_message(stream)
    assert arrived is not None
    return arrived


@pytest.mark.parametrize("tracks", [(), PLAN])
@pytest.mark.parametrize("plan_only", [True, False])
def test_a_request_arrives_with_its_tracks(tracks, plan_only) -> None:
    asked = MotionRequest("walks", 6.0, tracks=tracks, plan_only=plan_only)
    message = over_the_wire(protocol.request_to_message(4, asked))
    arrived = protocol.message_to_request(message)
    assert (arrived.tracks, arrived.plan_only) == (tracks, plan_only)


def test_a_plan_comes_back_with_its_notes_and_without_motion() -> None:
    made = MotionResult((), plan=PLAN, notes=("6 s are too short", "läuft → walks"))
    arrived = protocol.message_to_result(over_the_wire(protocol.result_to_message(4, made)))
    assert (arrived.plan, arrived.notes, arrived.clips) == (PLAN, made.notes, ())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tracks": "walks"}, "tracks of request is 'walks'"),
        ({"tracks": ["walks"]}, "tracks of request: Track 1 is no object."),
        ({"tracks": [{"text": "walks"}]}, 'The "start" of track 1 is missing.'),
        ({"plan_only": 1}, "plan_only of request is 1"),
    ],
)
def test_a_request_with_a_damaged_plan_is_no_request(changes, reason) -> None:
    message = protocol.request_to_message(4, MotionRequest("walks"))
    damaged = protocol.Message(message.kind, 4, {**message.fields, **changes})
    with pytest.raises(ProtocolError, match=reason.replace(".", r"\.")):
        protocol.message_to_request(damaged)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"notes": ["fine", 3]}, "the notes are no texts"),
        ({"notes": "fine"}, "notes of result is 'fine'"),
        ({"plan": [3]}, "plan of result: Track 1 is no object"),
    ],
)
def test_a_result_with_a_damaged_plan_is_no_result(changes, reason) -> None:
    message = protocol.result_to_message(4, MotionResult(()))
    damaged = protocol.Message(message.kind, 4, {**message.fields, **changes})
    with pytest.raises(ProtocolError, match=reason):
        protocol.message_to_result(damaged)


def parse(**record) -> MotionRequest:
    from pathlib import Path

    return parse_line(json.dumps({"name": "a"} | record).encode(), Path()).request


def test_a_line_takes_tracks_instead_of_a_prompt() -> None:
    request = parse(tracks=LINE, seed=5)
    assert request.tracks == tracks_from_json(LINE)
    assert (request.prompt, request.seconds, request.seed) == ("", 0.0, 5)
    assert parse(tracks=LINE, prompt="walks, jumps", seconds=6).prompt == "walks, jumps"
    assert "tracks" in FIELDS


def test_what_a_plan_tells_is_a_line() -> None:
    assert parse(tracks=json.loads(plan_text(PLAN))).tracks == PLAN


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ({"tracks": []}, '"tracks" is [].'),
        ({"tracks": "walks"}, '"tracks" is "walks".'),
        ({"tracks": [{"text": "", "start": 0, "end": 1}]}, "Track 1 has no text."),
        ({"tracks": LINE, "seconds": 3}, "Track 2 (2 to 4 s) lies outside the take of 3 s."),
        ({"tracks": LINE * 2}, "Tracks 1 and 3 both have LOWER_BODY at one time."),
        ({"tracks": [LINE[0] | {"state": "asleep"}]}, 'There is no state "asleep" (track 1).'),
        ({"tracks": [LINE[0] | {"parts": ["WING"]}]}, "There is no body part WING (track 1)."),
        ({"tracks": LINE * 150}, "The plan has 300 tracks. Give at most 64."),
        ({"tracks": LINE, "op": "long", "beats": [["walks", 3]]}, "Beats and tracks both say"),
        ({}, '"prompt"'),
        ({"tracks": None}, '"prompt"'),
    ],
)
def test_a_line_with_a_bad_plan_is_told_what_cures_it(record, sentence) -> None:
    with pytest.raises(RequestError) as refused:
        parse(**record)
    assert sentence in str(refused.value)
    assert refused.value.remedy.endswith(".")


def test_an_edit_takes_no_tracks(tmp_path) -> None:
    save_clip(standing(30), tmp_path / "in.npz")
    line = {"name": "a", "prompt": "waves", "clip": "in.npz", "frames": [0, 9], "tracks": LINE}
    with pytest.raises(RequestError, match="Tracks are for new takes"):
        parse_line(json.dumps(line).encode(), tmp_path)


def test_a_batch_writes_the_plan_into_each_file_and_tells_its_notes(tmp_path) -> None:
    lines = [{"name": "read", "prompt": "walks"}, {"name": "given", "tracks": LINE}]
    (tmp_path / "r.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    engine = PlanningEngine()
    told = list(run_batch(engine, tmp_path / "r.jsonl", tmp_path / "out"))
    notes = [each for each in told if isinstance(each, LineNote)]
    assert [(note.number, note.is_error) for note in notes] == [(1, False), (2, False)]
    assert notes[0].text == '"waves" is not known; nearest: "a person walks".'
    assert plan_of(tmp_path / "out" / "read.npz") == PLAN
    assert plan_of(tmp_path / "out" / "given.npz") == tracks_from_json(LINE)
    assert engine.requests[1].tracks == tracks_from_json(LINE)


def plan_of(path) -> tuple[Track, ...]:
    with np.load(path, allow_pickle=False) as arrays:
        return tracks_from_json(json.loads(str(arrays["plan"])))


def test_a_clip_is_read_with_a_plan_and_without_one(tmp_path) -> None:
    save_clip(standing(9), tmp_path / "with.npz", plan_text(PLAN))
    save_clip(standing(9), tmp_path / "without.npz")
    assert load_clip(tmp_path / "with.npz").frames == load_clip(tmp_path / "without.npz").frames
    with np.load(tmp_path / "without.npz") as arrays:
        assert "plan" not in arrays


def run_command(*words: object) -> tuple[int, PlanningEngine]:
    engine = PlanningEngine()
    return main([str(word) for word in words], lambda weights, device: engine), engine


def test_each_take_of_the_command_line_holds_the_plan(tmp_path) -> None:
    status, _ = run_command(
        "generate", "--prompt", "walks", "--takes", 2, "--out", tmp_path / "a.npz"
    )
    assert status == 0
    assert plan_of(tmp_path / "a_1.npz") == plan_of(tmp_path / "a_2.npz") == PLAN


def test_the_command_prints_the_plan_and_tells_its_notes(capsys) -> None:
    status, engine = run_command("plan", "--prompt", "walks and waves", "--seconds", 6)
    shown, told = capsys.readouterr()
    assert status == 0
    assert tracks_from_json(json.loads(shown)) == PLAN
    assert told == '"waves" is not known; nearest: "a person walks".\n'
    (request,) = engine.requests
    assert (request.prompt, request.seconds, request.plan_only) == ("walks and waves", 6.0, True)


def test_the_printed_list_has_exactly_the_fields_of_a_track(capsys) -> None:
    run_command("plan", "--prompt", "walks")
    for track in json.loads(capsys.readouterr().out):
        assert list(track) == [
            "text", "parts", "start", "end", "count", "hold", "state", "nearest", "known",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--prompt", "  "), "The prompt is empty."),
        (("--prompt", "walks", "--seconds", "0.1"), "A take of 0.1 s cannot be made."),
        (("--prompt", "walks", "--seconds", "nan"), "A take of nan s cannot be made."),
        (("--prompt", "walks", "--seconds", "61"), "A take of 61 s cannot be made."),
    ],
)
def test_the_command_refuses_before_the_model_is_loaded(capsys, words, sentence) -> None:
    def load(weights, device):
        raise AssertionError("the model was loaded")

    assert main(["plan", *words], load) == 1
    shown, told = capsys.readouterr()
    assert shown == "" and sentence in told


def test_the_command_needs_a_prompt(capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["plan"], lambda weights, device: PlanningEngine())
    assert ended.value.code == 2 and "--prompt" in capsys.readouterr().err


def test_the_command_is_told_among_the_others(capsys) -> None:
    assert main(["--help"]) == 0
    assert "plan " in capsys.readouterr().out
