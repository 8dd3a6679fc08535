"""From decoded features to finished clips: into the canvas, feet cleaned up, take by take.

It knows no network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Generator as Steps
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor

from ..features import Origin
from ..motion.clip import Clip, headings
from ..motion.contacts import Contacts
from ..motion.feet.clean_up import CLEANING_UP, clean_up_in_steps
from ..motion.request import Progress
from ..motion.running import retold
from ..splicing import root_gap
from .contract import Canvas, Made, Stopwatch
from .token_steps import as_float32, decoded_clip, decoded_contacts, put_in

T = TypeVar("T")

Finish = Callable[[T], Steps[Progress, None, tuple[Clip, Contacts, float]]]
"""Makes the clip of a take from what was decoded."""


def decode_takes(
    decode: Callable[[Tensor], Tensor], codes: Tensor
) -> Steps[Progress, None, list[Tensor]]:
    """Return the features (T, D) of each take, decoded one after another.

    Args:
        decode: codes (1, ...) to features (1, T, D).
        codes: (B, ...), one row a take.
    """
    decoded = []
    for take in range(len(codes)):
        yield Progress(take, len(codes), "Decoding")
        with torch.inference_mode():
            decoded.append(decode(codes[take : take + 1])[0])
    return decoded


def finish(
    canvas: Canvas, features: Tensor
) -> Steps[Progress, None, tuple[Clip, Contacts, float]]:
    """Turn features (T', WIDTH), T' >= T, into motion in the canvas and clean up the feet.

    Returns:
        The clip, which feet stand (T, 4), and the path's gap in metres before it was closed.
    """
    clip = canvas.clip
    contacts = decoded_contacts(features, clip.frames)
    if canvas.is_new:
        made = decoded_clip(features, clip.frames, Origin())
        return as_float32((yield from clean_up_in_steps(made, contacts))), contacts, 0.0
    yaw = float(headings(clip.rot[:1, 0])[0])
    origin = Origin(float(clip.root_pos[0, 0]), float(clip.root_pos[0, 2]), yaw)
    made = decoded_clip(features, clip.frames, origin)
    yield CLEANING_UP
    gap = root_gap(clip, made, canvas.mask)
    yield CLEANING_UP
    return (yield from put_in(clip, made, canvas.mask, contacts)), contacts, gap


def finish_takes(
    takes: Sequence[T], finish: Finish[T], watch: Stopwatch
) -> Steps[Progress, None, Made]:
    """Finish what was decoded for each take, telling the progress.

    Args:
        takes: what `finish` gets for each take.
        finish: a task that returns the clip, which feet stand (T, 4), and the path's gap in
            metres.
        watch: gets the time.
    """
    finished = []
    for number, take in enumerate(takes):
        told = Progress(number, len(takes), CLEANING_UP.label)
        yield told
        with watch.measure("clean-up"):
            finished.append((yield from retold(finish(take), partial(_instead, told))))
    clips, contacts, gaps = zip(*finished, strict=True)
    return Made(clips, contacts, gaps)


def _instead(told: Progress, _: Progress) -> Progress:
    return told
