"""The rare set: 60 gestures and pieces of handwork that hardly any recording shows.

Data only. The wordings were written from a list of gestures alone, without a look at captions
or at motion made for them, and before any model or retrieval had been tried on them; a test
holds the SHA-256. Slang and missing subjects are meant.
"""

from __future__ import annotations

from typing import Final

from .prompt import PromptSet
from .rarely_asked import gesture, while_going

SINGLES: Final = (
    gesture("marine salutes the flag", 4.0, "salutes", ends="standing"),
    gesture("shrugs, no idea mate", 3.0, "shrugs", ends="standing"),
    gesture("detective thinking it over, hand on his chin", 5.0, "thinks", ends="standing"),
    gesture("checks the time on his wristwatch", 4.0, "checks_a_watch", ends="standing"),
    gesture("tourist snapping a photo of the tower", 4.0, "takes_a_photo", ends="standing"),
    gesture("a monk praying, palms together", 5.0, "prays", ends="standing"),
    gesture("come here! beckons with one hand", 4.0, "beckons", ends="standing"),
    gesture("thumbs up from the mechanic", 3.0, "gives_a_thumbs_up", ends="standing"),
    gesture("traffic cop holds his palm out: stop", 4.0, "signals_stop", ends="standing"),
    gesture("bouncer crosses his arms, unimpressed", 4.0, "crosses_the_arms", ends="standing"),
    gesture("plugs both ears, way too loud", 4.0, "covers_the_ears", ends="standing"),
    gesture("can't watch, both hands over the eyes", 4.0, "covers_the_eyes", ends="standing"),
    gesture("gasps and claps a hand over her mouth", 3.5, "covers_the_mouth", ends="standing"),
    gesture("facepalm", 3.0, "facepalms", ends="standing"),
    gesture("night watchman yawns", 4.0, "yawns", ends="standing"),
    gesture("achoo, one big sneeze", 3.0, "sneezes", ends="standing"),
    gesture("old smoker coughs into his fist", 4.0, "coughs", ends="standing"),
    gesture("scratches his head, puzzled", 4.0, "scratches_the_head", ends="standing"),
    gesture("rubs the back of her stiff neck", 4.0, "rubs_the_neck", ends="standing"),
    gesture("a duke stands with his hands clasped behind his back", 5.0,
            "has_hands_behind_the_back", ends="standing"),
    gesture("prisoner with both hands locked behind his head", 4.0,
            "has_hands_behind_the_head", ends="standing"),
    gesture("don't shoot! bank clerk puts her hands up", 4.0, "puts_the_hands_up",
            ends="standing"),
    gesture("somebody in the crowd gives a round of applause", 4.0, "claps", ends="standing"),
    gesture("football fan cheers, both fists pumping in the air", 4.0, "cheers"),
    gesture("diva blows a kiss to the gallery", 3.5, "blows_a_kiss", ends="standing"),
    gesture("hugs his long-lost brother", 4.0, "hugs", ends="standing"),
    gesture("up top! high five", 3.0, "gives_a_high_five", ends="standing"),
    gesture("courier hands over a parcel", 4.0, "hands_over", ends="standing"),
    gesture("knocks on the front door", 4.0, "knocks", ends="standing"),
    gesture("butler opens the door for a guest", 4.0, "opens_a_door", ends="standing"),
    gesture("nurse pushes a wheelchair down the ward", 5.0, "pushes_along"),
    gesture("hauls a sledge behind him through the snow", 5.0, "pulls_along"),
    gesture("gravedigger shovelling dirt", 6.0, "digs"),
    gesture("carpenter sawing a plank", 5.0, "saws"),
    gesture("blacksmith hammering on the anvil", 5.0, "hammers"),
    gesture("shopkeeper sweeping the doorstep with a broom", 6.0, "sweeps_floor"),
    gesture("waitress wipes down the counter", 5.0, "wipes_a_surface", ends="standing"),
    gesture("witch stirs her cauldron", 5.0, "stirs"),
    gesture("fiddler plays the violin", 6.0, "plays_the_violin"),
    gesture("busker strumming a guitar", 6.0, "plays_the_guitar"),
    gesture("maestro conducting the orchestra", 6.0, "conducts"),
    gesture("sniper takes aim", 4.0, "aims", ends="standing"),
    gesture("elf draws her bow", 4.0, "draws_a_bow", ends="standing"),
    gesture("nods, yeah sure", 3.0, "nods", ends="standing"),
    gesture("shakes his head, no way", 3.0, "shakes_the_head", ends="standing"),
    gesture("looks up at the stars", 4.0, "looks_up", ends="standing"),
    gesture("looks down at her shoes, ashamed", 4.0, "looks_down", ends="standing"),
    gesture("lost hiker looks around", 5.0, "looks_around", ends="standing"),
    gesture("looks back over her left shoulder", 4.0, "looks_over_the_shoulder_left"),
    gesture("spy glances over his right shoulder", 4.0, "looks_over_the_shoulder_right"),
)
"""One gesture each, mostly standing."""

PAIRS: Final = (
    while_going("walks along the platform with the phone to his ear", 5.0,
                "walks_forward", "holds_a_phone"),
    while_going("teenager walks down the street texting", 5.0, "walks_forward", "texts"),
    while_going("wolfing down noodles at the table", 5.0, "stays_seated", "eats", ends="seated"),
    while_going("barfly sits there sipping whisky", 5.0, "stays_seated", "drinks", ends="seated"),
    while_going("granny in her armchair reading a novel", 6.0, "stays_seated", "reads",
                ends="seated"),
    while_going("student at his desk scribbling notes", 6.0, "stays_seated", "writes",
                ends="seated"),
    while_going("coder sat at her desk typing away", 6.0, "stays_seated", "types",
                ends="seated"),
    while_going("jazz pianist sitting at the keys, playing", 6.0,
                "stays_seated", "plays_the_piano", ends="seated"),
    while_going("trucker at the wheel, steering round the bends", 5.0,
                "stays_seated", "steers", ends="seated"),
    while_going("sits in a boat and rows", 5.0, "stays_seated", "rows", ends="seated"),
)
"""A gesture of the arms while the legs walk or sit."""

RARE: Final = PromptSet("rare", SINGLES, PAIRS)
