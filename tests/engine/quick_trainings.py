"""What makes the trainings of these tests quick: few joined clips, and one text encoder."""

from functools import cache, partial

from keyfill_extension.engine.data.body_codes import Augmentation
from keyfill_extension.engine.text_encoder import load_text_encoder
from keyfill_extension.engine.training import evaluator, generator_data, length
from keyfill_extension.engine.training.whole_body import captions, codes

FEW_JOINED = partial(Augmentation, spliced=24, stitched=8)
"""Of a dozen made-up clips; a real corpus lends more than a thousand, which only takes longer."""


def quicken_trainings(put) -> None:
    """Have trainings join few clips and read the text encoder's weights once a process.

    Args:
        put: `setattr`, or one that is taken back.
    """
    for module in (captions, codes):
        put(module, "Augmentation", FEW_JOINED)
    load_once = cache(load_text_encoder)
    for module in (captions, codes, evaluator, generator_data, length):
        put(module, "load_text_encoder", load_once)
