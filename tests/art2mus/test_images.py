"""Pictures of every kind are read; damaged ones get one line, and never anything else."""

import errno
import io
import os
import random
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from art2mus.images import MAX_PIXELS, UnreadableImageError, is_heif_readable, load_artwork

Save = Callable[[Image.Image, Path], None]


def painting(width: int = 96, height: int = 64) -> Image.Image:
    """Red above, blue below on the left half; light on the right: every orientation of it is different."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[: height // 2, : width // 2] = (200, 40, 30)
    pixels[height // 2 :, : width // 2] = (30, 60, 190)
    pixels[:, width // 2 :] = np.linspace(180, 250, width - width // 2).astype(np.uint8)[None, :, None]
    return Image.fromarray(pixels)


def grey_16_bit(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image.convert("L"), dtype=np.uint16) * 257)


def rotated_by_exif(image: Image.Image, path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° clockwise when shown
    image.transpose(Image.Transpose.ROTATE_90).save(path, "JPEG", exif=exif, quality=95, subsampling=0)


FORMATS: dict[str, Save] = {
    "jpeg": lambda image, path: image.save(path, "JPEG", quality=95, subsampling=0),
    "progressive-jpeg": lambda image, path: image.save(path, "JPEG", quality=95, subsampling=0, progressive=True),
    "cmyk-jpeg": lambda image, path: image.convert("CMYK").save(path, "JPEG", quality=95, subsampling=0),
    "rotated-jpeg": rotated_by_exif,
    "png": lambda image, path: image.save(path, "PNG"),
    "alpha-png": lambda image, path: image.convert("RGBA").save(path, "PNG"),
    "palette-png": lambda image, path: image.quantize(64).save(path, "PNG"),
    "webp": lambda image, path: image.save(path, "WEBP", quality=95),
    "lossless-webp": lambda image, path: image.save(path, "WEBP", lossless=True),
    "tiff": lambda image, path: image.save(path, "TIFF"),
    "lzw-tiff": lambda image, path: image.save(path, "TIFF", compression="tiff_lzw"),
    "cmyk-tiff": lambda image, path: image.convert("CMYK").save(path, "TIFF"),
    "gif": lambda image, path: image.save(path, "GIF"),
    "bmp": lambda image, path: image.save(path, "BMP"),
    "avif": lambda image, path: image.save(path, "AVIF", quality=95),
}
GREY_FORMATS: dict[str, Save] = {
    "grey-jpeg": lambda image, path: image.convert("L").save(path, "JPEG", quality=95),
    "16-bit-png": lambda image, path: grey_16_bit(image).save(path, "PNG"),
    "16-bit-tiff": lambda image, path: grey_16_bit(image).save(path, "TIFF"),
    "32-bit-tiff": lambda image, path: image.convert("F").point(lambda value: value / 255).save(path, "TIFF"),
    "1-bit-tiff": lambda image, path: image.convert("1").save(path, "TIFF", compression="group4"),
}
if is_heif_readable():
    FORMATS["heic"] = lambda image, path: image.save(path, "HEIF", quality=95)


def difference(image: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(image, dtype=np.float32) - np.asarray(other, dtype=np.float32)).mean())


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_shows_the_same_painting(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "painting.dat"  # the name says nothing
    FORMATS[kind](painting(), path)
    loaded = load_artwork(path)
    assert loaded.mode == "RGB"
    assert loaded.size == (96, 64)
    assert difference(loaded, painting()) < 6.0


@pytest.mark.parametrize("kind", GREY_FORMATS)
def test_grey_pictures_keep_their_brightness(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "painting"
    GREY_FORMATS[kind](painting(), path)
    loaded = load_artwork(path)
    assert loaded.mode == "RGB"
    expected = painting().convert("L")
    assert np.asarray(loaded).mean() == pytest.approx(np.asarray(expected).mean(), abs=6.0)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparency_is_seen_against_white(mode: str, tmp_path: Path) -> None:
    clear = Image.new("RGBA", (40, 30), (0, 0, 0, 0))
    path = tmp_path / "clear.png"
    (clear.quantize(2) if mode == "PA" else clear.convert(mode)).save(path)
    assert np.asarray(load_artwork(path)).min() == 255


def test_16_bit_colours_are_read(tmp_path: Path) -> None:
    # A 16-bit RGB PNG, which Pillow cannot write: 2 × 1 pixels, pure red and mid-grey.
    import zlib

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    row = b"\0" + struct.pack(">6H", 65535, 0, 0, 32896, 32896, 32896)
    header = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b"")
    path = tmp_path / "deep.png"
    path.write_bytes(png)
    assert np.asarray(load_artwork(path)).tolist() == [[[255, 0, 0], [128, 128, 128]]]


def test_a_colour_profile_is_obeyed_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, icc in (("good", profile), ("bad", profile[:40])):
        painting().save(tmp_path / name, "JPEG", quality=95, subsampling=0, icc_profile=icc)
        assert difference(load_artwork(tmp_path / name), painting()) < 6.0


def test_large_pictures_are_reduced(tmp_path: Path) -> None:
    painting(3000, 500).save(tmp_path / "wide.png")
    assert load_artwork(tmp_path / "wide.png").size == (2048, 341)
    assert load_artwork(tmp_path / "wide.png", max_side=600).size == (600, 100)


def test_a_jpeg_too_large_to_decode_is_reduced_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    side = 14_400
    assert side * side > MAX_PIXELS
    Image.new("L", (side, side), 90).save(path)
    assert load_artwork(path).size == (2048, 2048)


def test_other_formats_too_large_to_decode_get_a_word(tmp_path: Path) -> None:
    for side in (12_000, 20_000):  # Pillow itself lets the first one pass
        path = tmp_path / f"{side}.png"
        Image.new("1", (side, side)).save(path)
        with pytest.raises(UnreadableImageError, match=r"pixels.* save a smaller copy, or a JPEG"):
            load_artwork(path)


def test_what_is_not_a_picture_gets_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("a painting of a boat")
    jpeg = io.BytesIO()
    painting().save(jpeg, "JPEG")
    (tmp_path / "cut.jpg").write_bytes(jpeg.getvalue()[:-200])
    for name, words in {
        "empty.jpg": "empty",
        "text.jpg": "not a picture",
        "missing.jpg": "no such file",
        "cut.jpg": "cut off",
        "": "folder",
    }.items():
        with pytest.raises(UnreadableImageError, match=words) as caught:
            load_artwork(tmp_path / name)
        assert "\n" not in str(caught.value)
        assert caught.value.may_pass == (words in ("no such file", "folder"))


@pytest.mark.parametrize(
    ("number", "may_pass"), [(errno.EIO, True), (errno.ESTALE, True), (errno.ENOMEM, True), (errno.EINVAL, False)]
)
def test_a_file_that_its_disk_does_not_give_is_no_damaged_picture(
    number: int, may_pass: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a share does that is away for a while; a damaged file sends the decoder to places that are not there."""
    path = tmp_path / "painting.png"
    painting().save(path)

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    with pytest.raises(UnreadableImageError, match="damaged" if not may_pass else "cannot be read") as caught:
        load_artwork(path)
    assert caught.value.may_pass == may_pass


def test_a_picture_for_which_there_is_no_memory_may_be_read_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "painting.png"
    painting().save(path)

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    with pytest.raises(UnreadableImageError, match="memory") as caught:
        load_artwork(path)
    assert caught.value.may_pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_gets_one_line(tmp_path: Path) -> None:
    path = tmp_path / "secret.png"
    painting().save(path)
    path.chmod(0)
    with pytest.raises(UnreadableImageError, match="may not be read"):
        load_artwork(path)


def cut(data: bytearray, dice: random.Random) -> bytearray:
    return data[: dice.randrange(1, len(data))]


def flip(data: bytearray, dice: random.Random) -> bytearray:
    for _ in range(dice.choice([1, 4, 32])):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return data


def spoil_header(data: bytearray, dice: random.Random) -> bytearray:
    for _ in range(3):
        data[dice.randrange(4, min(200, len(data)))] = dice.choice([0, 1, 127, 128, 255])
    return data


def erase(data: bytearray, dice: random.Random) -> bytearray:
    begin = dice.randrange(len(data))
    end = min(len(data), begin + dice.randrange(1, 400))
    data[begin:end] = bytes(end - begin)
    return data


def lose(data: bytearray, dice: random.Random) -> bytearray:
    begin = dice.randrange(len(data))
    del data[begin : begin + dice.randrange(1, 60)]
    return data


def insert(data: bytearray, dice: random.Random) -> bytearray:
    begin = dice.randrange(len(data))
    data[begin:begin] = dice.randbytes(dice.randrange(1, 60))
    return data


def outcome(path: Path) -> Image.Image | UnreadableImageError:
    try:
        return load_artwork(path)
    except UnreadableImageError as error:
        return error


DAMAGES = (cut, flip, spoil_header, erase, lose, insert)


@pytest.mark.parametrize("kind", [*FORMATS, *GREY_FORMATS])
def test_damaged_files_are_read_or_explained_in_one_line(
    kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """18 damaged files of each of about 20 formats."""
    original = tmp_path / "original"
    {**FORMATS, **GREY_FORMATS}[kind](painting(), original)
    dice = random.Random(f"damage {kind}")
    num_explained = 0
    for number in range(3 * len(DAMAGES)):
        damage = DAMAGES[number % len(DAMAGES)]
        path = tmp_path / f"{number}-{damage.__name__}.jpg"
        path.write_bytes(damage(bytearray(original.read_bytes()), dice))
        found = outcome(path)
        if isinstance(found, UnreadableImageError):
            num_explained += 1
            assert str(found).startswith(f"{path}: ")
            assert len(str(found).splitlines()) == 1
            assert not found.may_pass
        else:
            assert found.mode == "RGB"
            assert 0 < max(found.size) <= 2048
    assert num_explained >= 1
    assert capfd.readouterr() == ("", "")
