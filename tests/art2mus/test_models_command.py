"""`python -m art2mus.models`, as a real process, with a real (small) hub on this machine."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from art2mus.models import MODELS, ModelMissingError, load_imagebind, locate
from art2mus.models.__main__ import main
from art2mus.models.assembly import Assembly
from art2mus.models.hub import DownloadError, Lock, LockedFile, download
from art2mus.projection import ImageProjection
from tests.art2mus.hub_server import Hub, serving


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub")
    (folder / "base" / "unet").mkdir(parents=True)
    (folder / "base" / "model_index.json").write_text('{"_class_name": "AudioLDM2Pipeline"}')
    (folder / "base" / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(os.urandom(3_000_000))
    (folder / "base" / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"not wanted")
    (folder / "eyes").mkdir()
    (folder / "eyes" / "model.safetensors").write_bytes(os.urandom(25_000_000))
    repositories = {"cvssp/audioldm2": folder / "base", "nielsr/imagebind-huge": folder / "eyes"}
    with serving(repositories) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_served(hub: Hub) -> None:
    hub.served.clear()
    hub.cut_after, hub.is_false = None, False
    hub.commit = "a" * 40


def run(*arguments: str, endpoint: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    if endpoint is not None:
        environment |= {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_XET": "1"}
    command = [sys.executable, "-m", "art2mus.models", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def projection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("projection") / "art2mus_img_proj_layer.pt"
    torch.save(ImageProjection().state_dict(), path)
    return path


def test_what_the_system_refuses_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ART2MUS_HOME", str(tmp_path / "file"))
    assert main(["download", "imagebind"]) == 2
    assert capsys.readouterr().err == f"art2mus: {tmp_path / 'file' / 'models' / 'imagebind'}: Not a directory\n"


WEIGHTS = "unet/diffusion_pytorch_model.safetensors"


def test_a_model_is_fetched_checked_and_found(hub: Hub, own_home: Path) -> None:
    finished = run("download", "audioldm2", endpoint=hub.endpoint)
    assert finished.returncode == 0, finished.stderr
    folder = own_home / "models" / "audioldm2"
    lock = Lock.read(folder)
    assert (lock.repository, lock.revision) == ("cvssp/audioldm2", "a" * 40)
    assert {name: file.algorithm for name, file in lock.files.items()} == {
        "model_index.json": "git-sha1",
        WEIGHTS: "sha256",
    }
    assert not list(folder.rglob("*.bin"))
    verified = run("verify", "audioldm2")
    assert (verified.returncode, verified.stdout.count("ok ")) == (0, 2)
    assert run("verify", str(folder)).stdout == verified.stdout
    assert str(folder) in run("list").stdout
    again = run("download", "audioldm2")
    assert again.returncode == 0, "all is there: no network is needed"


def test_a_bar_shows_how_far_it_is_on_a_terminal(hub: Hub) -> None:
    screen, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (24, 120))
    environment = {**os.environ, "HF_HUB_OFFLINE": "0", "HF_ENDPOINT": hub.endpoint}
    command = [sys.executable, "-m", "art2mus.models", "download", "imagebind"]
    with subprocess.Popen(command, env=environment, stderr=terminal, stdout=subprocess.DEVNULL) as process:
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # a terminal that everybody has left
            while part := os.read(screen, 4096):
                shown += part
    os.close(screen)
    assert process.returncode == 0
    assert b"model.safetensors" in shown
    assert b"25.0M" in shown, "of how many bytes"


def test_damage_is_found_and_mended_from_the_commit_first_fetched(hub: Hub, own_home: Path) -> None:
    assert run("download", "audioldm2", endpoint=hub.endpoint).returncode == 0
    weights = own_home / "models" / "audioldm2" / WEIGHTS
    content = bytearray(weights.read_bytes())
    content[1_000_000] ^= 1
    weights.write_bytes(content)
    damaged = run("verify", "audioldm2")
    assert damaged.returncode == 2
    assert f"DAMAGED {WEIGHTS}" in damaged.stdout
    assert "damaged; remove" in damaged.stderr

    weights.unlink()
    with pytest.raises(ModelMissingError, match=r"not all of it .*\n.*download audioldm2"):
        locate("audioldm2")
    hub.commit, hub.served[:] = "b" * 40, []
    assert run("download", "audioldm2", endpoint=hub.endpoint).returncode == 0
    assert [(commit, name) for commit, name, _ in hub.served] == [("a" * 40, WEIGHTS)]
    assert run("verify", "audioldm2").returncode == 0


def test_a_download_goes_on_where_it_was_interrupted(hub: Hub, own_home: Path) -> None:
    hub.cut_after = 15_000_000
    first = run("download", "imagebind", endpoint=hub.endpoint)
    if first.returncode:  # otherwise the hub's client has tried again by itself
        assert "run the command again" in first.stderr
        assert run("download", "imagebind", endpoint=hub.endpoint).returncode == 0
    sent = [size for _, _, size in hub.served]
    assert sent[0] == 15_000_000
    assert sum(sent) <= 35_000_000, "the client keeps what it has in pieces of ten million bytes"
    assert run("verify", "imagebind").returncode == 0


def test_what_is_not_what_was_published_is_not_kept(hub: Hub, own_home: Path) -> None:
    hub.is_false = True
    finished = run("download", "imagebind", endpoint=hub.endpoint)
    assert finished.returncode == 2
    assert "model.safetensors: not what was published, and removed" in finished.stderr
    assert not (own_home / "models" / "imagebind" / "model.safetensors").exists()


@pytest.mark.parametrize(
    ("endpoint", "words"), [(None, "HF_HUB_OFFLINE is set"), ("http://127.0.0.1:9", "is this machine online?")]
)
def test_offline_is_said_in_a_line_or_two(endpoint: str | None, words: str) -> None:
    finished = run("download", "imagebind", endpoint=endpoint)
    assert finished.returncode == 2
    assert words in finished.stderr
    assert "Traceback" not in finished.stderr
    assert len(finished.stderr.strip().splitlines()) <= 2


def test_a_repository_that_is_gone_is_said(own_home: Path, hub: Hub) -> None:
    finished = run("download", "audioldm2-music", endpoint=hub.endpoint)
    assert finished.returncode == 2
    assert "cvssp/audioldm2-music: the hub has no such repository" in finished.stderr


def test_a_short_disk_is_said_before_anything_is_fetched(own_home: Path) -> None:
    folder = own_home / "models" / "imagebind"
    folder.mkdir(parents=True)
    Lock("nielsr/imagebind-huge", "a" * 40, {"model.safetensors": LockedFile(10**18, "sha256", "0" * 64)}).write(folder)
    finished = run("download", "imagebind")
    assert finished.returncode == 2
    assert "1000000000.0 GB are to come, but only" in finished.stderr
    assert "ART2MUS_HOME" in finished.stderr


def test_what_was_fetched_before_needs_no_room_again(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = own_home / "models" / "imagebind"
    begun = folder / ".cache" / "huggingface" / "download" / "model.abc.incomplete"
    begun.parent.mkdir(parents=True)
    begun.write_bytes(bytes(800_000))
    Lock("nielsr/imagebind-huge", "a" * 40, {"model.safetensors": LockedFile(10**6, "sha256", "0" * 64)}).write(folder)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda *_, **__: (folder / "model.safetensors").touch())
    source = MODELS["imagebind"].source
    assert source is not None
    for free, words in ((10**5, "but only 0.0 GB are free"), (3 * 10**5, "not what was published")):
        monkeypatch.setattr("shutil.disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        with pytest.raises(DownloadError, match=words):
            download(source, folder)


def test_a_disk_that_fills_up_is_said_and_not_taken_for_the_network(
    hub: Hub, own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fill(*_: object, **__: object) -> None:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            raise RuntimeError("the transport gives up") from error

    assert run("download", "audioldm2", endpoint=hub.endpoint).returncode == 0
    (own_home / "models" / "audioldm2" / WEIGHTS).unlink()
    monkeypatch.setattr("huggingface_hub.hf_hub_download", fill)
    assert main(["download", "audioldm2"]) == 2
    said = capsys.readouterr().err
    assert "cvssp/audioldm2: the disk is full; what was fetched is kept\n  make room" in said
    assert "online" not in said


def test_a_damaged_lock_is_named(own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = own_home / "models" / "audioldm2"
    folder.mkdir(parents=True)
    for damage in ("", "[]", '{"files": {"a": 1}}'):
        (folder / "lock.json").write_text(damage)
        for command in ("download", "verify"):
            assert main([command, "audioldm2"]) == 2
            assert f"{folder / 'lock.json'}: cannot be read; remove it" in capsys.readouterr().err
        with pytest.raises(ModelMissingError, match="cannot be read; remove it"):
            locate("audioldm2")


def test_art2mus_is_put_together_of_its_parts(
    hub: Hub, own_home: Path, projection: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for part in ("audioldm2", "imagebind"):
        assert run("download", part, endpoint=hub.endpoint).returncode == 0
    assert main(["download", "art2mus"]) == 2
    assert "add --projection FILE" in capsys.readouterr().err
    assert main(["download", "art2mus-4", "--projection", str(projection)]) == 2
    assert "1 token of a picture, but art2mus-4 has 4" in capsys.readouterr().err
    assert main(["download", "art2mus", "--projection", str(projection)]) == 0
    assert locate("art2mus") == own_home / "models" / "art2mus"
    assert main(["download", "art2mus"]) == 0, "what is known need not be said again"
    capsys.readouterr()
    assert main(["verify", "art2mus"]) == 0
    assert capsys.readouterr().out.count("ok ") == 4
    (own_home / "models" / "art2mus" / "projection.pt").write_bytes(b"something else")
    assert main(["verify", "art2mus"]) == 2
    shutil.rmtree(own_home / "models" / "imagebind")
    with pytest.raises(ModelMissingError, match="download imagebind"):
        locate("art2mus")


def test_parts_that_are_here_already_are_named_not_copied(own_home: Path, projection: Path, tmp_path: Path) -> None:
    (tmp_path / "imagebind_huge.pth").write_bytes(b"weights")
    (tmp_path / "model_index.json").write_text('{"_class_name": "AudioLDM2Pipeline"}')
    mine = ["--projection", str(projection), "--imagebind", str(tmp_path / "imagebind_huge.pth")]
    assert main(["download", "art2mus", *mine, "--audioldm2", str(tmp_path), "--conditioning", "framed"]) == 0
    parts = Assembly.read(own_home / "models" / "art2mus")
    assert (parts.base, parts.image_encoder) == (str(tmp_path), str(tmp_path / "imagebind_huge.pth"))
    assert (parts.conditioning, parts.view) == ("framed", None)
    assert main(["download", "art2mus", *mine[2:], "--audioldm2", str(tmp_path), "--view", "pad"]) == 0
    again = Assembly.read(own_home / "models" / "art2mus")
    assert (again.conditioning, again.view) == ("framed", "pad"), "what is not said anew stays as it was"
    assert main(["download", "art2mus", *mine, "--audioldm2", str(tmp_path)]) == 0
    assert Assembly.read(own_home / "models" / "art2mus").conditioning == "framed"
    assert main(["download", "art2mus", *mine[2:], "--audioldm2", str(tmp_path), "--conditioning", "reference"]) == 0
    assert Assembly.read(own_home / "models" / "art2mus").conditioning == "reference"
    with pytest.raises(ModelMissingError, match="cannot be read as weights"):
        load_imagebind(parts.image_encoder)


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ('{"_class_name": "Art2MusPipeline"}', "is not AudioLDM 2 as the hub keeps it"),
        ('{"_class', "damaged"),
        ("[1]", "damaged"),
    ],
)
def test_another_model_is_not_taken_for_audioldm2(
    index: str, words: str, own_home: Path, projection: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "imagebind_huge.pth").write_bytes(b"weights")
    (tmp_path / "model_index.json").write_text(index)
    mine = ["--projection", str(projection), "--imagebind", str(tmp_path / "imagebind_huge.pth")]
    assert main(["download", "art2mus", *mine, "--audioldm2", str(tmp_path)]) == 2
    assert words in capsys.readouterr().err
    assert not (own_home / "models" / "art2mus").exists()


def test_a_damaged_assembly_is_named(own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = own_home / "models" / "art2mus"
    folder.mkdir(parents=True)
    for damage in ("", "[]", '{"base": "audioldm2"}'):
        (folder / "assembly.json").write_text(damage)
        for command in ("download", "verify", "memory"):
            assert main([command, "art2mus"]) == 2
            assert f"{folder / 'assembly.json'} cannot be read" in capsys.readouterr().err


def test_every_model_is_listed_with_licence_size_and_place() -> None:
    finished = run("list")
    assert finished.returncode == 0
    for name in MODELS:
        assert f"{name}: " in finished.stdout
    assert finished.stdout.count("CC-BY-NC-SA-4.0") == 5
    assert "about 0.01 GB + audioldm2 + imagebind" in finished.stdout
    assert finished.stdout.count("not here") == 5
    assert run("verify", "mini").returncode == 0
    for name, words in (("imagebind", "there is nothing"), ("imagebnid", "did you mean 'imagebind'?")):
        nothing = run("verify", name)
        assert (nothing.returncode, words in nothing.stderr) == (2, True)
