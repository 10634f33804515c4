"""The files around the code: packaging, setting up, documents."""

import ast
import itertools
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
MODULES_BY_DISTRIBUTION = {
    "huggingface-hub": "huggingface_hub",
    "opencv-python": "cv2",
    "pillow": "PIL",
    "pillow-heif": "pillow_heif",
    "pyfluidsynth": "fluidsynth",
    "pyyaml": "yaml",
    "pyqt6": "PyQt6",
}


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    return [REPOSITORY / name for name in listed.split("\0") if name and (REPOSITORY / name).is_file()]


def names_of(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!~ \[]", requirement)[0].lower() for requirement in requirements}


def imported_packages() -> set[str]:
    """First parts of the names of all third-party modules that the two packages import."""
    packages: set[str] = set()
    for source in [*(REPOSITORY / "art2mus").rglob("*.py"), *(REPOSITORY / "installation").rglob("*.py")]:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                packages.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                packages.add(node.module.split(".")[0])
    return packages - set(sys.stdlib_module_names) - {"art2mus", "installation"}


def test_every_library_imported_is_declared_and_none_besides() -> None:
    declared = names_of([*PROJECT["dependencies"], *EXTRAS["heic"], *EXTRAS["study"], *EXTRAS["train"]])
    modules = {MODULES_BY_DISTRIBUTION.get(name, name) for name in declared}
    assert imported_packages() == modules


def test_every_declared_library_is_pinned() -> None:
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    declared = names_of([*PROJECT["dependencies"], *itertools.chain(*EXTRAS.values())])
    assert declared <= {pin.split("==")[0].lower().replace("_", "-") for pin in pins}


def test_nothing_names_a_registry_or_a_private_place() -> None:
    """People and machines elsewhere have other mirrors and other folders."""
    private = re.compile(
        r"pythonhoste[d]|pypi[.]org|npmjs[.]org|deb[.]debian[.]org|download[.]pytorch|(?<![\w.])/(?:home|opt|root|work|Users)/|[.]{2}/shared"
    )
    found = [
        f"{path.relative_to(REPOSITORY)}:{number}: {line.strip()[:100]}"
        for path in tracked_files()
        if path.suffix in {"", ".cfg", ".json", ".md", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml"}
        and path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if private.search(line)
    ]
    assert not found, "\n".join(found)


def test_nothing_large_is_tracked() -> None:
    sizes = {path.relative_to(REPOSITORY): path.stat().st_size for path in tracked_files()}
    assert max(sizes.values()) < 40e6, max(sizes.items(), key=lambda item: item[1])
    assert sum(size for path, size in sizes.items() if path.parts[:2] == ("art2mus", "assets")) <= 40e6


@pytest.mark.parametrize(
    "document",
    sorted(path for path in REPOSITORY.rglob("*.md") if ".venv" not in path.parts),
    ids=lambda path: path.name,
)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text(encoding="utf-8"))
    missing = [
        target for target in targets if not re.match(r"[a-z]+:", target) and not (document.parent / target).exists()
    ]
    assert not missing


class TestDebianPackages:
    """`scripts/debian-packages` on machines made of small programs in a folder of its own."""

    @pytest.fixture
    def machine(self, tmp_path: Path) -> Path:
        self.add(
            tmp_path,
            "dpkg-query",
            "echo 'installed libone '; echo 'installed libtwo2t64 libtwo2 (= 1)'; echo 'config-files libold '",
        )
        self.add(tmp_path, "id", "echo 1000")
        self.add(tmp_path, "sudo", "exit 1")
        self.add(tmp_path, "apt-get", f'echo "apt-get $*" >> {tmp_path}/calls')
        return tmp_path

    @staticmethod
    def add(machine: Path, name: str, script: str) -> None:
        program = machine / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    @staticmethod
    def run(machine: Path, *packages: str) -> subprocess.CompletedProcess[str]:
        command = [str(REPOSITORY / "scripts/debian-packages"), *packages]
        environment = {**os.environ, "PATH": f"{machine}:{os.environ['PATH']}"}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def test_says_and_does_nothing_when_all_is_there(self, machine: Path) -> None:
        finished = self.run(machine, "libone", "libtwo2")
        assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")

    def test_prints_the_one_line_to_run_without_the_right_to_install(self, machine: Path) -> None:
        finished = self.run(machine, "libone", "libold", "libnew")
        assert finished.returncode == 2
        assert finished.stderr.splitlines()[-1].strip() == "sudo apt-get install --no-install-recommends libold libnew"
        assert not (machine / "calls").exists()

    def test_installs_what_is_missing_as_root(self, machine: Path) -> None:
        self.add(machine, "id", "echo 0")
        assert self.run(machine, "libone", "libnew").returncode == 0
        (call,) = (machine / "calls").read_text().splitlines()
        assert call.startswith("apt-get install ")
        assert call.endswith(" libnew")

    def test_fetches_the_package_lists_when_the_install_fails(self, machine: Path) -> None:
        self.add(machine, "id", "echo 0")
        self.add(
            machine,
            "apt-get",
            f'echo "$1" >> {machine}/calls; test "$1" = update || test "$(wc -l < {machine}/calls)" -gt 1',
        )
        assert self.run(machine, "libnew").returncode == 0
        assert (machine / "calls").read_text().split() == ["install", "update", "install"]


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="makes a Debian package")
class TestFreeMusic:
    """`scripts/fetch-free-music` with packages of our own in place of Debian's."""

    @pytest.fixture
    def machine(self, tmp_path: Path) -> Path:
        """An `apt-get` that knows one package, of music as it is and of music packed once more."""
        root = tmp_path / "tunes"
        for name in (
            "share/games/tunes/music/one.ogg",
            "share/games/tunes/sounds/bang.ogg",
            "share/doc/tunes/copyright",
        ):
            (root / "usr" / name).parent.mkdir(parents=True, exist_ok=True)
            (root / "usr" / name).write_text(name)
        with zipfile.ZipFile(root / "usr/share/games/tunes/0music.pk3", "w") as packed:
            packed.writestr("music/two.ogg", "two")
        (root / "DEBIAN").mkdir()
        (root / "DEBIAN/control").write_text(
            "Package: tunes\nVersion: 1\nArchitecture: all\nMaintainer: nobody <n@example.org>\nDescription: tunes\n"
        )
        subprocess.run(["dpkg-deb", "--build", root, tmp_path / "tunes.deb"], check=True, capture_output=True)
        fetch = f'for package; do :; done; test "$package" = tunes && cp {tmp_path}/tunes.deb tunes_1_all.deb'
        TestDebianPackages.add(tmp_path, "apt-get", f'echo "$*" >> {tmp_path}/calls; {fetch}')
        return tmp_path

    @staticmethod
    def run(machine: Path, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PATH": f"{machine}:{os.environ['PATH']}"}
        command = [str(REPOSITORY / "scripts/fetch-free-music"), *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def test_music_and_its_licence_are_fetched_once(self, machine: Path) -> None:
        for said in ("tunes: 2 pieces\n", "tunes: is there\n"):
            finished = self.run(machine, str(machine / "music"), "tunes")
            assert (finished.returncode, finished.stdout, finished.stderr) == (0, said, "")
        assert {path.name for path in (machine / "music").iterdir()} == {"tunes"}
        assert {path.name for path in (machine / "music" / "tunes").iterdir()} == {
            "copyright",
            "music_two.ogg",
            "tunes_music_one.ogg",
        }
        assert len((machine / "calls").read_text().splitlines()) == 1

    def test_a_package_that_cannot_be_fetched_leaves_nothing_half_and_the_others_come(self, machine: Path) -> None:
        finished = self.run(machine, str(machine / "music"), "unknown", "tunes")
        assert finished.returncode == 2
        assert "unknown: cannot be fetched" in finished.stderr
        assert {path.name for path in (machine / "music").iterdir()} == {"tunes"}
