"""From decoded features to finished clips: into the canvas, feet cleaned up, take by take.

It knows no network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Generator as Steps
from typing import TypeVar

from torch import Tensor

from ..features import Origin
from ..motion.clip import Clip, headings
from ..motion.contacts import Contacts
from ..motion.feet.clean_up import clean_up
from ..motion.request import Progress
from ..splicing import root_gap
from .contract import Canvas, Made, Stopwatch
from .token_steps import as_float32, decoded_clip, decoded_contacts, put_in

T = TypeVar("T")


def finish(canvas: Canvas, features: Tensor) -> tuple[Clip, Contacts, float]:
    """Decode features (T', WIDTH), T' >= T, put them into the canvas and clean up the feet.

    Returns:
        The clip, which feet stand (T, 4), and the path's gap in metres before it was closed.
    """
    clip = canvas.clip
    contacts = decoded_contacts(features, clip.frames)
    if canvas.is_new:
        made = decoded_clip(features, clip.frames, Origin())
        return as_float32(clean_up(made, contacts)), contacts, 0.0
    yaw = float(headings(clip.rot[:1, 0])[0])
    origin = Origin(float(clip.root_pos[0, 0]), float(clip.root_pos[0, 2]), yaw)
    made = decoded_clip(features, clip.frames, origin)
    gap = root_gap(clip, made, canvas.mask)
    return put_in(clip, made, canvas.mask, contacts), contacts, gap


def finish_takes(
    takes: Sequence[T], finish: Callable[[T], tuple[Clip, Contacts, float]], watch: Stopwatch
) -> Steps[Progress, None, Made]:
    """Finish what was decoded for each take, telling the progress.

    Args:
        takes: what `finish` gets for each take.
        finish: returns the clip, which feet stand (T, 4), and the path's gap in metres.
        watch: gets the time.
    """
    finished = []
    for number, take in enumerate(takes):
        yield Progress(number, len(takes), "Cleaning up")
        with watch.measure("clean-up"):
            finished.append(finish(take))
    clips, contacts, gaps = zip(*finished, strict=True)
    return Made(clips, contacts, gaps)
