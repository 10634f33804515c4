from pathlib import Path

import pytest

from art2mus.data.tables import DataError, read_rows, write_rows


def test_what_is_written_is_read_again_whatever_the_cells_hold(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    rows = [{"file": 'a, "b"\nc.jpg', "title": "Étude"}, {"file": "d.jpg"}]
    write_rows(path, ["file", "title"], rows)
    assert read_rows(path, ["file"]) == [rows[0], {"file": "d.jpg", "title": ""}]


def test_a_cell_may_be_long_and_a_spreadsheet_may_have_marked_the_file(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("\ufefffile,text\na.jpg," + "x" * 300_000 + "\n", encoding="utf-8")
    assert len(read_rows(path, ["file", "text"])[0]["text"]) == 300_000


def test_a_name_that_is_not_unicode_is_spelled_out(tmp_path: Path) -> None:
    write_rows(tmp_path / "table.csv", ["file"], [{"file": "\udce9.jpg"}])
    assert read_rows(tmp_path / "table.csv", ["file"]) == [{"file": "\\udce9.jpg"}]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"artwork,sound\na,b\n", "needs the column track and similarity; its columns are artwork, sound"),
        (b"", "its columns are none"),
        (b"artwork,track,similarity\na,b\nc,d,0.5,e\n", "row 3 has 4 cells, the header names 3 columns"),
        (b"artwork,track,similarity\n\xff\xfe,b,1\n", "not a text in UTF-8"),
    ],
)
def test_another_table_is_told_by_what_is_wrong_with_it(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        read_rows(path, ["artwork", "track", "similarity"])
    assert str(path) in str(caught.value)


def test_a_table_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_rows(tmp_path / "table.csv", [])
    with pytest.raises(DataError, match="folder"):
        read_rows(tmp_path, [])
