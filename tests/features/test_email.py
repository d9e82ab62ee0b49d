"""What is read from an email field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.email import domain_kind, normal_email, read_email


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("asha@example.com", "asha@example.com"),
        (" ASHA@Example.COM ", "asha@example.com"),
        ("mailto:asha@example.com", "asha@example.com"),
        ("Asha Rao <asha@example.com>", "asha@example.com"),
        ("asha rao @ example.com", "asharao@example.com"),
        ("asha@example.com.", "asha@example.com"),
        ("asha@example.com; ravi@example.org", "asha@example.com"),
        ("asha@example.com ravi@example.org", "asha@example.com"),
        ("asha+x@example.com", "asha+x@example.com"),
        ("a.sha.rao+x@gmail.com", "asharao@gmail.com"),
        ("asha.rao@googlemail.com", "asharao@gmail.com"),
        ("asha.rao+x@outlook.com", "asha.rao@outlook.com"),
        ("asha@उदाहरण.com", "asha@xn--p1b6ci4b4b3a.com"),
    ],
)
def test_one_mailbox_has_one_form(typed: str, normal: str) -> None:
    assert normal_email(typed) == normal


@pytest.mark.parametrize(
    ("typed", "local_valid", "domain_valid"),
    [
        ("asha", False, False),
        ("asha@", True, False),
        ("@example.com", False, True),
        ("asha@@example.com", False, True),
        (".asha@example.com", False, True),
        ("as..ha@example.com", False, True),
        ("ashaé@example.com", False, True),
        ("x" * 65 + "@example.com", False, True),
        ("asha@example", True, False),
        ("asha@example..com", True, False),
        ("asha@-example.com", True, False),
        ("asha@example.c", True, False),
        ("asha@" + "x" * 64 + ".com", True, False),
    ],
)
def test_a_fault_is_laid_at_the_half_that_has_it(
    typed: str, local_valid: bool, domain_valid: bool
) -> None:
    email = read_email(typed)
    assert email is not None
    assert (email.local_valid, email.domain_valid) == (local_valid, domain_valid)
    assert normal_email(typed) is None


@pytest.mark.parametrize("typed", [None, "", "   "])
def test_an_empty_field_is_no_email(typed: str | None) -> None:
    assert read_email(typed) is None


@pytest.mark.parametrize(
    ("domain", "kind"),
    [
        ("gmail.com", "free"),
        ("mailinator.com", "disposable"),
        ("gmial.com", "typo"),
        ("example.com", "placeholder"),
        ("a-shop.in", "other"),
        ("domain", "other"),
        ("", "other"),
    ],
)
def test_domains_are_known_by_kind(domain: str, kind: str) -> None:
    assert domain_kind(domain) == kind


@given(st.text(max_size=400) | st.text("ab.@+ ,;<>1", max_size=40) | st.emails())
def test_any_text_gives_a_stable_address_or_none(text: str) -> None:
    normal = normal_email(text)
    assert normal is None or normal_email(normal) == normal


@given(st.integers(0, 9), st.text("abc", min_size=1, max_size=9))
def test_dots_and_tags_change_nothing_at_gmail(at: int, local: str) -> None:
    dotted = local[:at] + "." + local[at:] if 0 < at < len(local) else local
    assert normal_email(f"{dotted}+shop@gmail.com") == f"{local}@gmail.com"
