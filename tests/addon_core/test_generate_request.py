"""Settings become requests, or one sentence with its cure."""

import dataclasses

import numpy as np
import pytest
from keyfill_extension.blender_addon.core.edits.generate_request import (
    GenerateSettings,
)
from keyfill_extension.blender_addon.core.errors import UserError, errors_for_animators
from keyfill_extension.engine.motion.request import RequestError


def test_settings_become_a_request():
    request = GenerateSettings("  a person\twalks ", 4.0, seed=3, takes=2).to_request()
    assert (request.prompt, request.seconds) == ("a person walks", 4.0)
    assert (request.seed, request.takes) == (3, 2)
    assert request.clip is None


def test_single_precision_noise_does_not_reach_the_engine():
    assert GenerateSettings("walk", float(np.float32(0.6))).to_request().seconds == 0.6


@pytest.mark.parametrize("seconds", [0.0, 0.5, 60.0])
def test_lengths_at_the_limits_are_served(seconds):
    assert GenerateSettings("walk", seconds).to_request().seconds == seconds


@pytest.mark.parametrize(
    ("changes", "message", "remedy"),
    [
        ({"prompt": ""}, "prompt is empty", "Type what"),
        ({"prompt": " \n"}, "prompt is empty", "Type what"),
        ({"seconds": -1.0}, "A take of -1 s", "0.5 to 60 seconds, or 0 for auto"),
        ({"seconds": float(np.float32(0.1))}, "A take of 0.1 s", "0.5 to 60"),
        ({"seconds": 600.0}, "A take of 600 s", "0.5 to 60"),
        ({"seconds": float("nan")}, "A take of nan s", "0.5 to 60"),
        ({"takes": 0}, "0 takes", "Choose 1 to"),
        ({"seed": -1}, "seed -1", "Choose 0 to"),
    ],
)
def test_settings_that_cannot_be_served_name_the_cure(changes, message, remedy):
    settings = dataclasses.replace(GenerateSettings("walk", 2.0), **changes)
    with pytest.raises(UserError) as refused:
        settings.to_request()
    assert message in refused.value.message
    assert remedy in refused.value.remedy


def test_request_errors_of_pure_code_become_user_errors():
    with pytest.raises(UserError) as refused, errors_for_animators():
        raise RequestError("No humanoid.", "Choose another.")
    assert str(refused.value) == "No humanoid. Choose another."
