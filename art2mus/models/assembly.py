"""What a model is put together from, where its parts are published by others: `assembly.json`. Importing this is light.

Each part stays where it is; the model's own folder holds this file and the projection.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path

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
    """

    base: str
    image_encoder: str
    projection: Path
    projection_sha256: str
    conditioning: str = "reference"

    @classmethod
    def read(cls, folder: Path) -> Assembly:
        """Read the assembly of a folder.

        Raises: OSError, ValueError or TypeError if it is not one.
        """
        parts = cls(**json.loads((folder / ASSEMBLY).read_text("utf-8")))
        return replace(parts, projection=folder / parts.projection)

    def write(self, folder: Path) -> None:
        """Write it, whole or not at all."""
        partial = folder / f"{ASSEMBLY}.part"
        partial.write_text(json.dumps({**asdict(self), "projection": self.projection.name}, indent=2) + "\n", "utf-8")
        partial.replace(folder / ASSEMBLY)

    @property
    def is_intact(self) -> bool:
        """Whether the projection is still the one that was put there."""
        return self.projection.is_file() and sha256(self.projection) == self.projection_sha256


def put_together(folder: Path, base: str, image_encoder: str, projection: Path, conditioning: str) -> None:
    """Keep a projection in a model's folder, and write down what goes with it.

    Raises: OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    own = folder / f"projection{projection.suffix}"
    partial = own.with_name(f"{own.name}.part")
    shutil.copyfile(projection, partial)
    partial.replace(own)
    Assembly(base, image_encoder, own, sha256(own), conditioning).write(folder)


def sha256(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
