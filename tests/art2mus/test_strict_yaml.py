"""Mistakes are placed and explained wherever a section stands: one of several, perhaps none, or one of many."""

from pathlib import Path
from typing import Annotated, Literal, Self

import pytest
from pydantic import Field, model_validator

from art2mus.strict_yaml import ConfigError, Section, load


class Loop(Section):
    num_steps: int = 1


class Learn(Section):
    stage: Literal["learn"]
    learning_rate: float = 0.1
    loop: Loop | None = None

    @model_validator(mode="after")
    def _check_rate(self) -> Self:
        if self.learning_rate > 1:
            raise ValueError("that is too fast")
        return self


class Judge(Section):
    stage: Literal["judge", "compare"]
    num_listeners: int = 1
    loop: Loop | None = None


class Whole(Section):
    run: Annotated[Learn | Judge, Field(discriminator="stage")]
    models: dict[str, Loop] = Field(default_factory=dict)
    items: Annotated[tuple[Loop, ...], Field(strict=False)] = ()
    seed: int = 0


def mistakes(folder: Path, text: str, *overrides: str) -> list[str]:
    path = folder / "whole.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, Whole, overrides)
    return list(caught.value.mistakes)


def test_a_typo_in_one_of_several_sections_is_placed_and_has_a_suggestion(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "run:\n  stage: compare\n  num_listenes: 2\n  loop:\n    num_stepps: 3\n") == [
        "whole.yaml:3: run.num_listenes: unknown key; did you mean 'num_listeners'?",
        "whole.yaml:5: run.loop.num_stepps: unknown key; did you mean 'num_steps'?",
    ]
    (mistake,) = mistakes(tmp_path, "run:\n  stage: learn\n", "run.num_listeners=2")
    assert mistake == "--set run.num_listeners=2: run.num_listeners: unknown key", "of a stage that is not this one"
    (mistake,) = mistakes(tmp_path, "run:\n  stage: learn\n  loop: 3\n")
    assert mistake == "whole.yaml:3: run.loop: must be a section with the keys num_steps"


def test_a_typo_in_one_of_many_sections_has_a_suggestion(tmp_path: Path) -> None:
    text = "run: {stage: learn}\nmodels:\n  mine:\n    num_step: 2\nitems:\n- num_steps: 1\n- num_staps: 2\n"
    assert mistakes(tmp_path, text) == [
        "whole.yaml:4: models.mine.num_step: unknown key; did you mean 'num_steps'?",
        "whole.yaml:7: items.1.num_staps: unknown key; did you mean 'num_steps'?",
    ]


def test_a_stage_that_is_not_there_is_said_without_the_whole_section(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, "run:\n  stage: lern\n")
    assert mistake.startswith("whole.yaml:1: run: Input tag 'lern'")
    assert mistake.endswith("'learn', 'judge', 'compare'")
    (mistake,) = mistakes(tmp_path, "run: {stage: learn, learning_rate: 2.0}\n")
    assert mistake == "whole.yaml:1: run: that is too fast"
    assert mistakes(tmp_path, "seed: 1\n") == ["whole.yaml:1: run: Field required"]


@pytest.mark.parametrize("upper", ["seed", "run.stage"])
def test_an_override_below_what_is_no_section_is_a_mistake(tmp_path: Path, upper: str) -> None:
    (mistake,) = mistakes(tmp_path, "run: {stage: learn}\nseed: 3\n", f"{upper}.x=3")
    assert mistake == f"--set {upper}.x=3: {upper} is no section, so it has no key 'x'"


DEEP = "[" * 3000
MULTIPLYING = "[&a0 [0], " + ", ".join(f"&a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)) + "]"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("&a [*a]", "nested too deeply"),
        ("&a {b: *a}", "nested too deeply"),
        (DEEP + "]" * 3000, "nested too deeply"),
        (DEEP, "nested too deeply"),
        (MULTIPLYING, "more than 10000 values"),
        ("9" * 5000, "a number of too many digits"),
        ("0x" + "f" * 5000, "a number of too many digits"),
    ],
)
def test_what_has_no_end_is_a_mistake(tmp_path: Path, value: str, said: str) -> None:
    (mistake,) = mistakes(tmp_path, f"run: {{stage: learn}}\nseed: {value}\n")
    assert mistake.startswith("whole.yaml:2: not valid YAML:" if "digits" in said else "whole.yaml: not valid YAML:")
    assert mistake.endswith(said)
    (mistake,) = mistakes(tmp_path, "run: {stage: learn}\n", f"seed={value}")
    assert mistake.endswith(f": not a valid value: {said}")
