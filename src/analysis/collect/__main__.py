"""``python -m analysis.collect template|check|import``: the yearly collection from the schools.

``template`` writes one workbook a school; ``check`` reads what came back, lists every fault of every workbook, late and
missing schools, and writes marked copies; ``import`` makes the sound collection a source in ``data/raw``.
``docs/adding_a_year.md`` walks through a year.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
import tempfile
from pathlib import Path

from analysis.collect.check import Round, check_forms, load_waivers, shown
from analysis.collect.deliver import import_round, source_id
from analysis.collect.form import Collection, Form, load_collection
from analysis.collect.words import Fault
from analysis.collect.write import write_form
from analysis.ground import paths
from analysis.ground.dictionary import entities
from analysis.ground.errors import DataFault
from analysis.ground.messages import run_spoken
from analysis.ground.outgoing import csv_text, personal, redacted
from analysis.ground.params import load_params


def forms_of(collection: Collection) -> dict[str, Form]:
    """One form a school of the previous source."""
    return {code: Form(collection, entities()[code]) for code in collection.schools}


def template(collection: Collection, out: Path) -> int:
    """Write the empty forms; one that is there already is not overwritten."""
    out.mkdir(parents=True, exist_ok=True)
    forms = forms_of(collection)
    there = [collection.file_name(f.school) for f in forms.values() if (out / collection.file_name(f.school)).exists()]
    if there:
        print(
            f"{out} holds forms already: {', '.join(there)}. Nothing was written. Name another folder, or move them "
            "away.",
            file=sys.stderr,
        )
        return 1
    for form in forms.values():
        write_form(form, out / collection.file_name(form.school))
    print(f"{len(forms)} forms of {collection.year} (version {collection.version}) in {out}, due {collection.closes}")
    return 0


def _save_faults(faults: list[Fault], waived: list[tuple[Fault, str]], path: Path, language: str) -> None:
    rows = [["file", "school", "sheet", "cell", "check", "level", "entered", "wrong", "remedy", "waived"]]
    for fault, reason in [*((f, "") for f in faults), *waived]:
        rows.append(
            [
                fault.file,
                fault.school,
                fault.sheet,
                fault.cell,
                fault.check,
                fault.level,
                fault.entered or "",
                fault.wrong(language),
                fault.remedy(language),
                redacted(reason),
            ]
        )
    path.write_text(csv_text(rows), encoding="utf-8-sig", newline="\n")


def mark(done: Round, forms: dict[str, Form], out: Path) -> list[str]:
    """Marked copies of the workbooks with faults; those that were refused have none,
    their content is not to be trusted."""
    written = []
    for one in done.checked:
        own = [f for f in done.faults if f.file == one.answers.file]
        if own and not one.answers.refused:
            # what looks personal is taken out, not sent round once more; where no fault says so a mark does
            taken = {place for place, value in one.answers.cells.items() if personal(shown(value))}
            kept = {place: value for place, value in one.answers.cells.items() if place not in taken}
            unsaid = sorted(taken - {(f.sheet, f.cell) for f in own if f.code == "personal"})
            marks = [
                *own,
                *(Fault(one.answers.file, "not_repeated", one.answers.school, sheet, cell) for sheet, cell in unsaid),
            ]
            write_form(forms[one.answers.school], out / one.answers.file, kept, marks)
            written.append(one.answers.file)
    return written


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m analysis.collect", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    actions = parser.add_subparsers(dest="action", required=True)
    for name, said in (
        ("template", "write the empty forms"),
        ("check", "list every fault and write marked copies"),
        ("import", "check, then write data/raw/collection-YEAR"),
    ):
        action = actions.add_parser(name, help=said)
        action.add_argument("--year", type=int, required=True, help="the year asked about")
        if name == "template":
            action.add_argument("--out", type=Path, required=True, help="folder for the forms")
        else:
            action.add_argument("forms", nargs="+", type=Path, help="workbooks that came back")
            action.add_argument("--waivers", type=Path, help="waivers.yaml (by default the one beside the forms)")
            action.add_argument(
                "--today",
                type=datetime.date.fromisoformat,
                default=None,
                help=(
                    "date against which missing forms are judged (by default today); late is a form filled in after "
                    "the deadline"
                ),
            )
            action.add_argument("--language", choices=("zh", "en"), default="zh", help="of what is said about faults")
            action.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1))
        if name == "check":
            action.add_argument(
                "--out",
                type=Path,
                help="folder for faults.csv and marked copies (by default `checked` beside the forms)",
            )
    arguments = parser.parse_args(argv)
    try:
        collection = load_collection(arguments.year)
        if arguments.action == "template":
            return template(collection, arguments.out)
        return _check_or_import(arguments, collection)
    except (DataFault, ValueError) as fault:
        print(fault, file=sys.stderr)
        return 1


def _check_or_import(arguments: argparse.Namespace, collection: Collection) -> int:
    absent = [str(path) for path in arguments.forms if not path.is_file()]
    if absent:
        print(f"no such file: {', '.join(absent)}", file=sys.stderr)
        return 1
    forms = forms_of(collection)
    beside = arguments.forms[0].parent / "waivers.yaml"
    if arguments.waivers and not arguments.waivers.is_file():
        print(f"no such file: {arguments.waivers}", file=sys.stderr)
        return 1
    waivers = load_waivers(arguments.waivers or beside) if arguments.waivers or beside.is_file() else []
    out = None
    if arguments.action == "check":
        out = arguments.out or arguments.forms[0].parent / "checked"
        if any(path.resolve().parent == out.resolve() for path in arguments.forms):
            print(
                f"{out} holds forms that were handed in; marked copies would stand in their place. Name another "
                "folder with --out",
                file=sys.stderr,
            )
            return 1
    unnamed = [path for path in arguments.forms if not path.name.isprintable()]
    if unnamed:
        print(
            f"names of files that are not UTF-8: {', '.join(repr(path.name) for path in unnamed)}. Rename them (a ZIP "
            "from Windows may need its code page named when unpacked)",
            file=sys.stderr,
        )
        return 1
    if named := [path for path in arguments.forms if personal(path.name)]:
        print(
            "names of files that look like telephone numbers or e-mail addresses: "
            f"{', '.join(redacted(path.name) for path in named)}. Rename them as the forms that were sent out",
            file=sys.stderr,
        )
        return 1
    # lock files that Excel and WPS leave beside open workbooks are no forms
    given = [path for path in arguments.forms if not path.name.startswith(("~$", ".~"))]
    doubled = sorted({p.name for p in given if sum(q.name == p.name for q in given) > 1})
    if doubled:
        print(f"two files have one name: {', '.join(doubled)}. Rename one.", file=sys.stderr)
        return 1
    done = check_forms(
        given,
        collection,
        forms,
        today=arguments.today or datetime.date.today(),
        waivers=waivers,
        workers=min(arguments.workers, max(1, len(given) // 8)),
    )
    language = arguments.language
    for fault in done.faults:
        print(fault.text(language))
    for fault, reason in done.waived:
        print(f"{'已豁免' if language == 'zh' else 'waived'}: {fault.school} {fault.check}: {redacted(reason)}")
    refused = sum(one.answers.refused for one in done.checked)
    print(
        f"{len(given)} forms, {len(forms)} schools: {len(done.faults)} faults, {len(done.waived)} waived, {refused} "
        f"refused, {len(done.missing)} not in"
    )
    if out:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out) as scratch:
            # made whole before anything old goes
            marked = mark(done, forms, Path(scratch))
            _save_faults(done.faults, done.waived, Path(scratch) / "faults.csv", language)
            for form in forms.values():
                (out / collection.file_name(form.school)).unlink(missing_ok=True)
            for path in Path(scratch).iterdir():
                os.replace(path, out / path.name)
        print(f"faults.csv and {len(marked)} marked copies in {out}")
        return 0 if done.sound else 1
    if not done.sound:
        print(
            "Nothing was imported. Mend the forms, or waive what may be waived (waivers.yaml: school, check, reason).",
            file=sys.stderr,
        )
        return 1
    target = import_round(done, collection, forms, {path.name: path for path in given})
    print(f"{paths.shown(target)} written: {len(forms) - len(done.missing)} schools")
    if source_id(collection.year) not in load_params()["sources"]:
        print(f"Add `- {source_id(collection.year)}` to sources in params.yaml, then run make repro")
    return 0


if __name__ == "__main__":
    sys.exit(run_spoken(main))
