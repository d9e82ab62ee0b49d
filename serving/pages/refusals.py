"""Why an errand ended badly, in a merchant's words; the program's own stand below them."""

from __future__ import annotations

import re

from serving.pages.words import Words

HAND = "From elsewhere: I choose the columns"
_AS_CSV = "In your spreadsheet, save it as “CSV UTF-8” and choose that file."
_PARTS = (
    (re.compile(r".* is no file for the mapping .*; its columns are those of \S+ (?P<fits>\S+)"),
     "The file does not come from there: its columns are those of “{fits}”. Choose that."),
    (re.compile(r".* has no column \"(?P<column>[^\"]+)\".*"),
     "The file has no column “{column}”, so it does not come from there. Choose where it comes"
     " from, or “{hand}”."),
    (re.compile(r".* (?P<count>[\d,]+) of (?P<rows>[\d,]+) rows cannot be read, .*"),
     "{count} of {rows} rows cannot be read. Choose “{hand}”, and say what your dates and words"
     " mean."),
    (re.compile(r".* is (UTF-16|not utf-8|an Excel workbook|a parquet file).*"), _AS_CSV),
    (re.compile(r".* (is empty|holds a header and no rows|holds no row).*"),
     "The file holds no orders; download it again."),
    (re.compile(r".* (breaks off|cannot be read|opens a quote that is never closed).*"),
     "The file is not whole; download it again."),
    (re.compile(r".*no order is in the outcome report.*"),
     "No order is in your courier's report. Choose the column of the orders that it repeats."),
    (re.compile(r"only (?P<rto>[\d,]+) returned and (?P<delivered>[\d,]+) delivered orders .*"),
     "Only {rto} orders that came back and {delivered} that arrived can be learned from; 100 are"
     " needed, and 10 of each. Read in more months."),
    (re.compile(r"it was interrupted.*"), "It was interrupted; start it again."),
)  # fmt: skip
PATTERNS = (HAND, *(sentence for _, sentence in _PARTS))


def refusal(say: Words, text: str, titles: dict[str, str]) -> str:
    """What to change, said to a person; empty for a fault that needs the program's own words.

    Parameters
    ----------
    titles : dict of str to str
        What the list of shipped mappings shows for each of their names.
    """
    for pattern, sentence in _PARTS:
        if (found := pattern.fullmatch(text)) is not None:
            values = found.groupdict()
            if "fits" in values:
                values["fits"] = say(titles.get(values["fits"], values["fits"]))
            if "{hand}" in sentence:
                values["hand"] = say(HAND)
            return say(sentence, **values)
    return ""
