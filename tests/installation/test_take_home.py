"""Offers: a link that cannot be guessed, for an hour, also when the web process is a new one."""

import contextlib
import http.client
import os
import re
import signal
import time
from pathlib import Path

import pytest

from installation import messages
from installation.config import ConfigError, load_config
from installation.settings import WebSettings
from installation.supervisor import ChildPlan, Said, Supervisor
from installation.take_home import TakeHomeDesk, find_address
from installation.web.site import Site
from tests.installation.test_library import put

CLIP = messages.ClipInfo("clip", "wave", Path("clip.flac"), 3.0, 48000)
LABEL = messages.WallLabel("The Great Wave")


def test_nothing_is_offered_before_somebody_serves_it() -> None:
    said: list[messages.ToWeb] = []
    desk = TakeHomeDesk(lambda message: not said.append(message), 3600.0, "kiosk.local")
    assert desk.offer(CLIP, LABEL, 0.0) is None
    desk.web_came(8080, 0.0)
    offers = [desk.offer(CLIP, LABEL, 10.0) for _ in range(2)]
    urls = {offer.url for offer in offers if offer}
    assert len(urls) == 2, "every link is another"
    assert all(re.fullmatch(r"http://kiosk\.local:8080/[A-Za-z0-9_-]{24}", url) for url in urls)
    assert {offer.expires_at_s for offer in offers if offer} == {3610.0}
    tokens = [message.token for message in said if isinstance(message, messages.OfferClip)]
    assert {f"http://kiosk.local:8080/{token}" for token in tokens} == urls
    desk.web_went()
    assert desk.offer(CLIP, LABEL, 20.0) is None


def test_links_are_good_again_when_the_web_process_is_replaced() -> None:
    said: list[messages.ToWeb] = []
    desk = TakeHomeDesk(lambda message: not said.append(message), 100.0, "kiosk.local")
    desk.web_came(8080, 0.0)
    desk.offer(CLIP, LABEL, 0.0)
    desk.offer(CLIP, LABEL, 50.0)
    desk.web_went()
    before = list(said)
    said.clear()
    desk.web_came(8080, 120.0)
    assert said == before[1:], "the first is over"
    assert desk.promised() == {"clip"}
    desk.web_came(8080, 200.0)
    assert desk.promised() == set()


def test_a_web_process_that_is_dying_gets_no_offer() -> None:
    desk = TakeHomeDesk(lambda _message: False, 100.0, "kiosk.local")
    desk.web_came(8080, 0.0)
    assert desk.offer(CLIP, LABEL, 0.0) is None
    assert desk.promised() == set()


def test_the_address_is_one_of_this_machine_or_none() -> None:
    address = find_address()
    assert address is None or re.fullmatch(r"\d+\.\d+\.\d+\.\d+", address)


def test_every_link_is_good_until_its_time_however_much_is_heard_meanwhile(tmp_path: Path) -> None:
    """The longest time and the shortest works that a configuration may ask for."""
    longest_s, shortest_s = 14_400.0, 5.0
    load_config(None, [f"web.valid_for_s={longest_s}", f"show.seconds_per_work={shortest_s}"])
    for beyond in (f"web.valid_for_s={longest_s + 1}", f"show.seconds_per_work={shortest_s - 0.1}"):
        with pytest.raises(ConfigError):
            load_config(None, [beyond])
    site, now_s = Site(), 0.0

    def tell(message: messages.ToWeb) -> bool:
        assert isinstance(message, messages.OfferClip)
        site.take(message, now_s)
        return True

    desk = TakeHomeDesk(tell, longest_s, "kiosk.local")
    desk.web_came(8080, now_s)
    clip = put(tmp_path, "clip")
    first = desk.offer(clip, LABEL, now_s)
    while (now_s := now_s + shortest_s) < longest_s:
        assert desk.offer(clip, LABEL, now_s)
    assert first is not None
    path = first.url.removeprefix("http://kiosk.local:8080")
    assert site.answer("GET", path, {}, longest_s - 1).status == 200
    assert site.answer("GET", path, {}, longest_s).status == 404


def come(supervisor: Supervisor, desk: TakeHomeDesk) -> int:
    """Wait for a web process to listen; returns its port."""
    deadline_s = time.monotonic() + 60
    while time.monotonic() < deadline_s:
        for news in supervisor.wait(0.2):
            match news:
                case Said("web", messages.WebReady(port)):
                    desk.web_came(port, time.monotonic())
                    return port
    raise AssertionError("it does not listen")


def fetch(port: int, path: str) -> int:
    """The status that an offer made a moment ago is answered with."""
    deadline_s = time.monotonic() + 10
    while True:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            connection.request("GET", path)
            status = connection.getresponse().status
            if status == 200 or time.monotonic() > deadline_s:
                return status


def test_a_link_outlives_the_web_process(tmp_path: Path) -> None:
    plan = ChildPlan("web", "installation.web.server:main", (WebSettings(0),), max_start_s=60, max_idle_s=60)
    supervisor = Supervisor([plan], time.monotonic())
    try:
        desk = TakeHomeDesk(lambda message: supervisor.send("web", message), 3600.0, "127.0.0.1")
        port = come(supervisor, desk)
        offer = desk.offer(put(tmp_path, "clip"), LABEL, time.monotonic())
        assert offer is not None
        path = offer.url.removeprefix(f"http://127.0.0.1:{port}")
        assert fetch(port, path) == 200
        os.kill(supervisor.pid("web") or 0, signal.SIGKILL)
        assert fetch(come(supervisor, desk), path) == 200
    finally:
        supervisor.close(grace_s=2.0)
