"""Which captions say that a clip shows ways of going, turning, rising and sinking.

Data only, for measuring the checks of `going` on real clips. A test holds the SHA-256, so that
later edits are noticed.
"""

from __future__ import annotations

from typing import Final

from .shown import Shown, both_sides

GOING: Final[dict[str, Shown]] = {
    "walks_slowly": Shown(
        r"walk\w* .*slow|slow(ly)? .*walk|slow walk",
        "backward|turns? around|crouch|zombie",
    ),
    "walks_briskly": Shown(
        r"(walk|stride)\w* .*(brisk|fast|quick)|(brisk|fast|quick)\w* .*walk",
        "run|jog|dance|sideways",
    ),
    "jogs": Shown(
        r"\bjog(s|ging)?\b",
        "in place|squat|turn|back|jumping|spot|stop|halt",
    ),
    **both_sides(
        "runs_and_turns",
        Shown(
            r"(\brun|\bjog).*(turn|veer|curve|bear|cut)\w*\b.* left|left.*(turn|"
            "curve).*running",
            "around|jump|stop|back|place|circle",
        ),
    ),
    "runs_backward": Shown(
        r"\b(run|runs|running|hurr\w+) backward",
        "turn",
    ),
    "comes_to_a_stop": Shown(
        r"(walk|run|stroll|skip|jog)\w*\b.*(comes? to a (stop|halt|stand)|halts|"
        "stops|stands still|slows to a stop)",
        r"then (walk|run)|turn|back(ward)?\b|again|sit",
    ),
    **both_sides(
        "turns_around",
        Shown(
            "turns? around.* left|half turn.* left|180.* left|u-turn.* left",
            "spin|kick|danc|forth|right|sit",
        ),
    ),
    "leaps_while_running": Shown(
        r"\brun\w*\b.*(leap|jump)|(leap|jump).*\brun|running jump",
        r"up\b|turn|spot|walk",
    ),
    "kneels": Shown(
        r"\bkneel",
        "danc|squat",
    ),
    "bows": Shown(
        r"\bbow(s|ing)?\b",
        r"head\b|box|ball|object|arrow|draw",
    ),
    "stands_up": Shown(
        "(stands?|gets?|rises?|getting) (up )?(from|off) .*(stool|seat|chair)|"
        "from sitting.*(stand|rise)|(stool|seat|chair).*stands? up",
        "sits? (down )?again|turns? and sits|then sits",
    ),
    "stays_seated": Shown(
        r"\bseated\b|sits (on|still|upright|there)|sitting",
        "stand|rise|gets? (up|off)|walk|climb|frame|drop|hang|danc|push",
    ),
    "goes_down_to_the_floor": Shown(
        "lies down|falls (down|over|to|back)|collaps|drops to the (floor|ground)|"
        "drops dead",
        "then|rise",
    ),
    "does_push_ups": Shown(
        "push-?ups?|push ups|press-?up",
    ),
    "climbs_stairs": Shown(
        "climbs? .*(stairs|steps)|climbing .*(steps|stairs)|stair",
        "down|ladder|frame|ground",
    ),
    "twists_the_trunk": Shown(
        r"twist\w* .*(from side to side|left and right|to both sides|"
        "side to side)|side twists|twists? the (upper body|trunk|torso)",
        "reach|point",
    ),
    **both_sides(
        "kicks_high",
        Shown(
            r"(kick\w*.* left (leg|foot)|left (leg|foot).* kick|left .*kick).*(high|"
            r"head)|high .*kick\w*.* left|high left .*kick",
            "right|danc",
        ),
    ),
    **both_sides(
        "spins",
        Shown(
            r"(full (turn|circle)|spins?|spinning|whirl\w*)\b.* left|left.*full (turn|"
            "circle)",
            "right|danc|kick|half|hanging|180|forth|lunge",
        ),
    ),
    "stands_on_one_leg": Shown(
        r"balanc\w* (\w+ )?on (one|the left|the right|a single) (leg|foot)|"
        r"stands? (\w+ )?on (the )?(left|right|one) (leg|foot)|a balance on the|"
        "bird on one leg",
        "jump|hop|bounce|bends down",
    ),
    "ducks": Shown(
        r"\bduck(s|ing)?\b|stoops .*(under|low)",
        r"danc|punch|box|hit|fight|stops|weav|scared|fear|playground|\bduck (left|"
        "right)|crouch",
    ),
    "hangs": Shown(
        r"\bhangs? (with|from|by|on|there)\b|hanging (by|from|with)|"
        "holds on to a bar overhead",
        "lets go|lowers|climbing up|then|arms? (hang|hanging) (down|at)|one hand|"
        "left hand|right hand",
    ),
    "stands_on_tiptoe": Shown(
        "on tiptoe|on the toes",
        "danc|bounc|ahead|forward|jump|steps|walk",
    ),
    **both_sides(
        "jumps_and_turns",
        Shown(
            r"(jump|leap|hop)\w*\b.*(turn|facing|rotat|spin|degree)\w*\b.* left|"
            r"turns? left in the air|(jump|leap)\w* .*lands? facing left|"
            r"lands facing left|(jump|leap)\w* to the left\b.*(facing|turn)",
            r"right|danc|kick|walk|\brun",
        ),
    ),
    "sets_off": Shown(
        r"from standing\b.*\b(walk|run|jog|skip|stroll)s?\b|(begins?|"
        "starts?) (to walk|walking|to run|running|jogging)|sets off|"
        "accelerates from standing|stands? (still )?and then begins to walk",
        r"backward|sits?\b|squat|jump|sidestep|box|crouch|arabesque|treadmill|"
        r"stance|push|hurt|back\b|plank|keeps going|stop|several|restless|slows|"
        "slowing|brakes|then starts|sad",
    ),
    "gets_up_from_the_floor": Shown(
        r"(get\w*|com\w*|rises?|stands?|pushes|climbs) (up |off )?(from lying|"
        r"from the (floor|belly|ground|back)\b)|from lying\b|from lying down",
        "squat and|ball|object|box|picks|kick|level|guard|apart|straddle|"
        "something|frame",
    ),
    "walks_crouched": Shown(
        "(sneaks?|sneaking) forward|prowls|(creeps|stalks) (ahead|along|forward)|"
        "crouch walk",
        "treadmill|close to the floor|scared|small steps|then|on the spot|monster",
    ),
    "jumps_twice": Shown(
        r"\b(jump|hop|leap)\w*\b.*(twice|three times|again and again|"
        r"over and over|repeatedly|up and down)|(two|three|several) (\w+ )?(jumps|"
        r"hops)\b|jumps once more|series of jumps|keeps (jumping|hopping)",
        r"danc|one leg|single|\bone\b|arms? up and down|squats|spin|ladder|small|"
        r"moves|shift|\brun|jacks",
    ),
    "kicks_twice": Shown(
        r"kick\w* .*(twice|one after|and then the other|both|left and|right and|"
        r"in turn|altern|several)|(two|three|several) (\w+ )?kicks|"
        "kicks with (one|the right|the left).*(other|then)",
        r"ball|danc|poses?\b|head up|hands|kicks left|kick right|without setting",
    ),
}
"""By name of the check."""
