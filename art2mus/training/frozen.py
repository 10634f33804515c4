"""What the frozen networks say about the data, computed once and kept on disk.

The cache holds a folder for the pictures' embeddings, one for the latents of the crops, and a file for the texts. The
name of each ends in a digest of all that it depends on: weights, files by size and time, settings. What has changed is
therefore computed anew under another name, and what is there can be trusted; it may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from art2mus.codec.mel import MelCodec
from art2mus.conditioning import Condition
from art2mus.data.batches import FAILED_FILE, META_FILE, Work, carry_out
from art2mus.data.embed import write_done
from art2mus.data.embeddings import Embeddings
from art2mus.data.tables import DataError, read_rows
from art2mus.digests import network_digest
from art2mus.images import load_artwork
from art2mus.pipeline import Art2MusPipeline
from art2mus.processes import join
from art2mus.training.crops import CropReader
from art2mus.whole_files import whole_file

_PICTURES_AT_ONCE, _TRACKS_AT_ONCE = 16, 4
_DIGEST_LENGTH = 16
_BLOCK_BYTES = 512  # of stat, whatever the file system's are
_BRANCHES = ("sentence", "negative")


@dataclass(frozen=True)
class Cached:
    """Something known of files, by their ids.

    Attributes:
        values: One for each file, mapped from the disk; not a number where a file could not be read.
        row: Where that of each file is.
        failed: Why a file has none.

    Shape: values (num_files, …).
    """

    values: np.ndarray[Any, np.dtype[np.float32]]
    row: Mapping[str, int]
    failed: Mapping[str, str]


def embed_pictures(pipeline: Art2MusPipeline, root: Path, files: Sequence[str], cache: Path, workers: int) -> Cached:
    """See pictures with the pipeline's image encoder.

    Shape: values (len(files), embedding_dim).
    Raises: DataError.
    """
    encoder = pipeline.image_encoder
    # The encoder's own configuration says how it looks: the whole of a picture, or its middle.
    identity = {"what": "image embeddings", "encoder": network_digest(encoder), "files": _states(root, files)}

    def load_model(device: torch.device) -> Callable[[list[Any]], Any]:
        encoder.to(device)
        return lambda pictures: encoder.encode(pictures).float().cpu().numpy()

    work = Work(identity, {file: root / file for file in files}, load_artwork, load_model, _PICTURES_AT_ONCE)
    cached = _carry_out(work, cache, "images", workers, int(encoder.config.embedding_dim))
    encoder.to("cpu")
    return cached


def encode_crops(
    codec: MelCodec, reader: CropReader, root: Path, files: Sequence[str], cache: Path, workers: int
) -> Cached:
    """Encode crops of tracks with the VAE.

    Shape: values (len(files), num_crops, 2 C, latent_steps, latent_bins): means and log-variances of the latents.
    Raises: DataError.
    """
    identity = {
        "what": "moments",
        "vae": network_digest(codec.vae),
        "reading": vars(reader),
        "files": _states(root, files),
    }
    shape = (reader.num_crops, 2 * codec.latent_channels, reader.mel_frames // codec.stride, codec.latent_bins)

    @torch.no_grad()
    def moments(tracks: list[Any]) -> Any:
        rows = [codec.vae.encode(torch.from_numpy(mels)[:, None].to(codec.device)).latent_dist for mels in tracks]
        return torch.stack([row.parameters.float().flatten() for row in rows]).cpu().numpy()

    def load_model(device: torch.device) -> Callable[[list[Any]], Any]:
        codec.to(device)
        return moments

    work = Work(identity, {file: root / file for file in files}, reader, load_model, _TRACKS_AT_ONCE)
    cached = _carry_out(work, cache, "moments", workers, int(np.prod(shape)))
    return Cached(cached.values.reshape(-1, *shape), cached.row, cached.failed)


def read_texts(pipeline: Art2MusPipeline, cache: Path) -> tuple[Condition, Condition]:
    """Read the artwork's sentence, and the negative prompt with what GPT-2 makes of it.

    Returns: The sentence, its `loa_tokens` zero, because those are the picture's; and the negative branch.
    Raises: DataError if what is kept of them cannot be read.
    """
    prompts = [pipeline.config.artwork_prompt, pipeline.config.negative_prompt]
    parts = (pipeline.text_encoder, pipeline.text_encoder_2, pipeline.projection_model, pipeline.language_model)
    path = cache / f"texts-{_key({'prompts': prompts, 'parts': [network_digest(part) for part in parts]})}.safetensors"
    state = join()
    if state.is_main_process and not path.is_file():
        with torch.no_grad():
            texts = pipeline.encode_text(prompts)
            loa_tokens = pipeline.compose_loa(None, texts[1:])
        # The sentence's own place for them stays empty: they are the picture's.
        kept = Condition.of(torch.zeros_like(loa_tokens), texts[:1]), Condition.of(loa_tokens, texts[1:])
        tensors = {
            f"{name}.{key}": value.contiguous().clone()
            for name, condition in zip(_BRANCHES, kept, strict=True)
            for key, value in vars(condition).items()
        }
        with whole_file(path) as partial:
            save_file(tensors, partial)
    state.wait_for_everyone()
    try:
        tensors = load_file(path)
        sentence, avoided = (
            Condition(*(tensors[f"{name}.{field.name}"] for field in fields(Condition))) for name in _BRANCHES
        )
    except (OSError, SafetensorError, KeyError) as error:
        raise DataError(f"{path}: cannot be read ({error}); remove it and start again") from error
    return sentence, avoided


def _carry_out(work: Work, cache: Path, name: str, workers: int, dim: int) -> Cached:
    folder = cache / f"{name}-{_key(work.describe())}"
    state = join()
    if state.is_main_process and not (folder / META_FILE).is_file():
        _check_room(folder, len(work.items) * dim * np.dtype(np.float32).itemsize)
    carry_out(work, write_done, folder, workers)
    state.wait_for_everyone()
    try:
        embeddings = Embeddings.load(folder)
        failed = {row["file"]: row["reason"] for row in read_rows(folder / FAILED_FILE, ["file", "reason"])}
    except DataError as error:
        raise DataError(f"the cache cannot be read: {error}\n  remove {folder} and start again") from error
    return Cached(embeddings.vectors, {file: row for row, file in enumerate(embeddings.files)}, failed)


def _check_room(folder: Path, num_bytes: int) -> None:
    """See that there is room: batches become one file in the end, and until then there are both.

    What an interrupted run has left there is a part of it, or makes room.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    present = sum(path.stat().st_blocks * _BLOCK_BYTES for path in folder.rglob("*"))
    needed, free = 2 * num_bytes - present, shutil.disk_usage(folder.parent).free
    if needed > free:
        raise DataError(
            f"{folder.parent}: what is computed once takes {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free;\n"
            "  make room, name another folder (train.cache), or take fewer crops (train.crops_per_track)"
        )


def _states(root: Path, files: Iterable[str]) -> str:
    """Name files as they are now, by size and time."""
    digest = hashlib.sha256()
    for file in files:
        try:
            status = (root / file).stat()
            state = f"{status.st_size} {status.st_mtime_ns}"
        except OSError as error:
            state = str(error.strerror)
        digest.update(json.dumps([file, state]).encode())
    return digest.hexdigest()


def _key(described: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:_DIGEST_LENGTH]
