"""The spellings set: 15 prompts, each in further spellings that ask for the same.

Data only. What the further spellings lose against the first is the figure: casing,
punctuation, British or American, a slip of one letter, and who it is. Written without a look at
the corpus's captions, and before any model or retrieval had been tried on them; a test holds
the SHA-256.
"""

from __future__ import annotations

from typing import Final

from .asked import asked
from .prompt import PromptSet

PLAIN: Final = "as it stands"

MANNERS: Final = ("casing", "punctuation", "British or American", "typo", "man", "woman", "she")

SPELLINGS: Final = (
    (4.0, ("waves",), ("a person waves", {
        "casing": "A PERSON WAVES", "punctuation": "a person waves!", "typo": "a person wavs",
        "man": "a man waves", "woman": "a woman waves", "she": "she waves"})),
    (4.0, ("walks_backward",), ("a person walks backward", {
        "casing": "A Person Walks Backward", "punctuation": "a person walks backward...",
        "British or American": "a person walks backwards", "typo": "a person walks backwrd",
        "man": "a man walks backward", "woman": "a woman walks backward",
        "she": "she walks backward"})),
    (3.0, ("runs_forward",), ("a person runs forward", {
        "casing": "a Person RUNS forward", "punctuation": "a person, runs forward.",
        "British or American": "a person runs forwards", "typo": "a persn runs forward",
        "man": "a man runs forward", "woman": "a woman runs forward",
        "she": "she runs forward"})),
    (4.0, ("claps",), ("a person claps their hands", {
        "casing": "A person claps their hands", "punctuation": "\"a person claps their hands\"",
        "typo": "a person clapps their hands", "man": "a man claps his hands",
        "woman": "a woman claps her hands", "she": "she claps her hands"})),
    (4.0, ("sits_down",), ("a person sits down on a chair", {
        "casing": "A PERSON SITS DOWN ON A CHAIR", "punctuation": "a person sits down, on a chair",
        "typo": "a person sits donw on a chair", "man": "a man sits down on a chair",
        "woman": "a woman sits down on a chair", "she": "she sits down on a chair"})),
    (4.0, ("stands_up",), ("a person stands up from a chair", {
        "casing": "A Person Stands Up From A Chair",
        "punctuation": "a person stands up from a chair;", "typo": "a person stand up from a chair",
        "man": "a man stands up from a chair", "woman": "a woman stands up from a chair",
        "she": "she stands up from a chair"})),
    (4.0, ("does_jumping_jacks",), ("a person does jumping jacks", {
        "casing": "A person does Jumping Jacks", "punctuation": "a person does jumping-jacks",
        "British or American": "a person does star jumps", "typo": "a person does jumpng jacks",
        "man": "a man does jumping jacks", "woman": "a woman does jumping jacks",
        "she": "she does jumping jacks"})),
    (6.0, ("does_push_ups",), ("a person does push-ups", {
        "casing": "A PERSON DOES PUSH-UPS", "punctuation": "a person does push ups",
        "British or American": "a person does press-ups", "typo": "a person does push-upps",
        "man": "a man does push-ups", "woman": "a woman does push-ups",
        "she": "she does push-ups"})),
    (4.0, ("kneels",), ("a person kneels down", {
        "casing": "a person Kneels Down", "punctuation": "a person kneels down?",
        "typo": "a person kneals down", "man": "a man kneels down",
        "woman": "a woman kneels down", "she": "she kneels down"})),
    (3.0, ("jumps_up",), ("a person jumps up in the air", {
        "casing": "A Person jumps up in the AIR", "punctuation": "a person jumps up - in the air",
        "typo": "a person jmups up in the air", "man": "a man jumps up in the air",
        "woman": "a woman jumps up in the air", "she": "she jumps up in the air"})),
    (5.0, ("crawls",), ("a person crawls across the gray floor", {
        "casing": "A PERSON crawls across the gray floor",
        "punctuation": "a person crawls, across the gray floor",
        "British or American": "a person crawls across the grey floor",
        "typo": "a person crawls acros the gray floor",
        "man": "a man crawls across the gray floor",
        "woman": "a woman crawls across the gray floor",
        "she": "she crawls across the gray floor"})),
    (3.0, ("turns_around",), ("a person turns around", {
        "casing": "A PERSON TURNS AROUND", "punctuation": "a person turns around .",
        "British or American": "a person turns round", "typo": "a person tuns around",
        "man": "a man turns around", "woman": "a woman turns around",
        "she": "she turns around"})),
    (4.0, ("has_hands_on_hips",), ("a person stands with hands on hips", {
        "casing": "A Person Stands With Hands On Hips",
        "punctuation": "a person stands, with hands on hips",
        "typo": "a person stands with hands on hipps", "man": "a man stands with hands on hips",
        "woman": "a woman stands with hands on hips", "she": "she stands with hands on hips"})),
    (3.0, ("throws",), ("a person throws a baseball", {
        "casing": "A person throws a Baseball", "punctuation": "a person throws a base-ball",
        "typo": "a person thows a baseball", "man": "a man throws a baseball",
        "woman": "a woman throws a baseball", "she": "she throws a baseball"})),
    (6.0, ("goes_up_stairs",), ("a person walks up the stairs", {
        "casing": "A PERSON WALKS UP THE STAIRS", "punctuation": "a person walks up the stairs!!",
        "typo": "a person walks up the stiars", "man": "a man walks up the stairs",
        "woman": "a woman walks up the stairs", "she": "she walks up the stairs"})),
)  # fmt: skip
"""Seconds and checks, the prompt, and its further spellings by what differs."""

SINGLES: Final = tuple(
    asked(text, seconds, *checks)
    for seconds, checks, (plain, further) in SPELLINGS
    for text in (plain, *further.values())
)

SPELLINGS_SET: Final = PromptSet("spellings", SINGLES, ())
