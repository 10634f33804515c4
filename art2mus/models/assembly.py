"""What a model is put together from, where its parts are published by others: `assembly.json`. Importing this is light.

Each part stays where it is; the model's own folder holds this file and the projection.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from art2mus.digests import content_digest
from art2mus.whole_files import whole_file

ASSEMBLY = "assembly.json"


@dataclass(frozen=True)
class Assembly:
    """The parts of an Art2Mus.

    Attributes:
        base: AudioLDM 2: the name of a model, or its folder.
        image_encoder: ImageBind: the name, or a file or folder.
        projection: File of the projection; in JSON, its name in the model's folder.
        projection_sha256: Its hash.
        conditioning: How the projection was trained; see `ImageProjection`.
        view: How much ImageBind sees of a picture that is not square; None is its own way, "crop" as published.
    """

    base: str
    image_encoder: str
    projection: Path
    projection_sha256: str
    conditioning: str = "reference"
    view: str | None = None

    @classmethod
    def read(cls, folder: Path) -> Assembly:
        """Read the assembly of a folder.

        Raises: OSError, ValueError or TypeError if it is not one.
        """
        parts = cls(**json.loads((folder / ASSEMBLY).read_text("utf-8")))
        return replace(parts, projection=folder / parts.projection)

    def write(self, folder: Path) -> None:
        """Write it, whole or not at all."""
        stored = {**asdict(self), "projection": self.projection.name}
        with whole_file(folder / ASSEMBLY) as partial:
            partial.write_text(json.dumps(stored, indent=2) + "\n", "utf-8")

    @property
    def is_intact(self) -> bool:
        """Whether the projection is still the one that was put there."""
        return self.projection.is_file() and content_digest(self.projection) == self.projection_sha256


def put_together(
    folder: Path, base: str, image_encoder: str, projection: Path, conditioning: str, view: str | None = None
) -> None:
    """Keep a projection in a model's folder, and write down what goes with it.

    Raises: OSError.
    """
    own = folder / f"projection{projection.suffix}"
    with whole_file(own) as partial:
        shutil.copyfile(projection, partial)
    Assembly(base, image_encoder, own, content_digest(own), conditioning, view).write(folder)


def published_name(num_tokens: int) -> str:
    """What the authors call the file of a projection.

    >>> published_name(1), published_name(4)
    ('art2mus_img_proj_layer.pt', 'art2mus_4_img_proj_layer.pt')
    """
    return f"art2mus_{'' if num_tokens == 1 else f'{num_tokens}_'}img_proj_layer.pt"
