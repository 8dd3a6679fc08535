"""The one error that an animator sees: what is wrong, and what cures it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ...engine.motion.request import RequestError


class UserError(Exception):
    """Something that an animator can put right."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


@contextmanager
def errors_for_animators() -> Iterator[None]:
    """Turn a RequestError of the engine's pure parts into a UserError."""
    try:
        yield
    except RequestError as error:
        raise UserError(error.message, error.remedy) from error
