"""What checks say: texts by language, made from the phrases ``audit_…`` of the labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from analysis.ground.dictionary import label, section_name
from analysis.ground.files import languages

Text = str | dict[str, str]  # one string for all languages, or one for each


def text(make: Callable[[str], str]) -> dict[str, str]:
    """What `make` says in each language."""
    return {language: make(language) for language in languages()}


def said(value: object, language: str) -> str:
    """A text, or anything else that is said alike everywhere, in a language."""
    return value[language] if isinstance(value, dict) else str(value)


def name(code: str) -> Text:
    """Name of an indicator or entity."""
    return text(lambda language: label(code, language))


def section(code: str) -> Text:
    """Name of a section."""
    return text(lambda language: section_name(code, language))


def say(code: str, **values: object) -> Text:
    """A phrase, filled."""
    return text(
        lambda language: label(f"audit_{code}", language).format(**{k: said(v, language) for k, v in values.items()})
    )


def joined(between: str, parts: Iterable[Text]) -> Text:
    """The texts that are not empty in a row, parted by a phrase."""
    parts = [part for part in parts if part]
    return (
        text(lambda language: label(f"audit_{between}", language).join(said(part, language) for part in parts))
        if parts
        else ""
    )


def place(figure) -> Text:
    """Where a cell of a table or a figure of prose is printed."""
    return say("table", table=figure.table_id) if hasattr(figure, "table_id") else section(figure.section)
