from pathlib import Path

import numpy as np
import pytest
import soundfile

from art2mus.metrics.embedders import FloatArray, Waveform, cut
from art2mus.metrics.embedding_cache import embed_sound, embed_sounds, embeddings_folder


class Loudness:
    """An embedder at its smallest: the loudness of every tenth of a second. Counts how often it is asked."""

    name = "loudness"
    sample_rate = 8_000

    def __init__(self, identity: str = "loudness-1") -> None:
        self.identity = identity
        self.num_asked = 0

    def embed(self, waveform: Waveform) -> FloatArray:
        self.num_asked += 1
        return np.sqrt(np.square(cut(waveform, 800, 800)).mean(axis=1, keepdims=True))


@pytest.fixture
def sounds(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{number}.wav" for number in range(3)]
    for number, path in enumerate(paths):
        soundfile.write(path, np.full(4000, 0.1 * number), 8_000, subtype="FLOAT")
    return paths


def test_every_sound_is_embedded_once(sounds: list[Path]) -> None:
    embedder = Loudness()
    first, second = embed_sounds(sounds, embedder), embed_sounds(sounds, embedder)
    assert embedder.num_asked == 3
    assert first.paths == tuple(sounds)
    for number, (fresh, kept) in enumerate(zip(first.windows, second.windows, strict=True)):
        assert np.array_equal(fresh, kept)
        assert fresh == pytest.approx(np.full((5, 1), 0.1 * number))


def test_a_copy_is_known_by_its_content(sounds: list[Path], tmp_path: Path) -> None:
    embedder = Loudness()
    embed_sound(sounds[1], embedder)
    copy = tmp_path / "another name.wav"
    copy.write_bytes(sounds[1].read_bytes())
    embed_sound(copy, embedder)
    assert embedder.num_asked == 1


def test_another_content_or_another_embedder_is_asked_anew(sounds: list[Path]) -> None:
    embedder, other = Loudness(), Loudness("loudness-2")
    before = embed_sound(sounds[0], embedder)
    sounds[0].write_bytes(sounds[2].read_bytes())
    assert not np.array_equal(embed_sound(sounds[0], embedder), before)
    embed_sound(sounds[0], other)
    assert (embedder.num_asked, other.num_asked) == (2, 1)


def test_an_interrupted_write_leaves_nothing_behind(sounds: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    embedder = Loudness()
    with monkeypatch.context() as patched:
        patched.setattr(np, "save", fail)
        with pytest.raises(KeyboardInterrupt):
            embed_sound(sounds[0], embedder)
    assert not [path for path in embeddings_folder().rglob("*") if path.is_file()]
    assert embed_sound(sounds[0], embedder).shape == (5, 1)
    assert embed_sound(sounds[0], embedder).shape == (5, 1)
    assert embedder.num_asked == 2


def test_what_cannot_be_read_is_reported_beside_the_rest(sounds: list[Path], tmp_path: Path) -> None:
    (tmp_path / "broken.mp3").write_bytes(b"\0" * 100)
    gone = tmp_path / "gone.wav"
    embedded = embed_sounds([sounds[0], tmp_path / "broken.mp3", gone, sounds[1]], Loudness())
    assert embedded.paths == (sounds[0], sounds[1])
    assert len(embedded.windows) == 2
    assert set(embedded.failed) == {tmp_path / "broken.mp3", gone}
    assert all("\n" not in line for line in embedded.failed.values())


@pytest.mark.parametrize("damage", [b"", b"\0" * 400, b"\x93NUMPY\x01\x00"])
def test_what_is_damaged_is_computed_again(sounds: list[Path], damage: bytes) -> None:
    embedder = Loudness()
    before = embed_sound(sounds[1], embedder)
    (kept,) = embeddings_folder().rglob("*.npy")
    for content in (damage, kept.read_bytes()[:-1]):
        kept.write_bytes(content)
        assert np.array_equal(embed_sound(sounds[1], embedder), before)
    assert embedder.num_asked == 3
