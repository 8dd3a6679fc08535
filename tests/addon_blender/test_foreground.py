"""While Blender plays or renders, the worker is told to compute with fewer threads."""

import bpy
import pytest
from keyfill_extension.blender_addon import engine_link, foreground
from keyfill_extension.tests.addon_blender.empty_files import open_empty_file
from keyfill_extension.tests.addon_blender.fake_worker import fake_worker

HANDLERS = ("animation_playback_pre", "animation_playback_post", "load_pre", "render_init",
            "render_complete", "render_cancel")  # fmt: skip


def threads():
    """With how many threads the worker says that it computes: 4, or 2 beside a busy Blender."""
    from keyfill_extension.engine.motion.request import MotionRequest

    job = engine_link.generation_job(MotionRequest("someone walks", 1.0))
    return job.run_blocking(lambda progress: None).prompt_cut.split()[-1]


def call(name):
    """Have Blender's side call its handlers, as it does at such an event."""
    for handler in list(getattr(bpy.app.handlers, name)):
        handler(bpy.context.scene, None)


@pytest.fixture(autouse=True)
def worker(registered_addon):
    with fake_worker("load_thread_counting_engine"):
        yield
    call("animation_playback_post")


def test_playing_takes_threads_and_gives_them_back(empty_scene):
    assert threads() == "4"
    call("animation_playback_pre")
    assert threads() == "2"
    call("animation_playback_post")
    assert threads() == "4"


def test_a_render_that_ends_or_is_cancelled_gives_threads_back(empty_scene):
    for ending in ("render_complete", "render_cancel"):
        call("render_init")
        assert threads() == "2"
        call(ending)
        assert threads() == "4"


def test_one_of_two_reasons_that_ends_is_not_the_end(empty_scene):
    call("animation_playback_pre")
    call("render_init")
    call("render_complete")
    assert threads() == "2"
    call("animation_playback_post")
    assert threads() == "4"


def test_a_real_render_is_noticed(empty_scene, tmp_path):
    told = []
    scene = bpy.context.scene
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x = scene.render.resolution_y = 8
    scene.render.filepath = str(tmp_path / "picture")
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    bpy.app.handlers.render_pre.append(lambda *_: told.append(set(foreground._doing)))
    try:
        bpy.ops.render.render()
    finally:
        bpy.app.handlers.render_pre.pop()
    assert told == [{"rendering"}]
    assert foreground._doing == set()


def test_a_new_file_ends_the_playback(empty_scene):
    call("animation_playback_pre")
    open_empty_file()
    assert threads() == "4"


def test_a_disabled_addon_listens_no_more(registered_addon):
    registered_addon.unregister()
    try:
        left = [h for name in HANDLERS for h in getattr(bpy.app.handlers, name)]
        assert not [h for h in left if "foreground" in h.__module__]
    finally:
        registered_addon.register()
