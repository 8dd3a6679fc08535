"""Which captions say that a clip shows an action: regular expressions by check.

Data only, for measuring the checks on real clips. This file holds those of `body` and
`arms`; a test holds the SHA-256, so that later edits are noticed.
"""

from __future__ import annotations

from typing import Final

from .captioned_gestures import GESTURES
from .captioned_going import GOING
from .shown import Shown, both_sides

SHOWN: Final[dict[str, Shown]] = {
    **GOING,
    **GESTURES,
    "walks_forward": Shown(
        "walk(s|ing)? (straight|forward|ahead|at a|slowly|steadily|with a natural|calmly)",
        r"\b(run|jog|jump|leap|hop|skip|crawl|turn|circl|danc|crouch|box\b|ball|climb|back|"
        "stop|side|veer|uneven|stair|treadmill|stand|spot|halt|ready|bow)",
    ),
    "walks_backward": Shown(
        "walk(s|ing)? backwards?|backs up|steps? back for|goes? backward",
        r"forward\b.*(again|then)|then (come|walk|go)|turn|dribbl|run|(back and|"
        "back, and) forth|(comes|walks?|goes) (forward|ahead)|spin",
    ),
    "runs_forward": Shown(
        r"\b(runs?|running|sprint(s|ing)?|races|dashes) (fast|ahead|straight|forward|as fast)",
        "walk|turn|stop|jump|leap|hop|back|side|touch|box|spot|treadmill|circle|veer|stand",
    ),
    "crawls": Shown(r"\bcrawl", "treadmill|stand"),
    "skips": Shown(r"\bskip(s|ping)?\b", "kick|hopping over|hops over|music"),
    "jumps_forward": Shown(
        "(jump|leap|spring)(s|ing)? (far )?(forward|ahead)|one big jump forward",
        "left|right|dance|ballet|run",
    ),
    "jumps_up": Shown(
        r"jumps? (straight )?up\b|springs upward|jumps vertically|leaps into the air|"
        "jumps? (up )?(on the spot|in place)",
        "left|ahead|forward|run|turn|spin|degree|wall|walk|danc|one leg|diagonal",
    ),
    "hops": Shown(
        r"(jump|hop|leap)\w* (\w+ )?(over and over|repeatedly|again and again|up and down)|"
        "(over and over|repeatedly|again and again).*(jump|hop|leap)|"
        "series of (forward )?jumps|bounces on one leg|star jumps|jumping jacks|three times|"
        "hops with|hops? on",
        "turn on|danc|spin|arm|reach|ballet|run|single|small jump",
    ),
    "sidesteps_left": Shown(
        "(side ?-?steps?|sideways|step) to the left|shuffles sideways to the left",
        "jump|guard|kick|danc|dribbl|turn|blade|fist|karate|stance|swing|diagonal|walk(s|"
        "ing)? with|bends|swerve|gently|single|brings the other foot|hand on the hip",
    ),
    "sidesteps_right": Shown(
        "(side ?-?steps?|sideways|step) to the right|shuffles sideways to the right",
        "jump|guard|kick|danc|dribbl|turn|blade|fist|karate|stance|swing|diagonal|walk(s|"
        "ing)? with|bends|swerve|gently|single|brings the other foot|hand on the hip",
    ),
    "turns_on_the_spot_left": Shown(
        "turns? .*left (on the spot|in place)|in place to the left|"
        "over the left shoulder in place|(on the spot|in place).*turn.* left",
        "jump|danc|kick|run|ball",
    ),
    "turns_on_the_spot_right": Shown(
        "turns? .*right (on the spot|in place)|in place to the right|"
        "over the right shoulder in place|(on the spot|in place).*turn.* right",
        "jump|danc|kick|run|ball",
    ),
    "walks_and_turns_left": Shown(
        "(walk|step|stroll).*(turn|veer|curve)s?.* left",
        "danc|back|in the air|jump|uneven|kick|arm|box|ball|circle|in place|seat|around|spin|"
        "wander",
    ),
    "walks_and_turns_right": Shown(
        "(walk|step|stroll).*(turn|veer|curve)s?.* right",
        "danc|back|in the air|jump|uneven|kick|arm|box|ball|circle|in place|seat|around|spin|"
        "wander",
    ),
    "walks_in_a_circle": Shown(
        "walk.*circle|circles? (to the|around)|circle.* walk|circle.*on foot",
        r"danc|frame|arm|half circle|\brun|\barc\b|hops|on the spot|keeps turning",
    ),
    "kicks_right": Shown(
        r"kick\w*.* right (leg|foot)|right (leg|foot).* kick|right (side |roundhouse |front |"
        "push |high )?kick",
        r"left|danc|ball\b|soccer",
    ),
    "kicks_left": Shown(
        r"kick\w*.* left (leg|foot)|left (leg|foot).* kick|left (side |roundhouse |front |"
        "push |high )?kick",
        r"right|danc|ball\b|soccer",
    ),
    "squats": Shown(
        r"\bsquats?\b|knee bend",
        "jump|danc|chest|floor|ground|baby|seat|walk|stroll|throw|hoop",
    ),
    "crouches": Shown(
        r"\bcrouch(es|ed|ing)?\b",
        "jump|leap|throw|chest|run|block|dodge|fist|lie|lying|danc|ball",
    ),
    "sits_down": Shown(
        "sits? down|takes? a seat|lowers the hips|perches",
        "sits up|then (stand|rise)|dangl|floor",
    ),
    "lies": Shown(
        r"\b(lies|lying|stretched out) (down|on|face|there)|on the (belly|back|stomach)",
        r"\b(arms?|ball|rifle|hand|hands)\b|karate|climbs",
    ),
    "does_jumping_jacks": Shown("jumping jack"),
    "climbs": Shown(
        "ladder|climbs up|climbing up|climbs (to|onto)",
        "uneven|walk|circle|high steps",
    ),
    "punches_right": Shown(
        r"(punch\w*|jabs?|cross|strike|hits?)\b.* right (hand|fist|arm)|"
        "right (straight )?(punch|jab|cross)",
        r"left (hand|fist|arm|jab|cross|punch|hook)|the left\b|both|back ?fist|kick|stick|"
        "blade|sword|block|floor|down|hook|uppercut|knee|gestur|point|direct|seated|danc|"
        r"\bup\b|cross(es|ing)? |downward|several|stab|weapon|spin",
    ),
    "punches_left": Shown(
        r"(punch\w*|jabs?|cross|strike|hits?)\b.* left (hand|fist|arm)|left (straight )?(punch|"
        "jab|cross)",
        r"right (hand|fist|arm|jab|cross|punch|hook)|the right\b|both|back ?fist|kick|stick|"
        "blade|sword|block|floor|down|hook|uppercut|knee|gestur|point|direct|seated|danc|"
        r"\bup\b|cross(es|ing)? |downward|several|stab|weapon|spin|shield",
    ),
    "boxes": Shown(
        r"\bboxes\b|\bboxer\b|shadow ?box|\bboxing: |punches with both|(left|"
        "right) combination|series of punches|punches in a row|jabs and crosses",
        "lift|carr|one hand|ready to box|shuffle|bounces on|retreat|from the ground|"
        r"left jab\b|right cross\b|leap",
    ),
    "waves": Shown(
        "waves? hello|waves (hello )?with the (left|right) hand|waving the (left|right) hand|"
        "greets from afar|quick wave|(lifts|raises) the (left|right) (hand|arm|"
        r"forearm)( \w+)?( and|,) waves",
        r"traffic|guard|\bno\b|both|celebrat",
    ),
    "points_left": Shown(
        r"(points?|indicat\w*|pointing|directs attention|address|refers?).* to the left|"
        "gestures? (out )?to the left",
        r"danc|\bno\b|reject|dismiss|negative|refus|away|traffic|cars",
    ),
    "points_right": Shown(
        r"(points?|indicat\w*|pointing|directs attention|address|refers?).* to the right|"
        "gestures? (out )?to the right",
        r"danc|\bno\b|reject|dismiss|negative|refus|away|traffic|cars",
    ),
    "claps": Shown(r"\bclap"),
    "raises_both_arms": Shown(
        r"both (arms|hands) (\w+ )*(overhead|above the head|high\b)|(arms|"
        "hands) (high )?overhead|hands above the head",
        "one (arm|hand)|danc|salsa|jump|altern|chest|shoulder|climb|toe|guitar|spell|tantrum|"
        "indian|letters",
    ),
    **both_sides(
        "throws",
        Shown(
            "throws something .*with the left|throw with the left hand|left handed throw|"
            "tosses an object|underhand toss with the left|left arm whipping|"
            "make the character throw",
            "seated|sits",
        ),
    ),
    "picks_up": Shown(
        "pick(s|ing)? .*up|picks? up|scoops?|grabs? a box",
        "danc|table|swing|plank|shoulder height|head height|both arms|bend(s|ing) the elbows|"
        "again and again|repeat",
    ),
    "lifts_with_both_hands": Shown(
        r"(lift|rais)\w* (a |the )?(\w+ )?(box|object)",
        "right hand|left hand",
    ),
    "has_hands_on_hips": Shown(
        "hands on the hips",
        "starting from|to standing with|lets go|drops|danc|gestur|walk|alternat",
    ),
    "wipes_right": Shown(r"(wip|clean|scrub|rub)\w* .*(window|glass|pane|surface)"),
    "sweeps_floor": Shown("broom|mop"),
    "stands_still": Shown(
        "stands? (still|motionless)|standing (still|quietly|motionless)|waits? quietly|"
        "perfectly still|stays in place",
        r"hips?\b|wav|gestur|signal|reach|drink|guard|fight|nod|walk|turn|jump|step|run|seat|"
        "sit|look|stops?|kick|danc|skip|crouch|sway|rifle|weapon|sword|referee|hit|stretch|"
        "then|floor|ladder|leg|box|ground|end|pose|balanc|danc|arms held|elbow|bent|hold",
    ),
    "dances_on_the_spot": Shown("salsa"),
    "does_a_cartwheel": Shown("cartwheel"),
    "waves_left": Shown(
        "waves (hello )?with the left hand|waving the left hand|wave (with )?the left hand|"
        r"(lifts|raises) the left (hand|arm|forearm)( \w+)?( to shoulder height|"
        " out to the side)?( and|,) waves|left hand wave",
        r"traffic|guard|\bno\b|both|celebrat|of the face|receive|grip",
    ),
    "drinks": Shown(r"\bdrink"),
    **both_sides(
        "raises_hand",
        Shown(
            "left (hand|arm) (going |held |goes |raised |stretched )?(straight )?(up )?(high|"
            "overhead|above the head)|raise the left hand|high with the left hand",
            r"right (hand|arm)|both|kick|jump|danc|salsa|throw|hop|up and down|fist|\bfly\b|"
            "bat |slap|defend|stop a blow|beside|wizard|spell",
        ),
    ),
    "waves_right": Shown(
        "waves (hello )?with the right hand|waving the right hand|wave (with )?the right hand|"
        r"(lifts|raises) the right (hand|arm|forearm)( \w+)?( to shoulder height|"
        " out to the side)?( and|,) waves|right hand wave",
        r"traffic|guard|\bno\b|both|celebrat|of the face|receive|grip",
    ),
}
"""By name of the check."""
