"""Whether the chosen model can make an edit whose frames and body parts are final."""

from __future__ import annotations

from .. import model_list
from ..core.edits.edit_requests import Recipe
from ..core.edits.model_choice import check_served, choose_model


def check_recipe(recipe: Recipe) -> None:
    """Raise UserError unless the recipe's model is there and can make it."""
    check_served(choose_model(model_list.read_models(), recipe.model), recipe)
