"""Every sentence of the pages is there in every language, with the same values in it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from features.catalogue import CATALOGUE
from features.reasons import REASONS
from features.telling import Sight, tell
from models.policy_words import EXPLAINED
from serving.pages import (
    account_forms,
    accounts,
    checks,
    column_choice,
    deeds,
    failed,
    inbox,
    menu,
    queue,
    refusals,
    rules,
    settings,
    terms,
    whys,
)
from serving.pages.words import LANGUAGES, catalogue, words
from serving.shops import troubles
from serving.simulating import effects
from training.gates import GATES
from training.mapping_file import shipped_mappings

PAGES = Path(menu.__file__).parent
OTHERS = [language for language in LANGUAGES if language != "en"]
_TEXT = r"\(\s*\"((?:[^\"\\]|\\.)*)\""
_SAID = (re.compile(rf"\b_{_TEXT}"), re.compile(rf"\bsay{_TEXT}"))
_LATIN = {"WhatsApp", "Android", "iPhone", "iPad"}
"""Names that are written so in every language."""
_SAME = re.compile(r"Android( \d+)?")
_VALUE = re.compile(r"\{(\w+)\}")


def sentences() -> set[str]:
    """What templates and modules say."""
    files = [*PAGES.glob("templates/*.html"), *PAGES.glob("*.py")]
    found = {s for file in files for said in _SAID for s in said.findall(file.read_text("utf-8"))}
    named = [*terms.NAMES.values(), queue.DECISIONS, queue.CALLS, rules.LISTS, settings.COSTS,
             accounts.SWITCHED]  # fmt: skip
    found |= {title for names in named for title in names.values()}
    found |= {str(title) for title in rules.FIELDS_OF_LISTS.values()}
    found |= {entry.title for entry in menu.MENU} | {title for _, title in settings.TABS}
    found |= {title for views in (queue.VIEWS, inbox.VIEWS) for title, _ in views.values()}
    found |= set(effects.ASSUMPTIONS)
    found |= {*failed.DOES.values(), *failed.WISHES.values()}
    found |= {*deeds.DEEDS.values(), *deeds.DETAILS.values(), deeds.SENT_AGAIN, *refusals.PATTERNS}
    found |= {one.says for one in shipped_mappings()}
    found |= {*whys.WHYS.values(), *whys.ERRORS.values(), *whys.PATTERNS}
    found |= {sentence for check in checks.CHECKS.values() for sentence in check}
    found |= {EXPLAINED[f"costs.{name}"] for name in settings.COSTS}
    for titles in (*column_choice.FIELDS.values(), *column_choice.MEANINGS.values()):
        found |= set(titles.values())
    found |= set(column_choice.ROWS.values())
    for account in account_forms.ACCOUNTS:
        found |= {account.title, account.says, account.post}
        for field in account.fields:
            found |= {field.label, field.hint, *field.choices.values()}
    return (found | set(troubles.SAYS.values())) - {""}


def test_every_gate_of_training_is_explained() -> None:
    assert set(checks.CHECKS) == set(GATES)


def test_every_deed_of_a_shop_has_a_sentence() -> None:
    """Those without a shop (pruning, backups, keys of the hash) stand in no shop's audit log."""
    house = {"backup restored", "orders pruned", "pruned", "rehashed"}
    done = re.compile(r"\b_?audit\(\s*log,\s*\"([^\"]+)\"|\bdid = \"([^\"]+)\"")
    sources = [file.read_text("utf-8") for file in PAGES.parent.rglob("*.py")]
    kept = {one or other for text in sources for one, other in done.findall(text)}
    assert "key revoked" in kept
    kept |= {account.did for account in account_forms.ACCOUNTS}
    kept |= {f"account {do}" for do in accounts.SWITCHED}
    assert kept - house - set(deeds.DEEDS) == set()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("export.csv: is no file for the mapping shopify-orders; its columns are those of"
         " --mapping meesho-orders", "its columns are those of “Meesho’s orders”"),
        ('export.csv: has no column "Name"; mend the mapping or list it', "no column “Name”"),
        ("export.csv: 2 of 3 rows cannot be read, 2 of them because created_at", "2 of 3 rows"),
        ("export.csv: is UTF-16; save it as UTF-8, or write", "save it as “CSV UTF-8”"),
        ("only 7 returned and 16 delivered orders can teach; at least", "Only 7 orders that came"),
    ],
)  # fmt: skip
def test_a_refused_file_is_told_in_a_merchants_words(text: str, says: str) -> None:
    for language in LANGUAGES:
        told = refusals.refusal(words(language), text, {"meesho-orders": "Meesho’s orders"})
        assert told
        assert "mapping" not in told
        assert language != "en" or says in told


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_is_missing(language: str) -> None:
    missing = sorted(sentences() - set(catalogue(language)))
    assert missing == [], f"say these in words/{language}.yaml"


@pytest.mark.parametrize("language", OTHERS)
def test_translations_name_the_same_values(language: str) -> None:
    for english, said in catalogue(language).items():
        assert sorted(_VALUE.findall(english)) == sorted(_VALUE.findall(said)), english
        assert said.strip(), english


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("code", REASONS)
def test_every_reason_and_its_advice_is_said_whatever_the_order_shows(
    code: str, language: str
) -> None:
    say, pick = words(language), np.random.default_rng(7)
    texts = {REASONS[code].text, REASONS[code].advice, tell(code, Sight(_unknown())).text}
    for _ in range(60):
        values = pick.choice([0.0, 1.0, 2.0, 7.5, 300.0, np.nan], len(CATALOGUE))
        texts.add(tell(code, Sight(values)).text)
    if "pincode" in code and REASONS[code].bucket == "address":
        texts.add(f"{REASONS[code].advice}; 560034 would fit the address")
    for text in texts:
        said = say(text)
        assert said != text or _SAME.fullmatch(text), text
        assert sorted(re.findall(r"\d+", said)) == sorted(re.findall(r"\d+", text)), (text, said)
        assert not set(re.findall(r"[A-Za-z]+", said)) - _LATIN, (text, said)


def _unknown() -> NDArray[np.float64]:
    return np.full(len(CATALOGUE), np.nan)
