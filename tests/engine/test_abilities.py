"""What a system says that it serves is what its mask check allows, for every edit there is."""

import numpy as np
import pytest
from keyfill_extension.engine.motion import edits, quaternions
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.skeleton import PARTS
from keyfill_extension.engine.systems import abilities
from keyfill_extension.engine.systems.abilities import USES
from keyfill_extension.engine.systems.registry import SYSTEMS, reason_against, titles_serving


def standing(frames):
    return Clip(np.zeros((frames, 3)), np.tile(quaternions.IDENTITY, (frames, 22, 1)))


CLIP = standing(60)
MASKS = {
    abilities.TAKE: edits.regenerate(CLIP, None, None).mask,
    abilities.LONG: edits.extend(CLIP, 3.0).mask,
    abilities.EXTEND: edits.extend(CLIP, 1.0).mask,
    abilities.LEAD_IN: edits.extend(CLIP, 1.0, "start").mask,
    abilities.IN_BETWEEN: edits.in_between(CLIP, CLIP, 1.0).mask,
    abilities.LOOP: edits.open_loop(CLIP).canvas.mask,
    abilities.SPANS: edits.regenerate(CLIP, (20, 40), None).mask,
    abilities.VARY: edits.regenerate(CLIP, (20, 40), None).mask,
    abilities.UPPER_BODY: edits.upper_body(CLIP, (20, 40)).mask,
    abilities.PARTS_APART: edits.regenerate(CLIP, (20, 40), ("LEFT_ARM",)).mask,
}


def test_every_use_has_its_mask():
    assert set(MASKS) == set(USES)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("use", USES)
def test_a_button_is_offered_where_its_mask_can_be_filled_and_nowhere_else(system, use):
    reason = reason_against(system, MASKS[use])
    assert (reason is None) == (use in SYSTEMS[system].serves)
    assert reason is None or reason.startswith(f"The model {system} ")


def test_parts_and_masks_are_judged_alike():
    for number in range(1, 2 ** len(PARTS)):
        parts = tuple(part for bit, part in enumerate(PARTS) if number >> bit & 1)
        mask = edits.regenerate(CLIP, (20, 40), parts).mask
        assert abilities.use_of_parts(parts) == abilities.use_of_mask(mask)


def test_a_mixture_of_frames_and_parts_needs_parts_apart():
    mask = MASKS[abilities.UPPER_BODY] | edits.regenerate(CLIP, (40, 60), None).mask
    assert abilities.use_of_mask(mask) == abilities.PARTS_APART


def test_two_spans_of_which_one_reaches_the_end_are_no_extension():
    mask = MASKS[abilities.SPANS] | edits.regenerate(CLIP, (50, 60), None).mask
    assert abilities.use_of_mask(mask) == abilities.SPANS


def test_titles_are_told_as_people_speak():
    assert titles_serving([abilities.PARTS_APART]) == "the grid model"
    assert titles_serving([abilities.UPPER_BODY]) == "the grid model or MMM"
    assert titles_serving([abilities.LOOP]) == "the grid model, MMM or MoMask"
