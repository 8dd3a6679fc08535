"""The sets of prompts by name, and the digest that shows whether one was edited."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import ModuleType
from typing import Final

from .. import checks
from . import (
    asked,
    counted,
    frozen,
    known,
    open_prompts,
    prompt,
    spellings,
    subjects,
    tuning,
    unseen,
)
from .counted import COUNTED
from .frozen import FROZEN
from .open_prompts import OPEN
from .prompt import PromptSet
from .spellings import SPELLINGS_SET
from .subjects import SUBJECTS_SET
from .tuning import TUNING
from .unseen import UNSEEN, UNSEEN_COUNTED

SETS: Final[dict[str, PromptSet]] = {
    prompts.name: prompts
    for prompts in (
        FROZEN, TUNING, OPEN, COUNTED, SUBJECTS_SET, SPELLINGS_SET, UNSEEN, UNSEEN_COUNTED,
    )  # fmt: skip
}

FIRST_CHECKS: Final = (
    "__init__.py", "arms.py", "body.py", "captioned.py", "captioned_gestures.py",
    "captioned_going.py", "gestures.py", "going.py", "measures.py", "sequence.py", "shown.py",
    "table.py",
)  # fmt: skip
"""What judges the frozen and the tuning set."""

WIDER: Final = (
    "acts.py", "captioned_asked.py", "counting.py", "in_order.py", "states.py", "wider_table.py",
)  # fmt: skip
"""What judges the later sets beside FIRST_CHECKS."""

_WORDINGS: Final[dict[str, tuple[ModuleType, ...]]] = {
    "frozen": (frozen, prompt),
    "tuning": (tuning, prompt),
    "open": (open_prompts, prompt, asked),
    "counted": (counted, prompt, asked),
    "subjects": (subjects, prompt, asked),
    "spellings": (spellings, prompt, asked),
    "known": (known, prompt, asked),
    "unseen": (unseen, prompt, asked),
    "unseen-counted": (unseen, prompt, asked),
}


def set_digest(name: str) -> str:
    """Return the SHA-256 of a set's prompts and of the checks that judge it, line ends aside."""
    modules = _WORDINGS[name]
    folder = Path(str(checks.__file__)).parent
    files = [Path(str(module.__file__)) for module in modules]
    files += [folder / check for check in FIRST_CHECKS]
    if asked in modules:
        files += [folder / check for check in WIDER]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_text(encoding="utf-8").encode())
    return digest.hexdigest()
