"""A corpus made of a user's own BVH files and captions."""

import json

import numpy as np
import pytest
from keyfill_extension.engine.data.build import cut_segment, main
from keyfill_extension.engine.data.bvh_clips import at_origin, bvh_to_clip, on_floor
from keyfill_extension.engine.data.captions import Segment, read_captions
from keyfill_extension.engine.data.corpus import CorpusError, load_corpus, splits_of
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.files.bvh import write_bvh
from keyfill_extension.engine.motion.skeleton import JOINTS

from .small_corpus import write_small_corpus


def standing_clip(frames=90, seed=0, fps=30.0):
    """A standing figure that bends its torso and arms, starting at the origin facing +Z."""
    random = np.random.default_rng(seed)
    times = np.arange(frames) / fps
    waves = np.sin(times[:, None, None] * random.uniform(1, 3, (1, len(JOINTS), 3)))
    waves[:, [0, 1, 2, 4, 5, 7, 8, 10, 11]] = 0.0
    angle = 0.5 * np.linalg.norm(waves, axis=-1)
    axis = waves / np.maximum(np.linalg.norm(waves, axis=-1, keepdims=True), 1e-9)
    axis = np.where(angle[..., None] > 0, axis, [1.0, 0.0, 0.0])
    root = np.stack([0 * times, 0.95 + 0 * times, 0 * times], axis=1)
    return Clip(root, quaternions.axis_angle_to_quaternion(axis, angle), fps)


@pytest.fixture
def bvh_folder(tmp_path):
    folder = tmp_path / "takes"
    (folder / "day 2").mkdir(parents=True)
    write_bvh(standing_clip(seed=1), folder / "one.bvh")
    write_bvh(standing_clip(180, seed=2, fps=60.0).moved(1.0, [3.0, 0.4, -2.0]), folder / "two.BVH")
    write_bvh(standing_clip(750, seed=3), folder / "day 2" / "long.bvh")
    return folder


def build(tmp_path, bvh_folder, table):
    captions = tmp_path / "captions.csv"
    captions.write_bytes(table.encode())
    out = tmp_path / "corpus"
    return main(["build", "--bvh", str(bvh_folder), "--captions", str(captions), "--out", str(out)])


def test_corpus_reads_back_the_same_motion(tmp_path, bvh_folder, capsys):
    table = (
        "\ufefffile,caption,split,licence\r\n"
        'one.bvh,"A person bows, then stands.",train,CC0\r\n'
        'one,someone says "hello",,\r\n'
        "two.bvh,the figure sways,val,own\r\n"
        'day 2\\long.bvh,"waves, and waves",train,own\r\n'
    )
    assert build(tmp_path, bvh_folder, table) == 0
    assert "5 clips" in capsys.readouterr().out
    corpus = {entry.id: entry for entry in load_corpus(tmp_path / "corpus").clips}
    assert sorted(corpus) == ["day_2_long_s01", "day_2_long_s02", "day_2_long_s03", "one", "two"]
    one = corpus["one"]
    assert one.captions == ("a person bows, then stands", 'someone says "hello"')
    assert (one.split, one.licence, one.source) == ("train", "CC0", "takes/one.bvh")
    assert np.abs(one.clip.joints() - standing_clip(seed=1).joints()).max() < 2e-3
    two = corpus["two"]
    assert two.split == "val"
    expected = standing_clip(180, seed=2, fps=60.0).cut(0, 180)
    assert two.clip.fps == 30 and two.clip.frames == 90
    assert np.abs(two.clip.joints() - expected.joints()[::2]).max() < 2e-3
    pieces = [corpus[f"day_2_long_s0{number}"] for number in (1, 2, 3)]
    assert [piece.clip.frames for piece in pieces] == [250, 250, 250]
    assert len({piece.group for piece in pieces}) == 1
    for piece in pieces:
        assert np.abs(piece.clip.root_pos[0, [0, 2]]).max() < 1e-6


def test_spans_and_bad_files_are_told_apart(tmp_path, bvh_folder, capsys):
    (bvh_folder / "broken.bvh").write_text("HIERARCHY\n")
    (bvh_folder / "silent.bvh").write_text("HIERARCHY\n")
    (bvh_folder / "chain.bvh").write_text(
        "HIERARCHY\nROOT link {\nOFFSET 0 0 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n"
        "End Site {\nOFFSET 0 1 0\n} }\nMOTION\nFrames: 1\nFrame Time: 0.04\n0 0 0\n"
    )
    table = (
        "file;caption;start;end\n"
        "one;first; 0;1.5\n"
        "one;second;1.5;\n"
        "one;too short;2.9;3\n"
        "one;;0;1\n"
        "two;backwards;2;1\n"
        "broken;no motion;;\n"
        "absent;not there;;\n"
        "chain;no humanoid;;\n"
    )
    assert build(tmp_path, bvh_folder, table) == 0
    said = capsys.readouterr().out
    for words in (
        "silent.bvh has no caption", "long.bvh has no caption", "two.BVH has no caption",
        "broken.bvh has no complete MOTION", "absent.bvh is not in",
        "chain.bvh: No humanoid",
        "shorter than half a second", "line 5: it has no caption", "line 6: it starts at 2 s",
    ):  # fmt: skip
        assert words in said
    corpus = load_corpus(tmp_path / "corpus")
    assert [entry.id for entry in corpus.clips] == ["one", "one_2"]
    assert [entry.clip.frames for entry in corpus.clips] == [45, 45]


def test_existing_folder_is_never_touched(tmp_path, bvh_folder, capsys):
    out = tmp_path / "corpus"
    out.mkdir()
    (out / "mine.txt").write_text("keep")
    assert build(tmp_path, bvh_folder, "file,caption\none,x\n") == 1
    assert "choose a new folder" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("table", "cure"),
    [
        ("name,caption\none,x\n", "column file"),
        ("", "column file"),
        ("file,caption\nabsent,x\n", "is not in"),
        ("file,caption,split,group\none,x,train,g\ntwo,y,val,g\n", "same split"),
    ],
)
def test_nothing_is_written_when_the_table_is_wrong(tmp_path, bvh_folder, capsys, table, cure):
    assert build(tmp_path, bvh_folder, table) == 1
    assert cure in capsys.readouterr().err
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("corpus")]


def test_failed_write_leaves_nothing(tmp_path, bvh_folder, monkeypatch, capsys):
    def full_disk(*arguments, **named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full_disk)
    assert build(tmp_path, bvh_folder, "file,caption\none,x\n") == 1
    assert "No space left" in capsys.readouterr().err
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("corpus")]


def test_missing_folder_and_other_encodings_are_named(tmp_path, bvh_folder):
    with pytest.raises(CorpusError, match="UTF-8"):
        path = tmp_path / "latin.csv"
        path.write_bytes("file,caption\none,caf\xe9\n".encode("latin-1"))
        read_captions(path)
    assert main(["--bvh", "no-folder", "--captions", "x", "--out", str(tmp_path / "o")]) == 1


def segments_of(groups):
    return [Segment(group, 0.0, None, ("x",), "", group, "own") for group in groups]


@pytest.mark.parametrize(("frames", "pieces"), [(14, 0), (15, 1), (300, 1), (301, 2), (900, 3)])
def test_long_spans_are_cut_evenly(frames, pieces):
    clip = standing_clip(frames)
    cut = cut_segment(clip, segments_of(["a"])[0])
    assert len(cut) == pieces
    assert sum(piece.frames for piece in cut) == (frames if pieces else 0)
    assert all(piece.frames <= 300 for piece in cut)


def test_clips_start_at_the_origin_on_the_floor():
    clip = standing_clip().moved(2.0, np.array([4.0, 0.7, -1.0]))
    placed = at_origin(on_floor(clip))
    assert np.abs(placed.joints() - standing_clip().joints()).max() < 1e-6


def test_other_skeletons_stand_on_the_floor(shared):
    for path in sorted((shared / "rigs").glob("*.bvh")):
        clip = bvh_to_clip(path)
        joints = clip.joints()
        assert clip.fps == 30
        assert np.median(joints[:, 15, 1]) > 1.2  # the head is up
        feet = joints[:, [7, 8, 10, 11], 1].min(axis=1)
        assert abs(np.median(feet)) < 0.1


def test_corpus_clips_survive_the_way_through_bvh(shared, tmp_path):
    source = load_corpus(shared / "corpus", "val").clips[:6]
    folder = tmp_path / "takes"
    folder.mkdir()
    rows = ["file,caption"]
    for entry in source:
        write_bvh(entry.clip, folder / f"{entry.id}.bvh")
        rows.append(f"{entry.id},{entry.captions[0]}")
    assert build(tmp_path, folder, "\n".join(rows)) == 0
    built = {entry.id: entry for entry in load_corpus(tmp_path / "corpus").clips}
    for entry in source:
        change = built[entry.id].clip.joints() - at_origin(entry.clip).joints()
        change[..., 1] -= np.median(change[..., 1])  # the floor is found anew
        assert np.abs(change).max() < 2e-3
        records = (tmp_path / "corpus" / "clips.jsonl").read_text().splitlines()
        assert {"id", "start", "frames", "fps", "split", "group", "source", "licence", "label",
                "captions"} == set(json.loads(records[0]))  # fmt: skip


def test_near_duplicates_land_in_one_split(tmp_path, capsys):
    folder = tmp_path / "takes"
    folder.mkdir()
    rows = ["file,caption"]
    for number in range(8):
        clip = standing_clip(90, seed=number)
        write_bvh(clip, folder / f"take{number}.bvh")
        write_bvh(clip.moved(0.8, np.array([1.0, 0.0, 2.0])), folder / f"again{number}.bvh")
        rows += [f"take{number},x", f"again{number},y"]
    assert build(tmp_path, folder, "\n".join(rows)) == 0
    splits = {entry.id: entry.split for entry in load_corpus(tmp_path / "corpus").clips}
    assert all(splits[f"take{number}"] == splits[f"again{number}"] for number in range(8))
    assert set(splits.values()) == {"train", "val", "test"}
    assert "in test" in capsys.readouterr().out


@pytest.mark.parametrize("files", [1, 2, 3])
def test_few_recordings_say_which_split_is_missing(tmp_path, bvh_folder, capsys, files):
    rows = ["one,x", "two,y", "day 2/long,z"][:files]
    assert build(tmp_path, bvh_folder, "\n".join(["file,caption", *rows])) == 0
    clips = load_corpus(tmp_path / "corpus").clips
    assert {entry.split for entry in clips} == set(("train", "val", "test")[:files])
    said = capsys.readouterr().out
    assert said.count("No recording is left for") == 3 - files
    for name in ("train", "val", "test")[files:]:
        assert f"No recording is left for {name}: " in said


def test_a_table_that_tears_the_same_motion_apart_is_told(tmp_path, bvh_folder, capsys):
    write_bvh(standing_clip(seed=1), bvh_folder / "again.bvh")
    table = "file,caption,split\none,x,train\nagain,y,val\ntwo,z,test\n"
    assert build(tmp_path, bvh_folder, table) == 0
    assert '"again" and "one" are nearly the same motion' in capsys.readouterr().out


def test_a_corpus_of_two_splits_loads_and_an_unknown_split_is_refused(tmp_path):
    folder = write_small_corpus(tmp_path / "corpus")
    assert splits_of(folder) == ("train", "val")
    assert len(load_corpus(folder).clips) == 12
    assert {entry.split for entry in load_corpus(folder, ("train", "test")).clips} == {"train"}
    with pytest.raises(CorpusError, match="no clip of the split test.*write test into"):
        load_corpus(folder, "test")
    lines = (folder / "clips.jsonl").read_text().replace('"val"', '"valid"')
    (folder / "clips.jsonl").write_text(lines)
    with pytest.raises(CorpusError, match='line 3.*"valid" is none of train, val, test'):
        load_corpus(folder, "train")
