"""Read imports, prints and lengths from source text with ast; each finding is one sentence.

Nothing is imported or run. What ast cannot see (importlib, strings) is not found.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MOST_ARGUMENTS = 5
LONGEST_NESTED_FUNCTION = 5

BLENDER = {"bpy", "mathutils", "bpy_extras", "gpu", "blf", "bmesh", "idprop", "addon_utils"}
LEARNING = {"torch", "transformers", "safetensors", "tokenizers"}

ENGINE_LAYERS = (
    {"motion"},
    {"protocol", "rotations", "config", "shares", "splicing"},
    {"features", "models"},
    {"checkpoint"},
    {"text_encoder"},
    {"tokenizer", "transformers"},
    {"decoding", "retrieval"},
    {"systems"},
    {"api"},
    {"worker", "batch"},
    {"data"},
    {"measuring"},
    {"training"},
    {"evaluation"},
    {"__main__"},
)
"""Parts of the engine from the bottom up: each imports from lower layers and from itself."""

REPOSITORY_ONLY = {"data", "measuring", "training", "evaluation"}
"""Parts of the engine that the zip leaves out."""

ADDON_LAYERS = (
    {"core"},
    {"scene"},
    {"engine_link"},
    {"model_list"},
    {"preferences"},
    {"properties", "rig_properties"},
    {"tasks"},
    {"operators"},
    {"panels"},
    {"rig_panels"},
    {"__init__"},
)
"""Parts of the extension from the bottom up."""

DECLARATIONS = ("engine/systems/abilities.py", "engine/systems/registry.py",
                "engine/systems/*/__init__.py")
"""What the systems declare: Blender's process reads it."""

FOR_BLENDER = {"motion", "models", "systems.abilities", "systems.registry"}
"""Parts of the engine that Blender's process may import; `engine_link` also the protocol."""

LIGHT = ("engine/protocol.py", "engine/config.py", "engine/motion/*", "engine/models/*",
         *DECLARATIONS)
"""What these import when they are loaded is NumPy and the standard library only."""

PRINTING = ("engine/__main__.py", "engine/batch.py", "engine/systems/momask/import_published.py",
            "engine/training/", "engine/evaluation/", "engine/data/")
"""Where command-line entry points live."""


@dataclass(frozen=True)
class Import:
    """One imported module, as seen from the repository's root."""

    path: str
    """File that imports, posix, relative to the repository."""

    target: str
    """Dotted name; of a relative import the resolved one: `engine.motion.clip`."""

    is_relative: bool
    is_inside_function: bool
    line: int

    @property
    def root(self) -> str:
        return self.target.split(".")[0]

    @property
    def part(self) -> str:
        """`motion` of `engine.motion.clip`; empty where there is none."""
        return (self.target.split(".") + [""])[1]

    def __str__(self) -> str:
        return f"{self.path}:{self.line} imports {self.target}"


def read_imports(path: str, source: str) -> list[Import]:
    """Return every import of a file except those for type checkers only."""
    found: list[Import] = []
    _walk_imports(ast.parse(source), path, False, found)
    return found


def _walk_imports(node: ast.AST, path: str, inside: bool, found: list[Import]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            found += [Import(path, name.name, False, inside, child.lineno) for name in child.names]
        elif isinstance(child, ast.ImportFrom):
            found += [
                Import(path, target, child.level > 0, inside, child.lineno)
                for target in _targets(path, child)
            ]
        elif not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            _walk_imports(child, path, inside or function, found)


def _targets(path: str, node: ast.ImportFrom) -> Iterator[str]:
    """Yield the dotted names of a from-import; `from . import a, b` names a and b."""
    module = (node.module or "").split(".") if node.module else []
    if node.level == 0:
        yield ".".join(module)
        return
    folder = list(Path(path).parent.parts)
    up = node.level - 1
    if up > len(folder):
        yield "beyond the extension"
        return
    base = folder[: len(folder) - up] + module
    if len(base) >= 2 or (base and base[0] not in ("engine", "blender_addon")):
        yield ".".join(base)
        return
    for name in node.names:  # `from .. import x`: x is the part that counts
        yield ".".join([*base, name.name])


def engine_part(path: str) -> str:
    """Return `motion` for engine/motion/clip.py, `api` for engine/api.py, else nothing."""
    parts = Path(path).with_suffix("").parts
    return parts[1] if parts[0] == "engine" and len(parts) > 1 else ""


def layer_of(part: str) -> int | None:
    """Return the height of an engine part; None for one that the table does not know."""
    heights = [height for height, parts in enumerate(ENGINE_LAYERS) if part in parts]
    return heights[0] if heights else None


def wrong_imports(path: str, source: str) -> list[str]:
    """Return one sentence for each import that breaks an arrow."""
    imports = read_imports(path, source)
    rules = (_wrong_root, _wrong_style)
    rules += (_wrong_in_engine,) if path.startswith("engine/") else (_wrong_in_addon,)
    return [
        f"{imported}: {reason}"
        for imported in imports
        for rule in rules
        if (reason := rule(imported))
    ]


def _wrong_style(imported: Import) -> str:
    if not imported.is_relative and imported.root in ("engine", "blender_addon"):
        return "inside the extension all imports are relative"
    return ""


def _wrong_root(imported: Import) -> str:
    path, root = imported.path, imported.root
    standard = root in sys.stdlib_module_names or root == "numpy"
    own = imported.is_relative
    if path.startswith("engine/") and root in BLENDER | {"blender_addon"}:
        return "the engine knows no Blender"
    if path.startswith(LIGHT) and not (standard or own):
        return "what Blender's process imports needs NumPy and the standard library only"
    if path.startswith("blender_addon/core/") and root in BLENDER | LEARNING:
        return "core knows neither Blender nor torch"
    if path.startswith("blender_addon/") and root in LEARNING:
        return "Blender's process never loads the model's libraries"
    return ""


def _wrong_in_engine(imported: Import) -> str:
    path, target = engine_part(imported.path), imported.part
    if not imported.is_relative or path in ("", "__init__"):
        return ""
    if imported.root != "engine":
        return "the engine imports from the engine only"
    if target == path or target == "" or path in REPOSITORY_ONLY:
        return ""
    if target in REPOSITORY_ONLY:
        if path == "__main__" and imported.is_inside_function:
            return ""
        return "only __main__ may, inside its subcommand: the installed add-on lacks it"
    here, there = layer_of(path), layer_of(target)
    if here is None or there is None:
        return ""
    return "" if there < here else f"{path} does not stand above {target}"


def _wrong_in_addon(imported: Import) -> str:
    path = imported.path
    if path == "blender_addon/__init__.py":
        allowed = imported.is_inside_function or imported.root in ("__future__", "typing")
        return "" if allowed else "the add-on's package imports inside register() only"
    if not imported.is_relative:
        return ""
    if imported.root == "engine":
        return _wrong_engine_door(imported)
    if imported.part == "engine_link" and path.startswith(("blender_addon/core/",
                                                           "blender_addon/scene/")):
        return "neither core nor scene knows the worker"
    if path.startswith("blender_addon/core/") and imported.part not in ("core", ""):
        return "core imports from core and engine.motion only"
    if path.startswith("blender_addon/scene/") and imported.part not in ("scene", "core"):
        return "scene imports from scene, core and engine.motion only"
    return ""


def _wrong_engine_door(imported: Import) -> str:
    if imported.part in FOR_BLENDER:
        return ""
    if imported.part == "protocol" and imported.path == "blender_addon/engine_link.py":
        return ""
    told = ", ".join(sorted(FOR_BLENDER))
    return f"Blender's process may import {told}, and engine_link the protocol, no more"


def wrong_names(path: str, source: str) -> list[str]:
    """Return one sentence for each print, sys.path and bpy.data where it has no business."""
    found = []
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            if name == "sys.path":
                found.append(f"{path}:{line} touches sys.path")
            if (
                name in ("bpy.data", "context.blend_data", "bpy.context.blend_data")
                and path.startswith("blender_addon/")
                and not path.startswith("blender_addon/scene/")
            ):
                found.append(f"{path}:{line} reads or writes bpy.data outside scene/")
        if (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) == "print"
            and not path.startswith(PRINTING)
        ):
            found.append(f"{path}:{line} prints outside a command-line entry point")
    return found


def wrong_sizes(path: str, source: str) -> list[str]:
    """Return one sentence for each file, function and argument list that is too long.

    A function over the limit is excused by a comment on the line above it that
    starts with `# Long:` and says why.
    """
    lines = source.splitlines()
    found = []
    if len(lines) > LONGEST_FILE and not path.startswith("tests/"):
        found.append(f"{path} has {len(lines)} lines, {LONGEST_FILE} are the limit")
    for function, depth in _functions(ast.parse(source), 0):
        where = f"{path}:{function.lineno} {function.name}"
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        first = min([function.lineno, *(node.lineno for node in function.decorator_list)])
        excused = first >= 2 and lines[first - 2].strip().startswith("# Long:")
        if length > LONGEST_FUNCTION and not excused:
            found.append(f"{where} has {length} lines, {LONGEST_FUNCTION} are the limit")
        if depth and length > LONGEST_NESTED_FUNCTION:
            found.append(f"{where} is nested and has {length} lines")
        if (count := _argument_count(function)) > MOST_ARGUMENTS:
            found.append(f"{where} takes {count} arguments, {MOST_ARGUMENTS} are the limit")
    return found


def _functions(node: ast.AST, depth: int) -> Iterator[tuple[ast.FunctionDef, int]]:
    """Yield every function with the number of functions around it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child, depth
            yield from _functions(child, depth + 1)
        else:
            yield from _functions(child, depth)


def _argument_count(function: ast.FunctionDef) -> int:
    arguments = function.args
    names = [arg.arg for arg in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in names if name not in ("self", "cls")])
