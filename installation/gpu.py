"""How full and how warm the graphics cards are, as NVIDIA's own tool says; asked without ever waiting for it."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

from installation.messages import Gpu

MAX_ANSWER_S = 10.0
"""A tool that takes longer is ended. One that cannot be ended (the driver hangs) is not asked again until it is."""

_QUESTION = ("--query-gpu=memory.used,memory.total,temperature.gpu", "--format=csv,noheader,nounits")


class GpuGauge:
    """Asks now, answers the next time."""

    def __init__(self, tool: Path | None) -> None:
        """Ask nothing yet.

        Args:
            tool: `nvidia-smi`; None where there is none, and then there are no cards.
        """
        self._tool = tool
        self._asking: subprocess.Popen[str] | None = None
        self._asked_at_s = 0.0
        self._cards: tuple[Gpu, ...] = ()

    def read(self, now_s: float) -> tuple[Gpu, ...]:
        """What the cards were like when they were asked last; none if that failed."""
        if self._asking is not None:
            self._hear(self._asking, now_s)
        if self._asking is None and self._tool is not None:
            self._ask(self._tool, now_s)
        return self._cards

    def _ask(self, tool: Path, now_s: float) -> None:
        with contextlib.suppress(OSError):
            self._asking = subprocess.Popen(
                [tool, *_QUESTION],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            self._asked_at_s = now_s

    def _hear(self, asking: subprocess.Popen[str], now_s: float) -> None:
        if asking.poll() is None:
            if now_s - self._asked_at_s > MAX_ANSWER_S:
                asking.kill()
                self._cards = ()
            return
        answer, _ = asking.communicate()
        self._cards = read_cards(answer) if asking.returncode == 0 else ()
        self._asking = None


def ask_now(tool: Path) -> tuple[Gpu, ...]:
    """Ask and wait for the answer; none if there is none in time."""
    try:
        answer = subprocess.run([tool, *_QUESTION], capture_output=True, text=True, timeout=MAX_ANSWER_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    return read_cards(answer.stdout)


def read_cards(answer: str) -> tuple[Gpu, ...]:
    """The cards in the tool's answer, one a line; a card that does not give a figure ("[N/A]") is left out.

    >>> read_cards("512, 24564, 41")
    (Gpu(memory_mb=512.0, total_memory_mb=24564.0, temperature_c=41.0),)
    """
    cards = []
    for line in answer.splitlines():
        with contextlib.suppress(ValueError):
            memory_mb, total_memory_mb, temperature_c = map(float, line.split(","))
            cards.append(Gpu(memory_mb, total_memory_mb, temperature_c))
    return tuple(cards)
