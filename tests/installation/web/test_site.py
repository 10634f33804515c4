"""What the site answers, without a network."""

import io
from pathlib import Path

import mido
import pytest
import soundfile

from installation.flac_tags import read_head
from installation.messages import ClipInfo, OfferClip, SoundingNote, WallLabel
from installation.web.limits import RateLimit
from installation.web.responses import Response
from installation.web.site import MAX_OFFERS, Site
from installation.web.words import WORDS, choose_language
from tests.installation.test_library import NOTES, put

LABEL = WallLabel("Die Brücke <von> Langlois", "Vincent & Co", "1888")
TOKEN = "a-token-that-nobody-guesses"
NOW_S = 1000.0


def offer(folder: Path, token: str = TOKEN, **changes: object) -> OfferClip:
    return OfferClip(token, put(folder, "clip", size=200_000), LABEL, NOW_S + 3600)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site()
    site.take(offer(tmp_path), NOW_S)
    return site


def body(response: Response) -> bytes:
    return b"".join(response.body.part(response.start, response.end))


def get(site: Site, target: str, now_s: float = NOW_S, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return site.answer("GET", target, named, now_s)


def test_the_page_names_the_work_and_nothing_in_it_is_taken_for_markup(site: Site) -> None:
    page = body(get(site, f"/{TOKEN}")).decode()
    assert "Music for “Die Brücke &lt;von&gt; Langlois”" in page
    assert "Vincent &amp; Co, 1888" in page
    assert "60 min" in page
    assert f'src="{TOKEN}/music.flac"' in page
    assert f'href="{TOKEN}/notes.mid" download="Die-Br-cke-von-Langlois.mid"' in page
    assert WORDS["en"].notice in page
    assert "http:" not in page, "nothing comes from elsewhere"


@pytest.mark.parametrize("language", WORDS)
def test_every_language_says_everything(site: Site, language: str) -> None:
    response = get(site, f"/{TOKEN}", accept_language=f"{language}-XX;q=0.9, ja")
    assert ("Content-Language", language) in response.headers
    page = body(response).decode()
    words = WORDS[language]
    assert f'lang="{language}"' in page
    for text in (words.music, words.notes, words.notice, words.title.partition("{")[0]):
        assert text in page
    assert "{" not in words.minutes.format(minutes=1) + words.title.format(title="x")


@pytest.mark.parametrize("accepted", ["", "ja", "en", "*", ";;;", "q=1", "it;q=0", "it;q=x", "," * 10_000])
def test_everybody_else_reads_english(accepted: str) -> None:
    assert choose_language(accepted) == "en"


def test_the_music_is_a_tagged_file_with_the_sound_of_the_library(site: Site, tmp_path: Path) -> None:
    response = get(site, f"/{TOKEN}/music.flac", accept_language="de")
    taken = tmp_path / "taken.flac"
    taken.write_bytes(body(response))
    head, before = read_head(taken), read_head(tmp_path / "clip.flac")
    assert head.tags == {
        "TITLE": "Musik für „Die Brücke <von> Langlois“",
        "ARTIST": "Vincent & Co",
        "COMMENT": WORDS["de"].notice,
    }
    assert taken.read_bytes()[head.num_bytes :] == (tmp_path / "clip.flac").read_bytes()[before.num_bytes :]
    assert soundfile.info(taken).frames == 480
    assert "receipt" not in taken.read_bytes().decode("latin-1"), "nothing else of the kiosk goes with it"


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [("bytes=0-1", 0, 2), ("bytes=100-", 100, None), ("bytes=-5", -5, None), ("bytes=70000-80000", 70_000, 80_001)],
)
def test_a_player_gets_the_part_it_asks_for(site: Site, wanted: str, start: int, stop: int | None) -> None:
    whole = body(get(site, f"/{TOKEN}/music.flac"))
    response = get(site, f"/{TOKEN}/music.flac", range=wanted)
    assert response.status == 206
    assert body(response) == whole[start:stop]
    first = start % len(whole)
    assert ("Content-Range", f"bytes {first}-{(stop or len(whole)) - 1}/{len(whole)}") in response.headers


def test_parts_that_are_none(site: Site) -> None:
    assert get(site, f"/{TOKEN}/music.flac", range="bytes=9999999-").status == 416
    assert get(site, f"/{TOKEN}/music.flac", range="bytes=-0").status == 416
    for odd in ("bytes=5-2,7-8", "bytes=-", "lines=1-2", "bytes=" + "9" * 99 + "-"):
        assert get(site, f"/{TOKEN}/music.flac", range=odd).status == 200


def test_the_notes_are_those_that_sound(site: Site) -> None:
    file = mido.MidiFile(file=io.BytesIO(body(get(site, f"/{TOKEN}/notes.mid"))))
    assert [track.name for track in file.tracks][1:] == ["melody", "pad"]
    heard: list[SoundingNote] = []
    for layer, track in enumerate(file.tracks[1:]):
        now_s, begun = 0.0, {}
        for message in track:
            now_s += mido.tick2second(message.time, file.ticks_per_beat, 500_000)
            if message.type == "note_on":
                begun[message.note] = (now_s, message.velocity)
            elif message.type == "note_off":
                onset_s, velocity = begun.pop(message.note)
                heard.append(SoundingNote(onset_s, now_s - onset_s, message.note, velocity, layer))
    assert tuple(heard) == NOTES


@pytest.mark.parametrize(
    "target",
    [
        *["", "/", "//", "/x", "*", "/favicon.ico", "/robots.txt", "/metrics", "/../etc/passwd", "/%2e%2e/etc/passwd"],
        *[TOKEN, f"/{TOKEN}/", f"/{TOKEN}x", f"/{TOKEN}/other", f"/{TOKEN}?x=1", f"//{TOKEN}", f"/{TOKEN}/../{TOKEN}"],
        *[f"/{TOKEN}/music.flac/..", f"http://kiosk/{TOKEN}", f"/{TOKEN}/%6eotes.mid", f"/{TOKEN}\x00"],
        "/" + "a" * 5000,
    ],
)
def test_no_other_path_is_served_and_none_is_told_from_another(site: Site, target: str) -> None:
    response = get(site, target)
    assert (response.status, body(response)) == (404, b"not found\n")
    assert response == get(site, "/whatever")


def test_a_link_ends_and_so_does_a_clip_without_its_file(site: Site, tmp_path: Path) -> None:
    nothing = get(site, "/whatever")
    assert get(site, f"/{TOKEN}", NOW_S + 3599).status == 200
    for name in ("", "/music.flac", "/notes.mid"):
        assert get(site, f"/{TOKEN}{name}", NOW_S + 3600) == nothing
    (tmp_path / "clip.flac").unlink()
    assert get(site, f"/{TOKEN}") == nothing
    assert get(site, f"/{TOKEN}/music.flac") == nothing


def test_offers_do_not_grow_without_end(site: Site, tmp_path: Path) -> None:
    clip = ClipInfo("clip", "work", tmp_path / "clip.flac", 3.0, 48000)
    for number in range(MAX_OFFERS):
        site.take(OfferClip(f"token-{number}", clip, LABEL, NOW_S + 60), NOW_S)
    assert get(site, f"/{TOKEN}").status == 404
    assert get(site, "/token-0").status == 200
    assert get(site, "/token-0/notes.mid").status == 404, "no notes, no file of them"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", "PROPFIND"])
def test_nothing_can_be_done_but_reading(site: Site, method: str) -> None:
    answers = {site.answer(method, target, {}, NOW_S).status for target in (f"/{TOKEN}", "/x")}
    assert answers == {405}


def test_figures_are_served_only_where_the_curator_says_so() -> None:
    for has_metrics, status in ((False, 404), (True, 200)):
        site = Site(has_metrics)
        assert get(site, "/metrics").status == 404, "there are none yet"
        site.metrics = "art2mus_clips 3\n"
        response = get(site, "/metrics")
        assert response.status == status
    assert body(response) == b"art2mus_clips 3\n"


def test_every_answer_is_closed_to_other_pages(site: Site) -> None:
    for target in (f"/{TOKEN}", f"/{TOKEN}/music.flac", "/x"):
        headers = dict(get(site, target).all_headers())
        assert headers["Content-Security-Policy"].startswith("default-src 'none';")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "private, no-store"
        assert "Server" not in headers


def test_the_rate_limit_is_each_ones_own_and_comes_back() -> None:
    limit = RateLimit(burst=3, per_s=0.5, max_addresses=2)
    assert [limit.allows("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert limit.allows("b", 0.0)
    assert not limit.allows("a", 1.9)
    assert limit.allows("a", 2.1)
    assert not limit.allows("a", 2.1)
    limit.allows("c", 3.0)
    limit.allows("d", 3.0)
    assert limit.allows("a", 3.0), "forgotten: what is remembered has a bound"
