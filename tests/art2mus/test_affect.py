import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from art2mus.metrics.affect import AFFECT_DIMENSIONS, MAX_Z, AffectScale, load_scale, measure_picture, measure_sound
from art2mus.metrics.picture_affect import PICTURE_FEATURES, PICTURE_RELATIONS, picture_features, to_lab
from art2mus.metrics.sound_affect import SOUND_FEATURES, SOUND_RELATIONS, sound_features
from tests.art2mus.sounds import MINOR, SAMPLE_RATE, progression, tone


def seen(image: Image.Image) -> dict[str, float]:
    return dict(zip(AFFECT_DIMENSIONS, measure_picture(image).tolist(), strict=True))


def heard(waveform: NDArray[np.float32], sample_rate: int = SAMPLE_RATE) -> dict[str, float]:
    return dict(zip(AFFECT_DIMENSIONS, measure_sound(waveform, sample_rate).tolist(), strict=True))


def noise(size: tuple[int, int] = (200, 160), seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def feature(names: tuple[str, ...], features: NDArray[np.float64], name: str) -> float:
    return float(features[names.index(name)])


def sound_feature(waveform: NDArray[np.float32], name: str) -> float:
    return feature(SOUND_FEATURES, sound_features(waveform, SAMPLE_RATE), name)


# Pictures


def test_lab_of_known_colours() -> None:
    for colour, expected in {
        "white": (100.0, 0.0, 0.0),
        "black": (0.0, 0.0, 0.0),
        "#ff0000": (53.2, 80.1, 67.2),
        "#0000ff": (32.3, 79.2, -107.9),
    }.items():
        assert to_lab(Image.new("RGB", (20, 20), colour)).mean(axis=(1, 2)) == pytest.approx(expected, abs=0.2)


def test_white_is_brighter_lighter_and_happier_than_black() -> None:
    white, black = seen(Image.new("RGB", (64, 64), "white")), seen(Image.new("RGB", (64, 64), "black"))
    assert white["brightness"] > black["brightness"] + 2.0
    assert white["weight"] < black["weight"] - 2.0
    assert white["valence"] > black["valence"] + 1.0


def test_red_is_warmer_than_blue_and_yellow_happier() -> None:
    red, blue, yellow = (seen(Image.new("RGB", (64, 64), colour)) for colour in ("#c03020", "#2040c0", "#e0c020"))
    assert red["warmth"] > blue["warmth"] + 2.0
    assert yellow["valence"] > blue["valence"] + 1.0


def test_rich_colour_excites_more_than_pale_colour_as_light() -> None:
    assert (
        seen(Image.new("RGB", (64, 64), "#d03030"))["arousal"] > seen(Image.new("RGB", (64, 64), "#8a7a78"))["arousal"]
    )


def test_noise_is_more_complex_than_a_plain_picture() -> None:
    assert seen(noise())["complexity"] > seen(Image.new("RGB", (200, 160), "grey"))["complexity"] + 2.0


def test_dark_below_is_heavier_than_dark_above() -> None:
    sky = np.linspace(255, 0, 120)[:, None].repeat(120, axis=1).astype(np.uint8)
    below, above = seen(Image.fromarray(sky)), seen(Image.fromarray(sky[::-1].copy()))
    assert below["weight"] > above["weight"]
    assert below["brightness"] == pytest.approx(above["brightness"], abs=0.1)


def test_stripes_that_lean_count_as_diagonal() -> None:
    y, x = np.mgrid[0:128, 0:128]
    upright, leaning = (Image.fromarray((((phase // 8) % 2) * 255).astype(np.uint8)) for phase in (x, x + y))
    low, high = (feature(PICTURE_FEATURES, picture_features(image), "diagonals") for image in (upright, leaning))
    assert low < 0.1
    assert high > 0.9


def test_a_mirrored_picture_is_symmetric() -> None:
    half = np.asarray(noise((60, 120)).convert("L"))
    mirrored = Image.fromarray(np.concatenate([half, half[:, ::-1]], axis=1))
    assert feature(PICTURE_FEATURES, picture_features(mirrored), "asymmetry") == pytest.approx(0.0, abs=0.02)


def test_size_hardly_matters() -> None:
    picture = noise((32, 24)).resize((320, 240), Image.Resampling.BICUBIC)
    larger = picture.resize((1280, 960), Image.Resampling.BICUBIC)
    assert measure_picture(picture) == pytest.approx(measure_picture(larger), abs=0.25)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (2000, 1), (640, 480)])
def test_any_picture_gives_finite_numbers_in_range(mode: str, size: tuple[int, int]) -> None:
    for image in (Image.new(mode, size), noise(size).convert(mode)):
        affect = measure_picture(image)
        assert affect.shape == (len(AFFECT_DIMENSIONS),)
        assert affect.dtype == np.float32
        assert np.abs(affect).max() <= MAX_Z


def test_transparency_is_seen_against_white() -> None:
    assert seen(Image.new("RGBA", (32, 32), (0, 0, 0, 0))) == seen(Image.new("RGB", (32, 32), "white"))


# Sound


def test_the_same_progression_is_happier_in_the_major() -> None:
    major, minor = heard(progression()), heard(progression(MINOR))
    assert major["valence"] > minor["valence"] + 1.0


def test_an_octave_higher_is_brighter_and_lighter() -> None:
    low, high = heard(progression(tonic=45)), heard(progression(tonic=57))
    assert high["brightness"] > low["brightness"] + 0.5
    assert high["weight"] < low["weight"] - 0.5


def test_more_upper_partials_are_brighter_and_less_warm() -> None:
    dull, sharp = heard(progression(decay=0.3)), heard(progression(decay=0.9))
    assert sharp["brightness"] > dull["brightness"]
    assert sharp["warmth"] < dull["warmth"]


def test_faster_is_more_aroused() -> None:
    slow, fast = heard(progression(quarter_s=1.2)), heard(progression(quarter_s=0.4))
    assert fast["arousal"] > slow["arousal"] + 1.0


def test_onsets_are_counted() -> None:
    for gap_s in (0.25, 0.5, 1.0):
        music = np.concatenate([tone(60 + n % 3, gap_s) for n in range(round(8.0 / gap_s))])
        assert sound_feature(music, "onset_density") == pytest.approx(np.log2(1 + 1 / gap_s), abs=0.25)


def test_register_is_the_pitch_that_sounds() -> None:
    for pitch in (45, 60, 79):
        assert sound_feature(tone(pitch, 3.0), "register") == pytest.approx(pitch, abs=1.0)


def test_a_chord_has_more_voices_than_a_tone() -> None:
    chord = np.sum([tone(pitch, 3.0) for pitch in (48, 55, 64, 72)], axis=0)
    assert sound_feature(tone(60, 3.0), "polyphony") < 2.0
    assert sound_feature(chord, "polyphony") > 2.5


def test_a_semitone_is_rougher_than_a_fifth() -> None:
    semitone, fifth = (tone(60, 3.0) + tone(60 + interval, 3.0) for interval in (1, 7))
    assert sound_feature(semitone, "roughness") > 2 * sound_feature(fifth, "roughness")


@pytest.mark.parametrize("gain", [0.003, 30.0])
def test_gain_does_not_matter(gain: float) -> None:
    music = progression()
    assert measure_sound(gain * music, SAMPLE_RATE) == pytest.approx(measure_sound(music, SAMPLE_RATE), abs=0.02)


def test_rate_and_channels_hardly_matter() -> None:
    music = progression()
    stereo = np.repeat(music, 2)[:, None].repeat(2, axis=1)  # held samples: twice the rate, with faint images above
    assert measure_sound(stereo, 2 * SAMPLE_RATE) == pytest.approx(measure_sound(music, SAMPLE_RATE), abs=0.35)


@pytest.mark.parametrize("shape", [(0,), (0, 2), (1, 2), (480, 2), (48_000, 2), (48_000,)])
def test_silence_is_average(shape: tuple[int, ...]) -> None:
    average = load_scale("sound").score(np.full(len(SOUND_FEATURES), np.nan))
    assert measure_sound(np.zeros(shape, np.float32), 48_000) == pytest.approx(average)


@pytest.mark.parametrize("num_samples", [1, 100, 5_000, 30_000])
def test_short_sounds_and_noise_give_finite_numbers_in_range(num_samples: int) -> None:
    waveform = np.random.default_rng(0).normal(0, 0.1, (num_samples, 2)).astype(np.float32)
    affect = measure_sound(waveform, 48_000)
    assert affect.shape == (len(AFFECT_DIMENSIONS),)
    assert np.abs(affect).max() <= MAX_Z


# The scale


@pytest.mark.parametrize(
    ("features", "relations"), [(PICTURE_FEATURES, PICTURE_RELATIONS), (SOUND_FEATURES, SOUND_RELATIONS)]
)
def test_relations_name_all_dimensions_and_only_known_features(
    features: tuple[str, ...], relations: dict[str, dict[str, float]]
) -> None:
    assert set(relations) == set(AFFECT_DIMENSIONS)
    assert {name for weights in relations.values() for name in weights} <= set(features)


@pytest.mark.parametrize("kind", ["picture", "sound"])
def test_bundled_constants_fit_the_features(kind: str) -> None:
    scale = load_scale(kind)
    assert len(scale.feature_mean) == len(scale.feature_std) == len(scale.features)
    assert min(scale.feature_std) > 0.0
    assert min(scale.affect_std) > 0.0


def test_a_fitted_scale_makes_its_corpus_standard() -> None:
    corpus = np.random.default_rng(0).normal(5.0, 3.0, (400, len(PICTURE_FEATURES)))
    corpus[::7, 0] = np.nan
    scores = AffectScale.fitted(PICTURE_FEATURES, PICTURE_RELATIONS, corpus).score(corpus)
    assert scores.mean(axis=0) == pytest.approx(0.0, abs=0.02)
    assert scores.std(axis=0) == pytest.approx(1.0, abs=0.02)
