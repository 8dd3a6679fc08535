"""The sets of prompts by name, and the digest that shows whether one was edited."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from .. import checks
from . import frozen, prompt, tuning
from .frozen import FROZEN
from .prompt import PromptSet
from .tuning import TUNING

SETS: Final[dict[str, PromptSet]] = {prompts.name: prompts for prompts in (FROZEN, TUNING)}


def set_digest(name: str) -> str:
    """Return the SHA-256 of a set's prompts and of all checks, line ends aside."""
    wordings = {"frozen": frozen, "tuning": tuning}[name]
    files = [Path(str(module.__file__)) for module in (wordings, prompt)]
    files += sorted(Path(str(checks.__file__)).parent.glob("*.py"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_text(encoding="utf-8").encode())
    return digest.hexdigest()
