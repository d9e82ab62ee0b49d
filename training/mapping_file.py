"""Mappings as files: the shipped ones by short name, others by path; faults as sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from features.errors import MappingError
from training.mapping import ExportMapping
from training.mapping_patterns import near
from training.mapping_spec import FileForm, Rule, Spec

SHIPPED = Path(__file__).parent / "mappings"
_KEYS = tuple(
    field.alias or name
    for model in (ExportMapping, Spec, Rule, FileForm)
    for name, field in model.model_fields.items()
)


class Shipped(NamedTuple):
    """A mapping that comes with the program."""

    name: str
    reads: str
    says: str


def load_mapping(name_or_path: str) -> ExportMapping:
    """Read and check a mapping.

    Parameters
    ----------
    name_or_path : str
        A shipped mapping's short name (``amazon-in``; dash and underscore are the same), or the
        path of a YAML file.

    Raises
    ------
    MappingError
        One sentence that names the file and the key at fault.

    >>> load_mapping("amazon-in").row_is
    'line'
    """
    path = _find(name_or_path)
    content = _read_yaml(path)
    if not isinstance(content, dict):
        raise MappingError(
            "holds no keys; a mapping starts with name: and columns:", file=str(path)
        )
    try:
        return ExportMapping.model_validate(content)
    except ValidationError as error:
        raise MappingError(_sentence(error), file=str(path)) from None


def shipped_mappings() -> tuple[Shipped, ...]:
    """Every mapping that comes with the program, by name."""
    found = (load_mapping(str(path)) for path in sorted(SHIPPED.glob("*.yaml")))
    return tuple(Shipped(m.name, m.reads, m.says) for m in found)


def _find(name_or_path: str) -> Path:
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        if not path.is_file():
            raise MappingError("there is no such mapping file", file=name_or_path)
        return path
    shipped = SHIPPED / f"{name_or_path.replace('-', '_').lower()}.yaml"
    if shipped.is_file():
        return shipped
    names = tuple(p.stem.replace("_", "-") for p in sorted(SHIPPED.glob("*.yaml")))
    raise MappingError(
        f'"{name_or_path}" is neither a YAML file nor one of {", ".join(names)}'
        f"{near(name_or_path, names)}"
    )


class _TextLoader(yaml.BaseLoader):
    """YAML with every scalar as text (``No`` and ``1`` are words here) and no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f'the key "{key.value}" stands there twice', key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _read_yaml(path: Path) -> object:
    try:
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_TextLoader)
    except UnicodeDecodeError as error:
        raise MappingError(f"is not UTF-8 (byte {error.start})", file=str(path)) from None
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f" (line {error.problem_mark.line + 1})"
        raise MappingError(f"is no YAML{line}: {error.problem}", file=str(path)) from None
    except (yaml.YAMLError, OSError) as error:
        raise MappingError(f"cannot be read: {error}", file=str(path)) from None


def _sentence(error: ValidationError) -> str:
    """The first fault as one sentence with its key in front."""
    fault = error.errors()[0]
    key = ".".join(str(part) for part in fault["loc"] if part != "is")
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        last = str(fault["loc"][-1])
        return f"{key} is no key of a mapping{near(last, _KEYS)}"
    if fault["type"] == "missing":
        return f"{key} is missing"
    message = message[0].lower() + message[1:]
    return f"{key}: {message}" if key else message
