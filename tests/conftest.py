"""What every test shares: no screen, no network, a home of its own, and a fixed seed to draw from."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Before any test imports torch or Qt, which read them once.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["HF_HUB_OFFLINE"] = "1"

# Same examples on every run, and no deadline: the machine may be busy with something else.
settings.register_profile("repeatable", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("repeatable")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library and state folder that no other test, and no kiosk on this machine, uses."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("ART2MUS_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return REPOSITORY


def pytest_configure(config: pytest.Config) -> None:
    """Know which tests are held to seconds: `make test` runs the others side by side, and these one by one."""
    config.addinivalue_line("markers", "alone: held to seconds, and has the machine to itself, as `e2e` has")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests at full size, unless they are asked for by their mark or their file."""
    if "full_size" in config.option.markexpr or any("test_full_size" in argument for argument in config.args):
        return
    left_out = [item for item in items if item.get_closest_marker("full_size")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
