"""Gestures at the head and with the head, and signs, made by hand in all MANNERS.

They stand in where no clip is captioned with a gesture. A place is a wrist's: 0.1 m from where the
palm is. It knows no prompt, no caption, no threshold and no model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from ...motion.clip import Clip
from .manikin import Manikin, Manner, Place, smooth

Gesture = Callable[[Manner], Clip]


def hold_a_phone(manner: Manner) -> Clip:
    """Hold the right hand at the ear, the head tilted a little."""
    body = Manikin(5.0, manner).look(up=-4.0, left=8.0)
    return body.send("right", Place("face", 0.12, -0.05, 0.05, 20.0)).clip()


def think(manner: Manner) -> Clip:
    """Hold the right hand at the chin, the left one under its elbow; look aside."""
    body = Manikin(5.0, manner)
    body.look(up=6.0 * body.cycle(0.2), left=15.0 * body.cycle(0.15))
    body.send("left", Place("chest", -0.22, -0.28, 0.18, 20.0))
    return body.send("right", Place("face", 0.03, -0.16, 0.11, 8.0)).clip()


def cover_the_mouth(manner: Manner) -> Clip:
    """Clap the right hand over the mouth."""
    body = Manikin(3.5, manner)
    when = body.during(0.15, 0.85, 0.25)
    body.look(up=6.0 * when)
    return body.send("right", Place("face", 0.07, -0.06, 0.13, 30.0), when).clip()


def cover_the_eyes(manner: Manner) -> Clip:
    """Lay both hands over the eyes."""
    body = Manikin(4.0, manner).look(up=-10.0)
    return body.both(Place("face", 0.05, -0.01, 0.13, 30.0)).clip()


def cover_the_ears(manner: Manner) -> Clip:
    """Lay both hands on the ears."""
    body = Manikin(4.0, manner).look(up=-12.0)
    return body.both(Place("face", 0.14, -0.02, 0.05, 50.0)).clip()


def facepalm(manner: Manner) -> Clip:
    """Lay the right palm on brow and eyes, and bow the head."""
    body = Manikin(3.0, manner)
    when = body.during(0.15, 0.8, 0.35)
    body.look(up=-22.0 * manner.breadth * when)
    return body.send("right", Place("face", 0.03, 0.02, 0.14, 25.0), when).clip()


def yawn(manner: Manner) -> Clip:
    """Tip the head back behind a hand at the mouth."""
    body = Manikin(4.0, manner)
    body.look(up=20.0 * manner.breadth * body.during(0.25, 0.7, 0.6))
    return body.send("right", Place("face", 0.03, -0.08, 0.15, 25.0), body.during(0.15, 0.8)).clip()


def sneeze(manner: Manner) -> Clip:
    """Draw the head back and throw it ahead into the hands."""
    body = Manikin(3.0, manner)
    back = body.during(0.25, 0.5, 0.35)
    burst = smooth((body.t - 0.5 * body.t[-1]) * manner.tempo / 0.16)
    burst = burst * (1 - smooth((body.t - 0.72 * body.t[-1]) / 0.5))
    body.look(up=12.0 * back - 25.0 * manner.breadth * burst).lean(14.0 * burst)
    return body.both(Place("face", 0.05, -0.06, 0.15, 30.0), body.during(0.2, 0.8)).clip()


def cough(manner: Manner) -> Clip:
    """Jerk three times behind a fist at the mouth."""
    body = Manikin(4.0, manner)
    when = body.during(0.1, 0.85)
    jerks = np.maximum(0.0, body.cycle(1.4)) ** 2 * when
    body.look(up=-7.0 * jerks).lean(6.0 * jerks)
    return body.send("right", Place("face", 0.02, -0.07, 0.14, 25.0), when).clip()


def scratch_the_head(manner: Manner) -> Clip:
    """Rub the right hand to and fro at the side of the crown."""
    body = Manikin(4.0, manner).look(up=-5.0, left=-8.0)
    rub = body.cycle(2.2)
    return body.send("right", Place("face", 0.14, 0.12 + 0.02 * rub, 0.0, 60.0)).clip()


def rub_the_neck(manner: Manner) -> Clip:
    """Rub the nape with the right hand, the elbow up."""
    body = Manikin(4.0, manner).look(up=-15.0)
    rub = body.cycle(1.2)
    place = Place("face", 0.12, -0.06 + 0.02 * rub, -0.03, 100.0)
    return body.send("right", place).clip()


def put_hands_behind_the_head(manner: Manner) -> Clip:
    """Lock both hands behind the head, the elbows wide."""
    body = Manikin(4.0, manner)
    return body.both(Place("face", 0.09, 0.04, -0.08, 100.0)).clip()


def blow_a_kiss(manner: Manner) -> Clip:
    """Lay the right hand at the lips and throw it ahead."""
    body = Manikin(3.5, manner)
    body.send("right", Place("face", 0.02, -0.08, 0.14, 25.0), body.during(0.1, 0.9, 0.4))
    out = body.during(0.42, 0.8, 0.4)
    return body.send("right", Place("chest", 0.08, -0.02, 0.46, 25.0), out).clip()


def eat(manner: Manner) -> Clip:
    """Take the right hand from a plate to the mouth three times."""
    body = Manikin(5.0, manner).look(up=-15.0)
    body.send("left", Place("chest", -0.02, -0.36, 0.27))
    body.send("right", Place("chest", -0.04, -0.36, 0.3))
    bite = np.clip(0.55 - 0.75 * np.cos(2 * np.pi * 0.6 * manner.tempo * body.t), 0.0, 1.0)
    return body.send("right", Place("face", 0.05, -0.06, 0.16, 30.0), smooth(bite)).clip()


def take_a_photo(manner: Manner) -> Clip:
    """Hold both hands before the face."""
    body = Manikin(4.0, manner).look(up=4.0)
    return body.both(Place("face", 0.09, -0.04, 0.28, 25.0)).clip()


def nod(manner: Manner) -> Clip:
    """Nod three times."""
    body = Manikin(3.0, manner)
    return body.look(up=-12.0 * np.abs(body.cycle(0.7)) * body.during(0.05, 0.9)).clip()


def shake_the_head(manner: Manner) -> Clip:
    """Turn the head left and right again and again."""
    body = Manikin(3.0, manner)
    return body.look(left=18.0 * body.cycle(1.1) * body.during(0.05, 0.9)).clip()


def look_up(manner: Manner) -> Clip:
    """Tip the head back and stay so."""
    body = Manikin(4.0, manner)
    return body.look(up=40.0 * manner.breadth * body.during(0.15, 0.85)).clip()


def look_down(manner: Manner) -> Clip:
    """Hang the head and stay so."""
    body = Manikin(4.0, manner)
    return body.look(up=-48.0 * manner.breadth * body.during(0.15, 0.85)).clip()


def look_around(manner: Manner) -> Clip:
    """Look far left and far right, the trunk helping."""
    body = Manikin(5.0, manner)
    turn = body.cycle(0.3)
    body.bend("spine2", "y", 15.0 * turn)
    return body.look(left=50.0 * turn).clip()


def look_over_the_left_shoulder(manner: Manner) -> Clip:
    """Turn head and trunk to the left and back."""
    body = Manikin(4.0, manner)
    when = manner.breadth * body.during(0.2, 0.7)
    body.bend("spine1", "y", 14.0 * when).bend("spine2", "y", 14.0 * when)
    return body.look(left=58.0 * when).clip()


def look_over_the_right_shoulder(manner: Manner) -> Clip:
    """Turn head and trunk to the right and back."""
    return look_over_the_left_shoulder(manner).mirrored()


def shrug(manner: Manner) -> Clip:
    """Lift both shoulders with open forearms."""
    body = Manikin(3.0, manner)
    when = body.during(0.25, 0.65, 0.3)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        body.bend(f"{side}_collar", "z", sign * 22.0 * manner.breadth * when)
    return body.both(Place("chest", 0.18, -0.3, 0.2), when).clip()


def check_a_watch(manner: Manner) -> Clip:
    """Bring the left forearm before the chest and look at it."""
    body = Manikin(4.0, manner)
    when = body.during(0.15, 0.75)
    body.look(up=-30.0 * when, left=6.0 * when)
    return body.send("left", Place("chest", -0.12, -0.14, 0.24, 45.0), when).clip()


def pray(manner: Manner) -> Clip:
    """Press the palms together before the chest."""
    body = Manikin(5.0, manner).look(up=-15.0)
    return body.both(Place("chest", -0.155 - 0.9 * manner.shift[0], -0.12, 0.2, 25.0)).clip()


def beckon(manner: Manner) -> Clip:
    """Draw the raised right hand in again and again."""
    body = Manikin(4.0, manner)
    draw = body.cycle(0.9)
    place = Place("chest", 0.02, -0.1 + 0.05 * draw, 0.3 - 0.08 * draw, 20.0)
    return body.send("right", place).clip()


def give_a_thumbs_up(manner: Manner) -> Clip:
    """Hold the right fist ahead of the chest."""
    body = Manikin(3.0, manner)
    return body.send("right", Place("chest", 0.0, -0.15, 0.33), body.during(0.15, 0.8, 0.35)).clip()


def signal_stop(manner: Manner) -> Clip:
    """Hold the right arm stretched ahead."""
    body = Manikin(4.0, manner)
    return body.send("right", Place("chest", -0.02, 0.04, 0.46), body.during(0.15, 0.8)).clip()


def put_hands_behind_the_back(manner: Manner) -> Clip:
    """Clasp both hands behind the back."""
    body = Manikin(5.0, manner)
    return body.both(Place("pelvis", 0.05, 0.08, -0.17, 70.0)).clip()


def put_the_hands_up(manner: Manner) -> Clip:
    """Hold both hands up beside the head."""
    body = Manikin(4.0, manner)
    return body.both(Place("chest", 0.16, 0.26, 0.12, 60.0)).clip()


def cheer(manner: Manner) -> Clip:
    """Pump both fists overhead."""
    body = Manikin(4.0, manner).look(up=12.0)
    return body.both(Place("chest", 0.04, 0.38 + 0.08 * body.cycle(1.3), 0.08, 60.0)).clip()


def hug(manner: Manner) -> Clip:
    """Open both arms ahead and close them."""
    body = Manikin(4.0, manner)
    body.both(Place("chest", 0.22, -0.06, 0.36, 50.0), body.during(0.08, 0.9, 0.4))
    return body.both(Place("chest", -0.06, -0.1, 0.32, 70.0), body.during(0.35, 0.75)).clip()


def give_a_high_five(manner: Manner) -> Clip:
    """Swing the right hand up and ahead, and lower it."""
    body = Manikin(3.0, manner)
    body.send("right", Place("chest", 0.06, 0.2, 0.08, 40.0), body.during(0.15, 0.5, 0.35))
    slap = body.during(0.3, 0.45, 0.3)
    return body.send("right", Place("chest", 0.0, 0.24, 0.4, 30.0), slap).clip()


def hand_over(manner: Manner) -> Clip:
    """Hold something at the belly and reach it ahead with both hands."""
    body = Manikin(4.0, manner)
    body.both(Place("chest", -0.04, -0.34, 0.16), body.during(0.05, 0.9))
    return body.both(Place("chest", -0.06, -0.22, 0.4), body.during(0.35, 0.7, 0.6)).clip()


def aim(manner: Manner) -> Clip:
    """Hold a rifle: the right hand at the cheek, the left one ahead."""
    body = Manikin(4.0, manner).look(left=-10.0)
    body.send("right", Place("face", 0.06, -0.1, 0.14, 60.0))
    return body.send("left", Place("chest", -0.16, 0.02, 0.4, 20.0)).clip()


def draw_a_bow(manner: Manner) -> Clip:
    """Stretch the left arm to the side and draw the right hand to the cheek."""
    body = Manikin(4.0, manner)
    body.look(left=45.0).bend("spine1", "y", -20.0)
    body.send("left", Place("chest", 0.42, 0.0, 0.22, 30.0), body.during(0.05, 0.9))
    body.send("right", Place("chest", -0.5, 0.0, 0.24, 60.0), body.during(0.05, 0.9))
    return body.send("right", Place("face", 0.1, -0.1, 0.06, 90.0), body.during(0.35, 0.75)).clip()


SHOWN_BY_HAND: Final[dict[str, Gesture]] = {
    "holds_a_phone": hold_a_phone, "thinks": think, "covers_the_mouth": cover_the_mouth,
    "covers_the_eyes": cover_the_eyes, "covers_the_ears": cover_the_ears,
    "facepalms": facepalm, "yawns": yawn, "sneezes": sneeze, "coughs": cough,
    "scratches_the_head": scratch_the_head, "rubs_the_neck": rub_the_neck,
    "has_hands_behind_the_head": put_hands_behind_the_head, "blows_a_kiss": blow_a_kiss,
    "eats": eat, "takes_a_photo": take_a_photo, "nods": nod,
    "shakes_the_head": shake_the_head, "looks_up": look_up, "looks_down": look_down,
    "looks_around": look_around, "looks_over_the_shoulder_left": look_over_the_left_shoulder,
    "looks_over_the_shoulder_right": look_over_the_right_shoulder, "shrugs": shrug,
    "checks_a_watch": check_a_watch, "prays": pray, "beckons": beckon,
    "gives_a_thumbs_up": give_a_thumbs_up, "signals_stop": signal_stop,
    "has_hands_behind_the_back": put_hands_behind_the_back,
    "puts_the_hands_up": put_the_hands_up, "cheers": cheer, "hugs": hug,
    "gives_a_high_five": give_a_high_five, "hands_over": hand_over, "aims": aim,
    "draws_a_bow": draw_a_bow,
}  # fmt: skip
"""By the name of the check."""
