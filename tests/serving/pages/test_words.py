"""Every sentence of the pages is there in every language, with the same values in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from serving.pages import (
    account_forms,
    accounts,
    checks,
    inbox,
    menu,
    queue,
    rules,
    settings,
    terms,
    whys,
)
from serving.pages.words import LANGUAGES, catalogue
from training.gates import GATES

PAGES = Path(menu.__file__).parent
OTHERS = [language for language in LANGUAGES if language != "en"]
_TEXT = r"\(\s*\"((?:[^\"\\]|\\.)*)\""
_SAID = (re.compile(rf"\b_{_TEXT}"), re.compile(rf"\bsay{_TEXT}"))
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
    found |= {*whys.WHYS.values(), *whys.ERRORS.values(), *whys.PATTERNS}
    found |= {sentence for check in checks.CHECKS.values() for sentence in check}
    for account in account_forms.ACCOUNTS:
        found |= {account.title, account.says, account.post}
        for field in account.fields:
            found |= {field.label, field.hint, *field.choices.values()}
    return found - {""}


def test_every_gate_of_training_is_explained() -> None:
    assert set(checks.CHECKS) == set(GATES)


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_is_missing(language: str) -> None:
    missing = sorted(sentences() - set(catalogue(language)))
    assert missing == [], f"say these in words/{language}.yaml"


@pytest.mark.parametrize("language", OTHERS)
def test_translations_name_the_same_values(language: str) -> None:
    for english, said in catalogue(language).items():
        assert sorted(_VALUE.findall(english)) == sorted(_VALUE.findall(said)), english
        assert said.strip(), english
