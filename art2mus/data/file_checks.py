"""Open every file of a collection once: in several processes, resumable, whatever a file does to its decoder."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from art2mus.data.progress import progress_bar

UNREADABLE = "unreadable:"
"""How the error begins of a file that may be readable the next time."""
_FILES_IN_FLIGHT_PER_PROCESS = 4


@dataclass(frozen=True)
class Facts:
    """What was found in a file.

    Attributes:
        error: Why it cannot be used, or nothing.
    """

    error: str = ""


FactsT = TypeVar("FactsT", bound=Facts)


def check_files(
    root: Path,
    files: Sequence[str],
    measure: Callable[[Path], FactsT],
    kind: type[FactsT],
    log: Path,
    num_processes: int,
) -> dict[str, FactsT]:
    """Measure every file, but for those that the log has measured before and that have not changed since.

    What could not be read is tried again: a missing right, or disk, is no matter of the file's size and time.

    Args:
        root: The folder that the files are relative to.
        files: Paths below it.
        measure: Opens a file and finds the facts; says in them what is wrong, and raises nothing. Runs in processes of
            its own, so it is a function of a module.
        kind: The facts it gives.
        log: Every file's facts are added here as they are found; an interrupted run goes on from there.
        num_processes: How many files are open at a time.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    states = {file: _state(root / file) for file in files}
    facts = {file: known for (file, state), known in _read_log(log, kind).items() if states.get(file) == state}
    waiting = [file for file in files if file not in facts]
    with progress_bar() as progress, log.open("a", encoding="utf-8") as lines:
        task = progress.add_task("checking files", total=len(files), completed=len(facts))
        for path, found in _measure_all([root / file for file in waiting], measure, kind, num_processes):
            file = path.relative_to(root).as_posix()
            facts[file] = found
            record = {"file": file, "state": states[file], **dataclasses.asdict(found)}
            # The line break comes first: what a killed run left of its last line spoils no other.
            lines.write("\n" + json.dumps(record))
            lines.flush()
            progress.advance(task)
    return {file: facts[file] for file in files}


def _state(path: Path) -> str:
    """By this a file is known to be as it was: its size and time."""
    try:
        status = path.stat()
    except OSError as error:
        return f"{error.strerror}"
    return f"{status.st_size} {status.st_mtime_ns}"


def _read_log(log: Path, kind: type[FactsT]) -> dict[tuple[str, str], FactsT]:
    known: dict[tuple[str, str], FactsT] = {}
    for line in log.read_text("utf-8", errors="replace").splitlines() if log.is_file() else ():
        try:
            record = json.loads(line)
            key = record.pop("file"), record.pop("state")
            facts = kind(**record)
        except (ValueError, TypeError, KeyError, AttributeError):
            continue  # cut off, or of another version: the file is measured again
        if not facts.error.startswith(UNREADABLE):
            known[key] = facts
    return known


def _measure_all(
    paths: Iterable[Path], measure: Callable[[Path], FactsT], kind: type[FactsT], num_processes: int
) -> Iterator[tuple[Path, FactsT]]:
    """Give the facts of files as they come; a file that takes its process down costs only itself."""
    waiting = deque(paths)
    while waiting:
        in_flight: dict[Future[FactsT], Path] = {}
        pool = worker_pool(num_processes)
        try:
            while waiting or in_flight:
                while waiting and len(in_flight) < _FILES_IN_FLIGHT_PER_PROCESS * num_processes:
                    future = pool.submit(measure, waiting[0])
                    in_flight[future] = waiting.popleft()
                for future in wait(in_flight, return_when=FIRST_COMPLETED).done:
                    found = future.result()
                    yield in_flight.pop(future), found
        except BrokenProcessPool:
            for path in in_flight.values():
                yield path, _measure_alone(path, measure, kind)
        finally:
            pool.shutdown(cancel_futures=True)


def _measure_alone(path: Path, measure: Callable[[Path], FactsT], kind: type[FactsT]) -> FactsT:
    with worker_pool(1) as pool:
        try:
            return pool.submit(measure, path).result()
        except BrokenProcessPool:
            return kind(error="corrupt: its decoder crashed")


def worker_pool(num_processes: int) -> ProcessPoolExecutor:
    """Give processes that end with this one, leave Ctrl-C to it, and print nothing."""
    return ProcessPoolExecutor(
        num_processes, mp_context=multiprocessing.get_context("spawn"), initializer=_prepare_process
    )


def _prepare_process() -> None:
    """Leave Ctrl-C to the parent, leave with it, and be silent: decoders print what they find in damaged files."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
