"""One table of a data folder in its file, parquet or csv: whole, by columns or piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeAlias

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from features.columns import canonical
from features.errors import DataError

Keep: TypeAlias = Callable[[str, pa.ChunkedArray], pa.ChunkedArray]

# The rows of a piece: what is looked up in all orders is looked up once for so many.
_PIECE = 1 << 19
# A csv file is read once for so many of its columns.
_CSV_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file that is there, and the names of its columns."""

    path: Path
    names: tuple[str, ...]

    @classmethod
    def find(cls, folder: Path, name: str) -> Self | None:
        """The file of one table, parquet before csv; None where there is none.

        Raises
        ------
        DataError
            If it is no table, or has a column twice.
        """
        parquet = folder / f"{name}.parquet"
        path = parquet if parquet.is_file() else folder / f"{name}.csv"
        if not path.is_file():
            return None
        with _readable(path):
            names = pq.read_schema(path).names if path == parquet else _csv(path).schema.names
        for column in names:
            if names.count(column) > 1:
                raise DataError("stands there twice; rename one", file=str(path), column=column)
        return cls(path, tuple(names))

    def require(self, *columns: str) -> None:
        """Refuse a file without one of these columns."""
        for column in columns:
            if column not in self.names:
                raise DataError(
                    "is missing; every order needs it", file=str(self.path), column=column
                )

    def read(self, wanted: Collection[str] | None = None) -> pa.Table:
        """All of it, or the wanted ones of its columns."""
        names = self._of(wanted)
        with _readable(self.path):
            if self.path.suffix == ".parquet":
                return pq.read_table(self.path, columns=names)
            return pa_csv.read_csv(self.path, convert_options=_as_text(names))

    def canonical(
        self,
        kinds: Mapping[str, pa.DataType],
        keep: Keep = lambda _, values: values,
        *,
        extras: bool = False,
    ) -> pa.Table:
        """The columns of a contract's table, absent ones as nulls; few in memory at a time.

        Parameters
        ----------
        kinds : mapping
            Names and types, of ``features.schema``.
        keep : callable
            Given the name and the values of a column that is there, returns what is kept of it.
        extras : bool
            Whether further columns stay (``features.columns.canonical``).
        """
        table: dict[str, pa.ChunkedArray | None] = dict.fromkeys(kinds)
        rows = 0
        for raw in self._columns(None if extras else kinds):
            (name,) = raw.column_names
            kind = {column: kinds[column] for column in raw.column_names if column in kinds}
            values = canonical(raw, kind, str(self.path), keep_extras=extras).column(name)
            table[name], rows = keep(name, values), len(values)
        for name, kind in kinds.items():
            if table[name] is None:
                table[name] = pa.chunked_array([pa.nulls(rows, kind)])
        return pa.table(table)

    def _columns(self, wanted: Collection[str] | None) -> Iterator[pa.Table]:
        found = self._of(wanted)
        size = 1 if self.path.suffix == ".parquet" else _CSV_COLUMNS
        for begin in range(0, len(found), size):
            names = found[begin : begin + size]
            table = self.read(names)
            for name in names:
                yield table.select([name])

    def pieces(self, wanted: Collection[str]) -> Iterator[pa.Table]:
        """The wanted ones of its columns, some rows at a time."""
        names = self._of(wanted)
        with _readable(self.path):
            if self.path.suffix == ".parquet":
                file = pq.ParquetFile(self.path)
                batches = file.iter_batches(_PIECE, columns=names)
            else:
                batches = iter(_csv(self.path, names))
            for batch in batches:
                yield pa.Table.from_batches([batch])

    def _of(self, wanted: Collection[str] | None) -> list[str]:
        return [name for name in self.names if wanted is None or name in wanted]


def _csv(path: Path, names: Sequence[str] | None = None) -> pa_csv.CSVStreamingReader:
    return pa_csv.open_csv(path, convert_options=_as_text(names) if names else None)


def _as_text(names: Sequence[str]) -> pa_csv.ConvertOptions:
    """All as text at first: pyarrow would guess pincodes and order ids to be numbers."""
    return pa_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        include_columns=list(names),
        strings_can_be_null=True,
    )


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        says = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"cannot be read as a table ({says})", file=str(path)) from error
