"""Answers are in the file at once, whatever happens to the process that took them."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from art2mus.study.answers import BOTH, Answers, Question, StudyError
from tests.art2mus.study.studies import TODAY, listen, small_study

CLICKS = """
import sys
from datetime import date
from pathlib import Path
from art2mus.study.answers import Answers
from art2mus.study.design import Trial
answers = Answers(Path(sys.argv[1]), "fingerprint")
trials = [Trial(str(number), "x", "y") for number in range(2000)]
listener = answers.begin(lambda slot: trials, "en", date(2026, 11, 2))
print(listener, flush=True)
for position in range(2000):
    answers.give(listener, position, "quality", 1, 1 + position % 5)
    answers.confirm(listener, position)
    print(position, flush=True)
"""
"""A listener who clicks as fast as the file takes it, and says so after every click."""


def test_a_session_is_kept_and_found_again(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    with Answers(study.answers, study.fingerprint) as answers:
        listener = answers.begin(study.draw, "it", TODAY)
        answers.count_play(listener, 0, 2)
        answers.count_play(listener, 0, 2)
        answers.give(listener, 0, "quality", 2, 4)
        answers.give(listener, 0, "quality", 2, 5)  # a change of mind
        answers.give(listener, 0, "preference", BOTH, 1)
        answers.confirm(listener, 0)
    with Answers(study.answers, study.fingerprint) as answers:
        assert answers.unfinished() == (listener,)
        assert answers.language(listener) == "it"
        records = answers.records(listener)
        assert [record.trial for record in records] == list(study.draw(0))
        assert records[0].answers == {("quality", 2): 5, ("preference", BOTH): 1}
        assert records[0].plays == {2: 2}
        assert [record.is_confirmed for record in records] == [True, False, False, False]
        for record in records[1:]:
            answers.confirm(listener, record.position)
        assert answers.unfinished() == ()
        assert answers.count_sessions() == {"finished": 1}


@pytest.mark.parametrize("kill", range(3))
def test_a_killed_process_loses_at_most_the_click_in_flight(kill: int, tmp_path: Path) -> None:
    path, rng = tmp_path / "answers.sqlite", random.Random(kill)
    with subprocess.Popen([sys.executable, "-c", CLICKS, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        listener = process.stdout.readline().strip()
        num_read = rng.randint(3, 60)
        for _ in range(num_read):
            process.stdout.readline()
        process.kill()
        said = process.stdout.read().split()
    num_said = int(said[-1]) + 1 if said else num_read
    with Answers(path, "fingerprint") as answers:
        assert answers.unfinished() == (listener,)
        records = answers.records(listener)
        num_kept = sum(record.is_confirmed for record in records)
        assert num_said <= num_kept <= num_said + 1
        assert all(record.answers == {("quality", 1): 1 + record.position % 5} for record in records[:num_kept])
        assert not any(record.answers for record in records[num_kept + 1 :])
        check = sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone()
        assert check == ("ok",)


def test_slots_of_broken_off_sessions_are_given_again(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    with Answers(study.answers, study.fingerprint) as answers:
        listeners = [answers.begin(study.draw, "en", TODAY) for _ in range(3)]
        answers.break_off(listeners[1])
        answers.begin(study.draw, "en", TODAY, is_silent=True)
        again = answers.begin(study.draw, "en", TODAY)
        trials = [[record.trial for record in answers.records(who)] for who in (listeners[1], again)]
        assert trials[0] == trials[1] == list(study.draw(1))
        assert [r.trial for r in answers.records(answers.begin(study.draw, "en", TODAY))] == list(study.draw(3))


def test_nobody_comes_back_to_a_kiosk(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    with Answers(study.answers, study.fingerprint) as answers:
        at_home = answers.begin(study.draw, "en", TODAY)
        answers.begin(study.draw, "en", TODAY, is_kiosk=True)
        unheard = answers.begin(study.draw, "en", TODAY, is_silent=True)
        assert answers.unfinished(is_silent=True) == (unheard,)
        assert answers.unfinished() == (at_home,)
        answers.break_off_kiosk_sessions()
        assert answers.count_sessions() == {"open": 1, "broken off": 1, "silent": 1}


def test_the_file_says_nothing_of_a_person(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    with Answers(study.answers, study.fingerprint) as answers:
        listen(answers, study, lambda trial, model: (3, 3))
    with sqlite3.connect(study.answers) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {row[1] for table in tables for row in connection.execute(f"PRAGMA table_info({table})")}
        days = connection.execute("SELECT DISTINCT day FROM sessions").fetchall()
    connection.close()
    assert columns == set(
        "fingerprint listener slot language day is_kiosk is_silent state position artwork first second is_confirmed"
        " track question value count".split()
    )
    assert days == [("2026-11-02",)]


@pytest.mark.parametrize(
    ("question", "track", "value"), [("quality", 1, 6), ("quality", 3, 1), ("loudness", 1, 1), ("quality", 1, 0)]
)
def test_nonsense_is_not_kept(question: Question, track: int, value: int, tmp_path: Path) -> None:
    study = small_study(tmp_path)
    with Answers(study.answers, study.fingerprint) as answers:
        listener = answers.begin(study.draw, "en", TODAY)
        with pytest.raises(sqlite3.IntegrityError):
            answers.give(listener, 0, question, track, value)
        assert answers.records(listener)[0].answers == {}


class TestRefusals:
    """A file that is not this study's is left alone."""

    def test_no_answers_yet(self, tmp_path: Path) -> None:
        with pytest.raises(StudyError, match="no answers yet"):
            Answers(tmp_path / "none.sqlite")
        assert not (tmp_path / "none.sqlite").exists()

    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(StudyError, match="cannot be opened"):
            Answers(tmp_path / "none" / "answers.sqlite", "fingerprint")

    def test_no_sqlite(self, tmp_path: Path) -> None:
        path = tmp_path / "letter.txt"
        path.write_text("Dear Sir or Madam, " * 100)
        with pytest.raises(StudyError, match="cannot be used for answers"):
            Answers(path, "fingerprint")
        assert path.read_text().startswith("Dear Sir")

    def test_somebody_elses(self, tmp_path: Path) -> None:
        path = tmp_path / "other.sqlite"
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
        connection.close()
        before = path.read_bytes()
        for fingerprint in ("fingerprint", None):
            with pytest.raises(StudyError, match="not a file of answers"):
                Answers(path, fingerprint)
        assert path.read_bytes() == before

    def test_a_later_version(self, tmp_path: Path) -> None:
        path = tmp_path / "answers.sqlite"
        Answers(path, "fingerprint").close()
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 99")
        connection.close()
        with pytest.raises(StudyError, match="another version"):
            Answers(path, "fingerprint")

    def test_another_study(self, tmp_path: Path) -> None:
        path = tmp_path / "answers.sqlite"
        Answers(path, "fingerprint").close()
        with pytest.raises(StudyError, match="begun with other artworks"):
            Answers(path, "another")
        Answers(path).close()  # a report only reads
