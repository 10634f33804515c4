"""Scores of the music21 corpus as plain numbers, parsed once and kept on disk.

Only collections whose files carry no restriction are read, and a file with a copyright notice of its
own is left out. ``music21`` is needed here and nowhere else.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from art2mus.whole_files import whole_file

CACHE_VERSION = 1
QUARTET_COLLECTIONS = ("beethoven", "mozart", "haydn", "corelli", "monteverdi")
TUNE_COLLECTIONS = ("ryansMammoth", "oneills1850")
COLLECTIONS = ("bach", *TUNE_COLLECTIONS, *QUARTET_COLLECTIONS)
_SUFFIXES = (".mxl", ".xml", ".abc")
_NOT_QUARTETS = ("k545",)


class CorpusError(Exception):
    """The corpus cannot be read; the message says what to do."""


@dataclass(frozen=True)
class SpelledNote:
    """A written note; times in quarter notes from the beginning of the score.

    Attributes:
        letter: Diatonic number as music21 counts: 29 is the C of middle C, 30 the D above it.
        alteration: Semitones up from the natural note: 1 is a sharp.
        is_phrase_end: Whether it carries a fermata.
    """

    onset: float
    duration: float
    letter: int
    alteration: int
    is_phrase_end: bool = False


@dataclass(frozen=True)
class Bar:
    """A written bar; ``onset`` is where its first beat is or would be, in quarter notes."""

    onset: float
    metre: str
    num_sharps: int


@dataclass(frozen=True)
class WrittenScore:
    """A score as written. Part 0 is the highest staff; ``name`` is unique in the corpus."""

    name: str
    collection: str
    parts: tuple[tuple[SpelledNote, ...], ...]
    bars: tuple[Bar, ...]


def load_corpus(collections: Iterable[str], cache: Path, num_processes: int = 2) -> list[WrittenScore]:
    """Read collections of the music21 corpus, from the cache where they are in it.

    Args:
        collections: Names out of ``COLLECTIONS``.
        cache: Folder for the parsed scores; one file per collection.
        num_processes: How many files are parsed at the same time.

    Raises: CorpusError if music21 is missing or a collection is unknown.
    """
    cache.mkdir(parents=True, exist_ok=True)
    scores: list[WrittenScore] = []
    for collection in collections:
        if collection not in COLLECTIONS:
            raise CorpusError(f"unknown collection {collection!r}; there are {', '.join(COLLECTIONS)}")
        path = cache / f"{collection}-v{CACHE_VERSION}.jsonl.gz"
        if not path.exists():
            _write(path, _parse_collection(collection, num_processes))
        scores.extend(_read(path))
    return scores


def _write(path: Path, scores: Iterable[WrittenScore]) -> None:
    with whole_file(path) as partial, gzip.open(partial, "wt", encoding="utf-8", compresslevel=5) as stream:
        for score in scores:
            stream.write(json.dumps(_to_json(score)) + "\n")


def _read(path: Path) -> Iterator[WrittenScore]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            yield _from_json(json.loads(line))


def _to_json(score: WrittenScore) -> dict[str, Any]:
    fields = asdict(score)
    fields["parts"] = [[list(note.values()) for note in part] for part in fields["parts"]]
    fields["bars"] = [list(bar.values()) for bar in fields["bars"]]
    return fields


def _from_json(fields: dict[str, Any]) -> WrittenScore:
    parts = tuple(tuple(SpelledNote(*note) for note in part) for part in fields["parts"])
    bars = tuple(Bar(*bar) for bar in fields["bars"])
    return WrittenScore(fields["name"], fields["collection"], parts, bars)


def _parse_collection(collection: str, num_processes: int) -> Iterator[WrittenScore]:
    files = _files(collection)
    with ProcessPoolExecutor(num_processes) as pool:
        results = pool.map(_parse_file, [str(file) for file in files], [collection] * len(files), chunksize=4)
        for scores in tqdm(results, total=len(files), desc=f"parsing {collection}", unit="file"):
            yield from scores


def _files(collection: str) -> list[Path]:
    try:
        import music21
    except ImportError as error:
        raise CorpusError("the corpus of scores needs music21: pip install music21") from error
    folder = Path(str(music21.__file__)).parent / "corpus" / collection
    files = [file for file in folder.rglob("*") if file.suffix in _SUFFIXES]
    return sorted(file for file in files if not any(part in _NOT_QUARTETS for part in file.parts))


def _parse_file(path: str, collection: str) -> list[WrittenScore]:
    import music21

    try:
        parsed: Any = music21.converter.parse(path, forceSource=True)
    except (music21.exceptions21.Music21Exception, ValueError, AttributeError, IndexError, KeyError) as error:
        print(f"{path}: cannot be read ({type(error).__name__}: {error}), left out")
        return []
    name = "/".join((collection, *Path(path).with_suffix("").parts[Path(path).parts.index(collection) + 1 :]))
    if isinstance(parsed, music21.stream.Opus):
        numbered = [(f"{name}#{i}", score) for i, score in enumerate(parsed.scores)]
    else:
        numbered = [(name, parsed)]
    return [_written(n, collection, s) for n, s in numbered if not _is_restricted(s) and len(s.parts) > 0]


def _is_restricted(score: Any) -> bool:
    notice = str(score.metadata.copyright or "") if score.metadata is not None else ""
    return bool(notice) and "creative commons" not in notice.lower()


def _written(name: str, collection: str, score: Any) -> WrittenScore:
    parts = tuple(tuple(_notes(part)) for part in score.parts)
    return WrittenScore(name, collection, parts, tuple(_bars(score.parts[0])))


def _bars(part: Any) -> Iterator[Bar]:
    metre, num_sharps = "", 0
    for measure in part.getElementsByClass("Measure"):
        if measure.timeSignature is not None:
            metre = measure.timeSignature.ratioString
        if measure.keySignature is not None:
            num_sharps = int(measure.keySignature.sharps)
        yield Bar(float(measure.offset) - float(measure.paddingLeft), metre, num_sharps)


def _notes(part: Any) -> Iterator[SpelledNote]:
    """Notes in order, tied ones as one."""
    tied: dict[int, SpelledNote] = {}
    for element in part.flatten().notes:
        is_chord_symbol = "ChordSymbol" in element.classes
        if element.duration.quarterLength <= 0 or is_chord_symbol or "Unpitched" in element.classes:
            continue
        is_end = any("Fermata" in expression.classes for expression in element.expressions)
        for note in element.notes if element.isChord else (element,):
            written = SpelledNote(
                float(element.offset),
                float(element.duration.quarterLength),
                note.pitch.diatonicNoteNum,
                round(note.pitch.alter),
                is_end,
            )
            kind = note.tie.type if note.tie is not None else ""
            before = tied.pop(note.pitch.midi, None) if kind in ("stop", "continue") else None
            if before is not None and abs(before.onset + before.duration - written.onset) < 1e-6:
                length = before.duration + written.duration
                written = SpelledNote(before.onset, length, before.letter, before.alteration, is_end)
            if kind in ("start", "continue"):
                tied[note.pitch.midi] = written
            else:
                yield written
    yield from tied.values()
