"""What a run leaves behind to look at."""

import builtins
from pathlib import Path
from typing import Any

import pytest

from art2mus.training.checkpoint import TrainingError
from art2mus.training.record import open_record
from art2mus.training.settings import Loop

SETTINGS = Loop(num_steps=1, batch_size=1, learning_rate=0.1)


def test_what_is_done_again_is_written_once(tmp_path: Path) -> None:
    with open_record(tmp_path, 0, SETTINGS) as record:
        for step in (1, 2, 3):
            record.figures(step, {"loss": step / 2}, "train")
    log = tmp_path / "log.jsonl"
    log.write_text(log.read_text() + '{"step": 4, "lo')  # killed while it wrote
    with open_record(tmp_path, 2, SETTINGS) as record:
        record.figures(3, {"loss": 9.0}, "train")
    assert log.read_text().splitlines() == [
        '{"step": 1, "kind": "train", "loss": 0.5}',
        '{"step": 2, "kind": "train", "loss": 1.0}',
        '{"step": 3, "kind": "train", "loss": 9.0}',
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["log.jsonl"]


def test_without_tensorboard_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(name: str, *arguments: Any, **more: Any) -> Any:
        if name == "tensorboard":
            raise ImportError(name)
        return imported(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with (
        pytest.raises(TrainingError, match=r"pip install -e '\.\[train\]'"),
        open_record(tmp_path, 0, SETTINGS.model_copy(update={"tensorboard": True})),
    ):
        pass
