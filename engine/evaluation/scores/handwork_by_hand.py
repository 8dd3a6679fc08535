"""Handwork made by hand in all MANNERS: tools, tables, doors, wheels, instruments.

It stands in where no clip is captioned with it. It knows no prompt, no caption, no threshold and
no model.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ...motion.clip import Clip
from ..checks.figure import Figure
from .gestures_by_hand import SHOWN_BY_HAND, Gesture
from .manikin import MANNERS, Manikin, Manner, Place

SWAY: Final = 0.012
"""Metres by which a hand that rests moves all the same."""


def text(manner: Manner) -> Clip:
    """Hold both hands before the chest and look down at them."""
    body = Manikin(5.0, manner).look(up=-32.0)
    return body.both(Place("chest", -0.1, -0.22, 0.24)).clip()


def read(manner: Manner) -> Clip:
    """Hold both hands a book apart before the chest and look down at it."""
    body = Manikin(6.0, manner).look(up=-35.0)
    return body.both(Place("chest", -0.04, -0.24 + SWAY * body.cycle(0.2), 0.27)).clip()


def write(manner: Manner) -> Clip:
    """Lead the right hand over a page in small strokes, line after line."""
    body = Manikin(6.0, manner).sit().lean(10.0).look(up=-25.0)
    line = np.mod(body.t * manner.tempo / 2.5, 1.0)
    body.send("left", Place("chest", -0.04, -0.36, 0.24))
    stroke = 0.01 * body.cycle(2.2)
    place = Place("chest", 0.04 - 0.14 * (0.5 - np.abs(line - 0.5)), -0.36 + 0.3 * stroke,
                  0.27 + stroke)
    return body.send("right", place).clip()


def type_letters(manner: Manner) -> Clip:
    """Hold both hands over keys, the wrists trembling."""
    body = Manikin(6.0, manner).sit().look(up=-8.0)
    for side, speed in (("left", 3.1), ("right", 2.6)):
        tap = 0.005 * body.cycle(speed)
        place = Place("chest", -0.06 + 0.012 * body.cycle(0.4), -0.29 + tap, 0.25)
        body.send(side, place)
    return body.clip()


def play_the_piano(manner: Manner) -> Clip:
    """Press keys with both hands, and wander to the side."""
    body = Manikin(6.0, manner).sit().look(up=-15.0)
    for side, speed, way in (("left", 1.3, 0.16), ("right", 1.7, 0.23)):
        tap = 0.02 * body.cycle(speed)
        place = Place("chest", 0.04 + 0.09 * body.cycle(way), -0.28 + tap, 0.27)
        body.send(side, place)
    return body.clip()


def knock(manner: Manner) -> Clip:
    """Rap the raised right fist ahead five times."""
    body = Manikin(4.0, manner)
    when = body.during(0.15, 0.75, 0.35)
    rap = np.maximum(0.0, body.cycle(1.9)) * when
    place = Place("chest", -0.02, 0.0 - 0.015 * rap, 0.27 + 0.06 * rap)
    return body.send("right", place, when).clip()


def open_a_door(manner: Manner) -> Clip:
    """Reach for a handle, draw it near and step back a little."""
    body = Manikin(4.0, manner)
    body.send("right", Place("chest", -0.02, -0.3, 0.36), body.during(0.12, 0.85, 0.5))
    pull = body.during(0.42, 0.85, 0.7)
    body.move(ahead=-0.15 * pull)
    return body.send("right", Place("chest", 0.12, -0.3, 0.12), pull).clip()


def _glide(body: Manikin, speed: float) -> Manikin:
    body.move(ahead=speed * body.manner.tempo * body.t)
    for side, half in (("left", 0.0), ("right", 0.5)):
        step = np.sin(2 * np.pi * (0.9 * body.manner.tempo * body.t + half))
        body.bend(f"{side}_hip", "x", -22.0 * step)
        body.bend(f"{side}_knee", "x", 15.0 + 15.0 * step)
    return body


def push_along(manner: Manner) -> Clip:
    """Walk ahead with both hands at a handle."""
    body = _glide(Manikin(5.0, manner).lean(12.0), 0.9)
    return body.both(Place("chest", -0.01, -0.2, 0.36), np.ones_like(body.t)).clip()


def pull_along(manner: Manner) -> Clip:
    """Walk ahead, bent, with both hands at a rope behind."""
    body = _glide(Manikin(5.0, manner).lean(22.0), 0.8)
    return body.both(Place("pelvis", 0.2, 0.0, -0.25, 40.0), np.ones_like(body.t)).clip()


def dig(manner: Manner) -> Clip:
    """Thrust a shovel down and heave it up, again and again."""
    body = Manikin(6.0, manner)
    heave = np.asarray(0.5 + 0.5 * np.sin(2 * np.pi * 0.45 * manner.tempo * body.t))
    body.lean(18.0 + 28.0 * (1 - heave)).move(up=-0.12 * (1 - heave))
    for side in ("left", "right"):
        body.plant(side, 0.0)
    whole = np.ones_like(body.t)
    size = manner.breadth
    low = Place("chest", -0.06, -0.44 + 0.22 * size * heave, 0.2 + 0.1 * heave)
    high = Place("chest", 0.02, -0.3 + 0.1 * size * heave, 0.1 + 0.1 * heave)
    return body.send("left", low, whole).send("right", high, whole).clip()


def saw(manner: Manner) -> Clip:
    """Draw the right hand to and fro; the left one holds the wood."""
    body = Manikin(5.0, manner).lean(20.0).look(up=-20.0)
    stroke = body.cycle(1.2)
    body.send("left", Place("chest", -0.04, -0.4, 0.22))
    place = Place("chest", 0.0, -0.36 - 0.02 * stroke, 0.18 + 0.1 * stroke)
    return body.send("right", place).clip()


def hammer(manner: Manner) -> Clip:
    """Strike the right hand down again and again; the left one holds the work."""
    body = Manikin(5.0, manner).lean(12.0).look(up=-20.0)
    strike = body.cycle(1.1)
    body.send("left", Place("chest", -0.06, -0.36, 0.24))
    place = Place("chest", 0.0, -0.17 + 0.14 * strike, 0.27 - 0.06 * strike)
    return body.send("right", place).clip()


def wipe(manner: Manner) -> Clip:
    """Rub the right hand aside over a counter."""
    body = Manikin(5.0, manner).lean(15.0).look(up=-20.0)
    return body.send("right", Place("chest", -0.04 + 0.12 * body.cycle(1.1), -0.32, 0.33)).clip()


def stir(manner: Manner) -> Clip:
    """Lead the right hand round over a pot."""
    body = Manikin(5.0, manner).lean(8.0).look(up=-20.0)
    across, along = body.cycle(0.8), body.cycle(0.8, 0.25)
    body.send("left", Place("chest", 0.0, -0.4, 0.2))
    place = Place("chest", -0.06 + 0.06 * across, -0.26, 0.27 + 0.06 * along)
    return body.send("right", place).clip()


def steer(manner: Manner) -> Clip:
    """Hold a wheel with both hands and turn it either way."""
    body = Manikin(5.0, manner).sit()
    turn = 0.09 * body.cycle(0.35)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        body.send(side, Place("chest", 0.02, -0.16 + sign * turn, 0.34), np.ones_like(body.t))
    return body.clip()


def row(manner: Manner) -> Clip:
    """Bend ahead with stretched arms, lean back and draw the hands to the belly."""
    body = Manikin(5.0, manner).sit()
    pull = body.cycle(0.5)
    body.lean(5.0 - 16.0 * pull)
    place = Place("chest", -0.04, -0.2 - 0.08 * pull, 0.24 - 0.2 * pull)
    return body.both(place, np.ones_like(body.t)).clip()


def play_the_violin(manner: Manner) -> Clip:
    """Hold the left hand out and bow with the right one."""
    body = Manikin(6.0, manner).look(up=-10.0, left=25.0)
    stroke = body.cycle(0.9)
    body.send("left", Place("chest", 0.14, -0.04 + SWAY * body.cycle(0.4), 0.34, 20.0))
    place = Place("chest", -0.02 + 0.08 * stroke, -0.14 - 0.04 * stroke, 0.3 - 0.04 * stroke, 45.0)
    return body.send("right", place).clip()


def play_the_guitar(manner: Manner) -> Clip:
    """Hold the left hand out at a guitar's neck and strum with the right one."""
    body = Manikin(6.0, manner).look(up=-18.0, left=12.0)
    strum = body.cycle(1.5)
    body.send("left", Place("chest", 0.16, -0.2, 0.25))
    place = Place("chest", -0.06, -0.34 + 0.05 * strum, 0.18, 45.0)
    return body.send("right", place).clip()


def conduct(manner: Manner) -> Clip:
    """Beat time with both raised hands."""
    body = Manikin(6.0, manner)
    beat, sway = body.cycle(1.0), body.cycle(0.5)
    return body.both(Place("chest", 0.08 + 0.08 * sway, -0.06 + 0.1 * beat, 0.3)).clip()


DONE_BY_HAND: Final[dict[str, Gesture]] = {
    "texts": text, "reads": read, "writes": write, "types": type_letters,
    "plays_the_piano": play_the_piano, "knocks": knock, "opens_a_door": open_a_door,
    "pushes_along": push_along, "pulls_along": pull_along, "digs": dig, "saws": saw,
    "hammers": hammer, "wipes_a_surface": wipe, "stirs": stir, "steers": steer, "rows": row,
    "plays_the_violin": play_the_violin, "plays_the_guitar": play_the_guitar,
    "conducts": conduct,
}  # fmt: skip
"""By the name of the check."""


def gesture_clips(check: str) -> list[Clip]:
    """Return a gesture in all MANNERS; nothing for one that is not made by hand."""
    make = {**SHOWN_BY_HAND, **DONE_BY_HAND}.get(check)
    return [make(manner) for manner in MANNERS] if make is not None else []


def gestures_made_by_hand(check: str) -> list[Figure]:
    """Return the bodies of `gesture_clips`."""
    return [Figure.from_clip(clip) for clip in gesture_clips(check)]
