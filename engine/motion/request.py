"""What may be asked of the engine, and what it answers: one request, one mask.

Blender, the command line and the worker share these. It knows no model.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .clip import Clip
from .request_errors import RequestError as RequestError
from .skeleton import PARTS
from .tracks import Track, check_tracks

SHORTEST_SECONDS = 0.5
LONGEST_SECONDS = 60.0
LONGEST_TAKE_SECONDS = 300.0
"""Of all beats of a long take together."""
MOST_TAKES = 16


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long task is: `done` of `total`, and what it is doing."""

    done: int
    total: int
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class MotionRequest:
    """A prompt and, for an edit, a clip with the mask to fill."""

    prompt: str
    """What the masked cells shall show, in English."""

    seconds: float = 0.0
    """Length of a new take; 0 lets the engine choose. Ignored with a clip."""

    seed: int = 0
    """Same seed, same motion on the same machine."""

    takes: int = 1
    """How many different motions to return; take k uses seed + k."""

    clip: Clip | None = None
    """The motion to edit; None asks for a new take."""

    mask: NDArray[np.bool_] | None = None
    """(T, 4) frames x body parts in the order of PARTS; True cells are filled."""

    needs_prompt: bool = True
    """False for fills that the kept frames describe: gaps, extensions, loops."""

    variation: float = 0.0
    """Share of the masked cells, the least certain, that is made anew; 0 makes all anew."""

    strength: float = 0.0
    """Share of the kept cells that the model is not shown while it fills (MMM, section 3.4)."""

    beats: tuple[tuple[str, float], ...] = ()
    """A long take: prompts with their seconds, one after another, instead of `prompt`."""

    tracks: tuple[Track, ...] = ()
    """The plan of a new take, instead of the one that is read from the prompt."""

    plan_only: bool = False
    """Whether only the plan is asked for, and no motion."""

    model: str = ""
    """Which model shall make it, as `engine.models` calls it; empty takes the default one."""

    def check(self) -> None:
        """Raise RequestError where the request cannot be served."""
        if self.beats:
            _check_beats(self)
        elif not self.tracks and self.needs_prompt and not self.prompt.strip():
            raise RequestError("The prompt is empty.", "Type what the character should do.")
        for name in ("variation", "strength"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise RequestError(f"The {name} {getattr(self, name):g} is no share.",
                                   "Choose 0 to 1.")  # fmt: skip
        if not np.isfinite(self.seconds) or (
            self.clip is None
            and self.seconds != 0
            and not SHORTEST_SECONDS <= self.seconds <= LONGEST_SECONDS
        ):
            raise RequestError(
                f"A take of {self.seconds:g} s cannot be made.",
                f"Choose {SHORTEST_SECONDS:g} to {LONGEST_SECONDS:g} seconds, or 0 for auto.",
            )
        if not 1 <= self.takes <= MOST_TAKES:
            raise RequestError(
                f"{self.takes} takes cannot be made.", f"Choose 1 to {MOST_TAKES}."
            )
        if not 0 <= self.seed < 2**31:
            raise RequestError(
                f"The seed {self.seed} is out of range.", "Choose 0 to 2147483647."
            )
        if self.tracks:
            _check_plan(self.tracks, self.seconds)
        if self.clip is not None:
            _check_edit(self)


def _check_beats(request: MotionRequest) -> None:
    beats = request.beats
    if request.tracks:
        raise RequestError("Beats and tracks both say what happens.", "Leave out one of them.")
    for number, (prompt, seconds) in enumerate(beats, 1):
        if not prompt.strip():
            raise RequestError(f"Beat {number} has no prompt.", "Type what happens in it.")
        if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
            raise RequestError(
                f"Beat {number} cannot take {seconds:g} s.",
                f"Choose {SHORTEST_SECONDS:g} to {LONGEST_SECONDS:g} seconds.",
            )
    if sum(seconds for _, seconds in beats) > LONGEST_TAKE_SECONDS:
        raise RequestError(
            "The beats together are too long.", f"Stay within {LONGEST_TAKE_SECONDS:g} seconds."
        )


def _check_plan(tracks: tuple[Track, ...], seconds: float) -> None:
    """Raise RequestError where tracks make no take; without a length it ends with the last."""
    check_tracks(tracks, seconds)
    end = seconds or max(track.end for track in tracks)
    if not SHORTEST_SECONDS <= end <= LONGEST_TAKE_SECONDS:
        raise RequestError(
            f"The tracks end at {end:g} s.",
            f"Let the last one end at {SHORTEST_SECONDS:g} to {LONGEST_TAKE_SECONDS:g} seconds.",
        )


def _check_edit(request: MotionRequest) -> None:
    clip, mask = request.clip, request.mask
    assert clip is not None
    if request.tracks:
        raise RequestError("Tracks are for new takes.", "Leave out the clip, or the tracks.")
    if request.plan_only:
        raise RequestError("An edit has no plan.", "Leave out the clip to see a prompt's plan.")
    if clip.frames < 1:
        raise RequestError("The clip has no frames.", "Choose a clip with at least one frame.")
    if mask is None or mask.shape != (clip.frames, len(PARTS)):
        raise RequestError(
            f"The mask does not fit the clip's {clip.frames} frames.",
            f"Give one row a frame and one column for each of {', '.join(PARTS)}.",
        )
    if not mask.any():
        raise RequestError("Nothing is chosen to be filled.", "Choose frames and body parts.")


def span_mask(
    frames: int, span: tuple[int, int] | None, parts: tuple[str, ...] | None
) -> NDArray[np.bool_]:
    """Return the mask (frames, 4) of a half-open frame span on some body parts.

    None means all frames, or all parts.

    Raises:
        RequestError: if the span is reversed, empty or outside, or a part has no such name.
    """
    start, end = (0, frames) if span is None else span
    if not 0 <= start < end <= frames:
        raise RequestError(
            f"The frames {start} to {end} are no part of a clip of {frames} frames.",
            f"Choose a first frame from 0 and an end up to {frames}, the end excluded.",
        )
    unknown = [part for part in parts or () if part not in PARTS]
    if unknown or parts == ():
        raise RequestError(
            f"There is no body part {unknown[0]}." if unknown else "No body part is chosen.",
            f"Choose from {', '.join(PARTS)}.",
        )
    mask = np.zeros((frames, len(PARTS)), dtype=bool)
    mask[start:end, [PARTS.index(part) for part in parts or PARTS]] = True
    return mask


@dataclass(frozen=True, slots=True, eq=False)
class MotionResult:
    """What the engine made of a request."""

    clips: tuple[Clip, ...]
    """One a take; an edit's clips have the edited clip's frames."""

    contacts: tuple[NDArray[np.bool_], ...] = ()
    """For each take (T, 4): left ankle, right ankle, left toe, right toe on the floor."""

    prompt_cut: str = ""
    """The words at the prompt's end that the text encoder could not read."""

    stage_seconds: dict[str, float] = field(default_factory=dict)
    """Wall time of each stage: text, base tokens, residual tokens, decoding, clean-up."""

    root_gaps: tuple[float, ...] = ()
    """For each take, metres by which the filled path missed the kept frames after it before it
    was corrected; 0 where no frame after it is kept."""

    plan: tuple[Track, ...] = ()
    """What the prompt of new takes was read as; empty for a system that reads it whole."""

    notes: tuple[str, ...] = ()
    """Sentences about what is off, and what would cure it."""

    different_takes: int = 0
    """How many of the clips differ from all before them by more than `takes.SAME_METRES`; 0 is
    not counted. A gap of a few frames, or a small variation, leaves no room for many."""
