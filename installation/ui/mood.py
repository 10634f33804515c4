"""What each scene of the show looks like: how dark the room is, how much the music is seen, who speaks. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from installation.cues import Scene


@dataclass(frozen=True, slots=True)
class Mood:
    """The look of a scene.

    Attributes:
        darkness: Of the veil over painting and label, 0 to 1; 1 is the room at night.
        music: How strongly the music is seen.
        is_looking: The camera's picture is shown.
        is_answering: The progress of a visitor's music is shown.
        is_explaining: What is beside the label is shown.
        is_inviting: Visitors are invited to the camera.
    """

    darkness: float = 0.0
    music: float = 1.0
    is_looking: bool = False
    is_answering: bool = False
    is_explaining: bool = True
    is_inviting: bool = False


MOODS: Mapping[Scene, Mood] = {
    Scene.ATTRACT: Mood(is_inviting=True),
    Scene.LOOKING: Mood(darkness=0.95, music=0.22, is_looking=True, is_explaining=False),
    Scene.COMPOSING: Mood(music=0.22, is_answering=True, is_explaining=False),
    Scene.LISTENING: Mood(),
    Scene.FAILSAFE: Mood(),
    Scene.CLOSED: Mood(darkness=1.0, music=0.0, is_explaining=False),
}
