"""No state is stuck or false: what runs, what waits, which error is shown, and where."""

import time
from types import SimpleNamespace

import bpy
import pytest
from keyfill_extension.blender_addon import engine_link, operators, panels
from keyfill_extension.blender_addon.core.errors import UserError
from keyfill_extension.blender_addon.core.link.run_status import STATUS
from keyfill_extension.blender_addon.operators import generate, job_operator
from keyfill_extension.blender_addon.operators.edit_motion import KEYFILL_OT_regenerate
from keyfill_extension.blender_addon.operators.generate import KEYFILL_OT_generate
from keyfill_extension.tests.addon_blender.edited_characters import kept_on_tracks
from keyfill_extension.tests.addon_blender.fake_worker import fake_worker
from keyfill_extension.tests.addon_blender.modal_probes import TIMER, press, probe_of

ESCAPE = SimpleNamespace(type="ESC", value="PRESS")


@pytest.fixture(autouse=True)
def status(registered_addon, empty_scene):
    empty_scene.keyfill.prompt = "someone walks"
    empty_scene.keyfill.seconds = 1.0
    STATUS.reset()
    yield bpy.context.window_manager.keyfill_status
    STATUS.reset()


@pytest.fixture
def mannequin():
    bpy.ops.keyfill.add_mannequin()
    return bpy.context.object


def test_an_extension_that_is_disabled_while_a_take_is_computed(
    registered_addon, mannequin, tmp_path
):
    with fake_worker("load_slow_engine"):
        probe = probe_of(KEYFILL_OT_generate)
        probe.start(bpy.context)
        end = time.monotonic() + 60.0
        while not engine_link.worker_pid() and time.monotonic() < end:
            probe.modal(bpy.context, TIMER)
            time.sleep(0.01)
        assert bpy.context.window_manager.keyfill_status.is_running
        # Blender forgets the modal operator of a class that goes, without calling it.
        registered_addon.unregister()
        registered_addon.register()
    status = bpy.context.window_manager.keyfill_status
    assert not status.is_running
    assert (status.factor, status.label) == (0.0, "")
    assert not probe._run.has_timer
    assert engine_link.worker_pid() == 0
    assert bpy.ops.keyfill.generate.poll()
    with fake_worker():
        assert bpy.ops.keyfill.generate() == {"FINISHED"}


def test_a_file_that_was_saved_while_a_take_was_computed_does_not_run(mannequin, tmp_path):
    path = str(tmp_path / "scene.blend")
    status = bpy.context.window_manager.keyfill_status
    status.is_running = True
    status.error = "An old error."
    bpy.ops.wm.save_as_mainfile(filepath=path)
    STATUS.reset()
    bpy.ops.wm.open_mainfile(filepath=path)
    status = bpy.context.window_manager.keyfill_status
    assert (status.is_running, status.error) == (False, "")
    assert "is_running" not in status.keys()  # noqa: SIM118 - no mapping


@pytest.fixture
def takes_wait(mannequin):
    """Three takes of an edit that wait to be accepted."""
    with fake_worker():
        assert bpy.ops.keyfill.generate() == {"FINISHED"}
        bpy.context.scene.keyfill.takes = 3
        assert press(KEYFILL_OT_regenerate)[0] == {"FINISHED"}
        assert len(bpy.context.scene.keyfill.review.takes) == 3
        yield mannequin


def test_generate_leaves_takes_that_wait_alone(takes_wait):
    shown, count = takes_wait.animation_data.action, len(bpy.data.actions)
    with pytest.raises(RuntimeError, match="Takes of an earlier motion are waiting"):
        bpy.ops.keyfill.generate()
    assert takes_wait.animation_data.action == shown
    assert len(bpy.data.actions) == count
    assert panels.told_of_takes(bpy.context.scene.keyfill.review) == "Take 1 of 3"


def test_the_panel_names_the_take_that_is_shown_and_no_other(takes_wait):
    review = bpy.context.scene.keyfill.review
    own = review.takes[1].action
    takes_wait.animation_data.action = own
    assert panels.told_of_takes(review) == "Take 2 of 3"
    assert bpy.ops.keyfill.step_take(step=1) == {"FINISHED"}
    assert panels.told_of_takes(review) == "Take 3 of 3"
    takes_wait.animation_data.action = bpy.data.actions.new("mine")
    assert panels.told_of_takes(review) == "3 takes wait"


def test_discard_tells_what_it_did(takes_wait):
    review, reports = bpy.context.scene.keyfill.review, []
    own = review.before
    mine = bpy.data.actions.new("mine")
    takes_wait.animation_data.action = mine
    act = operators.KEYFILL_OT_discard_take.act
    reports.append(act(None, bpy.context))
    assert reports == ['Takes discarded; "Mannequin" goes on showing "mine"']
    assert takes_wait.animation_data.action == mine
    assert kept_on_tracks(takes_wait) == [own]
    assert not own.use_fake_user


def test_discard_tells_that_the_animation_is_back(takes_wait):
    before = bpy.context.scene.keyfill.review.before
    told = operators.KEYFILL_OT_discard_take.act(None, bpy.context)
    assert told == "Takes discarded; the animation is as it was"
    assert takes_wait.animation_data.action == before


def test_an_error_vanishes_when_its_cause_is_cured(status, mannequin):
    with fake_worker():
        bpy.context.scene.keyfill.prompt = ""
        with pytest.raises(RuntimeError):
            bpy.ops.keyfill.generate()
        assert status.current_error(bpy.context)[0]
        bpy.context.scene.keyfill.prompt = "someone jumps"
        assert status.current_error(bpy.context) == ("", "")


def test_an_error_about_the_character_vanishes_with_its_cure(status, mannequin):
    with fake_worker():
        mannequin.scale = (1.0, 2.0, 1.0)
        bpy.context.view_layer.update()
        with pytest.raises(RuntimeError, match="scaled unevenly"):
            bpy.ops.keyfill.generate()
        bpy.context.scene.frame_set(7)
        assert "scaled unevenly" in status.current_error(bpy.context)[0]
        mannequin.scale = (1.0, 1.0, 1.0)
        bpy.context.view_layer.update()
        assert status.current_error(bpy.context) == ("", "")


def test_an_error_vanishes_at_the_next_action(status, takes_wait):
    # While takes wait no button starts anything: an error can only be one of before.
    probe_of(KEYFILL_OT_generate)._refuse(bpy.context, UserError("It is so.", "Do this."))
    assert status.current_error(bpy.context)[0]
    assert bpy.ops.keyfill.step_take(step=1) == {"FINISHED"}
    assert (status.error, status.current_error(bpy.context)) == ("", ("", ""))


class Sidebar:
    """A sidebar as Blender 4.3 has it: of a single tab no active one can be read."""

    type = "UI"

    def __init__(self, tab, width, tabs):
        self.tab, self.width, self.tabs = tab, width, tabs

    @property
    def active_panel_category(self):
        if len(self.tabs) == 1:
            raise SystemExit("Blender crashes")
        return self.tab

    @active_panel_category.setter
    def active_panel_category(self, tab):
        names = ", ".join(f"'{one}'" for one in self.tabs)
        raise TypeError(f'bpy_struct: item.attr = val: enum "{tab}" not found in ({names})')

    def tag_redraw(self):
        pass


def window(is_playing=False, tab=None, width=200, tabs=("Item", "Tool", "View", "Keyfill")):
    """A window as far as operators look at it; with a sidebar where a tab is named."""
    region = Sidebar(tab, width, tabs)
    area = SimpleNamespace(type="VIEW_3D", regions=[region] if tab else [])
    return SimpleNamespace(screen=SimpleNamespace(is_animation_playing=is_playing, areas=[area]))


def context_with(*windows):
    manager = SimpleNamespace(windows=list(windows))
    return SimpleNamespace(
        window_manager=manager, scene=bpy.context.scene, object=bpy.context.object
    )


@pytest.mark.parametrize(("is_playing", "cancels"), [(True, False), (False, True)])
def test_escape_during_playback_is_that_of_the_playback(mannequin, is_playing, cancels):
    assert job_operator._is_escape(context_with(window(), window(is_playing)), ESCAPE) == cancels


@pytest.mark.parametrize(("tab", "width", "reported"), [
    ("Keyfill", 200, 0), ("Keyfill", 1, 1), ("Item", 200, 1), (None, 200, 1),
])  # fmt: skip
def test_each_error_appears_once(status, tab, width, reported):
    probe = probe_of(KEYFILL_OT_generate)
    probe.is_modal = True
    probe._refuse(context_with(window(tab=tab, width=width)), UserError("It is so.", "Do this."))
    assert len(probe.reports) == reported
    assert (status.error, status.remedy) == ("It is so.", "Do this.")


@pytest.mark.parametrize(("tabs", "reported"), [(("Keyfill",), 0), (("Action",), 1), ((), 1)])
def test_blender_lives_on_where_a_sidebar_has_a_single_tab(status, tabs, reported):
    """The Dope Sheet has Keyfill's alone where no action is shown."""
    probe = probe_of(KEYFILL_OT_generate)
    probe.is_modal = True
    context = context_with(window(tab="Keyfill", tabs=tabs))
    probe._refuse(context, UserError("It is so.", "Do this."))
    assert len(probe.reports) == reported


def test_scripts_hear_of_errors_wherever_panels_are_open(status):
    probe = probe_of(KEYFILL_OT_generate)
    probe._refuse(context_with(window(tab="Keyfill")), UserError("It is so.", "Do this."))
    assert probe.reports == [({"ERROR"}, "It is so. Do this.")]


def job_operators():
    return [one for one in operators.CLASSES if issubclass(one, job_operator.JobOperator)]


def test_no_engine_runs_from_the_redo_panel_or_from_repeat_last():
    assert len(job_operators()) == 12
    for one in job_operators():
        assert one.bl_options == {"UNDO"}, one.bl_idname


@pytest.mark.parametrize("how", ["is_repeat", "is_repeat_last"])
def test_a_repeat_is_refused_with_a_word(how, monkeypatch):
    probe = probe_of(generate.KEYFILL_OT_generate)
    probe.options = SimpleNamespace(**({"is_repeat": False, "is_repeat_last": False} | {how: True}))
    monkeypatch.setattr(type(probe), "make_work", None)
    assert probe.execute(bpy.context) == {"CANCELLED"}
    assert "once more" in probe.reports[0][1]
