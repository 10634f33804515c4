"""Names for what files and networks hold. Importing this loads no torch."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def content_digest(path: Path) -> str:
    """Hash a file by SHA-256, in hexadecimal.

    Raises: OSError.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def network_digest(network: nn.Module) -> str:
    """Hash a network's weights and, where it has a configuration of diffusers' kind, that too.

    Such a configuration says more than the weights do, for one how an image encoder looks at a picture.
    """
    import torch
    from diffusers import ConfigMixin

    digest = hashlib.sha256()
    if isinstance(network, ConfigMixin):
        described = {key: value for key, value in network.config.items() if not key.startswith("_")}
        digest.update(json.dumps(described, sort_keys=True, default=str).encode())
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
