"""The zip in Blender's own hands: installed, enabled, used, disabled, gone."""

import math

import pytest


@pytest.fixture(scope="module")
def short_visit(visit_blender):
    """A Blender in which no motion was made."""
    return visit_blender("enable", "preference", "preset", "add_models", "disable")


def test_installing_and_enabling_loads_no_learning_library(short_visit):
    visit = short_visit
    assert {"__init__.py", "blender_addon", "engine"} <= set(visit.told["files"])
    assert visit.told["enabled"]
    assert visit.told["operators"] == ["generate", "add_mannequin"]
    assert visit.told["learning_loaded"] == []
    assert visit.told["operators_after"] == []


def test_a_preference_can_be_written_and_read_back(short_visit):
    told = short_visit.told
    assert told["device_before"] == "auto"
    assert told["device_after"] == "cpu"


def test_rig_presets_lie_in_the_extensions_user_folder(short_visit):
    told = short_visit.told
    assert told["preset_files"] == ["rig_presets/Figures.json"]
    assert told["preset_kept_choice"]


def test_a_zip_of_models_appears_in_the_list(short_visit):
    assert ["own/mine", ""] in short_visit.told["models"]


def test_blender_ends_by_itself_after_the_addon_was_disabled(short_visit):
    # A Blender that hangs at its end is given up by the visit itself.
    assert short_visit.left_running == []


@pytest.fixture
def bundled_weights(repository):
    if not (repository / "weights" / "manifest.json").is_file():
        pytest.skip("needs trained weights: weights/manifest.json is not there")


@pytest.mark.usefixtures("bundled_weights")
def test_the_button_makes_a_walk_and_leaves_nothing_running(visit_blender):
    visit = visit_blender("enable", "preference", "generate", "disable")
    first, last = visit.told["frames"]
    assert last - first + 1 == pytest.approx(60, abs=2)
    start, end = visit.told["hips"]
    assert math.dist(start[:2], end[:2]) > 0.3
    assert visit.told["learning_loaded_after"] == []
    assert visit.left_running == []


@pytest.mark.usefixtures("bundled_weights")
def test_blender_that_quits_with_a_warm_worker_takes_it_along(visit_blender):
    visit = visit_blender("enable", "preference", "generate")
    assert visit.left_running == []
