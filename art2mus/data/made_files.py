"""Files that a command makes, one for each job: in several processes, each whole or absent, resumable."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TypeVar

from art2mus.data.file_checks import worker_pool
from art2mus.data.progress import progress_bar
from art2mus.data.tables import DataError
from art2mus.images import UnreadableImageError
from art2mus.sound_files import UnreadableSoundError
from art2mus.whole_files import whole_file

RECIPE_FILE = "recipe.json"
JobT = TypeVar("JobT")


def make_files(
    folder: Path,
    recipe: Mapping[str, object],
    jobs: Mapping[str, JobT],
    make: Callable[[JobT, Path], None],
    num_processes: int,
) -> dict[str, str]:
    """Make the files that are not there yet.

    Args:
        folder: Where they go; the caller keeps other runs out of it.
        recipe: Everything that decides what they are, as JSON.
        jobs: Name of each file → what it is made of.
        make: Makes one, at the path given. Runs in processes of its own, so it is a function of a module.
        num_processes: How many are made at a time.

    Returns: The files whose picture or sound cannot be read, each with the reason.
    Raises: DataError if the folder holds files of another recipe, or if a process dies.
    """
    _keep_recipe(folder, recipe)
    waiting = {name: job for name, job in jobs.items() if not (folder / name).is_file()}
    failed: dict[str, str] = {}
    pool = worker_pool(num_processes)
    try:
        with progress_bar() as progress:
            task = progress.add_task(folder.name, total=len(jobs), completed=len(jobs) - len(waiting))
            names = {pool.submit(_make, make, job, folder / name): name for name, job in waiting.items()}
            for future in as_completed(names):
                if reason := future.result():
                    failed[names[future]] = reason
                progress.advance(task)
    except BrokenProcessPool as error:
        raise DataError(f"{folder}: stopped, a process died; the same command goes on from here") from error
    finally:
        pool.shutdown(cancel_futures=True)
    return {name: failed[name] for name in jobs if name in failed}


def _make(make: Callable[[JobT, Path], None], job: JobT, path: Path) -> str:
    try:
        with whole_file(path) as partial:
            make(job, partial)
    except (UnreadableImageError, UnreadableSoundError) as error:
        return f"unreadable: {error}"
    return ""


def _keep_recipe(folder: Path, recipe: Mapping[str, object]) -> None:
    path = folder / RECIPE_FILE
    text = json.dumps(recipe, indent=1) + "\n"
    if path.is_file() and path.read_text("utf-8") != text:
        raise DataError(f"{folder}: holds files made otherwise (see {path.name}); name another folder, or remove it")
    with whole_file(path) as partial:
        partial.write_text(text, "utf-8")
