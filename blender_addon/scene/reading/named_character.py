"""A character by name: between two slices undo may free what Blender called by that name."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from ....engine.motion.request import RequestError


@dataclass(frozen=True, slots=True)
class NamedCharacter:
    """Names of a scene and of an armature object in it."""

    scene_name: str
    armature_name: str

    def find(self) -> tuple[bpy.types.Scene, bpy.types.Object]:
        """Return both as they are now.

        Raises:
            RequestError: if the armature is no longer in the scene.
        """
        scene = bpy.data.scenes.get(self.scene_name)
        ob = scene.objects.get(self.armature_name) if scene is not None else None
        if scene is None or ob is None or ob.type != "ARMATURE":
            raise RequestError(
                f'The armature "{self.armature_name}" is no longer in the scene.',
                "Select a character and press the button once more.",
            )
        return scene, ob

    def find_shown(self, context: bpy.types.Context) -> bpy.types.Object:
        """Return the armature; takes are written where the animator sees them.

        Raises:
            RequestError: if it is no longer in the scene, or another scene is shown.
        """
        scene, ob = self.find()
        if context.scene != scene:
            raise RequestError(
                f'The armature "{self.armature_name}" is no longer in the scene that is shown.',
                f'Show the scene "{self.scene_name}" and press the button once more.',
            )
        return ob


def name_character(scene: bpy.types.Scene, ob: bpy.types.Object) -> NamedCharacter:
    """Return what finds them again."""
    return NamedCharacter(scene.name, ob.name)
