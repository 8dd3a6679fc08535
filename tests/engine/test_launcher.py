"""The worker in an isolated Python: it gets its paths as arguments, and its torch is looked at."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from keyfill_extension.blender_addon.core.link import blenders_python as place
from keyfill_extension.blender_addon.core.link.blenders_python import BlendersPython
from keyfill_extension.blender_addon.core.link.bytecode_filling import BytecodeFilling
from keyfill_extension.blender_addon.core.link.worker_settings import WorkerSettings
from keyfill_extension.engine.starting import loading

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120.0


def run_engine(tmp_path, engine, packages=()):
    """Run the launcher's worker with an engine that tells what it sees, and return its log."""
    file = tmp_path / "telling.py"
    file.write_text("import sys\nfrom engine.motion.skeleton import FPS\n" + engine)
    command = [sys.executable, "-I", "-B", "-u", str(place.LAUNCHER)]
    for folder in packages:
        command += ["--packages", str(folder)]
    command += ["--", "--engine", f"{file}:load"]
    answer = subprocess.run(
        command, cwd=tmp_path, input=b"", capture_output=True, timeout=PATIENCE_SECONDS
    )
    return answer.stderr.decode()


def test_the_engine_is_found_without_path_and_working_directory(tmp_path):
    (tmp_path / "engine.py").write_text("raise SystemExit('the wrong engine')")
    log = run_engine(tmp_path, "print(sys.modules['engine'].__file__, sys.path)\ndef load(): ...")
    assert str(REPOSITORY / "engine" / "__init__.py") in log
    assert str(tmp_path) not in log.partition("[")[2]
    assert f"'{REPOSITORY / 'engine'}'" not in log and f"'{REPOSITORY}'" not in log


def test_packages_of_extensions_stand_behind_what_blenders_python_has(tmp_path):
    for name in ("numpy", "only_there"):
        (tmp_path / "site" / name).mkdir(parents=True)
        (tmp_path / "site" / name / "__init__.py").write_text("")
    (tmp_path / "site" / "harm.pth").write_text("import sys; sys.exit('a .pth file was run')")
    tell = "import numpy, only_there\nprint(numpy.__version__, only_there.__file__)\n"
    log = run_engine(tmp_path, tell + "def load(): ...", [tmp_path / "site"])
    import numpy as np

    assert np.__version__ in log and str(tmp_path / "site" / "only_there") in log


def test_blenders_python_is_started_isolated_with_its_folders(tmp_path):
    (tmp_path / "torch").mkdir()
    own = BlendersPython((), packages=str(tmp_path), bytecode="/bytecode")
    command = WorkerSettings(own=own).command()
    assert "-I" in command and "pycache_prefix=/bytecode" in command
    assert command[command.index("--packages") + 1] == str(tmp_path)
    assert command[-3:] == ["--", "--device", "auto"]
    assert BlendersPython(("-I",)).start().count("-I") == 1
    other = WorkerSettings(python="/other/python", own=own).command()
    assert other[:3] == ["/other/python", "-m", "engine.worker"]


def test_what_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(place, "NEEDED", ("json", "no_such_package", "nor_this"))
    assert place.missing_packages() == ["no_such_package", "nor_this"]
    (tmp_path / "nor_this.py").write_text("")
    assert place.missing_packages(str(tmp_path)) == ["no_such_package"]
    assert not place.has_packages(str(tmp_path))
    assert BlendersPython(packages=str(tmp_path), bytecode="b").fill_command() == []


def test_bytecode_is_filled_once_and_anew_for_another_torch(tmp_path, monkeypatch):
    settings = WorkerSettings(own=BlendersPython(bytecode=str(tmp_path / "bytecode")))
    filling = BytecodeFilling()
    try:
        filling.start(settings)
        assert filling.pid
        assert filling.wait(PATIENCE_SECONDS)
    finally:
        filling.stop()
    names = {path.name.partition(".")[0] for path in (tmp_path / "bytecode").rglob("*.pyc")}
    assert {"generator", "minilm", "functional"} <= names  # the engine's and torch's
    assert settings.own.fill_command() == []
    filling.start(settings)
    assert filling.pid == 0
    monkeypatch.setattr(place.sys, "version", "another Python")
    assert settings.own.fill_command()[-3] == "--fill"


def test_a_filling_that_is_stopped_leaves_no_process(tmp_path):
    settings = WorkerSettings(own=BlendersPython(bytecode=str(tmp_path / "bytecode")))
    filling = BytecodeFilling()
    filling.start(settings)
    assert filling.pid
    filling.stop()
    assert filling.pid == 0
    assert not (tmp_path / "bytecode" / place.FILLED_NAME).exists()


@pytest.mark.parametrize(
    "source", ["__version__ = '1.13.1'", "__version__ = '9.9'", "", "__version__ = 'x'"]
)
def test_a_torch_that_another_extension_brought_is_looked_at(tmp_path, monkeypatch, source):
    importlib.import_module("torch")  # so that what is forgotten below is there again later
    (tmp_path / "torch.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "torch"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(loading.TorchUnfit) as refused:
        loading.load_keyfill_engine(None, "cpu")
    assert f"in {tmp_path}" in refused.value.message
    assert "another extension" in refused.value.remedy
