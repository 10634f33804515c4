"""The command line, up to the point where the show begins."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from installation.__main__ import main
from installation.clock import process_started_at_s
from installation.messages import AudioHeartbeat, ClipInfo, ClipReady, UiHeartbeat
from installation.summary import Tally, print_summary, summarise, write_summary

pytestmark = pytest.mark.usefixtures("own_handlers")


def test_mistakes_go_to_stderr_and_nothing_starts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--set", "show.secnds_per_work=3", "--set", "audio.volume=7"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "--set show.secnds_per_work=3: show.secnds_per_work: unknown key; did you mean 'seconds_per_work'?",
        "--set audio.volume=7: audio.volume: must be less than or equal to 1, not 7",
    ]


def test_a_library_that_cannot_be_made_is_explained(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    assert main(["--set", f"library.folder={tmp_path / 'file' / 'clips'}"]) == 2
    assert "clips: cannot be made (Not a directory)" in caplog.text


def test_with_a_study_the_kiosk_becomes_the_study(tmp_path: Path, repository: Path) -> None:
    (tmp_path / "kiosk.yaml").write_text("study: of-music.yaml\n")
    (tmp_path / "of-music.yaml").write_text("artwork: here\n")
    command = [sys.executable, "main.py", "--config", str(tmp_path / "kiosk.yaml")]
    finished = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert "of-music.yaml:1: artwork: unknown key; did you mean 'num_artworks'?" in finished.stderr


def test_the_study_gets_the_kiosk_s_screen_and_device(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _program, words: became.append(words))
    main(["--windowed", "--set", "study=/a.yaml", "--set", "audio.device=Hall"])
    main(["--set", "study=/a.yaml"])
    common = [sys.executable, "-m", "installation.study", "/a.yaml", "--kiosk"]
    assert became == [[*common, "--windowed", "--device", "Hall"], common]


@pytest.mark.parametrize("option", [["--run-for", "3"], ["--record", "heard.wav"]])
def test_what_is_for_the_show_does_not_go_with_a_study(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*option, "--set", "study=/a.yaml"]) == 2
    assert "--run-for and --record are for the show" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--run-for", "0"], ["--run-for", "soon"], ["--nonsense"]])
def test_a_wrong_option_is_explained(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_help_names_every_option(repository: Path) -> None:
    command = [sys.executable, "main.py", "--help"]
    text = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True).stdout
    options = "--config --check --set-pin --windowed --run-for --record --recompose --output --set"
    for option in options.split():
        assert option in text


def test_the_start_of_the_process_lies_before_now() -> None:
    assert time.monotonic() - 24 * 3600 < process_started_at_s() < time.monotonic()


def heartbeat(num_underruns: int, silence_s: float) -> AudioHeartbeat:
    return AudioHeartbeat(1000, num_underruns, silence_s, 1.0, 2.0, 1, "clip", 3.0, 4.0)


def test_the_summary_counts_over_all_lives_of_the_audio_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    tally = Tally(started_at_s=100.0)
    tally.note_sound(101.5, is_piece=False)
    tally.note_sound(107.0, is_piece=True)
    tally.note_sound(150.0, is_piece=True)
    tally.count_audio(heartbeat(1, 0.1))
    tally.count_audio(heartbeat(2, 0.2))
    tally.close_audio_life()
    tally.count_audio(heartbeat(1, 0.0))
    tally.gap_s = 0.5
    tally.count_frames(UiHeartbeat(100, 3))
    tally.close_ui_life()
    tally.count_frames(UiHeartbeat(50, 1))
    for at_s, work in enumerate(["wave", "poppies", "wave"]):
        tally.note_work(work, 100.0 + at_s)
    for seconds in (0.5, 1.5):
        clip = ClipInfo("clip", "wave", Path("clip.flac"), 20.0, 48000)
        tally.count_clip(ClipReady("job", clip, (("encode", 0.1), ("denoise", seconds))))
    summary = summarise(tally, {"ui": 200.0}, {"audio": 1, "ui": 0}, 190.0)
    assert (summary.first_sound_s, summary.first_piece_s, summary.ran_s) == (1.5, 7.0, 90.0)
    assert (summary.underruns, summary.silence_s, summary.bed_s) == (3, 0.7, 4.0)
    assert (summary.works_shown, summary.different_works, summary.clips_made) == (3, 2, 2)
    assert (summary.frames, summary.late_frames) == (150, 4)
    assert summary.fades_s == [0.0, 1.0, 2.0]
    assert summary.stage_seconds == {"encode": 0.1, "denoise": 1.0}
    assert summary.real_time_factor == pytest.approx(2.2 / 40)
    write_summary(summary, tmp_path / "last-run.json")
    assert json.loads((tmp_path / "last-run.json").read_text())["first_piece_s"] == 7.0
    print_summary(summary)
    printed = " ".join(capsys.readouterr().out.split())
    assert "restarts │ audio 1 " in printed
    assert "encode 0.100 s (0.0050), denoise 1.000 s (0.0500)" in printed


def test_a_run_without_music_has_a_summary_too(capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(summarise(Tally(0.0), {}, {}, 1.0))
    assert "first piece after │ never" in " ".join(capsys.readouterr().out.split())
