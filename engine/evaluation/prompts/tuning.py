"""The tuning set: 40 single actions and 15 pairs of actions at once.

Data only. The wordings are the project's own. Written on 2026-11-21, before any model had
been tried on them; since then settings of the models were chosen by these prompts, so their
scores tell what was tuned, not what an animator may expect. `frozen` is for that.
"""

from __future__ import annotations

from typing import Final

from .prompt import Prompt, PromptSet
from .prompt import pair as _pair

SINGLES: Final = (
    Prompt("a person walks straight ahead at an easy pace", 4.0, ("walks_forward",)),
    Prompt("someone backs away, walking backward", 4.0, ("walks_backward",)),
    Prompt("a person sprints ahead at full speed", 2.0, ("runs_forward",)),
    Prompt("a person crawls across the floor", 4.0, ("crawls",)),
    Prompt("somebody skips along cheerfully", 4.0, ("skips",)),
    Prompt("a person makes one big jump to the front", 3.0, ("jumps_forward",)),
    Prompt("someone jumps straight up and lands on the same spot", 2.5, ("jumps_up",)),
    Prompt("a person hops again and again", 4.0, ("hops",)),
    Prompt("someone steps sideways to the left", 2.5, ("sidesteps_left",)),
    Prompt("someone steps sideways to the right", 2.5, ("sidesteps_right",)),
    Prompt("a person turns around to the left on the spot", 2.5, ("turns_on_the_spot_left",)),
    Prompt("a person turns around to the right on the spot", 2.5, ("turns_on_the_spot_right",)),
    Prompt("someone walks a few steps and turns off to the left", 4.0, ("walks_and_turns_left",)),
    Prompt("someone walks a few steps and turns off to the right", 4.0, ("walks_and_turns_right",)),
    Prompt("a person walks around in a circle", 3.0, ("walks_in_a_circle",)),
    Prompt("someone gives a kick with the right leg", 2.5, ("kicks_right",)),
    Prompt("someone gives a kick with the left leg", 2.5, ("kicks_left",)),
    Prompt("a person does a deep squat and comes up again", 4.0, ("squats",)),
    Prompt("someone goes down into a crouch and stays low", 4.0, ("crouches",)),
    Prompt("a person sits down on a chair", 4.0, ("sits_down",)),
    Prompt("a person lies on the floor", 3.0, ("lies",)),
    Prompt("someone does jumping jacks", 4.0, ("does_jumping_jacks",)),
    Prompt("a person climbs a ladder", 6.0, ("climbs",)),
    Prompt("someone strikes out with the right fist", 2.5, ("punches_right",)),
    Prompt("someone strikes out with the left fist", 2.5, ("punches_left",)),
    Prompt("a boxer throws punches with both hands", 5.0, ("boxes",)),
    Prompt("a person waves hello with a raised hand", 3.0, ("waves",)),
    Prompt("someone points out something on the left", 3.0, ("points_left", "stays_in_place")),
    Prompt("someone points out something on the right", 3.0, ("points_right", "stays_in_place")),
    Prompt("a person claps the hands", 4.0, ("claps",)),
    Prompt("someone stretches both arms up above the head", 3.0, ("raises_both_arms",)),
    Prompt("someone throws something with the right arm", 2.0, ("throws_right",)),
    Prompt("a person bends and picks something up from the ground", 4.0, ("picks_up",)),
    Prompt("someone lifts a heavy box with both hands", 4.0, ("lifts_with_both_hands",)),
    Prompt("a person stands with both hands on the hips", 3.0, ("has_hands_on_hips",)),
    Prompt("someone wipes a window with the right hand", 5.0, ("wipes_right",)),
    Prompt("a person sweeps the floor with a broom", 6.0, ("sweeps_floor",)),
    Prompt("someone stands quietly and does nothing", 4.0, ("stands_still",)),
    Prompt("a person dances salsa with quick steps and turns", 6.0, ("dances_on_the_spot",)),
    Prompt("someone does a cartwheel", 3.0, ("does_a_cartwheel",)),
)
"""One action each."""

PAIRS: Final = (
    _pair(
        "someone walks backward and waves with the left hand",
        4.0,
        "walks_backward",
        "waves_left",
    ),
    _pair("a person walks forward clapping the hands", 4.0, "walks_forward", "claps"),
    _pair(
        "someone walks straight ahead with both hands on the hips",
        4.0,
        "walks_forward",
        "has_hands_on_hips",
    ),
    _pair("a person drinks from a bottle while walking forward", 4.0, "walks_forward", "drinks"),
    _pair(
        "someone runs ahead with both arms stretched above the head",
        2.5,
        "runs_forward",
        "raises_both_arms",
    ),
    _pair(
        "a person runs forward with the right hand held up high",
        3.0,
        "runs_forward",
        "raises_hand_right",
    ),
    _pair("someone hops with both hands on the hips", 4.0, "hops", "has_hands_on_hips"),
    _pair("a person skips along while clapping", 4.0, "skips", "claps"),
    _pair("someone skips along waving with the right hand", 4.0, "skips", "waves_right"),
    _pair(
        "a person steps sideways to the left with both arms above the head",
        3.0,
        "sidesteps_left",
        "raises_both_arms",
    ),
    _pair(
        "someone steps sideways to the right, hands on the hips",
        3.0,
        "sidesteps_right",
        "has_hands_on_hips",
    ),
    _pair(
        "a person turns around to the right on the spot while clapping",
        3.5,
        "turns_on_the_spot_right",
        "claps",
    ),
    _pair(
        "someone turns around to the left on the spot, waving the left hand",
        3.5,
        "turns_on_the_spot_left",
        "waves_left",
    ),
    _pair("a person squats down while clapping the hands", 4.0, "squats", "claps"),
    _pair(
        "someone walks backward, punching with the right fist",
        4.0,
        "walks_backward",
        "punches_right",
    ),
)
"""Two actions each."""

TUNING: Final = PromptSet("tuning", SINGLES, PAIRS)
