"""What the processes say to each other: the one contract they all import.

The director talks to its children, each over one two-way `Channel`:

    director --> audio      ToAudio       director <-- audio      FromAudio
    director --> composer   ToComposer    director <-- composer   FromComposer
    director --> ui         ToUi          director <-- ui         FromUi
    director --> camera     ToCamera      director <-- camera     FromCamera
    director --> web        ToWeb         director <-- web        FromWeb

Messages are small and frozen. Sound never travels in them: a clip is a file, and what is heard
at this moment is read from shared memory through a `PlaybackTap`. Times ending in `_at_s` are
readings of `time.monotonic()`, which all processes of one machine share.
"""

from installation.messages.audio import (
    AppendClip,
    AudioChannel,
    AudioHeartbeat,
    AudioReady,
    ClipFailed,
    ClipStarted,
    FromAudio,
    PlayClip,
    SetVolume,
    ToAudio,
)
from installation.messages.camera import (
    ArtworkSeen,
    CameraChannel,
    CameraHeartbeat,
    CameraLost,
    CameraReady,
    CameraView,
    FixCorners,
    FromCamera,
    Hint,
    KnowWorks,
    Outline,
    ToCamera,
    VisitorCame,
    VisitorLeft,
)
from installation.messages.common import (
    BED_CLIP_ID,
    MAX_CLIP_ID_BYTES,
    ClipInfo,
    LogLine,
    Shutdown,
    SoundingNote,
    WallLabel,
)
from installation.messages.composer import (
    Cancel,
    ClipReady,
    Compose,
    ComposeCancelled,
    ComposeFailed,
    ComposeProgress,
    ComposerChannel,
    ComposerHeartbeat,
    ComposerReady,
    FromComposer,
    ToComposer,
)
from installation.messages.eye import CameraEye, CameraFrame
from installation.messages.playback import HeardClip, PlaybackTap
from installation.messages.ui import (
    AnotherPiece,
    CueClip,
    FromUi,
    LanguageChosen,
    OwnText,
    QuitRequested,
    SceneChanged,
    SetVolumeWanted,
    ShowWork,
    TakeHome,
    ToUi,
    UiChannel,
    UiHeartbeat,
    UiReady,
)
from installation.messages.web import (
    FromWeb,
    OfferClip,
    ShowMetrics,
    ToWeb,
    WebChannel,
    WebHeartbeat,
    WebReady,
)

__all__ = [
    "BED_CLIP_ID",
    "MAX_CLIP_ID_BYTES",
    "AnotherPiece",
    "AppendClip",
    "ArtworkSeen",
    "AudioChannel",
    "AudioHeartbeat",
    "AudioReady",
    "CameraChannel",
    "CameraEye",
    "CameraFrame",
    "CameraHeartbeat",
    "CameraLost",
    "CameraReady",
    "CameraView",
    "Cancel",
    "ClipFailed",
    "ClipInfo",
    "ClipReady",
    "ClipStarted",
    "Compose",
    "ComposeCancelled",
    "ComposeFailed",
    "ComposeProgress",
    "ComposerChannel",
    "ComposerHeartbeat",
    "ComposerReady",
    "CueClip",
    "FixCorners",
    "FromAudio",
    "FromCamera",
    "FromComposer",
    "FromUi",
    "FromWeb",
    "HeardClip",
    "Hint",
    "KnowWorks",
    "LanguageChosen",
    "LogLine",
    "OfferClip",
    "Outline",
    "OwnText",
    "PlayClip",
    "PlaybackTap",
    "QuitRequested",
    "SceneChanged",
    "SetVolume",
    "SetVolumeWanted",
    "ShowMetrics",
    "ShowWork",
    "Shutdown",
    "SoundingNote",
    "TakeHome",
    "ToAudio",
    "ToCamera",
    "ToComposer",
    "ToUi",
    "ToWeb",
    "UiChannel",
    "UiHeartbeat",
    "UiReady",
    "VisitorCame",
    "VisitorLeft",
    "WallLabel",
    "WebChannel",
    "WebHeartbeat",
    "WebReady",
]
