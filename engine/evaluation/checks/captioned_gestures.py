"""Which captions say that a clip shows gestures and work of the hands.

Data only, for measuring the checks of `gestures` on real clips. A test holds the SHA-256, so that
later edits are noticed.
"""

from __future__ import annotations

from typing import Final

from .shown import Shown, both_sides

GESTURES: Final[dict[str, Shown]] = {
    "touches_the_face": Shown(
        r"chin\b|scratches the (head|face|nose|temple)|to (the|their) (face|mouth|"
        "temple)|covers the (face|eyes)|rubs the face",
        "kick|punch|hit|danc",
    ),
    "pushes": Shown(
        "push(es)? (both hands|something|.*away)|with both hands.*push|"
        "push with both|shov",
        "floor|hip|off|mop|left|right|back",
    ),
    "touches_the_floor": Shown(
        r"(touch\w*|reach\w*) .*the (floor|ground)",
        "danc|ball|hang|climb",
    ),
    "dribbles": Shown(
        "dribbl",
        "shoot|push",
    ),
    "keeps_guard": Shown(
        "(on|in) guard|guard (up|position)|fighting (stance|guard)|fists up|"
        "boxing guard|raises both fists",
        "kick|lower|leav|relax|stand at ease",
    ),
    **both_sides(
        "has_a_hand_on_the_hip",
        Shown(
            "left hand (resting |still )?on the hip|the left hand (stays|rests|"
            "remains|is) on the hip",
            "lets|drops|takes .*off|danc|then|both",
        ),
    ),
    "holds_arms_ahead": Shown(
        "arms (stretched|straight|held|raised|lifted|stretched out|"
        "out)( out)? (straight )?(forward|in front|ahead)|"
        "arms straight out in front",
        r"fold|across|belly|bow|talk|blow|shove|spell|chest|beat|hunched|drops?\b",
    ),
    "spreads_arms": Shown(
        "arms (are )?(spread|held out to the sides|out (wide )?to (the|"
        "both) sides)|(spreads?|opens?|raises?|lifts?|holds?) (both |"
        "the )?arms (wide|out to)|both arms out to (the|both) sides",
        "leap|jump|run|twist|rotat|knee|head height|elbow|bird|kick|sweep|hand",
    ),
    "puts_down": Shown(
        r"\b(puts?|sets?|places?) (a|an|the|something|it)\b.*\bdown\b|\b(puts?|"
        r"sets?) down (a|an|the)\b",
        "foot|feet|danc|arm|leg|knee|(left|right) hand|again|as if",
    ),
    "carries": Shown(
        r"carr(y|ies|ying) (a|the|something)|with (a|the) (heavy )?box\b in|(walk|"
        r"run)\w* .*with (a|the) box|holding (a|the) (box|heavy)|holds? (a|"
        "an) (box|object) in",
        r"back|puts|sets|pick|one hand|helping|chest|hand\b",
    ),
    "folds_arms": Shown(
        r"(arms (are )?(folded|crossed)|\b(folds?|cross(es)?) (the|both) arms|"
        "crossed arms|folded arms)",
        "fist|flourish|danc|back like|bend|unfold|opens|begins to|handstand|"
        "balance|drops|uncross|guard|touches|lets|stretches|scratch",
    ),
}
"""By name of the check."""
