"""A shelf: columns put on disk and mapped from there, for tables that memory need not hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import pyarrow as pa

_ROWS = 1 << 16


@dataclass(frozen=True, slots=True)
class Shelf:
    """Files without a name: they end with whoever mapped them, however that ends.

    Parameters
    ----------
    folder : Path
        On the disk that takes them.
    """

    folder: Path

    def keep(self, values: pa.ChunkedArray) -> pa.ChunkedArray:
        """The same values, on disk."""
        table = pa.table({"values": values})
        with NamedTemporaryFile(dir=self.folder, prefix=".rto-column-") as file:
            with pa.ipc.new_file(file, table.schema) as writer:
                writer.write_table(table, max_chunksize=_ROWS)
            file.flush()
            return pa.ipc.open_file(pa.memory_map(file.name)).read_all().column(0)
