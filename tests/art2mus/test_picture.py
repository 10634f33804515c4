"""The picture of the music is drawn in the artwork's colours."""

import colorsys

import numpy as np
import pytest
import torch
from PIL import Image

from art2mus.codec.interpretation import SoundingNote
from art2mus.codec.protocol import Clip, Plan
from art2mus.codec.score import MELODY, PAD
from art2mus.picture import HEIGHT, MARGIN, MUSIC_WIDTH, Palette, draw

PLAN = Plan(latent_steps=1, length_s=4.0, seed=0)


def half_and_half(left: str, right: str) -> Image.Image:
    image = Image.new("RGB", (60, 60), left)
    image.paste(Image.new("RGB", (30, 60), right), (30, 0))
    return image


def hue(colour: tuple[int, int, int]) -> float:
    return 360 * colorsys.rgb_to_hls(*(channel / 255 for channel in colour))[0]


def test_two_voices_have_the_two_colours_of_the_artwork() -> None:
    palette = Palette.of(half_and_half("#f0c020", "#2040a0"))
    assert {round(hue(voice), -1) for voice in palette.voices} == {50, 220}
    assert max(palette.ground) < 60


@pytest.mark.parametrize("colour", ["white", "black", "#808080"])
def test_a_picture_without_colours_has_a_palette_that_can_be_seen(colour: str) -> None:
    palette = Palette.of(Image.new("RGB", (30, 20), colour))
    assert sum(palette.ground) + 150 < sum(palette.voices[1]) < sum(palette.voices[0])


def test_notes_stand_where_they_sound() -> None:
    artwork = half_and_half("#f0c020", "#2040a0")
    notes = (SoundingNote(0.0, 2.0, 72, 127, MELODY), SoundingNote(2.0, 2.0, 48, 127, PAD))
    sheet = draw(artwork, Clip(torch.zeros(1), PLAN, sounding_notes=notes), length_s=4.0)
    assert sheet.height == HEIGHT
    music = np.asarray(sheet)[MARGIN:-MARGIN, -MUSIC_WIDTH - MARGIN : -MARGIN].astype(int)
    is_note = np.abs(music - music[0, 0]).sum(axis=2) > 120
    high, low = is_note[: len(is_note) // 2], is_note[len(is_note) // 2 :]
    assert high[:, : MUSIC_WIDTH // 2].any()
    assert not high[:, MUSIC_WIDTH // 2 :].any()
    assert low[:, MUSIC_WIDTH // 2 :].any()
    assert not low[:, : MUSIC_WIDTH // 2].any()


def test_silence_and_spectrograms_are_drawn_too() -> None:
    artwork = Image.new("RGB", (20, 300), "teal")
    for clip in (Clip(torch.zeros(1), PLAN), Clip(torch.zeros(1), PLAN, mel=np.zeros((100, 64), dtype=np.float32))):
        assert draw(artwork, clip, length_s=2.0).height == HEIGHT
    rising = np.zeros((100, 64), dtype=np.float32)
    rising[:50, :32] = 1.0  # low and loud at first
    sheet = np.asarray(draw(artwork, Clip(torch.zeros(1), PLAN, mel=rising), length_s=2.0)).astype(int)
    music = sheet[MARGIN:-MARGIN, -MUSIC_WIDTH - MARGIN : -MARGIN].sum(axis=2)
    rows, columns = len(music) // 2, MUSIC_WIDTH // 2
    assert music[rows + 50 :, : columns - 50].mean() > music[: rows - 50].mean() + 100
