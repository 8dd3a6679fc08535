"""How few joined clips the trainings of these tests learn from."""

from functools import partial

from keyfill_extension.engine.data.body_codes import Augmentation
from keyfill_extension.engine.training.whole_body import captions, codes

FEW_JOINED = partial(Augmentation, spliced=24, stitched=8)
"""Of a dozen made-up clips; a real corpus lends more than a thousand, which only takes longer."""


def join_few_clips(put) -> None:
    """Replace what the trainings on codes join.

    Args:
        put: `setattr`, or one that is taken back.
    """
    for module in (captions, codes):
        put(module, "Augmentation", FEW_JOINED)
