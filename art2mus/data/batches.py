"""Long work on many items: in batches that are written whole, resumed where it stopped, shared by processes.

The batches follow from the list of items alone. So their results are the same whether a run is interrupted or not, and
whoever takes part in it. While a run is not finished, its folder holds `.unfinished/`: what is being done (`run.json`),
and one file for each batch that is done. In the end they become one result, `failed.csv`, and `meta.json`, which is
written last: where it is, the work is finished.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

import art2mus
from art2mus.data.progress import progress_bar
from art2mus.data.tables import DataError, write_rows
from art2mus.images import UnreadableImageError
from art2mus.processes import join
from art2mus.sound_files import UnreadableSoundError
from art2mus.whole_files import FolderInUseError, sole_run, whole_file

Array = NDArray[Any]
Compute = Callable[[list[Any]], Array]
"""What was read of some items → (len, …), one result for each."""

META_FILE, FAILED_FILE = "meta.json", "failed.csv"


@dataclass(frozen=True)
class Work:
    """What is to be done.

    Attributes:
        identity: Everything that the results depend on beside the items, as JSON.
        items: Id → what is read: a file, or a text.
        read: Makes of it what the model takes. Runs in processes of its own, so it is a function of a module.
        load_model: Gives the model, on a device.
        batch_size: Items that the model sees at once.
    """

    identity: Mapping[str, Any]
    items: Mapping[str, Path | str]
    read: Callable[[Any], Any]
    load_model: Callable[[torch.device], Compute]
    batch_size: int

    @property
    def num_batches(self) -> int:
        """How many batches there are."""
        return -(-len(self.items) // self.batch_size)

    def rows(self, batch: int) -> range:
        """Which items are in a batch."""
        return range(batch * self.batch_size, min((batch + 1) * self.batch_size, len(self.items)))

    def describe(self) -> dict[str, Any]:
        """Everything that the results depend on, the items as a hash."""
        digest = hashlib.sha256()
        for name, source in self.items.items():
            digest.update(json.dumps([name, source if isinstance(source, str) else ""]).encode())
        items = {"count": len(self.items), "items_sha256": digest.hexdigest(), "batch_size": self.batch_size}
        return {**self.identity, **items}


@dataclass(frozen=True)
class Done:
    """The results of finished work, in the order of the items.

    Attributes:
        work: What was done.
        folder: Where.
    """

    work: Work
    folder: Path

    def __iter__(self) -> Iterator[tuple[str, Any, str]]:
        """For each item its name, its result or None, and why it has none or ""."""
        names = iter(self.work.items)
        for batch in range(self.work.num_batches):
            with np.load(_batch_file(self.folder, batch)) as stored:
                results, reasons = iter(stored["results"]), stored["reasons"].tolist()
            for reason in reasons:
                yield next(names), None if reason else next(results), reason


def carry_out(
    work: Work, finish: Callable[[Path, Done], Mapping[str, Any]], folder: Path, num_workers: int
) -> Mapping[str, Any] | None:
    """Do what is still to be done; under `accelerate launch`, every process does its share.

    Args:
        work: What.
        finish: Writes the result of all batches into the folder, in one process; gives what `meta.json` says more.
        folder: For the results. Processes on several machines share it.
        num_workers: Processes that read ahead for each process that computes; 0 is without.

    Returns: What `meta.json` says; None in all processes but the first.
    Raises: DataError if the folder is in use or holds something else, if the work cannot go on, or if no item has a
        result.
    """
    state = join()
    with _held(work, folder, state) as meta:
        if meta is not None:
            return meta if state.is_main_process else None
        try:
            _do_share(work, folder, num_workers, state)
        except (OSError, RuntimeError) as error:  # no room, no memory, a reader that was killed
            reason = " ".join(str(error).split())[:200]
            raise DataError(f"{folder}: stopped: {reason}\n  the same command goes on from here") from error
        state.wait_for_everyone()
        return _finish(work, folder, finish) if state.is_main_process else None


@contextmanager
def _held(work: Work, folder: Path, state: PartialState) -> Iterator[Mapping[str, Any] | None]:
    """Have the first process take the folder for all of them; gives what `meta.json` says where all is done."""
    news: list[Any] = [None, None]
    with ExitStack() as stack:
        if state.is_main_process:
            try:
                stack.enter_context(sole_run(folder))
                news[0] = _begin(work, folder)
            except (FolderInUseError, DataError) as error:
                news[1] = str(error)
            except OSError as error:
                news[1] = f"{folder}: cannot be used for output: {error.strerror}"
        meta, refusal = broadcast_object_list(news)
        if refusal is not None:
            raise DataError(refusal) if state.is_main_process else SystemExit(2)
        yield meta


def _begin(work: Work, folder: Path) -> Mapping[str, Any] | None:
    """Compare what the folder holds with what shall be done."""
    description = work.describe()
    unfinished = folder / ".unfinished"
    for path in (folder / META_FILE, unfinished / "run.json"):
        if not path.is_file():
            continue
        found = _read_description(path, folder)
        for key, value in description.items():
            if found.get(key) != value:
                raise DataError(
                    f"{folder}: holds other work ({key} is {found.get(key)!r}, here it is {value!r});\n"
                    "  name another folder, or remove this one"
                )
        return found if path.name == META_FILE else None
    with whole_file(unfinished / "run.json") as partial:
        partial.write_text(json.dumps(description), "utf-8")
    return None


def _read_description(path: Path, folder: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
        if not isinstance(found, dict):
            raise ValueError("no keys and values")
    except ValueError as error:
        raise DataError(f"{path}: damaged ({error}); remove {folder} and start again") from error
    return found


def _do_share(work: Work, folder: Path, num_workers: int, state: PartialState) -> None:
    share = range(work.num_batches)[state.process_index :: state.num_processes]
    waiting = [batch for batch in share if not _batch_file(folder, batch).is_file()]
    if not waiting:
        return
    compute = work.load_model(state.device)
    total, num_waiting = (sum(len(work.rows(batch)) for batch in batches) for batches in (share, waiting))
    others = f" (1 of {state.num_processes} processes)" if state.num_processes > 1 else ""
    with progress_bar() as progress:
        progress.disable = not state.is_main_process
        task = progress.add_task(f"{folder.name}{others}", total=total, completed=total - num_waiting)
        for batch, read in zip(waiting, _read_ahead(work, waiting, num_workers), strict=True):
            good = [item for item, reason in read if not reason]
            results = compute(good) if good else np.empty(0)
            with whole_file(_batch_file(folder, batch)) as partial:
                np.savez(partial, results=results, reasons=np.array([reason for _, reason in read]))
            progress.advance(task, len(read))


def _read_ahead(work: Work, batches: Sequence[int], num_workers: int) -> DataLoader[Any]:
    """Read the items of batches; gives for each batch what was read, and why something could not be read."""
    return DataLoader(
        _Items(work.read, list(work.items.values())),
        batch_sampler=[list(work.rows(batch)) for batch in batches],
        num_workers=num_workers,
        multiprocessing_context="spawn" if num_workers else None,
        collate_fn=list,
        worker_init_fn=_be_silent,
    )


class _Items(Dataset[tuple[Any, str]]):
    def __init__(self, read: Callable[[Any], Any], sources: Sequence[Path | str]) -> None:
        self.read, self.sources = read, sources

    def __len__(self) -> int:
        return len(self.sources)

    def __getitem__(self, row: int) -> tuple[Any, str]:
        source = self.sources[row]
        try:
            return self.read(source), ""
        except (UnreadableImageError, UnreadableSoundError) as error:
            return None, str(error).removeprefix(f"{source}: ")


def _be_silent(_worker: int) -> None:
    """Decoders print what they find in damaged files."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)


def _finish(work: Work, folder: Path, finish: Callable[[Path, Done], Mapping[str, Any]]) -> Mapping[str, Any]:
    done = Done(work, folder)
    failed = {name: reason for name, _, reason in done if reason}
    if len(failed) == len(work.items):
        name, reason = next(iter(failed.items()), ("the list", "it is empty"))
        shutil.rmtree(folder / ".unfinished")
        raise DataError(f"{folder}: nothing could be done; {name}: {reason}")
    more = finish(folder, done)
    write_rows(folder / FAILED_FILE, ["file", "reason"], [{"file": f, "reason": r} for f, r in failed.items()])
    meta = {**work.describe(), **more, "num_failed": len(failed), "made_by": f"art2mus {art2mus.__version__}"}
    with whole_file(folder / META_FILE) as partial:
        partial.write_text(json.dumps(meta, indent=1, ensure_ascii=False) + "\n", "utf-8")
    shutil.rmtree(folder / ".unfinished")
    return meta


def _batch_file(folder: Path, batch: int) -> Path:
    return folder / ".unfinished" / f"{batch:07d}.npz"
