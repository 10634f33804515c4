"""Pictures as museums have them, read into one form: upright, RGB, in sRGB, no larger than needed."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageCms, ImageFile, ImageOps, JpegImagePlugin, UnidentifiedImageError

MAX_SIDE = 2048
"""Longer sides are reduced to this (pixels): enough for a screen, and far more than any encoder sees."""
MAX_PIXELS = 128_000_000
"""What may be decoded whole: half a gigabyte. A JPEG is reduced while it is decoded, and may be larger."""

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


_FOUND_IN_FILES = (None, errno.EINVAL)
"""Of errors that a decoder raises itself, and that it gets for looking where a damaged file sends it."""


class UnreadableImageError(Exception):
    """A file is not a picture that can be read; the message is one line for the user.

    Attributes:
        may_pass: It is not what is in the file: that is away or locked, its disk fails, or there is too little memory.
    """

    def __init__(self, message: str, *, may_pass: bool = False) -> None:
        """Take what is said to the user."""
        super().__init__(message)
        self.may_pass = may_pass


def load_artwork(path: str | Path, max_side: int = MAX_SIDE) -> Image.Image:
    """Read a picture, whatever its format, colours, depth and orientation; transparency is seen against white.

    Args:
        path: The file; its content decides what it is, not its name.
        max_side: Longer sides are reduced to this (pixels).

    Raises: UnreadableImageError, saying what is wrong with the file and what to do.
    """
    path = Path(path)
    with _explained(path), path.open("rb") as file, warnings.catch_warnings():
        # Pillow warns of large pictures and odd metadata; what matters of that is checked here.
        warnings.simplefilter("ignore")
        with _opened(file) as image:
            return _upright_rgb(image, max_side)


def is_heif_readable() -> bool:
    """Say whether HEIC files can be read: they need the package pillow-heif."""
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except UnreadableImageError as error:
        raise UnreadableImageError(f"{path}: {error}") from None
    except FileNotFoundError:
        raise UnreadableImageError(f"{path}: there is no such file", may_pass=True) from None
    except IsADirectoryError:
        raise UnreadableImageError(f"{path}: this is a folder; name the pictures in it", may_pass=True) from None
    except PermissionError:
        raise UnreadableImageError(f"{path}: may not be read; allow it with 'chmod +r'", may_pass=True) from None
    except UnidentifiedImageError:
        raise UnreadableImageError(f"{path}: not a picture (JPEG, PNG, WebP, TIFF, HEIC)") from None
    except MemoryError:
        raise UnreadableImageError(
            f"{path}: does not fit into the memory; save a smaller copy", may_pass=True
        ) from None
    except Exception as error:  # decoders fail in every way there is on a damaged file
        reason = " ".join(str(error).split())[:120]
        if isinstance(error, OSError) and error.errno not in _FOUND_IN_FILES:
            raise UnreadableImageError(f"{path}: cannot be read ({error.strerror})", may_pass=True) from error
        if "truncated" in reason.lower():
            raise UnreadableImageError(f"{path}: cut off before its end; copy it again") from error
        raise UnreadableImageError(f"{path}: damaged ({reason or type(error).__name__}); copy it again") from error


@contextmanager
def _opened(file: BinaryIO) -> Iterator[ImageFile.ImageFile]:
    head = file.read(16)
    file.seek(0)
    if not head:
        raise UnreadableImageError("the file is empty; copy it again")
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS and not is_heif_readable():
        raise UnreadableImageError("HEIC pictures need one more package: pip install pillow-heif")
    if head.startswith(b"\xff\xd8"):
        # Not through Image.open, which refuses large pictures before they can be reduced.
        with JpegImagePlugin.JpegImageFile(file) as image:
            yield image
        return
    try:
        with Image.open(file) as image:
            _check_size(image)
            yield image
    except Image.DecompressionBombError:
        raise UnreadableImageError("has far too many pixels to decode; save a smaller copy, or a JPEG") from None


@contextmanager
def _silent_libtiff() -> Iterator[None]:
    """Libtiff prints what it finds in damaged files, line after line, past Python; it raises all the same."""
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnreadableImageError(
            f"{width} × {height} pixels are too many to decode ({MAX_PIXELS // 10**6} million at most); "
            "save a smaller copy, or a JPEG"
        )


def _upright_rgb(image: ImageFile.ImageFile, max_side: int) -> Image.Image:
    image.draft(image.mode, (max_side, max_side))
    _check_size(image)
    with _silent_libtiff() if image.format == "TIFF" else contextlib.nullcontext():
        image.load()
    profile = image.info.get("icc_profile")
    upright = _to_8_bits(ImageOps.exif_transpose(image) or image)
    upright.thumbnail((max_side, max_side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return _to_srgb(upright, profile)


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Make it a mode that can be resized; of deeper colours Pillow has kept 8 bits already, deeper greys are scaled."""
    if image.mode in ("RGB", "RGBA", "L", "LA", "CMYK", "YCbCr", "LAB"):
        return image
    if not image.mode.startswith(("I", "F")):
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    grey = np.nan_to_num(np.asarray(image, dtype=np.float32))
    lowest, highest = float(grey.min()), float(grey.max())
    if image.mode.startswith("I") and lowest >= 0:
        lowest, highest = 0.0, max(highest, 65535.0)
    elif lowest >= 0 and highest <= 1:
        lowest, highest = 0.0, 1.0
    scaled = (grey - lowest) / max(highest - lowest, 1e-6) * 255.0
    return Image.fromarray(scaled.round().astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.new("RGBA", layer.size, "white")
        image.alpha_composite(layer)
        return image.convert("RGB")
    if image.mode == "LAB":
        return _converted(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")))
    if profile and image.mode in ("RGB", "CMYK"):
        try:
            return _converted(image, ImageCms.ImageCmsProfile(io.BytesIO(profile)))
        except (ImageCms.PyCMSError, OSError):
            return image.convert("RGB")  # a damaged profile: the colours as they stand are the best there is
    return image.convert("RGB")


def _converted(image: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    if converted is None:
        raise ImageCms.PyCMSError("no conversion to sRGB")
    return converted
