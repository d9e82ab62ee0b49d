"""One order's way through shop, customer and courier, between real processes over real HTTP.

First every webhook of all three comes doubled, late and in any order; then shop and courier tell
nothing by themselves, and reading them fills every gap.
"""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from features.tables import read_folder
from rto import cli
from tests.serving.joined import joined
from tests.serving.process import environment


def test_from_placed_to_a_label_with_webhooks_in_disorder_and_without_any(tmp_path: Path) -> None:
    with joined(tmp_path) as one:
        one.connect(told=True, orders="import")
        one.place(1001)
        one.courier.imports("1001")
        one.waits(hours=0)
        one.corrected()
        one.delivered(hours=0)
        one.connect(told=False, orders="create")
        one.place(1002)
        one.waits(hours=0.3)
        assert one.courier.named("1002") is None
        one.corrected()
        one.delivered(hours=1.1)
    out = tmp_path / "out"
    exported = CliRunner().invoke(cli, ["export", "--out", str(out)], env=environment(tmp_path))
    assert exported.exit_code == 0, exported.output
    rows = read_folder(out).orders.to_pylist()
    assert [(row["order_id"], row["outcome"], row["intervention"], row["response"])
            for row in rows] == [(name, "delivered", "verify", "corrected")
                                 for name in ("1001", "1002")]  # fmt: skip
