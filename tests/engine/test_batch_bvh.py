"""Batches that edit BVH files: read as meant, put back where they stood, told what was odd."""

import json

import numpy as np
import pytest
from keyfill_extension.engine.motion.clip import load_clip
from keyfill_extension.engine.motion.files.bvh import read_bvh
from keyfill_extension.engine.motion.files.clip_files import read_motion
from keyfill_extension.tests.engine.test_batch import StandingEngine, run_all, write_lines
from keyfill_extension.tests.motion.test_bvh_clips import walking, written
from keyfill_extension.tests.motion.test_bvh_edits import rows_of
from keyfill_extension.tests.motion.toy_bvh import BvhStyle, bvh_text

AT_HIPS = BvhStyle(above_floor=-0.95, is_lying=True)


def serve(tmp_path, line, style=AT_HIPS, out="out"):
    """Serve one line on `walk.bvh`; return the source's path, the folder and the notes."""
    path = written(tmp_path, bvh_text(walking(), style), "walk.bvh")
    record = {"name": "a", "clip": "walk.bvh"} | line
    requests = write_lines(tmp_path / "r.jsonl", [json.dumps(record)])
    written_files, notes, _ = run_all(StandingEngine(), requests, tmp_path / out)
    assert written_files == 1 and not any(note.is_error for note in notes)
    return path, tmp_path / out, [note.text for note in notes]


def test_an_edit_is_answered_in_metres_and_in_the_file_s_own_way(tmp_path):
    path, out, notes = serve(tmp_path, {"prompt": "w", "frames": [10, 20]})
    assert sorted(one.name for one in out.iterdir()) == ["a.bvh", "a.npz"]
    assert len(notes) == 1 and "no standing body; frame 0 was taken" in notes[0]
    clip, source = load_clip(out / "a.npz"), read_motion(path)
    raised = clip.root_pos[:, 1] - source.root_pos[:, 1]
    assert np.allclose(raised[10:20], 1.0) and not raised[:10].any() and not raised[20:].any()
    assert source.joints()[:, [10, 11], 1].min() > -0.05  # it stands on the floor
    before, after = read_bvh(path), read_bvh(out / "a.bvh")
    moved = after.pose.heads - before.pose.heads
    assert np.allclose(moved[10:20, :, 1], 100.0, atol=0.5)  # a metre in the file's centimetres
    assert (rows_of(path)[0][:10] == rows_of(out / "a.bvh")[0][:10]).all()
    assert (rows_of(path)[0][20:] == rows_of(out / "a.bvh")[0][20:]).all()


@pytest.mark.parametrize(
    ("line", "frames", "kept"),
    [
        ({"op": "in_between", "frames": [12, 22]}, 40, (0, 0, 12)),
        ({"op": "extend", "seconds": 1.0}, 70, (0, 0, 40)),
        ({"op": "extend", "seconds": 1.0, "where": "start"}, 70, (30, 0, 40)),
        ({"op": "loop"}, 40, (12, 12, 16)),
        ({"op": "in_between", "clip_b": "walk.bvh", "seconds": 0.5}, 95, (0, 0, 40)),
        ({"prompt": "w", "parts": ["LEFT_ARM"]}, 40, None),
    ],
)
def test_every_op_is_put_back(tmp_path, line, frames, kept):
    path, out, _ = serve(tmp_path, line)
    rows, source = rows_of(out / "a.bvh")[0], rows_of(path)[0]
    assert len(rows) == frames == load_clip(out / "a.npz").frames
    if kept:
        at, first, count = kept
        assert (rows[at : at + count] == source[first : first + count]).all()
    if "clip_b" in line:
        assert (rows[55:] == source).all()


def test_a_bvh_joined_to_an_npz_is_put_back(tmp_path):
    (tmp_path / "out").mkdir()
    serve(tmp_path, {"name": "b", "prompt": "w", "frames": [10, 20]})
    line = {"op": "in_between", "clip_b": "out/b.npz", "seconds": 0.5}
    path, out, _ = serve(tmp_path, line)
    rows = rows_of(out / "a.bvh")[0]
    assert len(rows) == 95
    assert (rows[:40] == rows_of(path)[0]).all()
    # Behind the gap the second motion goes on, on the first one's skeleton.
    heads = read_bvh(out / "a.bvh").pose.heads[55:, 0]
    expected = load_clip(out / "b.npz").root_pos
    assert np.allclose(np.diff(heads[:, 1]), 100 * np.diff(expected[:, 1]), atol=3.0)


def test_the_edited_file_itself_is_left_as_it_is(tmp_path):
    line = {"name": "walk", "prompt": "w", "frames": [10, 20]}
    path, out, notes = serve(tmp_path, line, BvhStyle(), out=".")
    assert path.read_text() == bvh_text(walking(), BvhStyle())
    assert (out / "walk.npz").is_file()
    assert len(notes) == 1 and "left as it is" in notes[0] and "another name" in notes[0]


def test_odd_times_and_marks_are_told(tmp_path):
    text = bvh_text(walking(), BvhStyle(seconds="33.3333")) + "\x1a"
    written(tmp_path, text, "odd.bvh")
    line = {"clip": "odd.bvh", "prompt": "w", "frames": [10, 20]}
    _, out, notes = serve(tmp_path, line)
    assert len(notes) == 2
    assert any("milliseconds" in note for note in notes)
    assert any("Ctrl-Z" in note for note in notes)
    assert load_clip(out / "a.npz").frames == 40
    assert read_bvh(out / "a.bvh").notes == ()  # the answer is as it should be
