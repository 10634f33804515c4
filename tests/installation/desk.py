"""The director's end of the line to a composer, which runs on a thread of its own or in another process."""

import threading
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path

from art2mus.models import BUNDLED
from installation.channel import Channel
from installation.composer import Composer
from installation.messages import (
    ClipReady,
    Compose,
    ComposeProgress,
    ComposerHeartbeat,
    FromComposer,
    ToComposer,
)
from installation.settings import ComposerSettings
from installation.works import BUNDLED_GALLERY

PICTURE = BUNDLED_GALLERY / "leonardo-da-vinci_mona-lisa-1503.jpg"
PATIENCE_S = 60.0
RATE = 48_000


@dataclass
class Desk:
    """Where jobs are given and answers come back."""

    channel: Channel[ToComposer, FromComposer]
    library_dir: Path

    def ask(
        self,
        job_id: str,
        continues: str | None = None,
        picture: Path = PICTURE,
        sample_rate: int = RATE,
        prompt: str | None = None,
    ) -> None:
        self.channel.send(Compose(job_id, "mona-lisa", picture, 3, sample_rate, continues, prompt))

    def answer(self) -> FromComposer:
        """What the composer says next, but for progress."""
        while True:
            message = self.channel.receive(PATIENCE_S)
            assert message is not None, "it says nothing"
            if not isinstance(message, ComposeProgress | ComposerHeartbeat):
                return message

    def clip(self) -> ClipReady:
        answer = self.answer()
        assert isinstance(answer, ClipReady), answer
        return answer


def start(tmp_path: Path, pipeline: object, **settings_: object) -> tuple[Desk, threading.Thread]:
    """Begin with a composer on a thread."""
    ours, theirs = Pipe(duplex=True)
    settings = ComposerSettings(BUNDLED, tmp_path / "library", num_inference_steps=3, **settings_)  # type: ignore[arg-type]
    composer = Composer(Channel(theirs), settings, pipeline)  # type: ignore[arg-type]
    thread = threading.Thread(target=composer.run)
    thread.start()
    return Desk(Channel(ours), settings.library_dir), thread
