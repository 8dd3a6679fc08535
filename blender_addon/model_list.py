"""The models that can be chosen now: read from their folders, remembered for a moment.

Panels and polls ask at every redraw, so the folders are looked at no more often
than every two seconds.
"""

from __future__ import annotations

import time
from pathlib import Path

from bpy.types import Context, PropertyGroup

from ..engine.models.catalogue import SHIPPED, Model, list_models
from ..engine.systems.abilities import PARTS_APART, SPANS, UPPER_BODY, System
from ..engine.systems.registry import SYSTEMS
from . import engine_link
from .core.link.worker_settings import WorkerSettings

REMEMBERED_SECONDS = 2.0

Item = tuple[str, str, str, int]

_remembered: tuple[float, WorkerSettings, tuple[Model, ...]] | None = None

_strings: dict[str, str] = {}
"""Every text that was given to Blender for a menu: it does not keep them alive itself."""


def read_models(is_fresh: bool = False) -> tuple[Model, ...]:
    """Return the models of the preferences' folders, the default one first.

    Args:
        is_fresh: look at the folders now, whatever is remembered.
    """
    global _remembered
    settings, now = engine_link.settings(), time.monotonic()
    if not is_fresh and _remembered is not None:
        read_at, of_settings, models = _remembered
        if of_settings == settings and now - read_at < REMEMBERED_SECONDS:
            return models
    shipped = Path(settings.weights) if settings.weights else SHIPPED
    models = list_models(shipped, Path(settings.models) if settings.models else None)
    _remembered = now, settings, models
    return models


def items_with(chosen: str) -> list[Item]:
    """Return the menu of models, with the chosen one even where it is missing."""
    models = read_models()
    usable = [model for model in models if not model.reason or model is models[0]]
    items = [_item(model, number) for number, model in enumerate(usable)]
    if chosen and chosen not in {item[0] for item in items}:
        told = "This model is not here, or it cannot be used: see the add-on's preferences"
        items.append((_kept(chosen), _kept(f"{chosen} (missing)"), _kept(told), len(items)))
    return items


def menu_items(settings: PropertyGroup, context: Context | None) -> list[Item]:
    """Return the items of the property `model`."""
    return items_with(settings.model_name)


def chosen_number(settings: PropertyGroup) -> int:
    """Return the number of the chosen model in the menu; no name is the default one."""
    names = [item[0] for item in items_with(settings.model_name)]
    return names.index(settings.model_name) if settings.model_name else 0


def choose_number(settings: PropertyGroup, number: int) -> None:
    """Keep the name of a model in the menu: names stay valid when the menu changes."""
    settings.model_name = items_with(settings.model_name)[number][0]


def _item(model: Model, number: int) -> Item:
    system = SYSTEMS[model.description.system]
    label = f"{model.label} (own)" if model.is_own else model.label
    label = f"{label}: {_good_for(system)}"
    told = f"{system.title[0].upper()}{system.title[1:]}: {system.limits}"
    if model.description.licence:
        told += f". Licence: {model.description.licence}"
    return _kept(model.name), _kept(label), _kept(told), number


def _good_for(system: System) -> str:
    """Return what a system is good for, in the few words that fit behind its name."""
    if PARTS_APART in system.serves:
        return "every edit"
    if UPPER_BODY in system.serves:
        return "whole or upper body"
    return "whole body" if SPANS in system.serves else "new takes"


def _kept(text: str) -> str:
    return _strings.setdefault(text, text)
