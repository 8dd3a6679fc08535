"""Configs as JSON: nested frozen dataclasses to plain data and back, strictly.

It knows no config in particular; each module defines its own dataclass.
"""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

C = TypeVar("C")


class ConfigError(ValueError):
    """Data that does not describe the wanted config; the text names the field."""


def to_json(config: Any) -> dict[str, Any]:
    """Return a dataclass as data that JSON can hold: tuples as lists, nested ones as objects.

    Raises:
        ConfigError: if a field holds something that JSON cannot.
    """
    if not dataclasses.is_dataclass(config) or isinstance(config, type):
        raise ConfigError(f"{config!r} is no config")
    return {
        field.name: _value_to_json(getattr(config, field.name), field.name)
        for field in dataclasses.fields(config)
    }


def from_json(cls: type[C], data: Mapping[str, Any]) -> C:
    """Rebuild a dataclass from what `to_json` made of it.

    Strict: an unknown field, a missing field without a default and a value of
    another type are errors, except that a whole number stands for a float.

    Raises:
        ConfigError: if the data does not fit, or the dataclass's own check refuses it.
    """
    return _read_dataclass(cls, data, cls.__name__)


def _value_to_json(value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_json(value)
    if isinstance(value, enum.Enum):
        return _value_to_json(value.value, where)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, tuple | list):
        return [_value_to_json(item, where) for item in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _value_to_json(item, f"{where}.{key}") for key, item in value.items()}
    raise ConfigError(f"{where} cannot be written as JSON: {value!r}")


def _read_dataclass(cls: type[C], data: Any, where: str) -> C:
    if not isinstance(data, Mapping):
        raise ConfigError(f"{where} must be an object, not {data!r}")
    fields = {
        field.name: field for field in dataclasses.fields(typing.cast(Any, cls)) if field.init
    }
    unknown = sorted(set(data) - set(fields))
    if unknown:
        raise ConfigError(f"{where} has no field {unknown[0]!r}")
    missing = [name for name, field in fields.items() if name not in data and _is_required(field)]
    if missing:
        raise ConfigError(f"{where} lacks the field {missing[0]!r}")
    hints = typing.get_type_hints(cls)
    values = {name: _read(hints[name], data[name], f"{where}.{name}") for name in data}
    try:
        return cls(**values)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return (
        field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    )


def _read(hint: Any, data: Any, where: str) -> Any:
    """Read `data` as a value of the type `hint`."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _read_union(hint, data, where)
    if origin is typing.Literal:
        return _expect(data in typing.get_args(hint), data, where, f"one of {hint}")
    if origin is tuple or origin is list:
        return _read_sequence(hint, data, where)
    if origin is dict or hint is dict:
        _expect(isinstance(data, dict), data, where, "an object")
        item = (typing.get_args(hint) or (str, Any))[1]
        return {key: _read(item, value, f"{where}.{key}") for key, value in data.items()}
    return _read_plain(hint, data, where)


def _read_plain(hint: Any, data: Any, where: str) -> Any:
    if hint is Any:
        return data
    if dataclasses.is_dataclass(hint):
        return _read_dataclass(typing.cast(type[Any], hint), data, where)
    if hint is type(None):
        return _expect(data is None, data, where, "null")
    if hint is float:
        number = isinstance(data, int | float) and not isinstance(data, bool)
        return float(_expect(number, data, where, "a number"))
    if hint is Path:
        return Path(_expect(isinstance(data, str), data, where, "a path"))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        choices = {member.value: member for member in hint}
        return choices[_expect(data in choices, data, where, f"one of {list(choices)}")]
    if hint in (bool, int, str):
        # type() and not isinstance: True is an int to Python, but no count of layers.
        return _expect(type(data) is hint, data, where, f"a {hint.__name__}")
    raise ConfigError(f"{where} has a type that configs do not hold: {hint}")


def _read_union(hint: Any, data: Any, where: str) -> Any:
    errors = []
    for option in typing.get_args(hint):
        try:
            return _read(option, data, where)
        except ConfigError as error:
            errors.append(str(error))
    raise ConfigError(errors[0])


def _read_sequence(hint: Any, data: Any, where: str) -> Any:
    origin, items = typing.get_origin(hint), typing.get_args(hint)
    _expect(isinstance(data, list | tuple), data, where, "a list")
    if origin is list or items[-1] is Ellipsis:
        items = (items[0],) * len(data)
    _expect(len(items) == len(data), data, where, f"a list of {len(items)}")
    values = [
        _read(item, value, f"{where}[{index}]")
        for index, (item, value) in enumerate(zip(items, data, strict=True))
    ]
    return origin(values)


def _expect(fits: bool, data: Any, where: str, wanted: str) -> Any:
    if not fits:
        raise ConfigError(f"{where} must be {wanted}, not {data!r}")
    return data
