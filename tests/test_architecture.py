"""The arrows between the parts, the sizes, and that the checks themselves can fail."""

import ast
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from keyfill_extension.tests import architecture as rules

REPOSITORY = Path(__file__).resolve().parent.parent
MOST_FILES = 20


SOURCES = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for folder in ("engine", "blender_addon")
    for path in (REPOSITORY / folder).rglob("*.py")
)
ALL_SOURCES = SOURCES + sorted(
    path.relative_to(REPOSITORY).as_posix()
    for folder in ("docs", "tests", "requirements", "benchmarks")
    for path in (REPOSITORY / folder).rglob("*.py")
) + ["build_addon.py"]


def _read(path):
    return (REPOSITORY / path).read_text(encoding="utf-8")


def test_there_is_something_to_check():
    assert "engine/motion/clip.py" in SOURCES
    assert any(path.startswith("blender_addon/") for path in SOURCES)


@pytest.mark.parametrize("path", SOURCES)
def test_imports_follow_the_arrows(path):
    assert rules.wrong_imports(path, _read(path)) == []


@pytest.mark.parametrize("path", SOURCES)
def test_no_print_no_path_editing_no_stray_blender_data(path):
    assert rules.wrong_names(path, _read(path)) == []


@pytest.mark.parametrize("path", ALL_SOURCES)
def test_files_and_functions_stay_short(path):
    assert rules.wrong_sizes(path, _read(path)) == []


@pytest.mark.parametrize("path", SOURCES)
def test_modules_say_what_they_do(path):
    assert ast.get_docstring(ast.parse(_read(path)))


@pytest.mark.parametrize(
    ("root", "layers"), [("engine", rules.ENGINE_LAYERS), ("blender_addon", rules.ADDON_LAYERS)]
)
def test_every_part_has_a_layer(root, layers):
    parts = {rules.part_of(path) for path in SOURCES if path.startswith(root)} - {"", "__init__"}
    assert {part for part in parts if rules.layer_of(part, layers) is None} == set()
    assert parts | {"tasks", "__init__"} >= set().union(*layers)


def test_no_folders_import_from_each_other():
    assert rules.circles(rules.folder_arrows({path: _read(path) for path in SOURCES})) == []


def test_a_circle_of_folders_is_found():
    sources = {
        "engine/a/x.py": "from ..b import y",
        "engine/b/y.py": "def f():\n    from ..c.z import Z",
        "engine/c/z.py": "from ..a import x",
        "engine/top.py": "from .a.x import X",
    }
    arrows = rules.folder_arrows(sources)
    assert rules.circles(arrows) == ["engine/a", "engine/b", "engine/c"]


@pytest.mark.parametrize("root", ["engine", "blender_addon"])
def test_no_folder_is_crowded(root):
    folders = {path.parent for path in (REPOSITORY / root).rglob("*.py")}
    crowded = {folder for folder in folders if len(list(folder.glob("*.py"))) > MOST_FILES}
    assert crowded == set()


@pytest.mark.parametrize("path", SOURCES)
def test_no_module_has_a_name_that_says_nothing(path):
    assert Path(path).stem not in {"utils", "helpers", "common", "misc"}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("engine/motion/clip.py", "import torch"),
        ("engine/motion/clip.py", "import scipy.linalg"),
        ("engine/motion/clip.py", "from ..features import x"),
        ("engine/motion/clip.py", "def f():\n    import torch"),
        ("engine/protocol/frames.py", "import torch"),
        ("engine/protocol.py", "from . import api"),
        ("engine/models/catalogue.py", "import torch"),
        ("engine/systems/grid/__init__.py", "import torch"),
        ("engine/systems/grid/system.py", "from ..mmm.system import Mmm"),
        ("engine/measuring/metrics.py", "from ..training import loop"),
        ("engine/training/loop.py", "from ..evaluation.run import main"),
        ("engine/models/catalogue.py", "from ..checkpoint import load_checkpoint"),
        ("engine/config.py", "import safetensors"),
        ("engine/api.py", "import bpy"),
        ("engine/api.py", "from mathutils import Vector"),
        ("engine/api.py", "from ..blender_addon import core"),
        ("engine/api.py", "from engine import features"),
        ("engine/api.py", "from .worker import main"),
        ("engine/api.py", "from .evaluation import measures"),
        ("engine/features.py", "from .decoding import x"),
        ("engine/tokenizer/grid.py", "from ..transformers import masked"),
        ("engine/tokenizer/grid.py", "from ..api import load_engine"),
        ("engine/decoding.py", "from .api import load_engine"),
        ("engine/__main__.py", "from .training import tokenizer"),
        ("engine/worker.py", "def f():\n    from .training import tokenizer"),
        ("blender_addon/core/link/jobs.py", "import bpy"),
        ("blender_addon/core/link/jobs.py", "import torch"),
        ("blender_addon/core/link/jobs.py", "from ...scene import armature"),
        ("blender_addon/core/link/jobs.py", "from ....engine import protocol"),
        ("blender_addon/core/link/jobs.py", "from .... import engine"),
        ("blender_addon/engine_link.py", "from ..engine import worker"),
        ("blender_addon/engine_link.py", "from ..engine.api import load_engine"),
        ("blender_addon/panels.py", "from ..engine.protocol import read_message"),
        ("blender_addon/core/link/jobs.py", "from ....engine.checkpoint import verify_weights"),
        ("blender_addon/panels.py", "import torch"),
        ("blender_addon/panels.py", "from blender_addon import core"),
        ("blender_addon/scene/reading/armature.py", "from ...engine_link import x"),
        ("blender_addon/scene/reading/armature.py", "from ...operators import generate"),
        ("blender_addon/__init__.py", "from . import operators"),
        ("blender_addon/__init__.py", "import bpy"),
    ],
)
def test_a_wrong_arrow_is_found(path, line):
    assert rules.wrong_imports(path, line)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("engine/motion/clip.py", "import numpy as np\nimport json\nfrom .skeleton import FPS"),
        ("engine/protocol.py", "from .motion.clip import Clip"),
        ("engine/api.py", "import torch\nfrom .decoding import decode\nfrom .motion import clip"),
        ("engine/worker.py", "from .api import load_engine"),
        ("engine/training/loop.py", "from ..tokenizer import grid\nfrom ..data import corpus"),
        ("engine/__main__.py", "def main():\n    from .training import tokenizer"),
        ("blender_addon/core/link/jobs.py", "from ....engine.motion.clip import Clip"),
        ("blender_addon/core/link/jobs.py", "from ....engine.systems.abilities import USES"),
        ("blender_addon/panels.py", "from ..engine.models.catalogue import list_models"),
        ("blender_addon/engine_link.py", "from ..engine.protocol import read_message"),
        ("blender_addon/operators/generate.py", "import bpy\nfrom ..scene import armature"),
        ("blender_addon/__init__.py", "def register():\n    from . import operators"),
        ("blender_addon/core/link/jobs.py", "if TYPE_CHECKING:\n    import bpy"),
    ],
)
def test_a_right_arrow_passes(path, line):
    assert rules.wrong_imports(path, line) == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("engine/api.py", "print('here')"),
        ("engine/api.py", "import sys\nsys.path.insert(0, '.')"),
        ("blender_addon/operators/generate.py", "x = bpy.data.objects['a']"),
        ("blender_addon/panels.py", "x = context.blend_data"),
    ],
)
def test_a_stray_name_is_found(path, line):
    assert rules.wrong_names(path, line)


def test_long_things_are_found():
    body = "\n".join(f"    x{index} = {index}" for index in range(60))
    assert rules.wrong_sizes("engine/api.py", f"def f():\n{body}\n")
    assert rules.wrong_sizes("engine/api.py", f"# Long: a table.\ndef f():\n{body}\n") == []
    assert rules.wrong_sizes("engine/api.py", "x = 1\n" * 401)
    assert rules.wrong_sizes("engine/api.py", "def f(a, b, c, d, e, *, g): ...")
    assert rules.wrong_sizes("engine/api.py", "def f(self, a, b, c, d, e): ...") == []
    nested = "def f():\n    def g():\n" + "        x = 1\n" * 5
    assert rules.wrong_sizes("engine/api.py", nested)


def test_blenders_share_of_the_engine_loads_no_learning_library():
    modules = ", ".join(
        path.removesuffix(".py").replace("/", ".")
        for path in SOURCES
        if path.startswith("engine/motion/") and not path.endswith("__init__.py")
    )
    script = textwrap.dedent(f"""
        import sys
        import engine.protocol, engine.systems.registry, engine.models.catalogue, {modules}
        loaded = {{name.split(".")[0] for name in sys.modules}}
        sys.exit(", ".join(sorted(loaded & {rules.LEARNING | rules.BLENDER!r})) or 0)
    """)
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
