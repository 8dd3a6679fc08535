"""What buttons share whose takes can wait to be accepted: edits, Generate, Long Take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty
from bpy.types import Context, Event

from ..core.link.run_status import STATUS
from ..scene.reading.situation import read_shown
from .job_operator import Mixin

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class ReviewedOperator(Mixin):
    """Mixin before JobOperator: several takes wait for the person who pressed the button."""

    review: BoolProperty(
        name="Review",
        description="Let several takes wait to be accepted, as the buttons do; "
        "otherwise the first one is accepted at once",
        default=False,
        options={"SKIP_SAVE", "HIDDEN"},
    )

    def invoke(self, context: Context, event: Event) -> set[OperatorReturnItems]:
        """Let takes wait for the person who pressed the button."""
        self.review = True
        return super().invoke(context, event)

    def tell(self, prompt_cut: str, told: str) -> None:
        """Show what became of the request, in the panel and in the status bar."""
        STATUS.prompt_cut = prompt_cut
        STATUS.tell(told, read_shown(bpy.context))
        self.report({"INFO"}, told)
