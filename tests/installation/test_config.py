"""Every mistake is named, with its place and a suggestion; what is right arrives typed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.config import CameraConfig, ConfigError, KioskConfig, LibraryConfig, load_config


def written(folder: Path, text: str) -> Path:
    path = folder / "kiosk.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(folder: Path, text: str, *overrides: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(written(folder, text), overrides)
    return str(caught.value).splitlines()


def test_the_bundled_file_says_the_defaults(repository: Path) -> None:
    assert load_config(repository / "configs" / "kiosk.yaml") == KioskConfig()


def test_every_key_stands_in_the_bundled_file(repository: Path) -> None:
    text = (repository / "configs" / "kiosk.yaml").read_text()
    for section, field in KioskConfig.model_fields.items():
        assert f"{section}:" in text
        for key in getattr(field.annotation, "model_fields", {}):
            assert f"\n  {key}: " in text, f"{section}.{key} is not explained"


def test_the_example_with_a_camera_differs_in_the_camera_alone(repository: Path) -> None:
    config = load_config(repository / "configs" / "kiosk-camera.yaml")
    assert config == KioskConfig(camera=CameraConfig(source="0"))


def test_the_example_for_a_graphics_card_differs_in_what_that_needs(repository: Path) -> None:
    config = load_config(repository / "configs" / "kiosk-gpu.yaml")
    assert (config.model, config.composer.device, config.sampling.candidates) == ("art2mus", "cuda", 3)
    rest = {"model", "composer", "sampling", "show"}
    assert config.model_dump(exclude=rest) == KioskConfig().model_dump(exclude=rest)


def test_a_device_is_one_that_torch_knows(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, "composer: {device: gpu}")
    assert mistake.startswith("kiosk.yaml:1: composer.device: ")
    assert load_config(written(tmp_path, "composer: {device: 'cuda:1'}")).composer.device == "cuda:1"


@pytest.mark.parametrize(
    ("written_as", "source"),
    [
        ("2", "2"),
        ("/dev/v4l/by-id/usb-A-video-index0", "/dev/v4l/by-id/usb-A-video-index0"),
        ("rtsp://camera.example/stream", "rtsp://camera.example/stream"),
        ("'2'", "2"),
    ],
)
def test_a_camera_is_a_number_a_device_or_an_address(tmp_path: Path, written_as: str, source: str) -> None:
    assert load_config(written(tmp_path, f"camera: {{source: {written_as}}}")).camera.source == source


def test_anything_else_is_no_camera(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, "camera: {source: [1]}")
    assert mistake == "kiosk.yaml:1: camera.source: must be a valid string, not [1]"


def test_a_video_file_is_seen_from_where_the_configuration_lies(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, "camera: {source: rehearsal.avi}"))
    assert config.camera.source == str(tmp_path / "rehearsal.avi")


def test_a_typo_is_an_error_with_a_suggestion(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "model: mini\nsampling:\n  guidence_scale: 3\n") == [
        "kiosk.yaml:3: sampling.guidence_scale: unknown key; did you mean 'guidance_scale'?"
    ]


def test_a_key_in_the_wrong_section_is_sent_to_its_own(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "volume: 1") == ["kiosk.yaml:1: volume: unknown key; did you mean 'audio.volume'?"]


def test_all_mistakes_are_named_at_once_in_their_order(tmp_path: Path) -> None:
    text = """
sampling:
  seed: x
  seed: 4
show: 3
audio:
  volume: 2
  latency_s: 1e-1
screen: {windowed: off}
nonsense: 1
"""
    assert mistakes(tmp_path, text, "audio.volum=3", "show", "library.max_gb=[1") == [
        "kiosk.yaml:3: sampling.seed: must be a valid integer, not 'x'",
        "kiosk.yaml:4: sampling.seed: stands here twice; first in line 3",
        "kiosk.yaml:5: show: must be a section with the keys seconds_per_work, crossfade_s, linger_s",
        "kiosk.yaml:7: audio.volume: must be less than or equal to 1, not 2",
        "kiosk.yaml:8: audio.latency_s: must be greater than or equal to 0.2, not 0.1",
        "kiosk.yaml:9: screen.windowed: must be a valid boolean, not 'off'",
        "kiosk.yaml:10: nonsense: unknown key",
        "--set audio.volum=3: audio.volum: unknown key; did you mean 'volume'?",
        "--set show: must be KEY=VALUE, such as sampling.seed=4",
        "--set library.max_gb=[1: not a valid value: expected ',' or ']', but got '<stream end>'",
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e1", 10.0),
        ("0x20", 32.0),
        ("0o20", 16.0),
        ("+15", 15.0),
        ("12.5", 12.5),
    ],
)
def test_numbers_are_those_of_yaml_1_2(tmp_path: Path, text: str, value: float) -> None:
    assert load_config(written(tmp_path, f"show:\n  seconds_per_work: {text}")).show.seconds_per_work == value


@pytest.mark.parametrize("text", ["10:00", "off", "yes", "012_3", "1_000"])
def test_what_yaml_1_1_made_numbers_and_booleans_of_stays_text(tmp_path: Path, text: str) -> None:
    assert load_config(written(tmp_path, f"sampling:\n  prompt: {text}")).sampling.prompt == text


def test_overrides_win_and_are_checked_like_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "show:\n  crossfade_s: 2\n  seconds_per_work: 60")
    config = load_config(path, ["show.seconds_per_work=20", "sampling.prompt=slow strings", "model=./mine"])
    assert (config.show.crossfade_s, config.show.seconds_per_work) == (2, 20)
    assert config.sampling.prompt == "slow strings"
    assert config.model == str(Path.cwd() / "mine")


def test_folders_are_seen_from_the_file_and_from_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/homes/somebody")
    config = load_config(written(tmp_path, "gallery:\n  folder: works\nlibrary:\n  folder: ~/clips\n"))
    assert config.gallery.folder == tmp_path / "works"
    assert config.library.folder == Path("/homes/somebody/clips")


def test_a_file_that_is_not_there_or_not_text_or_not_yaml(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.yaml: cannot be read \(No such file or directory\)"):
        load_config(tmp_path / "nowhere.yaml")
    path = tmp_path / "kiosk.yaml"
    path.write_bytes(b"model: \xff\xfe\xff")
    with pytest.raises(ConfigError, match="not a text file in UTF-8"):
        load_config(path)
    assert mistakes(tmp_path, "a: [1") == ["kiosk.yaml:1: not valid YAML: expected ',' or ']', but got '<stream end>'"]
    assert mistakes(tmp_path, "just words") == ["kiosk.yaml:1: must be keys with values, such as 'key: value'"]


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    assert load_config(written(tmp_path, "# nothing\n")) == KioskConfig()


def mistakes_or_none(path: Path | None, *overrides: str) -> tuple[str, ...]:
    try:
        load_config(path, overrides)
    except ConfigError as error:
        return error.mistakes or ("",)
    return ()


@given(st.text(max_size=60))
def test_no_text_does_worse_than_an_error_in_lines(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "kiosk.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    assert all("kiosk.yaml" in line for line in mistakes_or_none(path))


@given(st.text(alphabet="abs.=[]{}:'\"&*!1 \n-", max_size=20))
def test_no_override_does_worse_either(override: str) -> None:
    assert all(mistakes_or_none(None, override))


def test_a_visitors_bounds_of_volume_are_in_order(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "visitor: {quietest: 0.9, loudest: 0.5}") == [
        "kiosk.yaml:1: visitor.loudest: must not be below quietest, not 0.5"
    ]


def test_a_librarys_bounds_are_said_in_bytes_and_seconds() -> None:
    config = LibraryConfig(max_gb=0.25, max_days=0.5)
    assert (config.max_bytes, config.max_age_s) == (250_000_000, 43_200.0)
    assert LibraryConfig().max_age_s is None
