"""What the trainings in these tests share: few joined clips, and one text encoder."""

from functools import cache, partial

import pytest
from keyfill_extension.engine.data.body_codes import Augmentation
from keyfill_extension.engine.text_encoder import load_text_encoder
from keyfill_extension.engine.training.whole_body import captions, codes

FEW_JOINED = partial(Augmentation, spliced=24, stitched=8)
"""Of a dozen made-up clips; a real corpus lends more than a thousand, which only takes longer."""


@pytest.fixture(scope="session", autouse=True)
def quick_trainings():
    """Trainings on codes join few clips, and read the text encoder's weights once a process."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (captions, codes):
            patch.setattr(module, "Augmentation", FEW_JOINED)
        patch.setattr(codes, "load_text_encoder", cache(load_text_encoder))
        yield
