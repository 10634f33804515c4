"""Between the director and the composer process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from installation.channel import Channel
from installation.messages.common import ClipInfo, LogLine, Shutdown


@dataclass(frozen=True, slots=True)
class Compose:
    """To composer: make one clip. Jobs are done in the order they come.

    Attributes:
        job_id: Repeated in everything that is said about this job.
        artwork_id: The work.
        picture_path: Its picture.
        seed: Same picture, seed and settings, same music.
        sample_rate: In Hz, of the device.
        continues: The clip this one follows without a seam; None begins a new piece. A clip whose
            piece the composer does not hold (it was restarted) is refused with ComposeFailed.
        prompt: A visitor's words, said to the model beside the picture and the curator's.
        year: When the work was made, if its label says so.
        country: Where it comes from, likewise.
    """

    job_id: str
    artwork_id: str
    picture_path: Path
    seed: int
    sample_rate: int
    continues: str | None = None
    prompt: str | None = None
    year: int | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """To composer: drop this job. Unknown ids are ignored."""

    job_id: str


@dataclass(frozen=True, slots=True)
class ComposerReady:
    """From composer: the model is loaded.

    Attributes:
        model: Its name.
        load_s: Seconds it took.
        recipe: Stands for its weights and settings (`library.receipt.Sampling.key`); empty where nobody keeps receipts.
    """

    model: str
    load_s: float
    recipe: str = ""


@dataclass(frozen=True, slots=True)
class ComposeProgress:
    """From composer after every step of work, and passed on to the ui: how far a job is.

    Attributes:
        job_id: The job.
        step: Steps done, 0 to `num_steps`.
        num_steps: Steps of the whole job, over all stages.
    """

    job_id: str
    step: int
    num_steps: int


@dataclass(frozen=True, slots=True)
class ClipReady:
    """From composer: the clip is on disk.

    Attributes:
        job_id: The job.
        clip: The finished clip.
        stage_seconds: Wall time by stage, in the order they ran.
    """

    job_id: str
    clip: ClipInfo
    stage_seconds: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class ComposeFailed:
    """From composer: no clip will come of this job.

    Attributes:
        job_id: The job.
        reason: One line.
        is_lost_piece: The piece to be continued is not held here: begin a new one.
        is_unreadable: There is no picture in the file: it is no use to ask again.
    """

    job_id: str
    reason: str
    is_lost_piece: bool = False
    is_unreadable: bool = False


@dataclass(frozen=True, slots=True)
class ComposeCancelled:
    """From composer: the job was dropped as asked."""

    job_id: str


ToComposer = Compose | Cancel | Shutdown
FromComposer = ComposerReady | ComposeProgress | ClipReady | ComposeFailed | ComposeCancelled | LogLine

ComposerChannel = Channel[FromComposer, ToComposer]
"""As the composer process holds it: `installation.composer.main(channel, settings)`."""
