"""The open set: 36 single actions, 8 pairs, 16 sequences as animators type them.

Data only. The wordings were written without a look at the corpus's captions, and before any
model or retrieval had been tried on them, but for three (fists up, triumph, big jump) that were
reworded when some dozen captions had been seen, because their checks did not count. A test
holds the SHA-256, so that later edits are noticed. Slang, missing
capitals and one slip of the fingers are meant.
"""

from __future__ import annotations

from typing import Final

from .asked import asked, at_once, in_turn
from .prompt import PromptSet

SINGLES: Final = (
    asked("a soldier salutes", 4.0, "salutes", ends="standing"),
    asked("guy waves at someone across the street", 4.0, "waves", ends="standing"),
    asked("old man sits down on a park bench and stays there", 6.0,
          "sits_down", "ends_seated", ends="seated"),
    asked("gets shot and drops dead", 5.0, "goes_down_to_the_floor", "stays_down", ends="lying"),
    asked("trips over a root and faceplants", 4.0, "goes_down_to_the_floor", ends="lying"),
    asked("collapses in a heap, doesn't get back up", 6.0,
          "goes_down_to_the_floor", "stays_down", ends="lying"),
    asked("he legs it", 3.0, "runs_forward"),
    asked("jumps off a wall", 3.0, "jumps_down", ends="standing"),
    asked("runs and stops dead", 4.0, "runs_to_a_stop", ends="standing"),
    asked("tiptoes across the bedroom so nobody wakes up", 5.0, "tiptoes"),
    asked("drags a body across the floor", 5.0, "drags"),
    asked("front flip", 3.0, "flips", ends="standing"),
    asked("a kid does a cartwheel on the lawn", 3.5, "does_a_cartwheel", ends="standing"),
    asked("ninja sneaks along a wall", 5.0, "walks_crouched"),
    asked("drop and give me twenty", 6.0, "does_push_ups"),
    asked("chucks a ball for the dog", 3.0, "throws", ends="standing"),
    asked("walks up the stairs", 6.0, "goes_up_stairs"),
    asked("steps over a puddle", 4.0, "steps_over", ends="standing"),
    asked("boxer going at the heavy bag", 5.0, "boxes"),
    asked("roundhouse to the head", 3.0, "kicks_high", ends="standing"),
    asked("golfer tees off", 4.0, "swings_with_both_hands", ends="standing"),
    asked("cheers like his team just scored", 4.0, "raises_both_arms", ends="standing"),
    asked("picks a coin up off the pavment", 4.0, "picks_up"),
    asked("proposes on one knee", 4.0, "kneels", ends="kneeling"),
    asked("soldier marching on the spot", 4.0, "lifts_the_knees"),
    asked("whips round to see who's behind him", 3.0, "turns_around", ends="standing"),
    asked("covers her ears because of the noise", 4.0, "holds_the_head", ends="standing"),
    asked("rolls over on the ground", 4.0, "rolls_on_the_floor", ends="lying"),
    asked("crawls under barbed wire", 5.0, "crawls"),
    asked("jumps once and lands in a crouch", 4.0,
          "jumps_exactly_1", "ends_crouched", ends="crouched"),
    asked("gets back up off the floor", 4.0,
          "gets_up_from_the_floor", "ends_standing", ends="standing"),
    asked("shoves a stalled car", 4.0, "pushes"),
    asked("chicken dance", 5.0, "flaps_the_arms"),
    asked("chugs a beer", 4.0, "drinks", ends="standing"),
    asked("superhero pose, hands on hips", 4.0, "has_hands_on_hips", ends="standing"),
    asked("busts a move on the dance floor", 6.0, "dances_on_the_spot"),
)
"""One action each."""

PAIRS: Final = (
    at_once("zombie shuffles forward with its arms out", 5.0, "walks_slowly", "reaches_ahead"),
    at_once("strolls along drinking a coffee", 5.0, "walks_forward", "drinks"),
    at_once("jogging and waving at the neighbours", 4.0, "jogs", "swings_a_raised_hand"),
    at_once("backs away with his hands up", 4.0, "walks_backward", "raises_both_arms"),
    at_once("walks in circles rubbing his chin", 5.0, "walks_in_a_circle", "touches_the_face"),
    at_once("walks ahead with the fists up, ready to fight", 5.0,
            "walks_forward", "keeps_guard"),
    at_once("sits there with arms crossed, sulking", 4.0, "stays_seated", "crosses_the_arms"),
    at_once("a kid hopping about with arms stretched out like a plane", 4.0,
            "hops_about", "has_arms_out"),
)
"""Two actions each."""

SEQUENCES: Final = (
    in_turn("a soldier salutes and marches off", 7.0, "salutes", "walks_forward"),
    in_turn("walks over, plonks down on the sofa, then waves at us", 9.0,
            "walks_forward", "sits_down", "waves", ends="seated"),
    in_turn("runs up, boots the ball and celebrates", 8.0,
            "runs_forward", "kicks", "raises_both_arms"),
    in_turn("throws a punch and legs it", 6.0, "punches", "runs_forward"),
    in_turn("squats down then jumps up high", 6.0, "squats", "jumps_up", ends="standing"),
    in_turn("gets up from the couch, walks over and picks up the phone", 9.0,
            "rises_from_a_seat", "walks_forward", "picks_up", ends="standing"),
    in_turn("falls over, lies there a bit, gets up", 8.0,
            "goes_down_to_the_floor", "gets_up_from_the_floor", ends="standing"),
    in_turn("crawls out of the wreck and starts running", 8.0, "crawls", "runs_forward"),
    in_turn("claps, then takes a big jump", 6.0, "claps", "jumps_forward", ends="standing"),
    in_turn("walks up and pushes the door open", 6.0, "walks_forward", "pushes"),
    in_turn("backs up, takes a run-up and jumps as far as she can", 9.0,
            "walks_backward", "runs_forward", "jumps_forward", ends="standing"),
    in_turn("punch, kick, then throws his arms up in triumph", 7.0,
            "punches", "kicks", "raises_both_arms", ends="standing"),
    in_turn("picks up a rock and chucks it", 6.0, "picks_up", "throws", ends="standing"),
    in_turn("waves, then turns round, then walks off", 8.0,
            "waves", "turns_around", "walks_forward"),
    in_turn("sits down, has a drink, stands up, walks off", 10.0,
            "sits_down", "drinks", "rises_from_a_seat", "walks_forward"),
    in_turn("squat, jump, clap, bow", 10.0, "squats", "jumps_up", "claps", "bows",
            ends="standing"),
)
"""Two to four actions each, in order."""

OPEN: Final = PromptSet("open", SINGLES, PAIRS, SEQUENCES)
