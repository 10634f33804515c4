"""The parts know of each other only what docs/architecture.md says."""

import ast
import fnmatch
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = ("art2mus", "installation")
SOURCES = sorted(
    str(path.relative_to(REPOSITORY))
    for path in [
        REPOSITORY / "main.py",
        *(file for package in PACKAGES for file in (REPOSITORY / package).rglob("*.py")),
    ]
)
PROCESSES = ("installation.audio", "installation.camera", "installation.composer", "installation.ui")


@dataclass(frozen=True)
class Rule:
    """Files (glob patterns) that must not import the modules named, or anything below them."""

    name: str
    files: str
    forbidden: tuple[str, ...]
    exempt: tuple[str, ...] = ()


AUDIO, CAMERA, COMPOSER, UI = PROCESSES

RULES = (
    Rule(
        "the model knows no gallery, screen, loudspeaker or camera",
        files="art2mus/*",
        forbidden=("installation", "PyQt6", "sounddevice", "cv2"),
    ),
    Rule("Qt only where the screen is", "*", ("PyQt6",), exempt=("installation/ui/*",)),
    Rule("sounddevice only where the loudspeaker is", "*", ("sounddevice",), exempt=("installation/audio/devices.py",)),
    Rule("OpenCV only where the camera is", "*", ("cv2",), exempt=("installation/camera/*",)),
    Rule(
        "torch only where music is composed",
        files="installation/*",
        forbidden=("torch", "diffusers", "transformers"),
        exempt=("installation/composer.py", "installation/pieces.py"),
    ),
    Rule(
        "the web process knows no other",
        files="installation/web/*",
        forbidden=(*PROCESSES, "installation.library", "installation.director"),
    ),
    Rule("ui meets the others in app.py", "installation/ui/*", (AUDIO, CAMERA, COMPOSER)),
    Rule("audio meets the others in app.py", "installation/audio/*", (CAMERA, COMPOSER, UI)),
    Rule("camera meets the others in app.py", "installation/camera/*", (AUDIO, COMPOSER, UI)),
    Rule("composer meets the others in app.py", "installation/composer.py", (AUDIO, CAMERA, UI)),
    Rule(
        "the kiosk does not know the study",
        files="installation/*",
        forbidden=("installation.study", "art2mus.study"),
        exempt=("installation/study/*", "installation/ui/study/*"),
    ),
    Rule(
        "the study's sound and screen meet in its __main__",
        files="installation/study/*",
        forbidden=(UI,),
        exempt=("installation/study/__main__.py",),
    ),
)

STANDARD_LIBRARY_ONLY = (
    "installation/cues.py",
    "installation/music.py",
    "installation/show.py",
    "installation/playlist.py",
    "installation/schedule.py",
)

HEAVY = ("torch", "diffusers", "transformers", "PyQt6")


def names_imported(code: str, package: str) -> Iterator[tuple[int, str]]:
    """Line and full name of everything a file of `package` imports, inside functions too."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            base = parents[: len(parents) - node.level + 1] if node.level else []
            yield from ((node.lineno, ".".join(filter(None, [*base, node.module, alias.name]))) for alias in node.names)


@cache
def imports_of(source: str) -> tuple[tuple[int, str], ...]:
    """Line and full name of everything a file of the repository imports."""
    code = (REPOSITORY / source).read_text(encoding="utf-8")
    return tuple(names_imported(code, package=".".join(Path(source).parent.parts)))


def docstring_of(source: str) -> str:
    return ast.get_docstring(ast.parse((REPOSITORY / source).read_text(encoding="utf-8"))) or ""


def is_below(module: str, parent: str) -> bool:
    return module == parent or module.startswith(parent + ".")


def modules_loaded_by(*arguments: str, exit_codes: tuple[int, ...] = (0,)) -> set[str]:
    """The modules that a fresh Python has loaded by the end of a command."""
    command = [sys.executable, "-X", "importtime", *arguments]
    finished = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
    timed = re.compile(r"^import time:[ \d]+\|[ \d]+\|\s+(\S+)$", flags=re.MULTILINE)
    assert finished.returncode in exit_codes, timed.sub("", finished.stderr)
    return set(timed.findall(finished.stderr))


def test_imports_are_found_wherever_they_stand() -> None:
    code = "import a.b\nfrom . import c\nfrom ..d import e\ndef f():\n    from g import h"
    assert [name for _, name in names_imported(code, "one.two")] == ["a.b", "one.two.c", "one.d.e", "g.h"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_imports_go_one_way(rule: Rule) -> None:
    broken = [
        f"{source}:{line}: {module}"
        for source in SOURCES
        if fnmatch.fnmatch(source, rule.files) and not any(fnmatch.fnmatch(source, pattern) for pattern in rule.exempt)
        for line, module in imports_of(source)
        if any(is_below(module, parent) for parent in rule.forbidden)
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("source", STANDARD_LIBRARY_ONLY)
def test_the_show_needs_only_the_standard_library(source: str) -> None:
    outside = {module for _, module in imports_of(source) if module.split(".")[0] not in sys.stdlib_module_names}
    assert all(f"{module.rsplit('.', 1)[0].replace('.', '/')}.py" in STANDARD_LIBRARY_ONLY for module in outside), (
        outside
    )


@pytest.mark.parametrize(
    ("promise", "is_allowed"),
    [
        ("Standard library only", lambda module: module.split(".")[0] in {*sys.stdlib_module_names, *PACKAGES}),
        ("No Qt", lambda module: not is_below(module, "PyQt6")),
    ],
)
def test_a_file_imports_what_its_docstring_says(promise: str, is_allowed: Callable[[str], bool]) -> None:
    promising = [source for source in SOURCES if promise in docstring_of(source)]
    assert promising
    broken = [
        f"{source}:{line}: {module}"
        for source in promising
        for line, module in imports_of(source)
        if not is_allowed(module)
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("package", ["audio", "camera"])
def test_a_package_says_what_each_of_its_files_is_for(package: str) -> None:
    folder = REPOSITORY / "installation" / package
    said = docstring_of(f"installation/{package}/__init__.py")
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert {name for name in files if not re.search(rf"\b{name}\b", said)} == set()


@pytest.mark.parametrize("option", ["--help", "--check"])
def test_help_and_check_load_neither_torch_nor_qt(option: str) -> None:
    loaded = modules_loaded_by("main.py", option, exit_codes=(0, 2))
    assert "installation" in loaded
    assert not loaded.intersection(HEAVY)


@pytest.mark.parametrize(
    "command", [f"art2mus.{name}" for name in ("generate", "metrics.frechet", "metrics.relevance", "models", "train")]
)
def test_the_help_of_a_command_loads_no_torch(command: str) -> None:
    loaded = modules_loaded_by("-m", command, "--help")
    assert "art2mus" in loaded
    assert not loaded.intersection((*HEAVY, "huggingface_hub"))


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("art2mus.evaluate", HEAVY),
        ("installation.config", HEAVY),
        ("installation.messages", (*HEAVY, "numpy", "pydantic")),
        ("installation.app", (*HEAVY, "numpy", "sounddevice", "cv2")),
        ("installation.camera.watcher", (*HEAVY, "pydantic", "sounddevice")),
        ("installation.camera.view", (*HEAVY, "cv2")),
        ("installation.library.__main__", (*HEAVY, "numpy")),
        ("installation.web.server", (*HEAVY, "numpy", "pydantic", "soundfile")),
        ("installation.audio.player", (*HEAVY, "pydantic")),
        ("installation.ui.window", ("torch", "diffusers", "transformers", "sounddevice")),
        ("installation.ui.study.run", ("torch", "diffusers", "transformers", "sounddevice", "nltk")),
        ("art2mus.study.report", HEAVY),
    ],
)
def test_a_process_loads_only_what_it_needs(module: str, absent: tuple[str, ...]) -> None:
    assert not modules_loaded_by("-c", f"import {module}").intersection(absent)
