"""Makes a masked clip and a request of a recipe, and brings the engine's clip back to its frames.

It knows no armature and no action.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ....engine.motion import edits
from ....engine.motion.clip import Clip
from ....engine.motion.displacements import runs_of
from ....engine.motion.edits import Loop, Mask, MaskedClip
from ....engine.motion.request import MotionRequest
from ....engine.motion.skeleton import FPS, PARTS
from .edit_requests import (
    EXTEND,
    IN_BETWEEN,
    LOOP,
    NEED_NO_PROMPT,
    REGENERATE,
    START,
    UPPER_BODY,
    VARY,
    ClipTimes,
    Frames,
    Recipe,
)


@dataclass(frozen=True, slots=True, eq=False)
class EditPlan:
    """One edit on the clip that was read for it."""

    recipe: Recipe
    times: ClipTimes
    masked: MaskedClip
    """What the engine is given; of a loop its opened cycle."""

    loop: Loop | None = None
    """What closes the cycle again."""

    def request(self) -> MotionRequest:
        """Return the engine's request.

        Raises:
            RequestError: if it cannot be served.
        """
        recipe = self.recipe
        request = MotionRequest(
            prompt=recipe.prompt,
            seed=recipe.seed,
            takes=recipe.takes,
            clip=self.masked.clip,
            mask=self.masked.mask,
            needs_prompt=recipe.operation not in NEED_NO_PROMPT,
            variation=recipe.variation,
            strength=recipe.strength,
            model=recipe.model,
        )
        request.check()
        return request

    def take_back(self, made: Clip) -> tuple[Clip, Mask]:
        """Return the engine's clip on the frames of the clip that was read, and what is new there.

        Args:
            made: as many frames as the masked clip.

        Returns:
            The clip (T frames), and its mask (T, 4).
        """
        if self.loop is None:
            return made, np.asarray(self.masked.mask)
        return edits.close_loop(self.loop, made), _mask_of_cycle(self.loop, self.recipe.in_place)

    def filled(self, mask: Mask) -> tuple[Frames, ...]:
        """Return the inclusive scene frames that get keys, one pair for each run of them."""
        if self.loop is None:
            return (self.recipe.frames,)
        return tuple(self._scene_frames(run) for run in runs_of(mask.any(axis=1)))

    def _scene_frames(self, run: tuple[int, int]) -> Frames:
        """Return the whole scene frames within a half-open run of clip frames."""
        first, last = self.recipe.frames
        frames_per_clip_frame = self.times.fps / FPS
        start = first + math.ceil(run[0] * frames_per_clip_frame - 1e-6)
        end = first + math.floor((run[1] - 1) * frames_per_clip_frame + 1e-6)
        if run[1] == self.times.frames:
            end = last
        return start, max(start, end)


def plan_edit(recipe: Recipe, clip: Clip, times: ClipTimes) -> EditPlan:
    """Return the plan of an edit on a clip that was read with its context.

    Raises:
        RequestError: if the edit cannot be made of this clip.
    """
    if recipe.operation == LOOP:
        loop = edits.open_loop(clip, recipe.in_place)
        return EditPlan(recipe, times, loop.canvas, loop)
    return EditPlan(recipe, times, _MASKED_CLIPS[recipe.operation](recipe, clip, times))


def _mask_of_cycle(loop: Loop, is_in_place: bool) -> Mask:
    """Return which cells of the cycle (T, 4) are new: the opened one begins in its middle."""
    opened: Mask = np.asarray(loop.canvas.mask)
    seam = len(opened) + loop.canvas.first
    mask: Mask = np.concatenate([opened[seam:], opened[: seam + 1]])
    if is_in_place:
        mask[:, PARTS.index("LOWER_BODY")] = True
    return mask


def _masked_span(recipe: Recipe, clip: Clip, times: ClipTimes) -> MaskedClip:
    return edits.regenerate(clip, times.span(recipe.frames), recipe.parts)


def _upper_body(recipe: Recipe, clip: Clip, times: ClipTimes) -> MaskedClip:
    return edits.upper_body(clip, times.span(recipe.frames))


def _in_between(recipe: Recipe, clip: Clip, times: ClipTimes) -> MaskedClip:
    start, end = times.span(recipe.frames)
    before, after = clip.cut(0, start), clip.cut(end, clip.frames)
    return edits.in_between(before, after, (end - start) / FPS)


def _extend(recipe: Recipe, clip: Clip, times: ClipTimes) -> MaskedClip:
    """Return the masked clip of an extension; the clip read holds the frames to come."""
    start, end = times.span(recipe.frames)
    kept = clip.cut(end, clip.frames) if recipe.where == START else clip.cut(0, start)
    return edits.extend(kept, (end - start) / FPS, recipe.where)


_MASKED_CLIPS: dict[str, Callable[[Recipe, Clip, ClipTimes], MaskedClip]] = {
    REGENERATE: _masked_span,
    VARY: _masked_span,
    UPPER_BODY: _upper_body,
    IN_BETWEEN: _in_between,
    EXTEND: _extend,
}
