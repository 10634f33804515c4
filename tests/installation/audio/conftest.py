"""Memory that a tap lives in."""

from collections.abc import Iterator
from multiprocessing.shared_memory import SharedMemory

import pytest

from installation.audio import TAP_BYTES


@pytest.fixture
def memory() -> Iterator[SharedMemory]:
    memory = SharedMemory(create=True, size=TAP_BYTES)
    yield memory
    memory.close()
    memory.unlink()
