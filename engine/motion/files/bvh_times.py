"""The frame time of a BVH file -> frames per second, as it is meant.

Some programs print milliseconds there, or the rate itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import numpy as np

_LONGEST_SECONDS = 3.0
"""What is above this is no frame time in seconds: nothing moves so slowly."""

_COMMON_RATES = (24.0, 25.0, 30.0, 48.0, 50.0, 60.0, 72.0, 75.0, 90.0, 100.0, 120.0, 144.0,
                 150.0, 180.0, 200.0, 240.0, 250.0, 300.0, 360.0, 480.0, 500.0)  # fmt: skip
_RATES = np.array([*_COMMON_RATES, *(rate * 1000.0 / 1001.0 for rate in (24.0, 30.0, 60.0, 120.0))])


@dataclass(frozen=True, slots=True)
class FrameRate:
    """What a printed frame time stands for."""

    fps: float

    seconds: str
    """The frame time to print; as it was where it is in seconds."""

    note: str = ""
    """A sentence where it is not in seconds."""


def read_rate(text: str) -> FrameRate | None:
    """Return the rate that a printed frame time stands for; None if it is no time.

    Numbers above 3 are a rate, if they are a usual one, or else milliseconds.
    """
    try:
        exact = Decimal(text)
        number = float(exact)
    except (InvalidOperation, ValueError):
        return None
    if not (np.isfinite(number) and number > 0 and np.isfinite(1.0 / number)):
        return None
    # The last printed digit: of 3.33e-02 it is the fourth decimal.
    digit = 10.0 ** int(exact.as_tuple().exponent)
    if number <= _LONGEST_SECONDS:
        return FrameRate(_nearest_rate(number, digit), text)
    if np.abs(_RATES - number).min() <= min(0.6 * digit, 0.005):
        fps = float(_RATES[np.abs(_RATES - number).argmin()])
        return _told(text, fps, "frames a second")
    return _told(text, _nearest_rate(number / 1000.0, digit / 1000.0), "milliseconds")


def _told(text: str, fps: float, unit: str) -> FrameRate:
    note = f'its frame time "{text}" was read as {unit}: {fps:.6g} frames a second.'
    return FrameRate(fps, f"{1.0 / fps:.8f}", note)


def _nearest_rate(seconds: float, digit: float) -> float:
    """Return the usual, whole or broadcast rate that these rounded seconds stand for, if any."""
    tolerance = min(0.6 * digit, 0.02 * seconds) + 1e-12
    whole = np.arange(1.0, 1001.0)
    for rates in (np.array(_COMMON_RATES), whole, whole * 1000.0 / 1001.0):
        error = np.abs(1.0 / rates - seconds)
        if error.min() <= tolerance:
            return float(rates[np.argmin(error)])
    return 1.0 / seconds
