"""Mends slips of the keyboard in prompts: only words that nobody knows, to ones that captions use.

It knows no action.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from ..planning.kinds import load_kinds
from ..planning.words import mend_spelling, stem
from ..text_encoder import TextEncoder

_LEAST_COMMON: Final = 2
"""Captions that use a word which counts as known."""

_MOST_STRANGE: Final = 0.5
"""Share of words that captions do not use, from which on a prompt may be of another language."""


class Spelling:
    """The words that captions and the list of kinds use."""

    def __init__(self, tokens: Sequence[Sequence[str]], encoder: TextEncoder) -> None:
        """Take where words are known from; nothing is counted yet.

        Args:
            tokens: the words of each caption, as they stand.
            encoder: of prompts.
        """
        self._tokens, self._encoder = tokens, encoder

    @cached_property
    def _used(self) -> frozenset[str]:
        """Words of captions, in every form."""
        seen = Counter(word for words in self._tokens for word in set(words))
        return frozenset(word for word, count in seen.items() if count >= _LEAST_COMMON)

    @cached_property
    def _stems(self) -> frozenset[str]:
        """Stems of captions and of the phrases that name kinds."""
        phrases = load_kinds().phrases.values()
        named = {each for phrase in phrases for stems, _ in phrase for each in stems}
        return frozenset(named | {stem(word) for word in self._used})

    def mend(self, prompt: str) -> str:
        """Return a prompt in which words that nobody knows are ones that captions use.

        Only where one slip of the keyboard is between them, and one such word comes out.
        """

        def mended(found: re.Match[str]) -> str:
            word = found.group()
            return word if self._is_known(word) else mend_spelling(word, self._used)

        return re.sub(r"(?<!\w)[a-z]{4,}(?!\w)", mended, prompt)

    def _is_known(self, word: str) -> bool:
        return word in self._used or stem(word) in self._stems or self._encoder.knows(word)

    def is_english(self, prompt: str) -> bool:
        """Say whether enough of a prompt's words are ones that captions use."""
        words = re.findall(r"\w+", prompt)
        if not words:
            return False
        strange = [word for word in words if stem(word) not in self._stems]
        return len(strange) <= _MOST_STRANGE * len(words)
