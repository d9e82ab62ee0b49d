"""Small invented exports and the shortest mapping that reads them."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from features.tables import read_folder
from training.importing.importer import OutcomeFile, import_export
from training.importing.report import Report
from training.mapping import ExportMapping

Make = Callable[..., ExportMapping]
Bring = Callable[..., "Brought"]


class Brought:
    """The report, the data folder read back, and the refused rows of one import."""

    def __init__(self, report: Report, out: Path) -> None:
        self.report, self.out = report, out
        folder = read_folder(out)
        self.orders: list[dict[str, Any]] = folder.orders.to_pylist()
        self.items: list[dict[str, Any]] = folder.items.to_pylist() if folder.items else []
        self.events: pa.Table | None = folder.events
        self.about = folder.about
        refused = out / "refused.csv"
        self.refused = refused.read_text(encoding="utf-8") if refused.is_file() else ""


@pytest.fixture
def make_mapping() -> Make:
    """A mapping of ``order,date,status`` rows, with what a test is about on top."""

    def make(**changes: Any) -> ExportMapping:
        content: dict[str, Any] = {
            "name": "shop", "says": "An invented shop", "row_is": "order",
            "dates": {"format": "%Y-%m-%d"}, "outcome_delay_days": 10,
            "columns": {
                "order_id": "order", "created_at": "date",
                "outcome": {"column": "status", "values": {
                    "ok": "delivered", "back": "rto", "no": "cancelled", "gone": "lost",
                    "sent back": "returned", "moving": "open", "never": "unreported"}},
            },
        }  # fmt: skip
        content["columns"] |= changes.pop("columns", {})
        return ExportMapping.model_validate(content | changes)

    return make


@pytest.fixture
def bring(tmp_path: Path, make_mapping: Make) -> Bring:
    """Import a text as an export and read the folder back."""

    def run(
        text: str | bytes,
        mapping: ExportMapping | None = None,
        *,
        outcomes: tuple[str, ExportMapping, str | None] | None = None,
        name: str = "orders.csv",
        **options: Any,
    ) -> Brought:
        export, out = tmp_path / name, tmp_path / "out"
        data = text.encode() if isinstance(text, str) else text
        export.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        file = None
        if outcomes is not None:
            (tmp_path / "report.csv").write_text(outcomes[0], encoding="utf-8")
            file = OutcomeFile(tmp_path / "report.csv", outcomes[1], outcomes[2])
        report = import_export(export, mapping or make_mapping(), out, outcome_file=file, **options)
        return Brought(report, out)

    return run
