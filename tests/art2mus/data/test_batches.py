from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from art2mus.data.batches import Done, Work, carry_out
from art2mus.data.tables import DataError
from tests.art2mus.data.readers import read_or_die


def work(items: Mapping[str, str], batch_size: int = 2) -> Work:
    return Work({"what": "lengths"}, items, read_or_die, lambda _device: lambda read: np.array(read), batch_size)


def write(folder: Path, done: Done) -> dict[str, object]:
    (folder / "result.txt").write_text(" ".join(f"{name}={result}" for name, result, _ in done))
    return {"more": 1}


def test_results_come_in_the_order_of_the_items(tmp_path: Path) -> None:
    meta = carry_out(work({"b": "one", "a": "two", "c": "three"}), write, tmp_path / "out", num_workers=0)
    assert (tmp_path / "out" / "result.txt").read_text() == "b=one a=two c=three"
    assert meta is not None
    assert {"what": "lengths", "count": 3, "batch_size": 2, "num_failed": 0, "more": 1}.items() <= meta.items()


def test_a_reader_that_crashes_stops_the_run_and_loses_nothing(tmp_path: Path) -> None:
    out, cure = tmp_path / "out", tmp_path / "cure"
    items = {"a": "one", "b": "two", "c": f"crash unless {cure}", "d": "three"}
    with pytest.raises(DataError, match=r"stopped: DataLoader worker .*\n  the same command goes on from here"):
        carry_out(work(items), write, out, num_workers=1)
    assert not (out / "result.txt").exists()
    cure.touch()
    carry_out(work(items), write, out, num_workers=0)
    assert (out / "result.txt").read_text() == "a=one b=two c=recovered d=three"


def test_other_texts_are_other_work(tmp_path: Path) -> None:
    carry_out(work({"a": "one"}), write, tmp_path / "out", num_workers=0)
    with pytest.raises(DataError, match="holds other work"):
        carry_out(work({"a": "two"}), write, tmp_path / "out", num_workers=0)


@pytest.mark.parametrize("content", ["", '{"what": "len', "[]", "\x00"])
@pytest.mark.parametrize("name", ["meta.json", ".unfinished/run.json"])
def test_a_damaged_description_of_the_work_is_named(name: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with pytest.raises(DataError, match=f"{name}: damaged.*; remove {tmp_path / 'out'} and start again"):
        carry_out(work({"a": "one"}), write, tmp_path / "out", num_workers=0)


def test_a_list_without_items_is_no_work(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the list: it is empty"):
        carry_out(work({}), write, tmp_path / "out", num_workers=0)
