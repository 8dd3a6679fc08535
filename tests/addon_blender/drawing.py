"""A layout that takes what a panel draws and refuses what Blender does not have."""

from types import SimpleNamespace

import bpy


class Button:
    """What `operator` gives back: it takes the operator's own properties only."""

    def __init__(self, name):
        module, _, function = name.partition(".")
        rna = getattr(getattr(bpy.ops, module), function).get_rna_type()
        object.__setattr__(self, "known", set(rna.properties.keys()))

    def __setattr__(self, name, value):
        assert name in self.known


class Layout:
    """Notes names and texts in `drawn`, and how many rows lie one below the other in `rows`."""

    alert = False
    active = True
    scale_y = 1.0
    operator_context = "INVOKE_DEFAULT"

    def __init__(self, drawn=None, is_row=False, rows=None):
        self.drawn = [] if drawn is None else drawn
        self.rows = [0] if rows is None else rows
        self.is_row = is_row
        self.is_used = False

    def _note(self, *what):
        self.drawn += [one for one in what if one]
        if not (self.is_row and self.is_used):
            self.rows[0] += 1
        self.is_used = True

    def row(self, align=False):
        if self.is_row:
            return self
        return Layout(self.drawn, True, self.rows)

    def column(self, align=False):
        return self if self.is_row else Layout(self.drawn, False, self.rows)

    box = column

    def split(self, factor=0.0, align=False):
        return self.row()

    def separator(self):
        pass

    def prop(self, data, name, text=None, icon="NONE", **options):
        assert name in data.bl_rna.properties
        known = bpy.types.UILayout.bl_rna.functions["prop"].parameters
        assert set(options) <= set(known.keys())
        self._check(icon)
        self._note(name)

    def prop_search(self, data, name, *search, text=None, icon="NONE"):
        assert name in data.bl_rna.properties
        assert search[1] in search[0].bl_rna.properties
        self._check(icon)
        self._note((data.path_from_id(), icon))

    def operator(self, name, text=None, icon="NONE", icon_value=0, emboss=True):
        self._check(icon)
        self._note(name, text)
        return Button(name)

    def menu(self, name, text=None, icon="NONE"):
        assert hasattr(bpy.types, name)
        self._check(icon)
        self._note(name)

    def popover(self, name, text=None, icon="NONE"):
        assert hasattr(bpy.types, name)
        self._check(icon)
        self._note(name)

    def label(self, text, icon="NONE"):
        self._check(icon)
        self._note(text)

    def progress(self, factor, text):
        self._note((factor, text))

    @staticmethod
    def _check(icon):
        known = bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items
        assert icon in known.keys()  # noqa: SIM118 - no mapping


def context_of(ob=None, width=280):
    """A context with a sidebar of this width."""
    return SimpleNamespace(
        scene=bpy.context.scene,
        window_manager=bpy.context.window_manager,
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0)),
        region=SimpleNamespace(width=width),
        object=ob,
    )


def layout_of(panel, context):
    """Draw a panel or a menu and return its layout; None where it is not shown."""
    if hasattr(panel, "poll") and not panel.poll(context):
        return None
    layout = Layout()
    panel.draw(SimpleNamespace(layout=layout), context)
    return layout
