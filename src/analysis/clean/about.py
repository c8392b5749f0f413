"""``source.yaml``: what a source is, and how much of it there must be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from analysis.ground import paths
from analysis.ground.dictionary import entities
from analysis.ground.errors import DataFault, Problems, nearest
from analysis.ground.files import read_yaml
from analysis.ground.schema import Closed, Date, Name, Text, Words, Year, check, check_references

LEVELS = ("specialties.csv", "destinations.csv")
Count = Annotated[int, Field(ge=0)]


class Document(Closed):
    """The document that was read; it is not committed."""

    name: Text
    encoding: Literal["utf-8", "gb18030", "utf-16"] = "utf-8"
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None

    entry: ClassVar[str] = "a document"


class About(Closed):
    """``source.yaml``.

    `rows` and `missing` say how many rows each CSV holds and how many figures of each table are printed as missing;
    where they are declared, a row or a figure that is lost stops the build. What an import of a collection writes
    beside (schools, waived …) is its own record.
    """

    id: Name
    title: Text
    short_title: Words
    body: Text
    published: Date
    report_year: Year
    how_read: Text
    covers: Text | None = None
    document: Document | None = None
    rows: dict[str, Count] | None = None
    missing: dict[str, Count] | None = None
    names: Literal["codes"] | None = None
    schools: dict[str, list[str]] | None = None
    version: Text | None = None
    absent: dict[str, str] | None = None
    waived: list[dict[str, Any]] | None = None
    comments: dict[str, Any] | None = None
    forms: dict[str, str] | None = None

    entry: ClassVar[str] = "a source"

    @property
    def covered(self) -> str:
        """Whom the closing rows of its tables are about; `load_about` refuses a source with tables that lacks it."""
        if self.covers is None:
            raise ValueError(f"{self.id} has no tables")
        return self.covers


def load_about(folder: Path, problems: Problems) -> About | None:
    """``source.yaml`` of a folder; None, and every fault noted, where it is not sound."""
    file = paths.shown(folder / "source.yaml")
    if not (folder / "source.yaml").exists():
        problems.add(paths.shown(folder), "has no source.yaml", "Name title, body and date of the source there")
        return None
    about = check(About, read_yaml(folder / "source.yaml"), file, problems)
    if about is None:
        return None
    if about.id != folder.name:
        problems.add(file, f"its folder is {folder.name!r}", "Give both one name", row="id", printed=about.id)
    if about.report_year > int(about.published[:4]):
        problems.add(
            file,
            f"published in {about.published}, before the year it reports on",
            "Correct one of the two",
            row="report_year",
            printed=about.report_year,
        )
    if about.covers is None and (folder / "layout.yaml").exists():
        problems.add(
            file, "lacks covers", "Name the entity that the closing rows of its tables are about", row="covers"
        )
    if about.covers is not None:
        check_references([("covers", about.covers)], entities(), "entity", file, problems)
    if (about.names == "codes") != (about.schools is not None):
        problems.add(
            file,
            "names: codes and schools go together",
            "Write both, as python -m analysis.collect does, or none",
            row="names",
        )
    check_references([("schools", code) for code in about.schools or {}], entities(), "school", file, problems)
    return about


def require_about(folder: Path, problems: Problems) -> About:
    """`load_about` of a folder that must have it.

    Raises
    ------
    DataFault
        with all that was noted, here or before.
    """
    about = load_about(folder, problems)
    problems.stop()
    if about is None:
        raise DataFault(problems)
    return about


def check_files(folder: Path, about: About, tables: list[str] | None, problems: Problems) -> None:
    """Every file of the folder is one that is read, and none that is read is missing.

    Parameters
    ----------
    tables : list of str or None
        numbers of the declared tables; None for a source without a layout.
    """
    of_documents = tables is not None or any((folder / name).exists() for name in ("facts.csv", *LEVELS))
    known = {"source.yaml", "claims.yaml", "facts.csv", *LEVELS} | (
        {"layout.yaml"} | {f"table_{t}.csv" for t in tables} if tables is not None else set()
    )
    for path in sorted(folder.iterdir()):
        if path.name not in known and not (path.suffix == ".csv" and not of_documents) or not path.is_file():
            wrong = (
                "the table is not declared"
                if re.fullmatch(r"table_.*\.csv", path.name)
                else "is read by nothing"
                if path.is_file()
                else "is no file"
            )
            problems.add(
                paths.shown(path),
                wrong,
                "Declare it in layout.yaml"
                if "declared" in wrong
                else f"Take it out of the folder, or name it as one that is read{nearest(path.name, known)}",
            )
    if not of_documents and not list(folder.glob("*.csv")):
        problems.add(paths.shown(folder), "holds no tables", "Restore the files, or take the source from params.yaml")
    if about.rows is not None:
        present = {path.stem for path in folder.glob("*.csv")}
        for name in sorted(about.rows.keys() ^ present):
            declared = name in about.rows
            problems.add(
                paths.shown(folder / f"{name}.csv"),
                "is declared in source.yaml and missing" if declared else "has no number of rows in source.yaml",
                "Restore the file" if declared else "Enter it under rows",
                table=name,
            )


def check_rows(path: Path, count: int, about: About, problems: Problems) -> None:
    """The number of rows of a CSV is the declared one."""
    wanted = (about.rows or {}).get(path.stem, count)
    if count != wanted:
        problems.add(
            paths.shown(path),
            f"{count} rows, source.yaml says {wanted}",
            "Compare with the document: restore or take out the row; if the document has changed, enter the new "
            "number under rows",
            table=path.stem,
        )


def check_missing(path: Path, count: int, about: About, problems: Problems) -> None:
    """The number of figures that a table prints as missing is the declared one."""
    wanted = (about.missing or {}).get(path.stem, 0 if about.missing is not None else count)
    if count != wanted:
        problems.add(
            paths.shown(path),
            f"{count} figures are printed as missing, source.yaml says {wanted}",
            "Compare with the document: restore the figure; if the document has changed, enter the new number under "
            "missing",
            table=path.stem,
        )
