"""What an animator does in the first hour, in order; each chapter goes on from the last one."""

from beyond import install, long_take, own_rig, show_all, trouble
from edits import history, key_menu, other_arms, pose_menu, redo_range
from first_takes import cancel, die, enable, first_take, one_tab, takes, undo
from plan import plan

CHAPTERS = (enable, install, one_tab, first_take, takes, die, undo, cancel, redo_range, key_menu,
            pose_menu, other_arms, history, plan, long_take, trouble, show_all,
            own_rig)  # fmt: skip

ALWAYS = (enable, first_take)
"""Chapters that every other one needs."""
