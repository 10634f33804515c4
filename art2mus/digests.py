"""Names for what files hold."""

import hashlib
from pathlib import Path


def content_digest(path: Path) -> str:
    """Hash a file by SHA-256, in hexadecimal.

    Raises: OSError.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
