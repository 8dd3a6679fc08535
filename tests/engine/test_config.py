"""Configs survive JSON, and wrong data is named."""

import enum
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from keyfill_extension.engine.config import ConfigError, from_json, to_json


class Schedule(enum.Enum):
    COSINE = "cosine"
    LINEAR = "linear"


@dataclass(frozen=True)
class Quantizer:
    stages: int = 6
    dropout: float = 0.2

    def __post_init__(self) -> None:
        if self.stages < 1:
            raise ValueError(f"stages must be above 0, not {self.stages}")


@dataclass(frozen=True)
class Model:
    name: str
    quantizer: Quantizer = field(default_factory=Quantizer)
    widths: tuple[int, ...] = (8, 16)
    box: tuple[float, str] = (1.0, "m")
    parts: tuple[Quantizer, ...] = ()
    limit: int | None = None
    schedule: Schedule = Schedule.COSINE
    kind: Literal["a", "b"] = "a"
    folder: Path = Path("weights")
    shares: dict[str, float] = field(default_factory=dict)
    is_causal: bool = False


FULL = Model(
    "grid",
    Quantizer(3, 0.0),
    (1, 2, 3),
    (0.5, "cm"),
    (Quantizer(1), Quantizer(2)),
    7,
    Schedule.LINEAR,
    "b",
    Path("a/b"),
    {"x": 0.5},
    True,
)


@pytest.mark.parametrize("config", [Model("small"), FULL])
def test_round_trip_through_text(config):
    assert from_json(Model, json.loads(json.dumps(to_json(config)))) == config


def test_missing_fields_with_defaults_are_filled():
    assert from_json(Model, {"name": "x"}) == Model("x")


def test_a_whole_number_stands_for_a_float():
    value = from_json(Quantizer, {"dropout": 0}).dropout
    assert value == 0.0 and isinstance(value, float)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({}, "name"),
        ({"name": "x", "widht": 3}, "widht"),
        ({"name": 3}, "Model.name"),
        ({"name": "x", "quantizer": {"stages": 6.5}}, "Model.quantizer.stages"),
        ({"name": "x", "quantizer": {"stages": True}}, "Model.quantizer.stages"),
        ({"name": "x", "quantizer": {"stages": 0}}, "above 0"),
        ({"name": "x", "quantizer": {"stage": 1}}, "stage"),
        ({"name": "x", "quantizer": 5}, "Model.quantizer"),
        ({"name": "x", "widths": 3}, "Model.widths"),
        ({"name": "x", "widths": [1, "2"]}, r"Model.widths\[1\]"),
        ({"name": "x", "box": [1.0]}, "Model.box"),
        ({"name": "x", "parts": [{"stages": "1"}]}, r"Model.parts\[0\].stages"),
        ({"name": "x", "limit": "7"}, "Model.limit"),
        ({"name": "x", "schedule": "square"}, "Model.schedule"),
        ({"name": "x", "kind": "c"}, "Model.kind"),
        ({"name": "x", "shares": {"a": "b"}}, "Model.shares.a"),
        ({"name": "x", "is_causal": 1}, "Model.is_causal"),
        ([], "Model"),
    ],
)
def test_wrong_data_is_named(data, named):
    with pytest.raises(ConfigError, match=named):
        from_json(Model, data)


def test_what_json_cannot_hold_is_refused():
    with pytest.raises(ConfigError, match="shares.f"):
        to_json(Model("x", shares={"f": print}))
    with pytest.raises(ConfigError):
        to_json({"a": 1})
