"""Batches: what a line may say, what is told about bad ones, and that the others still run."""

import json

import numpy as np
import pytest
from keyfill_extension.engine.batch import (
    LineNote,
    parse_line,
    read_lines,
    read_motion,
    run_batch,
)
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip, load_clip, save_clip
from keyfill_extension.engine.motion.files.bvh import write_bvh
from keyfill_extension.engine.motion.request import MotionResult, Progress, RequestError


class StandingEngine:
    """Answers with a standing clip: 30 frames, or the edited clip raised where it is masked."""

    device = "cpu"

    def __init__(self, most_words=50):
        self.most_words = most_words
        self.requests = []

    def run(self, request):
        request.check()
        self.requests.append(request)
        yield Progress(0, 2, "base tokens")
        yield Progress(1, 2, "decoding")
        words = request.prompt.split()
        clip = request.clip or make_clip(round((request.seconds or 1.0) * 30))
        raised = np.array(clip.root_pos)
        if request.mask is not None:
            raised[request.mask.any(1), 1] += 1.0
        return MotionResult(
            (Clip(raised, clip.rot, clip.fps),) * request.takes,
            prompt_cut=" ".join(words[self.most_words :]),
        )


def make_clip(frames, fps=30.0):
    """A clip that walks along Z and turns while its left elbow bends."""
    time = np.arange(frames) / fps
    root_pos = np.stack([0.1 * time, 0.95 + 0.01 * np.sin(time), time], axis=-1)
    rot = np.tile(quaternions.IDENTITY, (frames, 22, 1))
    rot[:, 0] = quaternions.yaw_to_quaternion(0.4 * time)
    rot[:, 18] = quaternions.axis_angle_to_quaternion(np.array([0.0, 1.0, 0.0]), 0.8 * time)
    return Clip(root_pos, rot, fps)


def run_all(engine, requests, out):
    """Return (files written, notes, progress)."""
    task = run_batch(engine, requests, out)
    news = []
    try:
        while True:
            news.append(next(task))
    except StopIteration as finished:
        notes = [item for item in news if isinstance(item, LineNote)]
        return finished.value, notes, [item for item in news if isinstance(item, Progress)]


def write_lines(path, lines):
    path.write_text(
        "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines),
        encoding="utf-8",
    )
    return path


def parse(folder, **record):
    return parse_line(json.dumps({"name": "a", "prompt": "walk"} | record).encode(), folder)


def test_takes_and_edits_are_written(tmp_path):
    save_clip(make_clip(60), tmp_path / "in.npz")
    requests = write_lines(
        tmp_path / "r.jsonl",
        [
            {"name": "walk", "prompt": "walk", "seconds": 2, "seed": 7},
            "",
            {"name": "an edit", "prompt": "wave", "clip": "in.npz", "frames": [10, 20]},
        ],
    )
    engine = StandingEngine()
    written, notes, progress = run_all(engine, requests, tmp_path / "new" / "out")
    assert (written, notes) == (2, [])
    out = tmp_path / "new" / "out"
    assert sorted(path.name for path in out.iterdir()) == ["an edit.npz", "walk.npz"]
    assert load_clip(out / "walk.npz").frames == 60
    assert engine.requests[0].seed == 7 and engine.requests[0].seconds == 2.0
    raised = load_clip(out / "an edit.npz").root_pos - make_clip(60).root_pos
    assert np.flatnonzero(raised[:, 1]).tolist() == list(range(10, 20))
    assert progress[-1].done == progress[-1].total == 2
    with np.load(out / "walk.npz") as arrays:
        assert arrays["joints"].shape == (60, 22, 3) and arrays["fps"] == 30


BAD_LINES = [
    ("{", "no JSON"),
    ("[1]", "no JSON object"),
    ({"prompt": "walk"}, '"name"'),
    ({"name": "a"}, '"prompt"'),
    ({"name": "a", "prompt": ""}, "prompt is empty"),
    ({"name": "a", "prompt": "  "}, "prompt is empty"),
    ({"name": "a", "prompt": 3}, "text"),
    ({"name": 3, "prompt": "walk"}, "text"),
    ({"name": "a", "prompt": "walk", "seconds": -1}, "-1 s"),
    ({"name": "a", "prompt": "walk", "seconds": 0.1}, "0.1 s"),
    ({"name": "a", "prompt": "walk", "seconds": 600}, "600 s"),
    ({"name": "a", "prompt": "walk", "seconds": "2"}, "number"),
    ({"name": "a", "prompt": "walk", "seconds": True}, "number"),
    ('{"name": "a", "prompt": "walk", "seconds": NaN}', "nan"),
    ('{"name": "a", "prompt": "walk", "seconds": 1e999}', "inf"),
    ('{"name": "a", "prompt": "walk", "seconds": 1%s}' % ("0" * 400), "inf"),
    ({"name": "a", "prompt": "walk", "seed": -3}, "seed"),
    ({"name": "a", "prompt": "walk", "seed": 1.5}, "whole number"),
    ({"name": "a", "promt": "walk"}, '"promt"'),
    ({"name": "../a", "prompt": "walk"}, "file name"),
    ({"name": "a/b", "prompt": "walk"}, "file name"),
    ({"name": "a\\b", "prompt": "walk"}, "file name"),
    ({"name": "..", "prompt": "walk"}, "file name"),
    ({"name": "", "prompt": "walk"}, "file name"),
    ({"name": "x" * 300, "prompt": "walk"}, "file name"),
    ({"name": "a\0", "prompt": "walk"}, "file name"),
    ('{"name": "\\ud800", "prompt": "walk"}', "file name"),
    ({"name": "con", "prompt": "walk"}, "file name"),
    ({"name": "a", "prompt": "walk", "frames": [0, 4]}, "no clip"),
    ({"name": "a", "prompt": "walk", "parts": ["TORSO"]}, "no clip"),
    ({"name": "a", "prompt": "w", "clip": "in.npz"}, "neither"),
    ({"name": "a", "prompt": "w", "clip": "none.npz", "frames": [0, 4]}, "no file"),
    ({"name": "a", "prompt": "w", "clip": "broken.npz", "frames": [0, 4]}, "cannot be used"),
    ({"name": "a", "prompt": "w", "clip": "in.fbx", "frames": [0, 4]}, ".npz or .bvh"),
    ({"name": "a", "prompt": "w", "clip": "broken.bvh", "frames": [0, 4]}, "BVH"),
    ({"name": "a", "prompt": "w", "clip": 3, "frames": [0, 4]}, "text"),
    ({"name": "a", "prompt": "w", "clip": "in.npz", "frames": [20, 10]}, "no part of a clip"),
    ({"name": "a", "prompt": "w", "clip": "in.npz", "frames": [5, 5]}, "no part of a clip"),
    ({"name": "a", "prompt": "w", "clip": "in.npz", "frames": [0, 61]}, "no part of a clip"),
    ({"name": "a", "prompt": "w", "clip": "in.npz", "frames": [-1, 9]}, "no part of a clip"),
    ({"name": "a", "prompt": "w", "clip": "in.npz", "frames": [1.5, 9]}, "whole numbers"),
    ({"name": "a", "prompt": "w", "clip": "in.npz", "frames": [1]}, "whole numbers"),
    ({"name": "a", "prompt": "w", "clip": "in.npz", "frames": "1-9"}, "whole numbers"),
    ({"name": "a", "prompt": "w", "clip": "in.npz", "parts": ["HEAD"]}, "HEAD"),
    ({"name": "a", "prompt": "w", "clip": "in.npz", "parts": []}, "No body part"),
    ({"name": "a", "prompt": "w", "clip": "in.npz", "parts": "TORSO"}, "list of names"),
]


@pytest.mark.parametrize(("line", "told"), BAD_LINES)
def test_a_bad_line_is_told_by_number_and_the_others_run(tmp_path, line, told):
    save_clip(make_clip(60), tmp_path / "in.npz")
    (tmp_path / "broken.npz").write_bytes(b"no archive")
    (tmp_path / "broken.bvh").write_text("HIERARCHY\nROOT")
    (tmp_path / "in.fbx").write_text("x")
    good = {"prompt": "walk", "seconds": 1}
    requests = write_lines(
        tmp_path / "r.jsonl", [good | {"name": "first"}, line, good | {"name": "last"}]
    )
    written, notes, _ = run_all(StandingEngine(), requests, tmp_path / "out")
    assert written == 2
    assert [(note.number, note.is_error) for note in notes] == [(2, True)]
    assert told in notes[0].text
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["first.npz", "last.npz"]
    assert not (tmp_path.parent / "a.npz").exists()


def test_bytes_that_are_no_text_cost_one_line(tmp_path):
    path = tmp_path / "r.jsonl"
    good = b'{"name": "a", "prompt": "walk", "seconds": 1}\r\n'
    bad = b'{"name": "\xff"}\r\n'
    path.write_bytes(b"\xef\xbb\xbf" + good + bad + good.replace(b'"a"', b'"b"'))
    written, notes, _ = run_all(StandingEngine(), path, tmp_path)
    assert written == 2 and [note.number for note in notes] == [2]


def test_a_name_is_used_once(tmp_path):
    lines = [{"name": name, "prompt": "walk", "seconds": 1} for name in ("a", "b", "A", "a")]
    engine = StandingEngine()
    written, notes, _ = run_all(engine, write_lines(tmp_path / "r.jsonl", lines), tmp_path / "out")
    assert written == 2 and len(engine.requests) == 2
    assert [note.number for note in notes] == [3, 4]
    assert all("taken by line 1" in note.text for note in notes)


def test_a_bad_line_does_not_take_its_name(tmp_path):
    lines = [{"name": "a", "prompt": ""}, {"name": "a", "prompt": "walk", "seconds": 1}]
    written, notes, _ = run_all(
        StandingEngine(), write_lines(tmp_path / "r.jsonl", lines), tmp_path / "out"
    )
    assert written == 1 and [note.number for note in notes] == [1]


def test_what_the_engine_refuses_is_told_and_the_others_run(tmp_path):
    class PickyEngine(StandingEngine):
        def run(self, request):
            if "fly" in request.prompt:
                raise RequestError("The model cannot fly.", "Walk.")
            return (yield from super().run(request))

    lines = [{"name": word, "prompt": word, "seconds": 1} for word in ("fly", "walk")]
    written, notes, _ = run_all(
        PickyEngine(), write_lines(tmp_path / "r.jsonl", lines), tmp_path / "out"
    )
    assert written == 1 and notes == [LineNote(1, "The model cannot fly. Walk.")]


def test_words_that_were_not_read_are_told(tmp_path):
    lines = [{"name": "a", "prompt": "one two three four", "seconds": 1}]
    written, notes, _ = run_all(
        StandingEngine(most_words=2), write_lines(tmp_path / "r.jsonl", lines), tmp_path
    )
    assert written == 1
    assert not notes[0].is_error and '"three four"' in notes[0].text


@pytest.mark.parametrize("content", [None, "", "\n \n"])
def test_a_file_without_requests_is_told(tmp_path, content):
    path = tmp_path / "r.jsonl"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RequestError):
        read_lines(path)


def test_parts_and_frames_make_the_mask(tmp_path):
    path = tmp_path / "in.npz"
    save_clip(make_clip(12), path)
    both = parse(tmp_path, clip=str(path), frames=[3, 6], parts=["TORSO", "RIGHT_ARM"])
    expected = np.zeros((12, 4), dtype=bool)
    expected[3:6, [1, 3]] = True
    assert np.array_equal(both.request.mask, expected)
    parts = parse(tmp_path, clip=str(path), parts=["LOWER_BODY"]).request.mask
    assert parts[:, 0].all() and not parts[:, 1:].any()
    assert parse(tmp_path, clip=str(path), frames=[0, 12]).request.mask.all()


def test_null_stands_for_a_field_left_out(tmp_path):
    request = parse(tmp_path, seconds=None, clip=None, frames=None, parts=None, seed=None).request
    assert (request.seconds, request.seed, request.clip) == (0.0, 0, None)


def test_a_clip_at_30_fps_comes_back_bit_for_bit(tmp_path):
    clip = make_clip(20)
    stored = Clip(clip.root_pos.astype(np.float32), clip.rot.astype(np.float32))
    save_clip(stored, tmp_path / "in.npz")
    read = read_motion(tmp_path / "in.npz")
    assert read.root_pos.dtype == np.float32
    assert np.array_equal(read.root_pos, stored.root_pos) and np.array_equal(read.rot, stored.rot)


def test_a_clip_needs_three_arrays_only(tmp_path):
    clip = make_clip(20)
    np.savez(tmp_path / "in.npz", root_pos=clip.root_pos, rot=clip.rot, fps=30)
    assert read_motion(tmp_path / "in.npz").frames == 20


@pytest.mark.parametrize("fps", [24.0, 60.0, 23.976])
def test_a_clip_at_another_rate_is_resampled(tmp_path, fps):
    save_clip(make_clip(100, fps), tmp_path / "in.npz")
    read = read_motion(tmp_path / "in.npz")
    assert read.fps == 30 and read.frames == int(99 / fps * 30) + 1
    expected = make_clip(read.frames)
    assert np.allclose(read.root_pos, expected.root_pos, atol=1e-4)
    assert quaternions.angle_between(read.rot, expected.rot).max() < 1e-4


def test_rotations_that_are_no_rotations_are_told(tmp_path):
    clip = make_clip(5)
    np.savez(tmp_path / "in.npz", root_pos=clip.root_pos, rot=clip.rot * 2, fps=30)
    with pytest.raises(RequestError, match="unit quaternions"):
        read_motion(tmp_path / "in.npz")


def test_a_bvh_is_read_where_it_stands(tmp_path):
    clip = make_clip(40)
    write_bvh(clip, tmp_path / "in.bvh")
    read = read_motion(tmp_path / "in.bvh")
    assert read.fps == 30 and read.frames == 40
    assert np.abs(read.joints() - clip.joints()).max() < 1e-3
    assert quaternions.angle_between(read.rot, clip.rot).max() < np.radians(0.1)


def test_a_relative_clip_is_found_beside_the_requests(tmp_path):
    save_clip(make_clip(5), tmp_path / "in.npz")
    assert parse(tmp_path, clip="in.npz", frames=[0, 5]).request.clip.frames == 5


def test_the_input_may_be_overwritten(tmp_path):
    save_clip(make_clip(8), tmp_path / "a.npz")
    line = {"name": "a", "prompt": "w", "clip": str(tmp_path / "a.npz"), "frames": [0, 8]}
    written, notes, _ = run_all(
        StandingEngine(), write_lines(tmp_path / "r.jsonl", [line]), tmp_path
    )
    assert (written, notes) == (1, [])
    assert load_clip(tmp_path / "a.npz").root_pos[0, 1] > 1.9


def test_every_op_fills_its_canvas_and_keeps_the_rest(tmp_path):
    save_clip(make_clip(60), tmp_path / "in.npz")
    lines = [
        {"op": "in_between", "clip": "in.npz", "frames": [20, 40]},
        {"op": "in_between", "clip": "in.npz", "clip_b": "in.npz", "seconds": 1.0},
        {"op": "extend", "clip": "in.npz", "seconds": 0.5},
        {"op": "extend", "clip": "in.npz", "seconds": 0.5, "where": "start"},
        {"op": "loop", "clip": "in.npz", "in_place": True},
        {"op": "long", "beats": [["walk", 1.0], ["wave", 2]]},
        {"op": "regenerate", "prompt": "walk", "clip": "in.npz", "frames": [20, 40],
         "variation": 0.3, "strength": 0.5},
    ]  # fmt: skip
    text = "\n".join(json.dumps({"name": f"{n}"} | line) for n, line in enumerate(lines))
    (tmp_path / "ops.jsonl").write_text(text)
    engine = StandingEngine()
    written, notes, _ = run_all(engine, tmp_path / "ops.jsonl", tmp_path / "out")
    assert notes == []
    assert written == len(lines)
    clip, made = make_clip(60), [load_clip(tmp_path / "out" / f"{n}.npz") for n in range(7)]
    assert [m.frames for m in made] == [60, 150, 75, 75, 60, 30, 60]
    assert np.array_equal(np.flatnonzero(made[0].root_pos[:, 1] > 1.5), np.arange(20, 40))
    assert np.array_equal(made[1].rot[90:], clip.rot)
    assert np.array_equal(made[2].rot[:60], clip.rot)
    assert np.array_equal(made[3].root_pos[15:], clip.root_pos)
    assert np.array_equal(made[4].rot[0], made[4].rot[-1])
    assert engine.requests[5].beats == (("walk", 1.0), ("wave", 2.0))
    assert (engine.requests[6].variation, engine.requests[6].strength) == (0.3, 0.5)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"op": "explode"}, "explode"),
        ({"op": "extend", "clip": "in.npz"}, '"seconds"'),
        ({"op": "extend"}, '"clip"'),
        ({"op": "loop", "clip": "in.npz", "in_place": 1}, "true or false"),
        ({"op": "in_between", "clip": "in.npz"}, "gap"),
        ({"op": "in_between", "clip": "in.npz", "frames": [3, 5]}, "2 frames"),
        ({"op": "long"}, "beats"),
        ({"op": "long", "beats": [["walk", "2"]]}, "beats"),
        ({"op": "long", "beats": [["", 2]]}, "Beat 1"),
        ({"op": "long", "beats": [["walk", 600]]}, "Beat 1"),
        ({"op": "long", "beats": [["walk", 60]] * 6}, "too long"),
        ({"clip": "in.npz", "parts": ["TORSO"], "variation": 2}, "variation"),
    ],
)
def test_ops_that_cannot_be_served(tmp_path, record, words):
    save_clip(make_clip(60), tmp_path / "in.npz")
    with pytest.raises(RequestError) as error:
        parse_line(json.dumps({"name": "a", "prompt": "walk"} | record).encode(), tmp_path)
    assert words in str(error.value)
