"""The one error that an animator sees: what is wrong, and what cures it."""

from __future__ import annotations


class UserError(Exception):
    """Something that an animator can put right."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy
