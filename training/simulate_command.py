"""The command ``rto simulate``: invent a year of orders whose truth is known."""

from __future__ import annotations

from pathlib import Path

import click
import pyarrow.parquet as pq
from tqdm import tqdm

from features.errors import DataError, SettingsError
from features.tables import About, read_about, write_folder
from training.world.consents import consents_table
from training.world.spec import WorldSpec, changed, read_spec
from training.world.tables import events_table, items_table, order_ids, orders_table, truth_table
from training.world.timeline import write_timeline
from training.world.year import invent_year

TRUTH = "truth"
_STEPS = 8


@click.command()
@click.option(
    "--orders", type=click.IntRange(1, 20_000_000), required=True, help="Number of orders."
)
@click.option("--seed", type=click.IntRange(0), required=True, help="Same seed, same bytes.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The data folder.",
)
@click.option("--merchants", type=int, help="Number of shops (default: by the number of orders).")
@click.option("--start", help="First day, YYYY-MM-DD.")
@click.option("--days", type=int, help="Length of the period.")
@click.option(
    "--spec",
    type=click.Path(path_type=Path),
    help="YAML file with other parameters; truth/spec.yaml of any invented folder names them all.",
)
def simulate(
    orders: int, seed: int, out: Path, merchants: int | None, start: str | None, days: int | None,
    spec: Path | None,
) -> None:  # fmt: skip
    """Invent a plausible year of orders.

    Writes orders, events and items to OUT, and to OUT/truth what no shop could know: each
    order's probability of RTO and its end under every action. No other command reads the truth.
    """
    said: dict[str, object] = {"merchants": merchants, "start": start, "days": days}
    options = {name: value for name, value in said.items() if value is not None}
    world = changed(read_spec(spec) if spec else WorldSpec(), options, source="options")
    refuse_others_data(out)
    try:
        write_year(out, orders, seed, world)
    except OSError as error:
        raise SettingsError(
            f"{error.filename or out} cannot be written: {error.strerror}"
        ) from error
    click.echo(f"{orders:,} invented orders in {out}, the truth about them in {out / TRUTH}")


def refuse_others_data(out: Path) -> None:
    """Invented orders take the place of invented ones only.

    Raises
    ------
    DataError
        When the folder holds anything else, such as a shop's own orders.
    """
    ours = not out.is_dir() or (out / TRUTH).is_dir() or not any(out.iterdir())
    if not ours and not read_about(out).invented:
        raise DataError("is not empty and was not invented; name another folder", file=str(out))


def write_year(out: Path, orders: int, seed: int, spec: WorldSpec, *, quiet: bool = False) -> None:
    """Invent a year and write its folder.

    Parameters
    ----------
    out : Path
        The data folder; the truth goes to ``out/truth``.
    orders, seed : int
        Number of orders, and what fixes them.
    spec : WorldSpec
        What the world is like; kept as ``truth/spec.yaml``.
    quiet : bool
        No progress bar, however long it takes.
    """
    with tqdm(total=_STEPS, delay=2, disable=quiet, desc="inventing", unit="part") as bar:

        def tell(part: str) -> None:
            bar.update(part != "places")
            bar.set_postfix_str(part, refresh=False)

        year = invent_year(orders, seed, spec, tell)
        tell("events")
        ids = order_ids(year)
        events, endings = write_timeline(year)
        known = events_table(year, events, ids)
        del events
        tell("papers")
        table = orders_table(year, endings, ids)
        tell("files")
        # An interrupted run must not leave another year's truth beside this one's orders.
        (out / TRUTH).mkdir(parents=True, exist_ok=True)
        (out / TRUTH / "truth.parquet").unlink(missing_ok=True)
        about = About(invented=True, source=f"rto simulate, seed {seed}")
        write_folder(
            out, table, events=known, items=items_table(year, ids),
            consents=consents_table(year), about=about,
        )  # fmt: skip
        del table, known
        tell("truth")
        pq.write_table(truth_table(year, ids), out / TRUTH / "truth.parquet", compression="zstd")
        (out / TRUTH / "spec.yaml").write_text(spec.as_text(), encoding="utf-8")
        bar.update()
