"""The plan through a real worker process: asked for, listed, changed, sent, kept."""

import bpy
import pytest
from keyfill_extension.blender_addon import engine_link, panels
from keyfill_extension.blender_addon.core.edits import plans
from keyfill_extension.blender_addon.core.link.run_status import STATUS
from keyfill_extension.blender_addon.operators.plans import KEYFILL_OT_plan
from keyfill_extension.blender_addon.panels import messages
from keyfill_extension.engine.motion.request import MotionRequest
from keyfill_extension.engine.motion.skeleton import PARTS
from keyfill_extension.engine.motion.tracks import Track
from keyfill_extension.tests.addon_blender import drawing
from keyfill_extension.tests.addon_blender.empty_files import open_empty_file
from keyfill_extension.tests.addon_blender.fake_worker import fake_worker
from keyfill_extension.tests.addon_blender.modal_probes import TIMER, press, probe_of

VIOLIN = "walks, then plays the violin"
DEFAULT_WIDTH = 280


@pytest.fixture(scope="module", autouse=True)
def engine(registered_addon):
    with fake_worker():
        yield


@pytest.fixture
def settings(empty_scene):
    STATUS.reset()
    bpy.ops.keyfill.add_mannequin()
    empty_scene.keyfill.prompt = ""
    empty_scene.render.fps = 30
    yield empty_scene.keyfill
    STATUS.reset()


@pytest.fixture
def asked(monkeypatch):
    """The requests that the engine gets."""
    found: list[MotionRequest] = []
    ask = engine_link.generation_job
    monkeypatch.setattr(
        engine_link, "generation_job", lambda request: (found.append(request), ask(request))[1]
    )
    return found


def plan(settings, prompt=VIOLIN, seconds=4.0):
    settings.prompt, settings.seconds = prompt, seconds
    assert bpy.ops.keyfill.plan() == {"FINISHED"}


def generate(settings, prompt=VIOLIN, seconds=4.0):
    settings.prompt, settings.seconds = prompt, seconds
    assert bpy.ops.keyfill.generate() == {"FINISHED"}


def drawn(panel=panels.KEYFILL_PT_plan, width=DEFAULT_WIDTH):
    return drawing.layout_of(panel, drawing.context_of(bpy.context.object, width)).drawn


def texts(settings):
    return [row.text for row in settings.plan.rows]


def test_plan_reads_the_prompt_and_makes_nothing(settings, asked):
    plan(settings)
    assert settings.plan.tracks() == (
        Track("walks", PARTS, 0.0, 2.0, nearest=settings.plan.tracks()[0].nearest, known=0.9),
        Track("plays the violin", PARTS, 2.0, 4.0, nearest=settings.plan.tracks()[1].nearest,
              known=0.1),
    )  # fmt: skip
    assert asked[0].plan_only
    assert not bpy.data.actions
    assert not settings.history
    assert STATUS.note.startswith('Planned: 2 actions, 1 not known. "plays the violin" is not')


def test_plan_needs_no_character_and_no_prompt_is_told(settings):
    bpy.context.view_layer.objects.active = None
    plan(settings, "walks")
    settings.prompt = ""
    with pytest.raises(RuntimeError, match="The prompt is empty. Type what"):
        bpy.ops.keyfill.plan()
    assert (STATUS.error, texts(settings)) == ("The prompt is empty.", ["walks"])


def test_plan_runs_modally_and_can_be_cancelled(settings):
    settings.prompt = VIOLIN
    button = _taken_button(KEYFILL_OT_plan)
    assert press(button)[0] == {"FINISHED"}
    assert texts(settings) == ["walks", "plays the violin"]
    settings.plan.rows.clear()
    probe = probe_of(button)
    assert probe.start(bpy.context) == {"RUNNING_MODAL"}
    assert not bpy.ops.keyfill.plan.poll()
    STATUS.is_cancel_requested = True
    answer = {"RUNNING_MODAL"}
    while not answer & {"FINISHED", "CANCELLED"}:
        answer = probe.modal(bpy.context, TIMER)
    assert answer == {"CANCELLED"}
    assert (texts(settings), STATUS.is_running) == ([], False)


def _taken_button(button):
    """Return the button with its property as a plain value, as Blender gives it to operators."""
    return type(button.__name__, (button,), {"is_long": False})


def test_each_take_brings_its_plan_and_its_notes(settings):
    generate(settings)
    assert texts(settings) == ["walks", "plays the violin"]
    assert '"plays the violin" is not known; nearest: "a person plays the guitar"' in STATUS.note
    context = drawing.context_of(bpy.context.object)
    assert any("is not known" in text for text, _ in messages.message_lines(context, 200))
    generate(settings, "walks, then runs, then sits")
    assert texts(settings) == ["walks", "runs", "sits"]
    assert "not known" not in STATUS.note


def test_the_plan_belongs_to_its_prompt_and_length(settings):
    plan(settings)
    told, whole = panels.plan_panel.ANOTHER, "Plan of another prompt or length"
    main = panels.KEYFILL_PT_main
    assert "1 of 2 not known" in drawn(main)
    for name, value in (("prompt", "sits"), ("seconds", 5.0)):
        before = getattr(settings, name)
        setattr(settings, name, value)
        assert told in drawn(main)
        assert whole in " ".join(one for one in drawn() if isinstance(one, str))
        assert "keyfill.use_nearest" not in drawn()
        setattr(settings, name, before)
        assert told not in drawn(main)
    settings.prompt = f"  {VIOLIN} "
    assert told not in drawn(main)
    settings.prompt = "sits"
    plan(settings, "sits")
    assert told not in drawn(main)


def test_a_short_plan_is_listed_and_a_long_one_is_told_by_its_number(settings):
    assert "No plan yet" in drawn()
    plan(settings)
    assert "walks, 0–2 s, body, known" in drawn()
    plan(settings, ", then ".join(["walks"] * 6), 12.0)
    assert "walks, 0–2 s, body, known" not in drawn()
    settings.plan.is_open = True
    assert drawn().count("walks, 0–2 s, body, known") == 1
    assert drawn().count("keyfill.remove_track") == 6


def test_no_label_is_longer_than_the_default_sidebar(settings):
    long = "walks very slowly around a table in the middle of a room, then plays the violin"
    plan(settings, long)
    for row in settings.plan.rows:
        row.is_open = True
    context = drawing.context_of(width=DEFAULT_WIDTH)
    letters = messages.letters_of(context)
    shown = [one for one in drawn() if isinstance(one, str) and "." not in one]
    assert max(len(one) for one in shown) <= letters
    whole = " ".join(shown)
    assert "walks very slowly around a table in the middle of a room, 0–2 s" in whole
    told = [panels.plan_panel.ANOTHER, "12 of 34 not known", "34 actions, 120.0 s"]
    row = [one for one in drawn(panels.KEYFILL_PT_main) if str(one).endswith("not known")]
    assert row == ["1 of 2 not known"]
    assert max(len(one) for one in told + row) <= panels.plan_panel.TOLD_SHARE * letters


def test_a_number_and_its_seconds_stand_in_one_row(settings):
    told = "a person walks forward, 0–3 s, legs + torso, known"
    lines = [line for line, _ in messages.wrap(told, 29, "DOT")]
    assert lines == ["a person walks forward,", "0–3 s, legs + torso, known"]


def test_what_comes_near_is_kept_apart(settings):
    """Lines of one caption stand in one column, so that a gap shows where the next begins."""
    buttons = []

    class Columns(drawing.Layout):
        def column(self, align=False):
            return Columns(self.drawn, False, self.rows)

        def operator(self, name, **look):
            buttons.append((self, look["text"]))
            return super().operator(name, **look)

    near = ("a person plays the guitar while he walks", "a person waves")
    track = Track("plays the violin", PARTS, 0.0, 2.0, nearest=near, known=0.1)
    panels.plan_panel.draw_unknown(Columns(), drawing.context_of(width=DEFAULT_WIDTH), track)
    columns = [id(column) for column, _ in buttons]
    assert [text for _, text in buttons] == [
        "a person plays the guitar while he", "walks", "a person waves",
    ]  # fmt: skip
    assert columns[0] == columns[1] != columns[2]


def test_a_note_of_a_plan_goes_when_the_plan_is_changed(settings):
    def told():
        context = drawing.context_of(bpy.context.object)
        return bpy.context.window_manager.keyfill_status.current_note(context)[0]

    plan(settings)
    assert told().startswith("Planned: 2 actions")
    end, settings.plan.rows[1].end = settings.plan.rows[1].end, 9.0
    assert not told()
    settings.plan.rows[1].end = end
    assert told().startswith("Planned: 2 actions")
    generate(settings, "walks", 2.0)
    settings.plan.rows[0].end = 1.5
    assert "is on the character" in told()


def test_nothing_of_the_main_panel_moves_when_a_plan_comes(settings):
    def rows():
        context = drawing.context_of(bpy.context.object)
        return drawing.layout_of(panels.KEYFILL_PT_main, context).rows

    before = rows()
    plan(settings)
    assert rows() == before
    settings.plan.rows[0].text = "runs"
    assert rows() == before
    settings.prompt = "sits"
    assert rows() == before


def test_the_dope_sheet_lists_it_too(settings):
    plan(settings)
    assert drawn(panels.KEYFILL_PT_dope_sheet_plan) == drawn()


def test_what_is_not_known_is_told_with_buttons_that_put_captions_into_the_prompt(settings):
    plan(settings)
    whole = " ".join(one for one in drawn() if isinstance(one, str))
    assert 'I don\'t know "plays the violin"; nearest:' in whole
    assert drawn().count("keyfill.use_nearest") == 3
    assert "a person plays golf" in drawn()
    button = bpy.ops.keyfill.use_nearest
    button(caption="a person plays golf", action="plays the violin")
    assert settings.prompt == "walks, then plays golf"
    generate(settings, "plays the violin")
    assert bpy.context.object.animation_data.action is not None
    button(caption="a person plays golf", action="plays the violin")
    assert settings.prompt == "a person plays golf"


def test_a_changed_plan_is_sent_exactly(settings, asked):
    plan(settings)
    first, second = settings.plan.rows
    first.text, first.parts, first.end = "  jogs  ", {"LOWER_BODY", "TORSO"}, 4.0
    second.text, second.parts = "claps", {"LEFT_ARM", "RIGHT_ARM"}
    second.start, second.end, second.count, second.hold, second.state = 0.7, 3.3, 3, True, "SEATED"
    assert settings.plan.is_own()
    assert bpy.ops.keyfill.generate() == {"FINISHED"}
    assert asked[-1].tracks == (
        Track("jogs", ("LOWER_BODY", "TORSO"), 0.0, 4.0),
        Track("claps", ("LEFT_ARM", "RIGHT_ARM"), 0.7, 3.3, 3, True, "seated"),
    )
    assert asked[-1].prompt == VIOLIN
    # It came back with what is known of it, and is still the animator's.
    assert settings.plan.rows[1].known == pytest.approx(0.9)
    assert settings.plan.is_own()
    assert "Changed: Generate makes" in " ".join(str(one) for one in drawn())


def test_an_unchanged_plan_is_read_anew(settings, asked):
    plan(settings)
    assert bpy.ops.keyfill.generate() == {"FINISHED"}
    assert asked[-1].tracks == ()


def test_a_changed_plan_of_another_prompt_is_not_sent(settings, asked):
    plan(settings)
    settings.plan.rows[0].text = "jogs"
    generate(settings, "sits")
    assert asked[-1].tracks == ()
    assert texts(settings) == ["sits"]


def test_rows_are_added_removed_and_put_back(settings, asked):
    plan(settings)
    assert not bpy.ops.keyfill.put_back_plan.poll()
    bpy.ops.keyfill.remove_track(index=1)
    bpy.ops.keyfill.add_track()
    row = settings.plan.rows[1]
    assert (row.start, row.end, row.is_open, row.text) == (2.0, 4.0, True, "")
    row.text = "bows"
    bpy.ops.keyfill.add_track()
    assert [settings.plan.rows[2].start, settings.plan.rows[2].end] == [4.0, 6.0]
    bpy.ops.keyfill.remove_track(index=2)
    assert bpy.ops.keyfill.generate() == {"FINISHED"}
    assert [track.text for track in asked[-1].tracks] == ["walks", "bows"]
    assert bpy.ops.keyfill.put_back_plan() == {"FINISHED"}
    assert texts(settings) == ["walks", "plays the violin"]
    assert not settings.plan.is_own()
    with pytest.raises(RuntimeError, match="The plan has 2 actions"):
        bpy.ops.keyfill.remove_track(index=2)


def test_without_any_row_the_prompt_is_read_and_can_be_put_back(settings, asked):
    plan(settings)
    for _ in range(2):
        bpy.ops.keyfill.remove_track()
    assert not bpy.ops.keyfill.remove_track.poll()
    assert bpy.ops.keyfill.put_back_plan() == {"FINISHED"}
    assert texts(settings) == ["walks", "plays the violin"]


def test_a_plan_can_be_written_by_hand_without_a_prompt(settings, asked):
    settings.seconds = 0.0
    bpy.ops.keyfill.add_track()
    settings.plan.rows[0].text = "bows"
    assert bpy.ops.keyfill.generate() == {"FINISHED"}
    assert asked[-1].tracks == (Track("bows", PARTS, 0.0, 2.0),)
    assert bpy.context.object.animation_data.action.name == "bows (seed 0)"


def test_bad_rows_are_told_before_anything_runs(settings, asked):
    plan(settings)
    asked.clear()
    row = settings.plan.rows[1]
    for name, value, told in (
        ("text", " ", "Track 2 has no text."),
        ("start", 1.5, "Tracks 1 and 2 both have LOWER_BODY at one time."),
        ("end", 4.5, "Track 2 (2 to 4.5 s) lies outside the take of 4 s."),
        ("parts", set(), "Track 2 has no body part."),
        ("count", 99, "Track 2 cannot happen 99 times."),
    ):
        before = getattr(row, name)
        setattr(row, name, value)
        with pytest.raises(RuntimeError):
            bpy.ops.keyfill.generate()
        assert STATUS.error == told
        context = drawing.context_of(bpy.context.object)
        assert bpy.context.window_manager.keyfill_status.current_error(context)[0] == told
        # The error is old once the row has changed.
        setattr(row, name, before)
        assert bpy.context.window_manager.keyfill_status.current_error(context)[0] == ""
    assert asked == []
    assert not bpy.data.actions


def test_of_a_changed_text_nothing_is_known_yet(settings):
    plan(settings)
    settings.plan.rows[1].text = "plays the drums"
    assert settings.plan.tracks()[1].known == 1.0
    assert "keyfill.use_nearest" not in drawn()
    assert any(str(one).startswith("plays the drums, 2–4 s") for one in drawn())
    assert "known" not in " ".join(str(one) for one in drawn()).partition("drums")[2]


def test_the_history_gives_the_same_plan_back(settings, asked):
    plan(settings)
    settings.plan.rows[1].text = "bows"
    assert bpy.ops.keyfill.generate() == {"FINISHED"}
    sent = settings.plan.tracks()
    generate(settings, "sits", 2.0)
    assert texts(settings) == ["sits"]
    assert bpy.ops.keyfill.remake(index=1) == {"FINISHED"}
    assert plans.is_same(asked[-1].tracks, sent)
    assert bpy.ops.keyfill.next_seed() == {"FINISHED"}
    assert plans.is_same(asked[-1].tracks, sent)
    assert asked[-1].seed == 1
    generate(settings, "runs", 2.0)
    assert bpy.ops.keyfill.recall(index=1) == {"FINISHED"}
    assert plans.is_same(settings.plan.tracks(), sent)
    assert settings.plan.is_own()
    assert panels.plan_panel.ANOTHER not in drawn(panels.KEYFILL_PT_main)
    assert bpy.ops.keyfill.generate() == {"FINISHED"}
    assert plans.is_same(asked[-1].tracks, sent)


def test_use_these_settings_shows_a_plan_that_was_read(settings, asked):
    generate(settings)
    generate(settings, "sits", 2.0)
    assert bpy.ops.keyfill.recall(index=1) == {"FINISHED"}
    assert texts(settings) == ["walks", "plays the violin"]
    assert not settings.plan.is_own()
    assert bpy.ops.keyfill.generate() == {"FINISHED"}
    assert asked[-1].tracks == ()


def test_a_long_take_comes_with_its_plan_which_can_be_changed(settings, asked):
    settings.beats = "2: walks; 1: plays the violin"
    assert bpy.ops.keyfill.long_take() == {"FINISHED"}
    assert [(row.text, row.start, row.end) for row in settings.plan.rows] == [
        ("walks", 0.0, 2.0), ("plays the violin", 2.0, 3.0),
    ]  # fmt: skip
    assert "1 of 2 not known" in drawn(panels.KEYFILL_PT_main)
    settings.plan.rows[1].text = "bows"
    assert bpy.ops.keyfill.long_take() == {"FINISHED"}
    assert [track.text for track in asked[-1].tracks] == ["walks", "bows"]
    assert bpy.ops.keyfill.remake(index=0) == {"FINISHED"}
    assert [track.text for track in asked[-1].tracks] == ["walks", "bows"]
    # Generate has another prompt: these rows are not its.
    settings.prompt, settings.seconds = "sits", 2.0
    assert bpy.ops.keyfill.generate() == {"FINISHED"}
    assert asked[-1].tracks == ()


def test_the_beats_of_a_long_take_are_planned_before_it(settings, asked):
    assert "Plan Long Take" not in drawn()
    settings.beats = "2: walks; 1: plays the violin"
    assert "Plan Long Take" in drawn()
    assert bpy.ops.keyfill.plan(is_long=True) == {"FINISHED"}
    assert texts(settings) == ["walks", "plays the violin"]
    assert asked[-1].plan_only and len(asked[-1].beats) == 2
    bpy.ops.keyfill.use_nearest(caption="a person plays golf", action="plays the violin")
    assert settings.beats == "2: walks; 1: plays golf"
    assert settings.prompt == ""
    with pytest.raises(RuntimeError, match="There are no beats"):
        settings.beats = ""
        bpy.ops.keyfill.plan(is_long=True)


def test_the_plan_is_saved_with_the_scene(settings, tmp_path):
    plan(settings)
    settings.plan.rows[0].text = "jogs"
    before = settings.plan.tracks()
    file = str(tmp_path / "plan.blend")
    bpy.ops.wm.save_as_mainfile(filepath=file)
    open_empty_file()
    bpy.ops.wm.open_mainfile(filepath=file)
    settings = bpy.context.scene.keyfill
    assert settings.plan.tracks() == before
    assert settings.plan.is_own()
