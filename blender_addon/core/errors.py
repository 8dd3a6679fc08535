"""The one error that an animator sees: what is wrong, and what cures it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from ...engine.motion.request import RequestError


class UserError(Exception):
    """Something that an animator can put right."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


UNFORESEEN = "Something unforeseen went wrong"
"""How the message of an error begins that nobody can cure by changing the scene."""

_FAULTS = (
    ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, OSError,
    ReferenceError, RuntimeError, TypeError, ValueError,
)  # fmt: skip


@contextmanager
def errors_for_animators() -> Iterator[None]:
    """Turn a RequestError of the engine's pure parts into a UserError.

    Faults of the code, or of data that nothing else caught, become one as well: their traceback
    goes to the system console.
    """
    try:
        yield
    except RequestError as error:
        raise UserError(error.message, error.remedy) from error
    except _FAULTS as error:
        logging.getLogger(__name__).exception(UNFORESEEN)
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise UserError(
            f"{UNFORESEEN} ({reason}).", "Report it with the text in the system console."
        ) from error
