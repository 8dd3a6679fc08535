"""The command line: its exact surface, one sentence for each error, nothing half-written."""

import io
import json
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from keyfill_extension.engine.__main__ import (
    ProgressBar,
    error_to_sentence,
    main,
    write_takes,
)
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip, ClipError, load_clip
from keyfill_extension.engine.motion.files.bvh import read_bvh
from keyfill_extension.engine.motion.request import MotionResult, Progress, RequestError


class SeededEngine:
    """Take k stands at the height that its seed says."""

    device = "cpu"

    def run(self, request):
        request.check()
        yield Progress(0, 1, "base tokens")
        frames = round((request.seconds or 1.5) * 30)
        clips = [standing(frames, request.seed + take) for take in range(request.takes)]
        return MotionResult(tuple(clips), prompt_cut=request.prompt.partition("|")[2])


def standing(frames, seed=0):
    root_pos = np.tile([0.0, 0.95 + seed / 1000, 0.0], (frames, 1))
    return Clip(root_pos, np.tile(quaternions.IDENTITY, (frames, 22, 1)))


class Loader:
    """Loads the engine above and remembers what it was asked."""

    def __init__(self):
        self.calls = []

    def __call__(self, weights, device):
        self.calls.append((weights, device))
        return SeededEngine()


@pytest.fixture
def loader():
    return Loader()


def generate(loader, *words):
    return main(["generate", *map(str, words)], loader)


def test_a_take_is_written_as_npz(tmp_path, loader, capsys):
    out = tmp_path / "new" / "take.npz"
    status = generate(loader, "--prompt", "walk", "--seconds", 2, "--seed", 3, "--out", out)
    assert status == 0
    with np.load(out) as arrays:
        assert arrays["root_pos"].shape == (60, 3) and arrays["rot"].shape == (60, 22, 4)
        assert arrays["joints"].shape == (60, 22, 3) and arrays["fps"] == 30
        assert np.allclose(arrays["root_pos"][:, 1], 0.953)
    assert capsys.readouterr().out.split() == [str(out)]
    assert loader.calls == [(None, "auto")]
    assert [path.name for path in out.parent.iterdir()] == ["take.npz"]


def test_length_and_seed_may_be_left_out(tmp_path, loader):
    assert generate(loader, "--prompt", "walk", "--out", tmp_path / "a.npz") == 0
    assert load_clip(tmp_path / "a.npz").frames == 45


def test_a_take_is_written_as_bvh(tmp_path, loader):
    assert generate(loader, "--prompt", "walk", "--out", tmp_path / "a.BVH") == 0
    assert read_bvh(tmp_path / "a.BVH").pose.heads.shape[0] == 45


def test_several_takes_are_numbered(tmp_path, loader):
    assert generate(loader, "--prompt", "w", "--takes", 3, "--out", tmp_path / "a.npz") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_1.npz", "a_2.npz", "a_3.npz"]
    heights = [load_clip(tmp_path / f"a_{take}.npz").root_pos[0, 1] for take in (1, 2, 3)]
    assert np.allclose(heights, [0.95, 0.951, 0.952])


def test_device_and_weights_reach_the_loader(tmp_path, loader):
    words = ["--prompt", "w", "--device", "cuda", "--weights", tmp_path, "--out"]
    assert generate(loader, *words, tmp_path / "a.npz") == 0
    assert loader.calls == [(tmp_path, "cuda")]


def test_words_that_were_not_read_are_told(tmp_path, loader, capsys):
    assert generate(loader, "--prompt", "walk|then rest", "--out", tmp_path / "a.npz") == 0
    assert '"then rest"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--prompt", ""], "prompt is empty"),
        (["--prompt", " \n"], "prompt is empty"),
        (["--prompt", "w", "--seconds", "-1"], "-1 s"),
        (["--prompt", "w", "--seconds", "0.1"], "0.1 s"),
        (["--prompt", "w", "--seconds", "600"], "600 s"),
        (["--prompt", "w", "--seconds", "nan"], "nan s"),
        (["--prompt", "w", "--takes", "0"], "0 takes"),
        (["--prompt", "w", "--takes", "99"], "99 takes"),
        (["--prompt", "w", "--seed", "-5"], "seed"),
    ],
)
def test_a_wrong_request_is_told_before_the_model_is_loaded(tmp_path, loader, capsys, words, told):
    assert generate(loader, *words, "--out", tmp_path / "a.npz") == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and told in lines[0]
    assert loader.calls == [] and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["fly"],
        ["generate"],
        ["generate", "--prompt", "w"],
        ["generate", "--out", "a.npz"],
        ["generate", "--prompt", "w", "--out", "a.fbx"],
        ["generate", "--prompt", "w", "--out", "a"],
        ["generate", "--prompt", "w", "--requests", "r.jsonl", "--out", "a.npz"],
        ["generate", "--requests", "r.jsonl", "--seed", "3", "--out", "a"],
        ["generate", "--prompt", "w", "--seconds", "two", "--out", "a.npz"],
        ["generate", "--prompt", "w", "--device", "tpu", "--out", "a.npz"],
        ["train"],
        ["train", "everything"],
        ["corpus"],
        ["corpus", "burn"],
    ],
)
def test_wrong_usage_has_status_2(loader, capsys, words):
    try:
        status = main(words, loader)
    except SystemExit as stopped:
        status = stopped.code
    assert status == 2 and "usage:" in capsys.readouterr().err
    assert loader.calls == []


@pytest.mark.parametrize(
    "words", [["--help"], ["generate", "-h"], ["train", "--help"], ["corpus", "--help"]]
)
def test_help_has_status_0(loader, capsys, words):
    try:
        status = main(words, loader)
    except SystemExit as stopped:
        status = stopped.code
    assert status == 0 and "usage:" in capsys.readouterr().out


def test_a_batch_tells_bad_lines_and_serves_the_others(tmp_path, loader, capsys):
    lines = [{"name": "a", "prompt": "w"}, {"name": "b"}, {"name": "c", "prompt": "w"}]
    path = tmp_path / "r.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    assert generate(loader, "--requests", path, "--out", tmp_path / "out") == 1
    told = capsys.readouterr()
    assert told.err.splitlines() == ['line 2: The line has no "prompt". Add "prompt".']
    assert told.out.startswith("2 written")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.npz", "c.npz"]


def test_a_good_batch_has_status_0(tmp_path, loader, capsys):
    path = tmp_path / "r.jsonl"
    path.write_text('{"name": "a", "prompt": "w"}')
    assert generate(loader, "--requests", path, "--out", tmp_path / "out") == 0
    assert capsys.readouterr().err == ""


def test_missing_requests_are_told_before_the_model_is_loaded(tmp_path, loader, capsys):
    assert generate(loader, "--requests", tmp_path / "no.jsonl", "--out", tmp_path / "out") == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert loader.calls == [] and not (tmp_path / "out").exists()


def test_weights_that_cannot_be_used_are_told(tmp_path, capsys):
    from keyfill_extension.engine.checkpoint import verify_weights

    def load(weights, device):
        verify_weights(weights)

    words = ["generate", "--prompt", "w", "--weights", str(tmp_path / "none")]
    assert main([*words, "--out", str(tmp_path / "a.npz")], load) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and "missing" in lines[0] and "Restore" in lines[0]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_way_is_told(tmp_path, loader, capsys):
    (tmp_path / "a_2.npz").mkdir()
    assert generate(loader, "--prompt", "w", "--takes", 2, "--out", tmp_path / "a.npz") == 1
    assert "a_2.npz" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a_2.npz"]


def test_a_file_where_a_folder_should_be_is_told(tmp_path, loader, capsys):
    (tmp_path / "file").write_text("x")
    assert generate(loader, "--prompt", "w", "--out", tmp_path / "file" / "a.npz") == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert (tmp_path / "file").read_text() == "x"


FULL_DISK = """
import resource, sys, numpy as np
from engine.__main__ import main
from engine.motion.clip import Clip
from engine.motion.request import MotionResult, Progress

class NoisyEngine:
    device = "cpu"
    def run(self, request):
        yield Progress(0, 1, "tokens")
        rot = np.tile([1.0, 0.0, 0.0, 0.0], (300, 22, 1))
        small = Clip(np.zeros((1, 3)), rot[:1])
        large = Clip(np.random.default_rng(0).normal(size=(300, 3)), rot)
        return MotionResult((small, large))

resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.RLIM_INFINITY))
words = ["generate", "--prompt", "w", "--takes", "2", "--out", sys.argv[1]]
sys.exit(main(words, lambda weights, device: NoisyEngine()))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("kind", ["npz", "bvh"])
def test_a_disk_that_refuses_leaves_everything_as_it_was(tmp_path, repository, kind):
    """The first take would fit, the second does not: neither replaces what was there."""
    (tmp_path / f"a_1.{kind}").write_text("old")
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / f"a.{kind}")],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stderr
    assert len(run.stderr.splitlines()) == 1 and "cannot be used" in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == [f"a_1.{kind}"]
    assert (tmp_path / f"a_1.{kind}").read_text() == "old"


def test_a_full_disk_is_told_with_its_cure():
    sentence = error_to_sentence(OSError(28, "No space left on device", "a.npz"))
    assert sentence.startswith("The disk is full.")


def test_only_errors_made_for_people_become_sentences():
    assert error_to_sentence(RequestError("Wrong.", "Right it.")) == "Wrong. Right it."
    assert error_to_sentence(ClipError("no clip")) == "no clip"
    assert "memory" in error_to_sentence(RuntimeError("CUDA out of memory"))
    assert error_to_sentence(RuntimeError("a mistake")) is None
    assert error_to_sentence(ValueError("a mistake")) is None


def test_a_mistake_of_the_program_is_not_hidden(tmp_path):
    def load(weights, device):
        raise ValueError("a mistake")

    with pytest.raises(ValueError, match="a mistake"):
        generate(load, "--prompt", "w", "--out", tmp_path / "a.npz")


def test_interruption_leaves_nothing(tmp_path, capsys):
    class Interrupted(SeededEngine):
        def run(self, request):
            yield Progress(0, 1, "tokens")
            raise KeyboardInterrupt

    words = ["--prompt", "w", "--out", tmp_path / "a.npz"]
    assert generate(lambda weights, device: Interrupted(), *words) == 130
    assert capsys.readouterr().err.strip() == "Stopped."
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def installed(tmp_path, repository):
    """As the add-on installs it: a copy without training, evaluation and data."""
    left_out = shutil.ignore_patterns("data", "measuring", "training", "evaluation", "__pycache__")
    return shutil.copytree(repository / "engine", tmp_path / "engine", ignore=left_out)


def run_installed(folder, *words):
    return subprocess.run(
        [sys.executable, "-m", "engine", *words],
        cwd=folder.parent,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("words", [["train", "tokenizer"], ["evaluate"], ["corpus", "build"]])
def test_a_folder_that_was_left_out_is_told(installed, words):
    run = run_installed(installed, *words)
    assert run.returncode == 1 and len(run.stderr.splitlines()) == 1, run.stderr
    assert "repository" in run.stderr


def test_a_missing_package_is_told_by_its_name(installed):
    (installed / "training").mkdir()
    (installed / "training" / "tokenizer.py").write_text("import no_such_package.anywhere")
    run = run_installed(installed, "train", "tokenizer")
    assert run.returncode == 1 and len(run.stderr.splitlines()) == 1, run.stderr
    assert "no_such_package" in run.stderr and "Install Engine" in run.stderr


def test_words_and_status_pass_through_a_module(installed):
    (installed / "training").mkdir()
    program = "def main(words):\n    return 7 if words == ['--preset', 'x'] else 0\n"
    (installed / "training" / "masked.py").write_text(program)
    assert run_installed(installed, "train", "masked", "--preset", "x").returncode == 7


def test_help_of_the_program_loads_no_torch(repository):
    script = "import sys; from engine.__main__ import main; main(['--help']); "
    script += "sys.exit('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], cwd=repository, check=False)
    assert run.returncode == 0


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_bar_is_silent_for_short_tasks_and_drawn_for_long_ones(monkeypatch):
    stream = Terminal()
    bar = ProgressBar(stream)
    bar.show(Progress(1, 4, "base tokens"))
    bar.close()
    assert stream.getvalue().strip("\r") == ""
    monkeypatch.setattr(ProgressBar, "QUIET_SECONDS", 1e-9)
    bar = ProgressBar(stream)
    bar.show(Progress(1, 4, "base tokens"))
    assert "[######" in stream.getvalue() and "1/4 base tokens" in stream.getvalue()
    bar.show(Progress(9, 4, "over"))
    assert "4/4 over" in stream.getvalue()
    bar.show(Progress(0, 0, "nothing to do"))
    assert "0/1 nothing to do" in stream.getvalue()


def test_bar_leaves_an_empty_line():
    stream = Terminal()
    bar = ProgressBar(stream)
    bar.announce("Loading the model")
    assert stream.getvalue().endswith("Loading the model …")
    bar.note("line 3: cut")
    bar.close()
    shown, _, rest = stream.getvalue().partition("line 3: cut\n")
    assert shown.endswith(f"\r{' ' * len('Loading the model …')}\r")
    assert rest.strip("\r ") == ""


def test_bar_prints_plain_lines_where_there_is_no_terminal():
    stream = io.StringIO()
    bar = ProgressBar(stream)
    bar.announce("Loading the model")
    bar.show(Progress(1, 4, "base tokens"))
    assert stream.getvalue() == ""
    bar._told = time.monotonic() - 60
    bar.show(Progress(2, 4, "base tokens"))
    bar.show(Progress(3, 4, "base tokens"))
    bar.clear()
    assert stream.getvalue() == "2/4 base tokens\n"


def test_existing_files_are_replaced(tmp_path):
    (tmp_path / "a.npz").write_text("old")
    made = MotionResult((standing(4),))
    assert write_takes(made, tmp_path / "a.npz") == [tmp_path / "a.npz"]
    assert load_clip(tmp_path / "a.npz").frames == 4


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_path_that_stdout_cannot_print_does_not_fail(tmp_path, loader, monkeypatch, encoding):
    streams = {name: io.TextIOWrapper(io.BytesIO(), encoding) for name in ("stdout", "stderr")}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, stream)
    out = tmp_path / "歩く.npz"
    assert generate(loader, "--prompt", "walk|後", "--out", out) == 0
    for stream in streams.values():
        stream.flush()
    assert load_clip(out).frames == 45
    shown = streams["stdout"].buffer.getvalue().decode(encoding)
    spelled = "歩く.npz" if encoding == "utf-8" else "\\u6b69\\u304f.npz"
    assert shown == f"{tmp_path / 'x'}".removesuffix("x") + spelled + "\n"
    assert streams["stderr"].buffer.getvalue()


def test_a_folder_that_stdout_cannot_print_does_not_fail_a_batch(tmp_path, loader, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), "ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    requests = tmp_path / "r.jsonl"
    requests.write_text(json.dumps({"name": "a", "prompt": "walk"}))
    out = tmp_path / "é"
    assert generate(loader, "--requests", requests, "--out", out) == 0
    stream.flush()
    assert stream.buffer.getvalue().endswith(b"\\xe9\n")
    assert load_clip(out / "a.npz").frames == 45
