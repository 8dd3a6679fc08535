"""The complete package in the hands of a Blender that has nothing else and no network."""

import math
import zipfile

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def visit(visit_bare_blender):
    """A first take, an update over the warm worker, and a take beside another extension."""
    return visit_bare_blender(
        "enable", "generate", "worker", "update", "other_torch_older", "generate", "disable"
    )


def test_zip_to_take_with_nothing_but_blender(visit):
    told = visit.told
    assert math.dist(*(place[:2] for place in told["hips"])) > 0.3
    assert told["learning_loaded"] == told["learning_loaded_after"] == []
    assert any("site-packages/torch" in line for line in told["worker_log"])
    assert visit.left_running == []


def test_bytecode_for_the_next_start_lies_with_the_user(visit):
    assert visit.told["bytecode_files"] > 500
    assert visit.told["bytecode_in_extension"] == 0


def test_the_worker_ends_before_an_update_replaces_what_it_has_loaded(visit):
    assert visit.told["worker_before_update"] != 0
    assert not visit.told["worker_after_update"]


def test_an_older_torch_of_another_extension_changes_nothing(visit):
    assert [name.split("+")[0] for name in visit.told["site"]] == ["torch-2.13.0"]


def test_a_newer_torch_that_cannot_run_the_engine_is_told(visit_bare_blender):
    told = visit_bare_blender("enable", "other_torch_newer", "refused", "disable").told
    assert told["site"] == ["torch-99.0.dist-info"]
    assert "cannot run with the torch 99.0" in told["refused"]
    assert "disable that one and restart Blender" in told["refused"]


def test_the_light_package_says_how_the_engine_is_had(visit_light_bare, monkeypatch):
    monkeypatch.delenv("KEYFILL_WORKER_PYTHON", raising=False)
    told = visit_light_bare("enable", "refused", "disable").told
    assert "has no torch" in told["refused"]
    assert "Press Install Engine" in told["refused"]
    assert "make setup" not in told["refused"]


@pytest.fixture(scope="module")
def light_visit(visit_light_bare, complete_zip, tmp_path_factory):
    """Install Engine in a Blender that has nothing, with the real wheels in a folder."""
    folder = tmp_path_factory.mktemp("wheels")
    with zipfile.ZipFile(complete_zip) as archive:
        for name in archive.namelist():
            if name.endswith(".whl"):
                (folder / name.rpartition("/")[2]).write_bytes(archive.read(name))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("KEYFILL_WORKER_PYTHON", raising=False)
        patch.setenv("KEYFILL_TEST_WHEELS", str(folder))
        return visit_light_bare("enable", "install_engine", "generate", "worker", "disable")


def test_install_engine_leads_to_a_take(light_visit):
    assert math.dist(*(place[:2] for place in light_visit.told["hips"])) > 0.3
    assert light_visit.left_running == []
    assert "torch" in light_visit.told["installed"] and "numpy" not in light_visit.told["installed"]
    assert any("/python3." in line and "torch" in line for line in light_visit.told["worker_log"])


def test_nothing_is_fetched_where_blender_may_not_go_online(light_visit):
    assert "may not go online" in light_visit.told["offline_refused"]
    assert "Allow Online Access" in light_visit.told["offline_refused"]


def test_what_was_fetched_for_installing_is_not_kept(light_visit):
    assert "downloads" not in light_visit.told["user_files"]
    assert "install.log" in light_visit.told["user_files"]
