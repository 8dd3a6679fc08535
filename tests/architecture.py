"""Read imports, prints and lengths from source text with ast; each finding is one sentence.

Nothing is imported or run. What ast cannot see (importlib, strings) is not found.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MOST_ARGUMENTS = 5
LONGEST_NESTED_FUNCTION = 5

BLENDER = {"bpy", "mathutils", "bpy_extras", "gpu", "blf", "bmesh", "idprop", "addon_utils"}
LEARNING = {"torch", "transformers", "safetensors", "tokenizers"}

ENGINE_LAYERS = (
    {"motion"},
    {"protocol", "rotations", "config", "files", "memory_use", "python_place", "shares",
     "splicing", "threads"},
    {"features", "models"},
    {"checkpoint"},
    {"minilm"},
    {"text_encoder"},
    {"tokenizer", "transformers"},
    {"planning"},
    {"decoding", "retrieval", "presets"},
    {"systems"},
    {"api"},
    {"starting"},
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
    {"foreground"},
    {"model_list"},
    {"preferences"},
    {"run_properties", "plan_properties"},
    {"properties", "rig_properties"},
    {"tasks"},
    {"operators"},
    {"installing"},
    {"panels"},
    {"rig_panels"},
    {"__init__"},
)
"""Parts of the extension from the bottom up."""

DECLARATIONS = ("engine/systems/abilities.py", "engine/systems/registry.py",
                "engine/systems/*/__init__.py")
"""What the systems declare: Blender's process reads it."""

FOR_BLENDER = {"motion", "models", "files", "python_place", "systems.abilities",
               "systems.registry"}
"""Parts of the engine that Blender's process may import."""

SPEAKING = ("blender_addon/engine_link.py", "blender_addon/core/link/conversation.py",
            "blender_addon/core/link/worker_process.py",
            "blender_addon/core/replay/replay_process.py",
            "blender_addon/scene/controls/replaying.py")
"""What speaks to the worker, or to a second Blender: these may also import the protocol."""

LIGHT = ("engine/protocol/*", "engine/config.py", "engine/files.py", "engine/python_place.py",
         "engine/threads.py",
         "engine/motion/*",
         "engine/models/*",
         *DECLARATIONS)
"""What these import when they are loaded is NumPy and the standard library only."""

LAYS_PATHS = ("engine/starting/launcher.py",)
"""Where a child process learns of its packages' folders: Blender's own process never does."""

PRINTING = ("engine/__main__.py", "engine/batch.py", "engine/starting/progress_bar.py",
            "engine/systems/momask/import_published.py",
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
    for name in node.names:  # `from .. import x`: x is the part that counts
        is_part = len(base) < 2 and (not base or base[0] in ("engine", "blender_addon"))
        is_module = (REPOSITORY.joinpath(*base) / f"{name.name}.py").is_file()
        yield ".".join([*base, name.name] if is_part or is_module else base)


def part_of(path: str) -> str:
    """Return `motion` for engine/motion/clip.py, `api` for engine/api.py."""
    parts = Path(path).with_suffix("").parts
    return parts[1] if len(parts) > 1 else ""


def layer_of(part: str, layers: tuple[set[str], ...] = ENGINE_LAYERS) -> int | None:
    """Return the height of a part; None for one that the table does not know."""
    heights = [height for height, parts in enumerate(layers) if part in parts]
    return heights[0] if heights else None


def folder_arrows(sources: dict[str, str]) -> dict[str, set[str]]:
    """Return for each folder the folders that its modules import from.

    Modules right below engine/ and blender_addon/ are parts of their own.

    Args:
        sources: paths from the repository's root, and their text.
    """
    modules = {path.removesuffix(".py").removesuffix("/__init__"): path for path in sources}
    arrows: dict[str, set[str]] = {}
    for path, source in sources.items():
        here = arrows.setdefault(_room(path), set())
        for target in _imported_modules(path, source, modules):
            here.add(_room(target))
        here.discard(_room(path))
    return arrows


def circles(arrows: dict[str, set[str]]) -> list[str]:
    """Return the folders that import from each other, directly or on a way round."""
    reach = {room: set(targets) for room, targets in arrows.items()}
    for middle in reach:
        for targets in reach.values():
            if middle in targets:
                targets |= reach[middle]
    return sorted(room for room, targets in reach.items() if room in targets)


def _room(path: str) -> str:
    parts = Path(path).parts
    return "/".join(parts[:-1]) if len(parts) > 2 else path


def _imported_modules(path: str, source: str, modules: dict[str, str]) -> Iterator[str]:
    """Yield the files that a file imports, those inside functions, too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = list(Path(path).parent.parts)
            base = folder[: len(folder) - node.level + 1] + (node.module or "").split(".")
            base = [part for part in base if part]
            for name in node.names:
                inside, whole = "/".join([*base, name.name]), "/".join(base)
                if found := modules.get(inside) or modules.get(whole):
                    yield found


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
    is_light = any(fnmatch(path, pattern) for pattern in LIGHT)
    if is_light and not (standard or own):
        return "what Blender's process imports needs NumPy and the standard library only"
    if path.startswith("blender_addon/core/") and root in BLENDER | LEARNING:
        return "core knows neither Blender nor torch"
    if path.startswith("blender_addon/") and root in LEARNING:
        return "Blender's process never loads the model's libraries"
    return ""


def _wrong_in_engine(imported: Import) -> str:
    path, target = part_of(imported.path), imported.part
    if not imported.is_relative or path in ("", "__init__"):
        return ""
    if imported.root != "engine":
        return "the engine imports from the engine only"
    if fnmatch(imported.path, "engine/systems/*/*") and _is_other_system(imported):
        return "systems do not know each other"
    if target == path or target == "":
        return ""
    if target in REPOSITORY_ONLY and path not in REPOSITORY_ONLY:
        if path == "__main__" and imported.is_inside_function:
            return ""
        return "only __main__ may, inside its subcommand: the installed add-on lacks it"
    here, there = layer_of(path), layer_of(target)
    if here is None or there is None:
        return ""
    return "" if there < here else f"{path} does not stand above {target}"


def _is_other_system(imported: Import) -> bool:
    own, parts = Path(imported.path).parts[2], imported.target.split(".")
    return parts[:2] == ["engine", "systems"] and len(parts) > 3 and parts[2] != own


def _wrong_in_addon(imported: Import) -> str:
    path = imported.path
    if path == "blender_addon/__init__.py":
        allowed = imported.is_inside_function or imported.root in ("__future__", "typing")
        return "" if allowed else "the add-on's package imports inside register() only"
    if not imported.is_relative:
        return ""
    if imported.root == "engine":
        return _wrong_engine_door(imported)
    here, there = (layer_of(part, ADDON_LAYERS) for part in (part_of(path), imported.part))
    if here is None or there is None or part_of(path) == imported.part:
        return ""
    return "" if there < here else f"{part_of(path)} does not stand above {imported.part}"


def _wrong_engine_door(imported: Import) -> str:
    module = imported.target.removeprefix("engine.")
    if any(module == part or module.startswith(f"{part}.") for part in FOR_BLENDER):
        return ""
    if imported.part == "protocol" and imported.path in SPEAKING:
        return ""
    told = ", ".join(sorted(FOR_BLENDER))
    return f"Blender's process may import {told}, and what speaks to the worker the protocol"


def wrong_names(path: str, source: str) -> list[str]:
    """Return one sentence for each print, sys.path and bpy.data where it has no business."""
    found = []
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            if name == "sys.path" and path not in LAYS_PATHS:
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
