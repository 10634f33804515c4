"""What names of files and tables say of artworks."""

import contextlib
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from art2mus.artwork_labels import lookup, read_name, read_table


@pytest.mark.parametrize(
    ("file_name", "artist", "title", "year"),
    [
        ("robert-montenegro_tehuana-1950.jpg", "Robert Montenegro", "Tehuana", "1950"),
        ("wassily-kandinsky_composition-viii-1923.jpg", "Wassily Kandinsky", "Composition VIII", "1923"),
        ("leonardo-da-vinci_mona-lisa-1503-1519.jpg", "Leonardo da Vinci", "Mona Lisa", "1503–1519"),
        ("katsushika-hokusai_oiran-and-kamuro.jpg", "Katsushika Hokusai", "Oiran and Kamuro", ""),
        ("claude-monet_water-lilies-1907-2.jpg", "Claude Monet", "Water Lilies", "1907"),
        ("giotto_the-crib-c-1300.jpg", "Giotto", "The Crib", "c. 1300"),
        ("el-greco_view-of-toledo-1596-99.jpg", "El Greco", "View of Toledo", "1596–99"),
        ("Vincent van Gogh - The Harvest (1888).png", "Vincent van Gogh", "The Harvest", "1888"),
        ("sunflowers.jpg", "", "Sunflowers", ""),
        ("a-piece-of-1000-things.jpg", "", "A Piece of 1000 Things", ""),
        ("IMG_2041.JPG", "", "", ""),
        ("DSC01234.jpg", "", "", ""),
        ("20240101_120000.jpg", "", "", ""),
        ("d41d8cd98f00b204e9800998ecf8427e.jpg", "", "", ""),
        ("_.jpg", "", "", ""),
    ],
)
def test_a_file_name_is_read_part_by_part(file_name: str, artist: str, title: str, year: str) -> None:
    name = read_name(file_name)
    assert (name.artist, name.title, name.year) == (artist, title, year)


@given(st.text(alphabet=st.characters(exclude_characters="/\0", codec="utf-8"), max_size=80))
def test_every_file_name_gives_parts_of_one_printable_line_each(name: str) -> None:
    parts = read_name(f"{name}.jpg")
    for field in (parts.title, parts.artist, parts.year):
        assert field.isprintable()
        assert field == field.strip()


words = st.lists(st.text(alphabet=string.ascii_lowercase, min_size=2, max_size=8), min_size=1, max_size=4)


@given(words, words, st.integers(1000, 2099))
def test_artist_title_and_year_come_apart_where_they_were_joined(
    artist: list[str], title: list[str], year: int
) -> None:
    name = read_name(f"{'-'.join(artist)}_{'-'.join(title)}-{year}.jpg")
    assert name.artist.lower().split() == artist
    assert name.title.lower().split() == title or title[-1] in ("ca", "circa")
    assert name.year in (str(year), f"c. {year}")


def test_latin_1_tables_of_old_spreadsheets_are_read(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_bytes("file;title\na.jpg;Caf\xe9\n".encode("latin-1"))
    assert read_table(tmp_path / "metadata.csv")["a.jpg"]["title"] == "Café"


def test_a_table_of_a_collection_gives_style_genre_and_a_year_without_decimals(tmp_path: Path) -> None:
    table = tmp_path / "works.csv"
    table.write_text("filename,style,genre,date,school\nBaroque/Ann_lake.jpg,Baroque,landscape,1650.0,Dutch\n")
    known = {"style": "Baroque", "genre": "landscape", "year": "1650", "country": "Dutch"}
    assert lookup(read_table(table), "ann_Lake.jpg") == known
    assert lookup(read_table(table), "another.jpg") == {}


def test_a_table_with_other_columns_is_told_by_them(tmp_path: Path) -> None:
    table = tmp_path / "works.csv"
    table.write_text("id,style\n4,Baroque\n")
    with pytest.raises(ValueError, match=r"needs 'file' .* there are only id, style"):
        read_table(table)


@given(st.binary(max_size=300))
def test_no_bytes_in_a_table_raise_anything_but_a_value_error(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    for name in ("metadata.json", "metadata.csv"):
        (folder / name).write_bytes(raw)
        with contextlib.suppress(ValueError):
            assert read_table(folder / name)
