"""Which shipped mapping a file was written for, said where another one was named, or none."""

from __future__ import annotations

from features.errors import MappingError
from training.importing.source import Source
from training.mapping import ExportMapping
from training.mapping_file import load_mapping, shipped_mappings


def fitting(source: Source, reads: str) -> list[str]:
    """The shipped mappings whose every column the file has, those that read most of them first."""
    found: dict[str, int] = {}
    for one in shipped_mappings():
        if one.reads == reads:
            mapping = load_mapping(one.name)
            names = mapping.sources()
            if not lacking(source, mapping):
                found[one.name.replace("_", "-")] = sum(source.index(n) is not None for n in names)
    return sorted(found, key=lambda name: -found[name])


def lacking(source: Source, mapping: ExportMapping) -> list[str]:
    """The columns that the mapping needs and the file does not have."""
    optional = {name.strip() for name in mapping.optional_columns}
    needed = [name for name in mapping.sources() if name.strip() not in optional]
    return [name for name in needed if source.index(name) is None]


def refuse_misfit(source: Source, mapping: ExportMapping) -> None:
    """Refuse a file that another mapping reads whole and this one does not.

    Raises
    ------
    MappingError
        Naming the mapping to take.
    """
    if lacking(source, mapping) and (others := fitting(source, mapping.reads)):
        option = "--mapping" if mapping.reads == "orders" else "--outcomes-mapping"
        raise MappingError(
            f"is no file for the mapping {mapping.name.replace('_', '-')}; its columns are those"
            f" of {option} {others[0]}",
            file=source.path.name,
        )
