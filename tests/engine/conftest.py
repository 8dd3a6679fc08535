"""What the trainings in these tests share: few joined clips, and one text encoder."""

from functools import cache

import pytest
from keyfill_extension.engine.text_encoder import load_text_encoder
from keyfill_extension.engine.training.whole_body import codes
from keyfill_extension.tests.engine.few_joined import join_few_clips


@pytest.fixture(scope="session", autouse=True)
def quick_trainings():
    """Trainings on codes join few clips, and read the text encoder's weights once a process."""
    with pytest.MonkeyPatch.context() as patch:
        join_few_clips(patch.setattr)
        patch.setattr(codes, "load_text_encoder", cache(load_text_encoder))
        yield
