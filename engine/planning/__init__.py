"""What a prompt asks for, read from its words: actions, their order, count, side and hold.

English only, by small rules and two lists of words; no network, no motion.
"""
