"""Files of models, fetched from the hub, resumed, and checked by the hashes the hub gives. Importing this is light.

Which commit of a repository was fetched, and the hash of each of its files, is written down beside the files before
the first of them is fetched. From then on it is this commit that is fetched, and these hashes that are checked,
without a network.
"""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from art2mus.whole_files import whole_file

LOCK = "lock.json"
MAKE_ROOM = "make room, or name another disk with ART2MUS_HOME"
DISK_FULL = f"the disk is full; what was fetched is kept\n  {MAKE_ROOM}, and run the command again"
_CHUNK = 1 << 22


class DownloadError(Exception):
    """Files could not be fetched; the message is for the user, in one or two lines."""


@dataclass(frozen=True)
class Source:
    """Where files are published.

    Attributes:
        repository: Of the hub.
        patterns: Which of its files are wanted.
        revision: A branch, tag or commit; what it means when it is first fetched stays fetched.
    """

    repository: str
    patterns: tuple[str, ...]
    revision: str = "main"


@dataclass(frozen=True)
class LockedFile:
    """One file, as it was published.

    Attributes:
        size: In bytes.
        algorithm: "sha256" for large files; "git-sha1", the name git gives a file, for small ones.
        digest: In hexadecimal.
    """

    size: int
    algorithm: str
    digest: str


@dataclass(frozen=True)
class Lock:
    """What was fetched.

    Attributes:
        repository: Of the hub.
        revision: The commit.
        files: By their names.
    """

    repository: str
    revision: str
    files: dict[str, LockedFile]

    @classmethod
    def read(cls, folder: Path) -> Lock:
        """Read the lock of a folder.

        Raises: DownloadError if it is damaged.
        """
        try:
            stored = json.loads((folder / LOCK).read_text("utf-8"))
            files = {name: LockedFile(**file) for name, file in stored["files"].items()}
            return cls(stored["repository"], stored["revision"], files)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise DownloadError(f"{folder / LOCK}: cannot be read; remove it, and fetch the model again") from error

    def write(self, folder: Path) -> None:
        """Write it, whole or not at all."""
        with whole_file(folder / LOCK) as partial:
            partial.write_text(json.dumps(asdict(self), indent=2) + "\n", "utf-8")

    def missing(self, folder: Path) -> dict[str, LockedFile]:
        """Files that are not there, or not whole."""
        return {
            name: file
            for name, file in self.files.items()
            if not (folder / name).is_file() or (folder / name).stat().st_size != file.size
        }


def is_complete(folder: Path) -> bool:
    """Say whether all files of a lock are there, by their sizes.

    Raises: DownloadError if the lock is damaged.
    """
    return not Lock.read(folder).missing(folder)


def download(source: Source, folder: Path) -> None:
    """Fetch what is missing, with a progress bar, and check it. What was interrupted goes on.

    Raises: DownloadError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _explained(source.repository):
        if not (folder / LOCK).is_file():
            _look_up(source).write(folder)
        lock = Lock.read(folder)
        missing = lock.missing(folder)
        _check_space(folder, sum(file.size for file in missing.values()) - _begun(folder))
        from huggingface_hub import hf_hub_download

        for name in missing:
            hf_hub_download(lock.repository, name, revision=lock.revision, local_dir=folder)
    damaged = [name for name, file in missing.items() if not matches(folder / name, file)]
    for name in damaged:
        (folder / name).unlink()
    if damaged:
        raise DownloadError(f"{', '.join(damaged)}: not what was published, and removed; run the command again")


def verify(folder: Path) -> Iterator[tuple[str, bool]]:
    """Check every file by its hash, without a network."""
    for name, file in Lock.read(folder).files.items():
        yield name, matches(folder / name, file)


def matches(path: Path, file: LockedFile) -> bool:
    """Compare a file with what was published."""
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    digest = hashlib.sha256() if file.algorithm == "sha256" else hashlib.sha1(b"blob %d\0" % file.size)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest() == file.digest


def _look_up(source: Source) -> Lock:
    from huggingface_hub import HfApi

    info = HfApi().model_info(source.repository, revision=source.revision, files_metadata=True)
    files = {
        sibling.rfilename: _locked(sibling)
        for sibling in info.siblings or []
        if any(fnmatch.fnmatch(sibling.rfilename, pattern) for pattern in source.patterns)
    }
    if not files or not info.sha:
        raise DownloadError(f"{source.repository}: none of {', '.join(source.patterns)} is published there any more")
    return Lock(source.repository, info.sha, files)


def _locked(sibling: Any) -> LockedFile:
    if sibling.lfs is not None:
        return LockedFile(sibling.lfs.size, "sha256", sibling.lfs.sha256)
    return LockedFile(sibling.size, "git-sha1", sibling.blob_id)


def _is_disk_full(error: BaseException | None) -> bool:
    """Whether an error, or what it came from, says that there is no room."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False


def _begun(folder: Path) -> int:
    """Bytes that an interrupted download has left, to go on from; the hub's client keeps them there."""
    return sum(path.stat().st_size for path in (folder / ".cache" / "huggingface").rglob("*.incomplete"))


def _check_space(folder: Path, num_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if num_bytes > free:
        raise DownloadError(
            f"{folder}: {num_bytes / 1e9:.1f} GB are to come, but only {free / 1e9:.1f} GB are free\n  {MAKE_ROOM}"
        )


@contextlib.contextmanager
def _explained(repository: str) -> Iterator[None]:
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled, RepositoryNotFoundError

    try:
        yield
    except DownloadError:
        raise
    except OfflineModeIsEnabled:
        raise DownloadError(f"{repository}: HF_HUB_OFFLINE is set, so nothing is fetched; unset it") from None
    except RepositoryNotFoundError:
        raise DownloadError(f"{repository}: the hub has no such repository, or asks for an account") from None
    except HfHubHTTPError as error:
        status = error.response.status_code
        raise DownloadError(f"{repository}: the hub answers {status}; what was fetched is kept, try later") from None
    except Exception as error:  # which errors a broken connection raises is the transport's business
        if _is_disk_full(error):
            raise DownloadError(f"{repository}: {DISK_FULL}") from error
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        hint = "is this machine online? What was fetched is kept: run the command again"
        raise DownloadError(f"{repository}: cannot be fetched ({reason})\n  {hint}") from error
