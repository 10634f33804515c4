"""What is measured, on the tiny pipeline; how fast it is here is nobody's business."""

from pathlib import Path

import pytest
import torch
from rich.console import Console

from bench.kiosk import PICTURE, Figure, KioskError, figures_of, kiosk_table, run
from bench.speed import OF_A_PHRASE, STAGES, TOTAL, UNGUIDED, Variant, main, measure, speed_table
from tests.art2mus import tiny

SUMMARY = {
    "first_sound_s": 0.9,
    "first_piece_s": None,
    "underruns": 0,
    "silence_s": 0.0,
    "peak_memory_mb": {"director": 60.0, "audio": 130.0, "ui": 200.0},
}


def printed(table: object) -> str:
    console = Console(width=120, record=True)
    console.print(table)
    return console.export_text()


def test_every_stage_is_measured_and_the_stages_make_up_the_whole() -> None:
    pipeline = tiny.pipeline()
    seconds = measure([Variant("a", pipeline), Variant("b", pipeline, UNGUIDED)], PICTURE, num_rounds=1)
    assert seconds.keys() == {"a", "b"}
    for stages in seconds.values():
        assert stages.keys() == {*(stage.name for stage in STAGES), TOTAL, OF_A_PHRASE}
        assert 0 < sum(stages[stage.name] for stage in STAGES) <= stages[TOTAL]
    text = printed(speed_table(seconds))
    assert all(stage.name in text for stage in STAGES)


def test_speed_can_be_measured_by_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny.pipeline().save_pretrained(tmp_path)
    num_threads = torch.get_num_threads()
    try:
        assert main(["--model", str(tmp_path), "--rounds", "1", "--threads", "1"]) in (0, 1)
    finally:
        torch.set_num_threads(num_threads)
    printed = capsys.readouterr().out
    assert "s of music, 1 of" in printed
    assert all(stage.name in printed for stage in STAGES)


def test_the_clocks_are_taken_off_again() -> None:
    pipeline = tiny.pipeline()
    measure([Variant("a", pipeline, UNGUIDED)], PICTURE, num_rounds=1)
    assert not {stage.method for stage in STAGES} & {*vars(pipeline), *vars(pipeline.codec)}


def test_a_kiosk_that_does_not_end_is_said() -> None:
    with pytest.raises(KioskError, match=r"had not ended after 0\.1 s"):
        run(0.1, settling_s=0.0)


def test_goals_are_held_against_the_kiosk() -> None:
    figures = figures_of(SUMMARY)
    missed = {figure.name for figure in figures if not figure.is_reached}
    assert missed == {"command to first composed piece", "memory of audio, at most"}
    text = printed(kiosk_table(figures))
    assert "never" in text
    assert "130 MB" in text


@pytest.mark.parametrize(
    ("value", "goal", "is_reached"), [(1, 1, True), (2, 1, False), (2, None, True), (None, 1, False)]
)
def test_a_goal_is_reached_up_to_its_very_value(value: float | None, goal: float | None, is_reached: bool) -> None:
    assert Figure("any", value, "s", goal).is_reached is is_reached
