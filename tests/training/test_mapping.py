"""Mappings: every fault is one sentence that names the key, and the shipped ones are sound."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from features.errors import MappingError
from training.mapping_file import SHIPPED, load_mapping, shipped_mappings

SOUND = """\
name: shop
says: An invented shop
row_is: order
outcome_delay_days: 7
columns:
  order_id: Order
  created_at: {column: Date, format: "%d-%m-%Y"}
  outcome: {column: Status, values: {No: rto, "1": delivered}}
"""


def load(tmp_path: Path, text: str) -> object:
    path = tmp_path / "shop.yaml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(str(path))


def test_a_sound_mapping_loads_and_its_words_stay_words(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(SOUND, encoding="utf-8")
    mapping = load_mapping(str(path))
    assert mapping.columns["outcome"].values == {"No": "rto", "1": "delivered"}
    assert mapping.sources() == ("Order", "Date", "Status")


FAULTS = {
    'columns.outcom is no column of an order; did you mean "outcome"': ("outcome: {", "outcom: {"),
    "columns.order_id is missing": ("  order_id: Order\n", ""),
    "row_is: input should be 'order' or 'line'": ("row_is: order", "row_is: orders"),
    'after_outcomes is no key of a mapping; did you mean "after_outcome"': (
        "row_is: order", "row_is: order\nafter_outcomes: []"),
    'columns.outcome turns a value into "returnd", which is not one of': ("No: rto", "No: returnd"),
    'columns.created_at: the date format "%d-%m-%Q" cannot be read': ("%d-%m-%Y", "%d-%m-%Q"),
    "outcome_delay_days: input should be": ("outcome_delay_days: 7", "outcome_delay_days: soon"),
    "outcome_delay_days is missing; state after how many days": ("outcome_delay_days: 7\n", ""),
    "columns.order_id: needs exactly one of column": ("order_id: Order", "order_id: {kind: text}"),
    "name is missing": ("name: shop\n", ""),
    'is no YAML (line 2): the key "name" stands there twice': ("name: shop", "name: a\nname: b"),
    "is no YAML (line": ("name: shop", "name: [shop"),
    "extra.city must be a new name": ("row_is: order", "row_is: order\nextra: {city: City}"),
    "lines.colour is no column of a line": ("row_is: order", "row_is: order\nlines: {colour: C}"),
    '"Asia/Pune" is no time zone': ("row_is: order", "row_is: order\ndates: {zone: Asia/Pune}"),
    "repeated_orders only applies": ("row_is: order", "row_is: line\nrepeated_orders: last"),
    "columns.outcome cannot be summed": ("column: Status,", "column: Status, gather: sum,"),
    'extract "(" is no regular expression': ("column: Status,", 'column: Status, extract: "(",'),
    'extract "x" needs exactly one group': ("column: Status,", "column: Status, extract: x,"),
    "columns.order_id has when_empty, which only created_at can have": (
        "order_id: Order", "order_id: {column: Order, when_empty: {column: M, format: '%B'}}"),
    "columns.order_id has by_outcome, which only outcome_at can have": (
        "order_id: Order", "order_id: {by_outcome: {rto: Order}}"),
    "columns.order_id has a date format but is no time": (
        "order_id: Order", "order_id: {column: Order, format: iso}"),
    "lines.price and lines.total say the same thing": (
        "row_is: order", "row_is: order\nlines: {price: P, total: T}"),
}  # fmt: skip


@pytest.mark.parametrize("sentence", FAULTS)
def test_a_fault_is_one_sentence_that_names_the_key(tmp_path: Path, sentence: str) -> None:
    before, after = FAULTS[sentence]
    assert before in SOUND
    with pytest.raises(MappingError, match=re.escape(sentence)) as caught:
        load(tmp_path, SOUND.replace(before, after))
    assert "shop.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_column_known_after_the_outcome_cannot_become_one_of_the_order(tmp_path: Path) -> None:
    text = SOUND.replace("  outcome:", "  amount: Paid\n  outcome:") + "after_outcome: [Paid]\n"
    with pytest.raises(MappingError, match=r'columns.amount is read from "Paid", which after_outc'):
        load(tmp_path, text)


def test_an_extra_drawn_from_such_a_column_is_listed_as_no_feature(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(SOUND + "extra: {paid: Paid, size: Size}\nafter_outcome: [Paid]\n")
    assert load_mapping(str(path)).never_features() == ("paid", "Paid")


def test_lines_and_columns_cannot_both_say_the_sku(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"columns\.sku is worked out from lines"):
        load(tmp_path, SOUND.replace("  outcome:", "  sku: S\n  outcome:") + "lines: {sku: S}\n")


def test_an_empty_file_and_one_that_is_not_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="holds no keys"):
        load(tmp_path, "")
    path = tmp_path / "shop.yaml"
    path.write_bytes(b"name: caf\xe9")
    with pytest.raises(MappingError, match="is not UTF-8"):
        load_mapping(str(path))


def test_an_unknown_short_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(MappingError, match=r'did you mean "amazon-in"\?'):
        load_mapping("amazonin")
    with pytest.raises(MappingError, match="there is no such mapping file"):
        load_mapping("nowhere.yaml")


def test_every_shipped_mapping_loads_under_its_own_name_with_dash_or_underscore() -> None:
    shipped = shipped_mappings()
    assert {m.name for m in shipped} == {path.stem for path in SHIPPED.glob("*.yaml")}
    assert len(shipped) == 7
    for mapping in shipped:
        assert load_mapping(mapping.name).name == mapping.name
        assert load_mapping(mapping.name.replace("_", "-")).says == mapping.says


def test_no_shipped_mapping_keeps_an_outcome_out_of_its_list_of_late_columns() -> None:
    """What tells the outcome is named as known after it, or it could be asked for as a feature."""
    for shipped in shipped_mappings():
        mapping = load_mapping(shipped.name)
        if mapping.reads == "orders":
            late = set(mapping.after_outcome)
            assert set(mapping.columns["outcome"].sources()) <= late
