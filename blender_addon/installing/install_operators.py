"""Install Engine: asks for a device, shows the size, fetches with progress, can be cancelled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import bpy
from bpy.props import EnumProperty
from bpy.types import Context, Event, Operator

from .. import engine_link, preferences
from ..core.errors import UserError
from ..core.link.jobs import Task
from ..core.link.run_status import STATUS
from ..core.link.slices import Work, in_a_thread
from ..operators.job_operator import JobOperator
from .fetching import Places, Wheel, fetch, look_up, told_size
from .package_sources import PackageSource, devices_of

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

_LABELS = {"cpu": "CPU", "cuda": "CUDA (NVIDIA)", "mps": "Metal (Apple)"}
_TOLD = {
    "cpu": "The processor; works everywhere, and is the smallest",
    "cuda": "An NVIDIA graphics card; several GB",
    "mps": "The graphics part of an Apple chip",
}

# Not inside the class: Blender evaluates annotations as text, where comprehensions see no names.
_ITEMS = [(name, _LABELS[name], _TOLD[name]) for name in devices_of()]


def places() -> Places:
    """Return the user's folders that installing uses."""
    packages = Path(preferences.blenders_python().packages)
    return Places(packages, packages.with_name("downloads"), packages.with_name("install.log"))


def source(context: Context, device: str) -> PackageSource:
    """Return where the packages come from.

    Raises:
        UserError: if Blender may not go online, and no folder of wheels is chosen.
    """
    stored = preferences.read_preferences(context)
    index = stored.package_index.strip() if stored is not None else ""
    folder = bpy.path.abspath(index) if index and "://" not in index else ""
    if folder and not Path(folder).is_dir():
        raise UserError(
            f"There is no folder {folder}.", "Enter an address, or a folder of wheels."
        )
    if not folder and not bpy.app.online_access:
        raise UserError(
            "Blender may not go online, and the engine has to be fetched.",
            "Tick Preferences > System > Allow Online Access, or enter a folder of wheels as "
            "the package index.",
        )
    return PackageSource(device, "" if folder else index, folder)


if TYPE_CHECKING:
    Base = JobOperator
else:
    Base = object


class _AfterDialog(Base):
    """Mixin before JobOperator: a job that a dialog starts, shown in the preferences, too."""

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        """Work in a thread where a person agreed in the dialog, here and now for scripts."""
        if bpy.app.background or not self.options.is_invoke:
            return super().execute(context)
        answer = self.start(context)
        if "RUNNING_MODAL" in answer:
            context.window_manager.modal_handler_add(self)
        return answer

    def modal(self, context: Context, event: Event) -> set[OperatorReturnItems]:
        """Do what every job does, and redraw the preferences."""
        answer = super().modal(context, event)
        for window in context.window_manager.windows:
            for area in window.screen.areas:
                if area.type == "PREFERENCES":
                    area.tag_redraw()
        return answer


class KEYFILL_OT_install_engine(_AfterDialog, JobOperator, Operator):
    """Looks up what a device needs; then its size is shown and may be agreed to."""

    bl_idname = "keyfill.install_engine"
    bl_label = "Install Engine"
    bl_description = "Fetch the engine's packages into your own folder; the size is shown first"

    device: EnumProperty(name="Device", items=_ITEMS)

    @classmethod
    def poll(cls, context: Context) -> bool:
        if STATUS.is_running:
            cls.poll_message_set("The engine is busy")
            return False
        return True

    def invoke(self, context: Context, event: Event) -> set[OperatorReturnItems]:
        """Ask for the device."""
        return context.window_manager.invoke_props_dialog(self)

    def make_work(self, context: Context) -> Work[tuple[Wheel, ...]]:
        return Work(in_a_thread(look_up(source(context, self.device), places())))

    def apply_result(self, context: Context, result: tuple[Wheel, ...]) -> None:
        KEYFILL_OT_fetch_engine.wheels = result
        how = "EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT"
        operators: Any = bpy.ops
        operators.keyfill.fetch_engine(how)


class KEYFILL_OT_fetch_engine(_AfterDialog, JobOperator, Operator):
    """Fetches and installs what was looked up."""

    bl_idname = "keyfill.fetch_engine"
    bl_label = "Fetch and Install"
    bl_description = "Fetch the engine's packages and install them"

    wheels: ClassVar[tuple[Wheel, ...]] = ()

    def invoke(self, context: Context, event: Event) -> set[OperatorReturnItems]:
        """Show the size and ask."""
        return context.window_manager.invoke_props_dialog(self, confirm_text="Fetch")

    def draw(self, context: Context) -> None:
        self.layout.label(text=f"To be fetched: {told_size(self.wheels)}")
        self.layout.label(text=f"Into {places().packages}")

    def make_work(self, context: Context) -> Work[Path]:
        # The worker may have the old packages loaded, and Windows keeps such files.
        engine_link.stop()
        return Work(in_a_thread(self._fetch()))

    def _fetch(self) -> Task[Path]:
        return (yield from fetch(self.wheels, places()))

    def apply_result(self, context: Context, result: Path) -> None:
        engine_link.fill_bytecode()
        self.report({"INFO"}, f"The engine is installed in {result}")
