"""The frozen prompts: 40 single actions and 15 pairs of actions at once.

Data only. The wordings are the project's own. Frozen on 2026-11-21, before any
model was trained; a test holds the SHA-256, so that later edits are noticed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked for, and how the answer is judged."""

    text: str
    """The prompt."""

    seconds: float
    """Length of the take."""

    checks: tuple[str, ...]
    """Names in `checks.CHECKS`; all have to pass."""

    real: str
    """Regular expression: a clip with a caption that matches shows the action."""

    unless: str = ""
    """A clip with a caption that matches this does not count as showing it."""


@dataclass(frozen=True, slots=True)
class Pair(Prompt):
    """Legs and arms at once: `real` lends legs and torso, `real_arms` the arms."""

    real_arms: str = ""
    """Regular expression: a clip with a caption that matches shows the arms' action."""

    unless_arms: str = ""
    """Like `unless`, for the arms."""


SINGLES: Final[tuple[Prompt, ...]] = (
    Prompt(
        "a person walks straight ahead at an easy pace",
        4.0,
        ("walks_forward",),
        real=(
            "walk(s|ing)? (straight|forward|ahead|at a|slowly|steadily|with a natural|"
            "calmly)"
        ),
        unless=(
            r"\b(run|jog|jump|leap|hop|skip|crawl|turn|circl|danc|crouch|box\b|ball|climb|"
            r"back|stop|side|veer|uneven|stair|treadmill|stand|spot|halt|ready|bow)"
        ),
    ),
    Prompt(
        "someone backs away, walking backward",
        4.0,
        ("walks_backward",),
        real="walk(s|ing)? backwards?|backs up|steps? back for|goes? backward",
        unless=(
            r"forward\b.*(again|then)|then (come|walk|go)|turn|dribbl|run|(back and|"
            r"back, and) forth|(comes|walks?|goes) (forward|ahead)|spin"
        ),
    ),
    Prompt(
        "a person sprints ahead at full speed",
        2.0,
        ("runs_forward",),
        real=(
            r"\b(runs?|running|sprint(s|ing)?|races|dashes) (fast|ahead|straight|forward|"
            r"as fast)"
        ),
        unless=(
            "walk|turn|stop|jump|leap|hop|back|side|touch|box|spot|treadmill|circle|veer|"
            "stand"
        ),
    ),
    Prompt(
        "a person crawls across the floor",
        4.0,
        ("crawls",),
        real=r"\bcrawl",
        unless="treadmill|stand",
    ),
    Prompt(
        "somebody skips along cheerfully",
        4.0,
        ("skips",),
        real=r"\bskip(s|ping)?\b",
        unless="kick|hopping over|hops over|music",
    ),
    Prompt(
        "a person makes one big jump to the front",
        3.0,
        ("jumps_forward",),
        real="(jump|leap|spring)(s|ing)? (far )?(forward|ahead)|one big jump forward",
        unless="left|right|dance|ballet|run",
    ),
    Prompt(
        "someone jumps straight up and lands on the same spot",
        2.5,
        ("jumps_up",),
        real=(
            r"jumps? (straight )?up\b|springs upward|jumps vertically|leaps into the air|"
            r"jumps? (up )?(on the spot|in place)"
        ),
        unless="left|ahead|forward|run|turn|spin|degree|wall|walk|danc|one leg|diagonal",
    ),
    Prompt(
        "a person hops again and again",
        4.0,
        ("hops",),
        real=(
            r"(jump|hop|leap)\w* (\w+ )?(over and over|repeatedly|again and again|"
            r"up and down)|(over and over|repeatedly|again and again).*(jump|hop|leap)|"
            r"series of (forward )?jumps|bounces on one leg|star jumps|jumping jacks|"
            r"three times|hops with|hops? on"
        ),
        unless="turn on|danc|spin|arm|reach|ballet|run",
    ),
    Prompt(
        "someone steps sideways to the left",
        2.5,
        ("sidesteps_left",),
        real="(side ?-?steps?|sideways|step) to the left|shuffles sideways to the left",
        unless=(
            "jump|guard|kick|danc|dribbl|turn|blade|fist|karate|stance|swing|diagonal|"
            "walk(s|ing)? with"
        ),
    ),
    Prompt(
        "someone steps sideways to the right",
        2.5,
        ("sidesteps_right",),
        real="(side ?-?steps?|sideways|step) to the right|shuffles sideways to the right",
        unless=(
            "jump|guard|kick|danc|dribbl|turn|blade|fist|karate|stance|swing|diagonal|"
            "walk(s|ing)? with"
        ),
    ),
    Prompt(
        "a person turns around to the left on the spot",
        2.5,
        ("turns_on_the_spot_left",),
        real=(
            "turns? .*left (on the spot|in place)|in place to the left|"
            "over the left shoulder in place|(on the spot|in place).*turn.* left"
        ),
        unless="jump|danc|kick|run|ball",
    ),
    Prompt(
        "a person turns around to the right on the spot",
        2.5,
        ("turns_on_the_spot_right",),
        real=(
            "turns? .*right (on the spot|in place)|in place to the right|"
            "over the right shoulder in place|(on the spot|in place).*turn.* right"
        ),
        unless="jump|danc|kick|run|ball",
    ),
    Prompt(
        "someone walks a few steps and turns off to the left",
        4.0,
        ("walks_and_turns_left",),
        real="(walk|step|stroll).*(turn|veer|curve)s?.* left",
        unless=(
            "danc|back|in the air|jump|uneven|kick|arm|box|ball|circle|in place|seat|"
            "around|spin|wander"
        ),
    ),
    Prompt(
        "someone walks a few steps and turns off to the right",
        4.0,
        ("walks_and_turns_right",),
        real="(walk|step|stroll).*(turn|veer|curve)s?.* right",
        unless=(
            "danc|back|in the air|jump|uneven|kick|arm|box|ball|circle|in place|seat|"
            "around|spin|wander"
        ),
    ),
    Prompt(
        "a person walks around in a circle",
        3.0,
        ("walks_in_a_circle",),
        real="walk.*circle|circles? (to the|around)|circle.* walk|circle.*on foot",
        unless="danc|frame|arm",
    ),
    Prompt(
        "someone gives a kick with the right leg",
        2.5,
        ("kicks_right",),
        real=(
            r"kick\w*.* right (leg|foot)|right (leg|foot).* kick|right (side |roundhouse |"
            r"front |push |high )?kick"
        ),
        unless=r"left|danc|ball\b|soccer",
    ),
    Prompt(
        "someone gives a kick with the left leg",
        2.5,
        ("kicks_left",),
        real=(
            r"kick\w*.* left (leg|foot)|left (leg|foot).* kick|left (side |roundhouse |"
            r"front |push |high )?kick"
        ),
        unless=r"right|danc|ball\b|soccer",
    ),
    Prompt(
        "a person does a deep squat and comes up again",
        4.0,
        ("squats",),
        real=r"\bsquats?\b|knee bend",
        unless="jump|danc|chest|floor|ground|baby|seat|walk|stroll|throw|hoop",
    ),
    Prompt(
        "someone goes down into a crouch and stays low",
        4.0,
        ("crouches",),
        real=r"\bcrouch(es|ed|ing)?\b",
        unless="jump|leap|throw|chest|run|block|dodge|fist|lie|lying|danc|ball",
    ),
    Prompt(
        "a person sits down on a chair",
        4.0,
        ("sits_down",),
        real="sits? down|takes? a seat|lowers the hips|perches",
        unless="sits up|then (stand|rise)|dangl|floor",
    ),
    Prompt(
        "a person lies on the floor",
        3.0,
        ("lies",),
        real=(
            r"\b(lies|lying|stretched out) (down|on|face|there)|on the (belly|back|"
            r"stomach)"
        ),
        unless=r"\b(arms?|ball|rifle|hand|hands)\b|karate|climbs",
    ),
    Prompt(
        "someone does jumping jacks",
        4.0,
        ("does_jumping_jacks",),
        real="jumping jack",
    ),
    Prompt(
        "a person climbs a ladder",
        6.0,
        ("climbs",),
        real="ladder|climbs up|climbing up|climbs (to|onto)",
        unless="uneven|walk|circle|high steps",
    ),
    Prompt(
        "someone strikes out with the right fist",
        2.5,
        ("punches_right",),
        real=(
            r"(punch\w*|jabs?|cross|strike|hits?)\b.* right (hand|fist|arm)|"
            r"right (straight )?(punch|jab|cross)"
        ),
        unless=(
            r"left (hand|fist|arm|jab|cross|punch|hook)|the left\b|both|back ?fist|kick|"
            r"stick|blade|sword|block|floor|down|hook|uppercut|knee|gestur|point|direct|"
            r"seated|danc|\bup\b|cross(es|ing)? |downward|several|stab|weapon|spin"
        ),
    ),
    Prompt(
        "someone strikes out with the left fist",
        2.5,
        ("punches_left",),
        real=(
            r"(punch\w*|jabs?|cross|strike|hits?)\b.* left (hand|fist|arm)|"
            r"left (straight )?(punch|jab|cross)"
        ),
        unless=(
            r"right (hand|fist|arm|jab|cross|punch|hook)|the right\b|both|back ?fist|kick|"
            r"stick|blade|sword|block|floor|down|hook|uppercut|knee|gestur|point|direct|"
            r"seated|danc|\bup\b|cross(es|ing)? |downward|several|stab|weapon|spin|shield"
        ),
    ),
    Prompt(
        "a boxer throws punches with both hands",
        5.0,
        ("boxes",),
        real=(
            r"\bboxes\b|\bboxer\b|shadow ?box|\bboxing: |punches with both|(left|"
            r"right) combination|series of punches|punches in a row|jabs and crosses"
        ),
        unless=(
            r"lift|carr|one hand|ready to box|shuffle|bounces on|retreat|from the ground|"
            r"left jab\b|right cross\b|leap"
        ),
    ),
    Prompt(
        "a person waves hello with a raised hand",
        3.0,
        ("waves",),
        real=(
            r"wav(es|ing)\b.*(hello|from afar|far away|another person|beside the head|"
            r"crowd|overhead|above the head)|wave hello|waving the right hand|quick wave|"
            r"waving with the right"
        ),
        unless=r"traffic|\bno\b|both|bat (it|something)|celebrat",
    ),
    Prompt(
        "someone points out something on the left",
        3.0,
        ("points_left", "stays_in_place"),
        real=(
            r"(points?|indicat\w*|pointing|directs attention|address|"
            r"refers?).* to the left|gestures? (out )?to the left"
        ),
        unless=r"danc|\bno\b|reject|dismiss|negative|refus|away|traffic|cars",
    ),
    Prompt(
        "someone points out something on the right",
        3.0,
        ("points_right", "stays_in_place"),
        real=(
            r"(points?|indicat\w*|pointing|directs attention|address|"
            r"refers?).* to the right|gestures? (out )?to the right"
        ),
        unless=r"danc|\bno\b|reject|dismiss|negative|refus|away|traffic|cars",
    ),
    Prompt(
        "a person claps the hands",
        4.0,
        ("claps",),
        real=r"\bclap",
    ),
    Prompt(
        "someone stretches both arms up above the head",
        3.0,
        ("raises_both_arms",),
        real=(
            "both (arms|hands) (high|overhead|above|up (high|over))|(arms|"
            "hands) (high )?overhead"
        ),
        unless="right hand|left hand|one (arm|hand)|danc|salsa|lower",
    ),
    Prompt(
        "someone throws something with the right arm",
        2.0,
        ("throws_right",),
        real=(
            "throws something .*with the right|throw with the right hand|"
            "right handed throw|tosses an object|underhand toss with the right|"
            "right arm whipping|make the character throw"
        ),
        unless="seated|sits",
    ),
    Prompt(
        "a person bends and picks something up from the ground",
        4.0,
        ("picks_up",),
        real="pick(s|ing)? .*up|picks? up|scoops?|grabs? a box",
        unless=(
            "danc|table|swing|plank|shoulder height|head height|both arms|bend(s|"
            "ing) the elbows|again and again|repeat"
        ),
    ),
    Prompt(
        "someone lifts a heavy box with both hands",
        4.0,
        ("lifts_with_both_hands",),
        real=r"(lift|rais)\w* (a |the )?(\w+ )?(box|object)",
        unless="right hand|left hand",
    ),
    Prompt(
        "a person stands with both hands on the hips",
        3.0,
        ("has_hands_on_hips",),
        real="hands on the hips|akimbo",
        unless="starting from",
    ),
    Prompt(
        "someone wipes a window with the right hand",
        5.0,
        ("wipes_right",),
        real=r"(wip|clean|scrub|rub)\w* .*(window|glass|pane|surface)",
    ),
    Prompt(
        "a person sweeps the floor with a broom",
        6.0,
        ("sweeps_floor",),
        real="broom|mop",
    ),
    Prompt(
        "someone stands quietly and does nothing",
        4.0,
        ("stands_still",),
        real=(
            "stands? (still|motionless)|standing (still|quietly|motionless)|"
            "waits? quietly|perfectly still|stays in place"
        ),
        unless=(
            r"hips?\b|wav|gestur|signal|reach|drink|guard|fight|nod|walk|turn|jump|step|"
            r"run|seat|sit|look|stops?|kick|danc|skip|crouch|sway|rifle|weapon|sword|"
            r"referee|hit|stretch|then|floor|ladder|leg|box|ground|end|pose|balanc|danc|"
            r"arms held|elbow|bent|hold"
        ),
    ),
    Prompt(
        "a person dances salsa with quick steps and turns",
        6.0,
        ("dances_on_the_spot",),
        real="salsa",
    ),
    Prompt(
        "someone does a cartwheel",
        3.0,
        ("does_a_cartwheel",),
        real="cartwheel",
    ),
)
"""One action each."""

PAIRS: Final[tuple[Pair, ...]] = (
    Pair(
        "someone walks backward and waves with the left hand",
        4.0,
        ("walks_backward", "waves_left"),
        real="walk(s|ing)? backwards?|backs up|steps? back for|goes? backward",
        unless=(
            r"forward\b.*(again|then)|then (come|walk|go)|turn|dribbl|run|(back and|"
            r"back, and) forth|(comes|walks?|goes) (forward|ahead)|spin"
        ),
        real_arms=(
            r"wav(es|ing)\b.* left (hand|arm)|left (hand|arm|forearm).*(wav|greets)|"
            r"with the left hand up"
        ),
        unless_arms=(
            r"traffic|\bno\b|both|bat (it|something)|celebrat|trunk|kick|swing|away|"
            r"reject|refus|dismiss|bye bye"
        ),
    ),
    Pair(
        "a person walks forward clapping the hands",
        4.0,
        ("steps_ahead", "claps"),
        real=(
            "walk(s|ing)? (straight|forward|ahead|at a|slowly|steadily|with a natural|"
            "calmly)"
        ),
        unless=(
            r"\b(run|jog|jump|leap|hop|skip|crawl|turn|circl|danc|crouch|box\b|ball|climb|"
            r"back|stop|side|veer|uneven|stair|treadmill|stand|spot|halt|ready|bow)"
        ),
        real_arms=r"\bclap",
    ),
    Pair(
        "someone walks straight ahead with both hands on the hips",
        4.0,
        ("steps_ahead", "has_hands_on_hips"),
        real=(
            "walk(s|ing)? (straight|forward|ahead|at a|slowly|steadily|with a natural|"
            "calmly)"
        ),
        unless=(
            r"\b(run|jog|jump|leap|hop|skip|crawl|turn|circl|danc|crouch|box\b|ball|climb|"
            r"back|stop|side|veer|uneven|stair|treadmill|stand|spot|halt|ready|bow)"
        ),
        real_arms="hands on the hips|akimbo",
        unless_arms="starting from|to standing with|lets go|drops|dance",
    ),
    Pair(
        "a person drinks from a bottle while walking forward",
        4.0,
        ("steps_ahead", "drinks"),
        real=(
            "walk(s|ing)? (straight|forward|ahead|at a|slowly|steadily|with a natural|"
            "calmly)"
        ),
        unless=(
            r"\b(run|jog|jump|leap|hop|skip|crawl|turn|circl|danc|crouch|box\b|ball|climb|"
            r"back|stop|side|veer|uneven|stair|treadmill|stand|spot|halt|ready|bow)"
        ),
        real_arms=r"\bdrink",
    ),
    Pair(
        "someone runs ahead with both arms stretched above the head",
        2.5,
        ("runs_forward", "raises_both_arms"),
        real=(
            r"\b(runs?|running|sprint(s|ing)?|races|dashes) (fast|ahead|straight|forward|"
            r"as fast)"
        ),
        unless=(
            "walk|turn|stop|jump|leap|hop|back|side|touch|box|spot|treadmill|circle|veer|"
            "stand"
        ),
        real_arms=(
            "both (arms|hands) (high|overhead|above|up (high|over))|(arms|"
            "hands) (high )?overhead"
        ),
        unless_arms="right hand|left hand|one (arm|hand)|danc|salsa|lower|jump|leap|hop|alternat",
    ),
    Pair(
        "a person runs forward and waves the right hand",
        3.0,
        ("runs_forward", "waves_right"),
        real=(
            r"\b(runs?|running|sprint(s|ing)?|races|dashes) (fast|ahead|straight|forward|"
            r"as fast)"
        ),
        unless=(
            "walk|turn|stop|jump|leap|hop|back|side|touch|box|spot|treadmill|circle|veer|"
            "stand"
        ),
        real_arms=(
            r"wav(es|ing)\b.* right (hand|arm)|right (hand|arm|forearm).*(wav|greets)|"
            r"with the right hand up"
        ),
        unless_arms=(
            r"traffic|\bno\b|both|bat (it|something)|celebrat|trunk|kick|swing|away|"
            r"reject|refus|dismiss|bye bye"
        ),
    ),
    Pair(
        "someone hops with both hands on the hips",
        4.0,
        ("hops", "has_hands_on_hips"),
        real=(
            r"(jump|hop|leap)\w* (\w+ )?(over and over|repeatedly|again and again|"
            r"up and down)|(over and over|repeatedly|again and again).*(jump|hop|leap)|"
            r"series of (forward )?jumps|bounces on one leg|star jumps|jumping jacks|"
            r"three times|hops with|hops? on"
        ),
        unless="turn on|danc|spin|arm|reach|ballet|run",
        real_arms="hands on the hips|akimbo",
        unless_arms="starting from|to standing with|lets go|drops|dance",
    ),
    Pair(
        "a person skips along while clapping",
        4.0,
        ("skips", "claps"),
        real=r"\bskip(s|ping)?\b",
        unless="kick|hopping over|hops over|music",
        real_arms=r"\bclap",
    ),
    Pair(
        "someone skips along waving with the right hand",
        4.0,
        ("skips", "waves_right"),
        real=r"\bskip(s|ping)?\b",
        unless="kick|hopping over|hops over|music",
        real_arms=(
            r"wav(es|ing)\b.* right (hand|arm)|right (hand|arm|forearm).*(wav|greets)|"
            r"with the right hand up"
        ),
        unless_arms=(
            r"traffic|\bno\b|both|bat (it|something)|celebrat|trunk|kick|swing|away|"
            r"reject|refus|dismiss|bye bye"
        ),
    ),
    Pair(
        "a person steps sideways to the left with both arms above the head",
        3.0,
        ("sidesteps_left", "raises_both_arms"),
        real="(side ?-?steps?|sideways|step) to the left|shuffles sideways to the left",
        unless=(
            "jump|guard|kick|danc|dribbl|turn|blade|fist|karate|stance|swing|diagonal|"
            "walk(s|ing)? with"
        ),
        real_arms=(
            "both (arms|hands) (high|overhead|above|up (high|over))|(arms|"
            "hands) (high )?overhead"
        ),
        unless_arms="right hand|left hand|one (arm|hand)|danc|salsa|lower|jump|leap|hop|alternat",
    ),
    Pair(
        "someone steps sideways to the right, hands on the hips",
        3.0,
        ("sidesteps_right", "has_hands_on_hips"),
        real="(side ?-?steps?|sideways|step) to the right|shuffles sideways to the right",
        unless=(
            "jump|guard|kick|danc|dribbl|turn|blade|fist|karate|stance|swing|diagonal|"
            "walk(s|ing)? with"
        ),
        real_arms="hands on the hips|akimbo",
        unless_arms="starting from|to standing with|lets go|drops|dance",
    ),
    Pair(
        "a person turns around to the right on the spot while clapping",
        3.5,
        ("turns_on_the_spot_right", "claps"),
        real=(
            "turns? .*right (on the spot|in place)|in place to the right|"
            "over the right shoulder in place|(on the spot|in place).*turn.* right"
        ),
        unless="jump|danc|kick|run|ball",
        real_arms=r"\bclap",
    ),
    Pair(
        "someone turns around to the left on the spot, waving the left hand",
        3.5,
        ("turns_on_the_spot_left", "waves_left"),
        real=(
            "turns? .*left (on the spot|in place)|in place to the left|"
            "over the left shoulder in place|(on the spot|in place).*turn.* left"
        ),
        unless="jump|danc|kick|run|ball",
        real_arms=(
            r"wav(es|ing)\b.* left (hand|arm)|left (hand|arm|forearm).*(wav|greets)|"
            r"with the left hand up"
        ),
        unless_arms=(
            r"traffic|\bno\b|both|bat (it|something)|celebrat|trunk|kick|swing|away|"
            r"reject|refus|dismiss|bye bye"
        ),
    ),
    Pair(
        "a person squats down while clapping the hands",
        4.0,
        ("squats", "claps"),
        real=r"\bsquats?\b|knee bend",
        unless="jump|danc|chest|floor|ground|baby|seat|walk|stroll|throw|hoop",
        real_arms=r"\bclap",
    ),
    Pair(
        "someone walks backward, punching with the right fist",
        4.0,
        ("walks_backward", "punches_right"),
        real="walk(s|ing)? backwards?|backs up|steps? back for|goes? backward",
        unless=(
            r"forward\b.*(again|then)|then (come|walk|go)|turn|dribbl|run|(back and|"
            r"back, and) forth|(comes|walks?|goes) (forward|ahead)|spin"
        ),
        real_arms=(
            r"(punch\w*|jabs?|cross|strike|hits?)\b.* right (hand|fist|arm)|"
            r"right (straight )?(punch|jab|cross)"
        ),
        unless_arms=(
            r"left (hand|fist|arm|jab|cross|punch|hook)|the left\b|both|back ?fist|kick|"
            r"stick|blade|sword|block|floor|down|hook|uppercut|knee|gestur|point|direct|"
            r"seated|danc|\bup\b|cross(es|ing)? |downward|several|stab|weapon|spin"
        ),
    ),
)
"""A leg action and an arm action at once; no training clip is captioned so."""
