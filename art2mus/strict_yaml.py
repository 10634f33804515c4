"""Strict YAML: a file and a frozen model in, checked values out, every mistake named at once.

A key that is not known is an error with a suggestion, never a default:
`kiosk.yaml:3: sampling.guidence_scale: unknown key; did you mean 'guidance_scale'?`
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

KeyPath = tuple[str, ...]
Values = dict[str, Any]
SectionT = TypeVar("SectionT", bound="Section")


class ConfigError(Exception):
    """What is wrong with a configuration, one line per mistake."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class Section(BaseModel):
    """A part of a configuration: frozen, no unknown keys, no silent conversions ("4" is not 4)."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


def load(
    path: Path | None,
    model: type[SectionT],
    overrides: Sequence[str] = (),
    resolve: Callable[[Path, Values], Values] | None = None,
) -> SectionT:
    """Read a YAML file and lay `KEY=VALUE` overrides over it.

    Args:
        path: The file; None means nothing but defaults.
        model: What it must look like.
        overrides: As given to `--set`, for example `show.seconds_per_work=20`.
        resolve: Makes relative paths in values absolute, given the folder they are seen from: that of the file,
            or the working directory for overrides.

    Raises: ConfigError with all mistakes of the file and the overrides.
    """
    document = _Document(model, values={}, places={}, mistakes=[], resolve=resolve or (lambda _base, values: values))
    if path is not None:
        _read_file(path, document)
    for index, override in enumerate(overrides):
        _read_override(index, override, document)
    result: SectionT | None = None
    try:
        result = model.model_validate(document.values)
    except ValidationError as error:
        for loc, kind, text in _mistakes_in(error):
            key_path = _keys_in(loc, document.values) + (loc[-1:] if kind == "missing" else ())
            document.mistakes.append((_place_of(document, key_path), _explain(document, key_path, kind, text)))
    if document.mistakes or result is None:
        raise ConfigError([f"{place.text}: {explanation}" for place, explanation in sorted(document.mistakes)])
    return result


# ---------------------------------------------------------------- reading


class _Yaml12Loader(yaml.SafeLoader):
    """PyYAML with the scalars of the YAML 1.2 core schema: `10:00` and `off` stay text, `1e-4` is a number.

    Source: https://yaml.org/spec/1.2.2/ section 10.3.2.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own name


for _tag, _pattern, _first in (
    ("null", r"(?:~|null|Null|NULL|)", "~nN"),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)", "tTfF"),
    ("int", r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)", "-+0123456789"),
    (
        "float",
        r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))",
        "-+.0123456789",
    ),
):
    _Yaml12Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^{_pattern}$"), [*_first, ""])


_MAX_VALUES = 10_000
_MAX_DIGITS = 30  # more than 64 bits need; Python itself refuses to read, or to show, thousands


def _construct_int(_loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    digits = node.value
    base = {"0x": 16, "0o": 8}.get(digits[:2], 10)
    if len(digits) <= _MAX_DIGITS:
        return int(digits[2:] if base != 10 else digits, base)
    raise yaml.constructor.ConstructorError(problem="a number of too many digits", problem_mark=node.start_mark)


_Yaml12Loader.add_constructor("tag:yaml.org,2002:int", _construct_int)


@dataclass(frozen=True, order=True, slots=True)
class _Place:
    order: tuple[int, int]  # the file by line, then the overrides
    text: str


@dataclass(slots=True)
class _Document:
    model: type[BaseModel]
    values: Values
    places: dict[KeyPath, _Place]
    mistakes: list[tuple[_Place, str]]
    resolve: Callable[[Path, Values], Values]


def _read_file(path: Path, document: _Document) -> None:
    try:
        loader = _Yaml12Loader(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read ({error.strerror}); name another file with --config"]) from error
    except (UnicodeDecodeError, yaml.reader.ReaderError) as error:
        raise ConfigError([f"{path}: is not a text file in UTF-8 ({error})".splitlines()[0]]) from error
    try:
        root, values = _read(loader, (), path.name, document)
    except yaml.YAMLError as error:
        raise ConfigError([_explain_syntax(path.name, error)]) from error
    if root is None or isinstance(values, dict):
        document.values = document.resolve(path.resolve().parent, values or {})
    else:
        document.mistakes.append((_place_in_file(path.name, root), "must be keys with values, such as 'key: value'"))


def _read(loader: _Yaml12Loader, path: KeyPath, file: str, document: _Document) -> tuple[yaml.Node | None, Any]:
    try:
        root = loader.get_single_node()
        return root, None if root is None else _plain(loader, root, path, file, document)
    except RecursionError as error:  # also of an alias in what it stands for
        raise yaml.error.MarkedYAMLError(problem="nested too deeply") from error
    finally:
        loader.dispose()


def _plain(loader: _Yaml12Loader, node: yaml.Node, path: KeyPath, file: str, document: _Document) -> Any:
    """The node as plain data; notes the line of every key, and every key that stands there twice."""
    document.places.setdefault(path, _place_in_file(file, node))
    if len(document.places) > _MAX_VALUES:  # aliases of aliases make millions out of a few lines
        raise yaml.error.MarkedYAMLError(problem=f"more than {_MAX_VALUES} values")
    if isinstance(node, yaml.SequenceNode):
        return [_plain(loader, item, (*path, str(index)), file, document) for index, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return loader.construct_object(node, deep=True)
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        place, key = _place_in_file(file, key_node), str(key_node.value)
        key_path = (*path, key)
        if key in values:
            first_line = document.places[key_path].order[1]
            document.mistakes.append((place, f"{'.'.join(key_path)}: stands here twice; first in line {first_line}"))
            continue
        document.places[key_path] = place
        values[key] = _plain(loader, value_node, key_path, file, document)
    return values


def _place_in_file(file: str, node: yaml.Node) -> _Place:
    line = node.start_mark.line + 1
    return _Place((0, line), f"{file}:{line}")


def _explain_syntax(file: str, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f":{mark.line + 1}" if mark is not None else ""
    return f"{file}{line}: not valid YAML: {getattr(error, 'problem', None) or 'cannot be read'}"


def _read_override(index: int, override: str, document: _Document) -> None:
    key, equals, text = override.partition("=")
    path = tuple(part.strip() for part in key.split("."))
    place = _Place((1, index), f"--set {override}")
    if not equals or not all(path):
        document.mistakes.append((place, "must be KEY=VALUE, such as sampling.seed=4"))
        return
    loader = _Yaml12Loader(text)
    try:
        _, value = _read(loader, path, "", replace(document, places={}))
    except yaml.YAMLError as error:
        document.mistakes.append((place, f"not a valid value: {getattr(error, 'problem', None) or error}"))
        return
    section = document.values
    for depth, part in enumerate(path[:-1], 1):
        inner = section.setdefault(part, {})
        if not isinstance(inner, dict):
            upper = ".".join(path[:depth])
            document.mistakes.append((place, f"{upper} is no section, so it has no key {path[depth]!r}"))
            return
        section = inner
    section[path[-1]] = document.resolve(Path.cwd(), {path[-1]: value})[path[-1]]
    for stale in [known for known in document.places if known[: len(path)] == path]:
        del document.places[stale]
    document.places[path] = place


# ---------------------------------------------------------------- explaining


_SAYS_ENOUGH = {"extra_forbidden", "missing", "model_type", "union_tag_invalid", "union_tag_not_found"}
"""Mistakes in a section, of which what stands there says nothing more."""


def _mistakes_in(error: ValidationError) -> Iterator[tuple[KeyPath, str, str]]:
    for detail in error.errors(include_url=False):
        loc = tuple(str(part) for part in detail["loc"])
        is_of_section = detail["type"] == "value_error" and isinstance(detail["input"], dict)
        shown = "" if is_of_section or detail["type"] in _SAYS_ENOUGH else f", not {detail['input']!r}"
        text = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
        text = text.partition(", unable")[0]
        yield loc, detail["type"], ("must be a folder" if detail["type"] == "path_type" else text) + shown


def _keys_in(loc: KeyPath, values: Any) -> KeyPath:
    """Leave out what is no key of the document: pydantic names the stage that was chosen of several, too."""
    keys: list[str] = []
    for part in loc:
        known = {str(index): item for index, item in enumerate(values)} if isinstance(values, list) else values
        if isinstance(known, dict) and part in known:
            keys.append(part)
            values = known[part]
    return tuple(keys)


def _place_of(document: _Document, loc: KeyPath) -> _Place:
    for length in range(len(loc), -1, -1):
        if loc[:length] in document.places:
            return document.places[loc[:length]]
    return _Place((0, 0), "configuration")


def _explain(document: _Document, loc: KeyPath, kind: str, text: str) -> str:
    key = ".".join(loc)
    if kind == "model_type":
        keys = ", ".join(_names_in(document, loc))
        return f"{key}: must be a section with the keys {keys}"
    if kind != "extra_forbidden":
        return f"{key}: {text}"
    *section, name = loc
    close = difflib.get_close_matches(name, _names_in(document, section), n=1, cutoff=0.6)
    others = [other for other in document.model.model_fields if name in _names_in(document, (other,))]
    suggestion = close[0] if close else (f"{others[0]}.{name}" if others else None)
    return f"{key}: unknown key" + (f"; did you mean '{suggestion}'?" if suggestion else "")


def _names_in(document: _Document, section: Sequence[str]) -> list[str]:
    """The keys that a section may have; none where that is not said."""
    annotation: Any = document.model
    values: Any = document.values
    for name in section:
        annotation = _below(annotation, name, values)
        values = values.get(name) if isinstance(values, dict) else None
    found = _section_among(annotation, values)
    return [] if found is None else list(found.model_fields)


_PLACE = {dict: 1, list: 0, tuple: 0}
"""Where the type of what is in it stands in the type of a collection."""


def _below(annotation: Any, name: str, values: Any) -> Any:
    found = _section_among(annotation, values)
    if found is not None:
        field = found.model_fields.get(name)
        return None if field is None else field.annotation
    members = _members(annotation)
    return next((get_args(each)[_PLACE[get_origin(each)]] for each in members if get_origin(each) in _PLACE), None)


def _section_among(annotation: Any, values: Any) -> type[BaseModel] | None:
    """The one section that an annotation allows or, of several, the one whose tag stands there."""
    sections = [each for each in _members(annotation) if isinstance(each, type) and issubclass(each, BaseModel)]
    if len(sections) > 1:
        sections = [each for each in sections if isinstance(values, dict) and _is_tagged(each, values)]
    return sections[0] if sections else None


def _is_tagged(section: type[BaseModel], values: Values) -> bool:
    fields = section.model_fields.items()
    return any(
        get_origin(field.annotation) is Literal and values.get(name) in get_args(field.annotation)
        for name, field in fields
    )


def _members(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [member for each in get_args(annotation) for member in _members(each)]
    return [annotation]
