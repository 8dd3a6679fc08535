"""What is being made now, and what came of the last request: one for the whole program.

It lives in memory alone: no file and no undo brings an old state back. It knows no Blender.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from ....engine.motion.request import Progress


@dataclass(slots=True)
class RunStatus:
    """What panels show of it."""

    is_running: bool = False
    is_cancel_requested: bool = False
    factor: float = 0.0
    label: str = ""
    error: str = ""
    remedy: str = ""
    prompt_cut: str = ""

    note: str = ""
    """What became of the last request."""

    shown: str = ""
    """What the note was about; it says nothing any more once that has changed."""

    planned: str = ""
    """The plan that the note tells of; it says nothing any more once that is another one."""

    situation: str = ""
    """What the error was about; it says nothing any more once that has changed."""

    def show(self, progress: Progress) -> bool:
        """Take over a progress; say whether anything to be seen changed."""
        now = min(max(progress.done / max(progress.total, 1), 0.0), 1.0), progress.label
        if now == (self.factor, self.label):
            return False
        self.factor, self.label = now
        return True

    def tell(self, note: str, shown: str = "", planned: str = "") -> None:
        """Note what became of a request, until what it tells of is no longer so.

        Args:
            note: the sentence.
            shown: what is seen, where the note is about that.
            planned: the plan, where the note is about that.
        """
        self.note, self.shown, self.planned = note, shown, planned

    def begin(self) -> None:
        """Forget the last request."""
        self.error = self.remedy = self.prompt_cut = self.note = self.shown = ""
        self.situation = self.planned = ""
        self.is_cancel_requested = False

    def stop(self) -> None:
        """Say that nothing runs any more."""
        self.is_running = self.is_cancel_requested = False
        self.factor, self.label = 0.0, ""

    def reset(self) -> None:
        """Forget everything, as when the add-on is disabled."""
        for one in fields(self):
            setattr(self, one.name, one.default)


STATUS = RunStatus()
