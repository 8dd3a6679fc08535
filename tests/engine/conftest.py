"""Trainings are quick in all tests of the engine."""

import pytest
from keyfill_extension.tests.engine.quick_trainings import quicken_trainings


@pytest.fixture(scope="session", autouse=True)
def quick_trainings():
    """Trainings join few clips, and read the text encoder's weights once a process."""
    with pytest.MonkeyPatch.context() as patch:
        quicken_trainings(patch.setattr)
        yield
