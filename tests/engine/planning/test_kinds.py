"""Named kinds of action: how phrases are found, and what a table of them must hold."""

from __future__ import annotations

import pytest
from keyfill_extension.engine.planning.kinds import Flow, kinds_from, load_kinds

ROW = {"say": "wave, wave goodbye, say hello", "parts": "arms", "flow": "cyclic", "needs": ""}
TABLE = {
    "wave": ROW,
    "walk": {"say": "walk, step forward", "parts": "legs", "flow": "cyclic", "needs": "goes",
             "before": "standing", "after": "standing", "event": "step", "like": "wave"},
    "raise_hand": {"say": "raise hand", "parts": "arms", "flow": "pose",
                   "needs": "{side}_hand_up arms_still"},
}  # fmt: skip


def names_in(text: str) -> list[str]:
    return [match.kind.name for match in kinds_from(TABLE).find(text)]


def test_an_entry_is_read_whole() -> None:
    kind = kinds_from(TABLE).kinds["walk"]
    assert (kind.parts, kind.flow, kind.needs) == ("legs", Flow.CYCLIC, ("goes",))
    assert (kind.event, kind.before, kind.after) == ("step", "standing", "standing")
    assert kind.like == ("wave",)
    raising = kinds_from(TABLE).kinds["raise_hand"]
    assert raising.needs == ("{side}_hand_up", "arms_still")
    assert (raising.event, raising.before, raising.after, raising.like) == ("", "", "", ())


@pytest.mark.parametrize("field", ["say", "parts", "flow", "needs"])
def test_an_entry_that_lacks_a_field_is_named(field) -> None:
    row = {name: value for name, value in ROW.items() if name != field}
    with pytest.raises(ValueError, match=f"The kind wave is incomplete: '{field}'"):
        kinds_from({"wave": row})


def test_an_unknown_flow_is_named() -> None:
    with pytest.raises(ValueError, match="The kind wave is incomplete: 'eternal' is not a valid"):
        kinds_from({"wave": ROW | {"flow": "eternal"}})


@pytest.mark.parametrize("text", ["waves", "WAVING", "she waved.", "wave-wave"])
def test_a_phrase_is_found_in_every_form(text) -> None:
    assert set(names_in(text)) == {"wave"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("raises the left hand", ["raise_hand"]),
        ("raises his very own left hand", []),  # too far apart
        ("raises one left big hand", ["raise_hand"]),  # three between at most
        ("raises one of his left hands", []),
        ("hand raise", []),  # in this order
        ("microwaves", []),
        ("", []),
    ],
)
def test_few_words_may_stand_between_those_of_a_phrase(text, expected) -> None:
    assert names_in(text) == expected


def test_longer_phrases_weigh_more_and_words_between_less() -> None:
    kinds = kinds_from(TABLE)
    (short,), (long,), (wide,) = (
        kinds.find(text) for text in ("waves", "waves goodbye", "waves a sad goodbye")
    )
    assert long.weight > wide.weight > short.weight
    assert (short.first, short.last, long.last, wide.last) == (0, 1, 2, 4)


def test_a_verb_comes_before_a_noun() -> None:
    found = load_kinds().find("a guard waves")
    assert [(match.kind.name, match.is_noun) for match in found] == [
        ("wave", False), ("guard", True),
    ]  # fmt: skip


def test_a_noun_behind_a_light_verb_is_what_is_done() -> None:
    for text in ("does a cartwheel", "does a quick cartwheel", "performs the cartwheel"):
        (found,) = load_kinds().find(text)
        assert (found.kind.name, found.is_noun) == ("cartwheel", False)


def test_the_list_is_read_once() -> None:
    assert load_kinds() is load_kinds()
