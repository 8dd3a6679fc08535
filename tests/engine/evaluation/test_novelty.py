import numpy as np
import pytest
from keyfill_extension.engine.evaluation.checks.measures import Body
from keyfill_extension.engine.evaluation.scores.novelty import (
    TrainingWindows,
    spread,
    summarize_novelty,
    windows_of,
)

from .actions import POSITIVES, clap, go, kick_left, stand, wave_left

LIBRARY = [Body.from_clip(make()) for make in (wave_left, clap, kick_left)]


def placed(clip, yaw: float = 1.2) -> Body:
    return Body.from_clip(clip.moved(yaw, np.array([4.0, 0.0, -2.0])))


def test_windows_do_not_depend_on_place_and_heading():
    clip = POSITIVES["walks_and_turns_left"]()

    np.testing.assert_allclose(
        windows_of(Body.from_clip(clip), 10), windows_of(placed(clip), 10), atol=1e-5
    )


def test_a_training_clip_moved_elsewhere_is_at_distance_zero():
    training = TrainingWindows(LIBRARY)

    assert training.distances(placed(wave_left()))[0] == pytest.approx(0.0, abs=1e-4)


def test_a_mirrored_training_clip_is_no_new_motion():
    training = TrainingWindows(LIBRARY)

    assert training.distances(Body.from_clip(kick_left().mirrored()))[0] == pytest.approx(
        0.0, abs=1e-4
    )


def test_the_search_agrees_with_comparing_every_window():
    training = TrainingWindows(LIBRARY)
    body = Body.from_clip(POSITIVES["squats"]())
    library = np.concatenate([windows_of(each, 6) for each in LIBRARY])

    obvious = []
    for flipped in (body, body.mirrored()):
        apart = windows_of(flipped, 15)[:, None] - library
        obvious.append(np.linalg.norm(apart, axis=-1).mean(axis=(2, 3)).min(axis=1))

    np.testing.assert_allclose(training.distances(body), np.minimum(*obvious), rtol=1e-4)


def test_clips_shorter_than_a_window_are_left_out():
    training = TrainingWindows(LIBRARY)
    short = Body.from_clip(stand().cut(0, 20))

    assert len(training.distances(short)) == 0
    assert summarize_novelty(training, [short], ["short"])["clips"] == 0
    assert summarize_novelty(training, [short, LIBRARY[0]], ["short", "wave"])["clips"] == 1


def test_without_a_training_window_the_search_says_so():
    with pytest.raises(ValueError, match="no training clip"):
        TrainingWindows([Body.from_clip(stand().cut(0, 5))]).distances(LIBRARY[0])


def test_spread_is_the_mean_distance_between_takes():
    still, walking = Body.from_clip(stand(2.0)), Body.from_clip(go(ahead=1.0, seconds=2.0))

    assert spread([still, still]) == pytest.approx(0.0, abs=1e-9)
    assert spread([still, placed(go(ahead=1.0, seconds=2.0))]) == pytest.approx(59 / 60, abs=1e-6)
    assert spread([still, walking, walking]) == pytest.approx(2 / 3 * 59 / 60, abs=1e-6)
    assert spread([still]) is None
