"""The tags of a FLAC file, read and replaced without touching its sound. Standard library only.

Source: https://www.rfc-editor.org/rfc/rfc9639 sections 8.1 (blocks of metadata) and 8.6 (Vorbis comments).
"""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_MARKER = b"fLaC"
_STREAM_INFO, _PADDING, _COMMENTS = 0, 1, 4
_IS_LAST = 0x80
_MAX_BLOCK_BYTES = 2**24 - 1
_VENDOR = b"art2mus"


@dataclass(frozen=True, slots=True)
class Head:
    """What comes before the sound.

    Attributes:
        blocks: (type, content) of every block of metadata but tags and padding, in their order.
        tags: By name in capitals; of a name that is there twice, the last.
        num_bytes: Where the sound begins in the file.
    """

    blocks: tuple[tuple[int, bytes], ...]
    tags: Mapping[str, str]
    num_bytes: int


def read_head(path: Path) -> Head:
    """Read what comes before the sound.

    Raises: OSError; ValueError if it is no FLAC file.
    """
    with path.open("rb") as file:
        if file.read(4) != _MARKER:
            raise ValueError("not a FLAC file")
        blocks: list[tuple[int, bytes]] = []
        tags: dict[str, str] = {}
        is_last = False
        while not is_last:
            kind, is_last, content = _read_block(file)
            if kind == _COMMENTS:
                tags |= _parse(content)
            elif kind != _PADDING:
                blocks.append((kind, content))
        if not blocks or blocks[0][0] != _STREAM_INFO:
            raise ValueError("a FLAC file without a beginning")
        return Head(tuple(blocks), tags, file.tell())


def head_with(head: Head, tags: Mapping[str, str]) -> bytes:
    """The same head with these tags and no others, as bytes.

    Raises: ValueError if they are too long for a FLAC file.
    """
    first, *others = head.blocks
    blocks = [first, (_COMMENTS, _comments(tags)), *others]
    parts = [_MARKER]
    for number, (kind, content) in enumerate(blocks, start=1):
        if len(content) > _MAX_BLOCK_BYTES:
            raise ValueError(f"{len(content)} bytes of tags are too many")
        parts.append(bytes([kind | (_IS_LAST if number == len(blocks) else 0)]))
        parts.append(len(content).to_bytes(3, "big") + content)
    return b"".join(parts)


def copy_with_tags(source: Path, target: Path, tags: Mapping[str, str]) -> None:
    """Write a copy that has these tags and no others, and see it safely onto the disk.

    Raises: OSError; ValueError if the source is no FLAC file.
    """
    head = read_head(source)
    with source.open("rb") as sound, target.open("wb") as copy:
        sound.seek(head.num_bytes)
        copy.write(head_with(head, tags))
        shutil.copyfileobj(sound, copy)
        copy.flush()
        os.fsync(copy.fileno())


def _read_block(file: BinaryIO) -> tuple[int, bool, bytes]:
    start = file.read(4)
    if len(start) < 4:
        raise ValueError("cut off in its metadata")
    num_bytes = int.from_bytes(start[1:], "big")
    content = file.read(num_bytes)
    if len(content) < num_bytes:
        raise ValueError("cut off in its metadata")
    return start[0] & ~_IS_LAST, bool(start[0] & _IS_LAST), content


def _comments(tags: Mapping[str, str]) -> bytes:
    entries = [f"{name}={text}".encode() for name, text in tags.items()]
    parts = [struct.pack("<I", len(_VENDOR)), _VENDOR, struct.pack("<I", len(entries))]
    for entry in entries:
        parts += [struct.pack("<I", len(entry)), entry]
    return b"".join(parts)


def _parse(content: bytes) -> dict[str, str]:
    tags: dict[str, str] = {}
    try:
        (num_vendor_bytes,) = struct.unpack_from("<I", content, 0)
        place = 4 + num_vendor_bytes
        (num_entries,) = struct.unpack_from("<I", content, place)
        place += 4
        for _ in range(num_entries):
            (num_bytes,) = struct.unpack_from("<I", content, place)
            entry = content[place + 4 : place + 4 + num_bytes].decode()
            name, _, text = entry.partition("=")
            tags[name.upper()] = text
            place += 4 + num_bytes
    except struct.error as error:
        raise ValueError("damaged tags") from error
    return tags
