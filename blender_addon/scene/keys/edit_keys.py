"""The solved keys of a take, and their text: a take that waits keeps them, saved with the scene.

The text is JSON; arrays in it are 64-bit floats in base 64, so that nothing is rounded.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....engine.motion.request import RequestError
from ....engine.motion.retargeting.clip_to_rig import BonePath, RigMotion
from .span_planning import SpanKeys

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class EditKeys:
    """The keys of one take, ready to be written."""

    motion: RigMotion
    """One row a scene frame."""

    start_frame_scene: int
    """Scene frame of the first row."""

    spans: tuple[SpanKeys, ...]
    """The frames and bones that get keys; nothing else is touched."""

    open_side: str = ""
    """`end` or `start`: on that side curves continue from the new keys, not from the old pose."""


def take_to_text(keys: EditKeys, digest: str) -> str:
    """Return the keys of a take as text.

    Args:
        keys: what carries the character is left out: edits never key it.
        digest: of the curves that were written with them.
    """
    motion = keys.motion
    return json.dumps({
        "digest": digest,
        "start_frame_scene": keys.start_frame_scene,
        "spans": [asdict(span) for span in keys.spans],
        "open_side": keys.open_side,
        "bones": motion.bones,
        "rotations": _array_to_text(motion.rotations),
        "location_bone": motion.location_bone,
        "locations": _array_to_text(motion.locations),
        "moved": {one.bone: _array_to_text(one.locations) for one in motion.moved},
        "fps": motion.fps,
        "is_measured": motion.is_measured,
    })  # fmt: skip


def text_to_take(text: str) -> tuple[EditKeys, str]:
    """Return the keys of a take and the digest of its curves.

    Raises:
        RequestError: if the text is damaged.
    """
    try:
        row = json.loads(text)
        bones = tuple(row["bones"])
        motion = RigMotion(
            bones,
            _text_to_array(row["rotations"], len(bones), 4),
            row["location_bone"],
            _text_to_array(row["locations"], 3),
            row["fps"],
            moved=tuple(
                BonePath(name, _text_to_array(one, 3)) for name, one in row["moved"].items()
            ),
            is_measured=row["is_measured"],
        )
        spans = tuple(_row_to_span(span) for span in row["spans"])
        return EditKeys(motion, row["start_frame_scene"], spans, row["open_side"]), row["digest"]
    except (KeyError, TypeError, ValueError) as error:
        raise RequestError(
            "The keys of this take are damaged.", "Discard the takes, and make the edit once more."
        ) from error


def _row_to_span(row: dict[str, Any]) -> SpanKeys:
    return SpanKeys(**{**row, "bones": tuple(row["bones"]), "moved": tuple(row["moved"])})


def _array_to_text(array: Array) -> str:
    return base64.b64encode(np.asarray(array, dtype="<f8").tobytes()).decode("ascii")


def _text_to_array(text: str, *shape: int) -> Array:
    """Return an array (T, *shape)."""
    return np.frombuffer(base64.b64decode(text), dtype="<f8").reshape(-1, *shape)
