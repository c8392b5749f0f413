"""Every single fault of the catalogue is stopped, audited, changes nothing, or is of a kind that no rule can know."""

from __future__ import annotations

import random
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from analysis.clean import source as cleaning
from analysis.ground.errors import DataFault
from analysis.reconcile import audit as auditing
from tests.catalogue import UNKNOWABLE, Fault, Reader, apply, copy_project, faults_of, files, kept, undo
from tests.conftest import PROJECT, use_workspace

SEED, DRAWN, MOST_UNSEEN = 20260714, 1500, 0.10
DOCUMENT = PROJECT / "docs" / "what_the_checks_cannot_see.md"


def drawn(seed: int = SEED, number: int = DRAWN) -> list[Fault]:
    """Faults over all files: one of each operator of each kind of file first, the rest by lot."""
    draw = random.Random(seed)
    every = [
        fault
        for path in files()
        for fault in faults_of(path, (PROJECT / path).read_bytes(), random.Random(f"{seed} {path}"))
    ]
    draw.shuffle(every)
    first, seen = [], set()
    for fault in every:
        for trait in ((fault.operator, fault.path.rpartition(".")[2]), fault.path):
            if trait not in seen:
                seen |= {trait}
                first += [fault] if fault not in first[-1:] else []
    rest = [fault for fault in every if fault not in set(first)]
    chosen = first + rest[: max(0, number - len(first))]
    return sorted(chosen, key=lambda f: (f.path, f.operator, f.place))


class Judge:
    """Makes a fault, reads what reads its file, and takes the fault back."""

    def __init__(self, root):
        self.root, self.reader = root, Reader(root)
        self.baseline: dict[str, tuple] = {}

    def sound(self, path: str) -> tuple:
        one = path.rpartition("/")[0] if path.startswith("data/raw/") else path  # files of a source are read together
        if one not in self.baseline:
            state, verdicts = self.reader.state(path)
            self.baseline[one] = state, verdicts() if verdicts else {}
        return self.baseline[one]

    def outcome(self, fault: Fault) -> tuple[str, str]:
        """(stopped, audited, unchanged, unseen or raw; what was said)."""
        state, verdicts = self.sound(fault.path)
        content = (PROJECT / fault.path).read_bytes()
        names = fault.path in {"data/dictionary.yaml", "data/entities.yaml"} or fault.path.startswith("data/words/")
        apply(fault, self.root)
        try:
            if names:
                self.reader.forget()
            now, audited = self.reader.state(fault.path)
            if now == state:
                return "unchanged", ""
            if audited and audited() != verdicts:
                return "audited", ""
            return "unseen", ""
        except DataFault as stop:
            said = str(stop)
            return (
                "stopped"
                if fault.path.rpartition("/")[2] in said or fault.path.rpartition("/")[0] in said
                else "elsewhere"
            ), said
        except Exception as error:  # what the catalogue is after: an exception that names no place
            return "raw", f"{type(error).__name__}: {error}"[:300]
        finally:
            undo(fault, self.root, content)
            if names:
                self.reader.forget()


@contextmanager
def judging(folder: Path) -> Iterator[Judge]:
    """A judge over a copy of the project in `folder`; readers keep what has not changed."""
    copy_project(folder)
    with pytest.MonkeyPatch.context() as patch:
        use_workspace(folder, patch)

        def content(path):
            return path.read_bytes() if path.is_file() else object()

        def declared():
            return tuple(
                content(folder / "data" / name)
                for name in (
                    "entities.yaml",
                    "dictionary.yaml",
                    "crosswalks/partner_to_country.csv",
                    "crosswalks/cooperation_kinds.csv",
                )
            )

        patch.setattr(
            cleaning,
            "clean_table",
            kept(
                cleaning.clean_table,
                lambda path, layout, source, covers, names, e, i, p, corrected: (
                    str(path),
                    content(path),
                    layout,
                    repr(names),
                    covers,
                    *declared(),
                    tuple(sorted(map(repr, corrected))),
                ),
                lambda r: ([dict(row) for row in r[0]], [dict(row) for row in r[1]], r[2]),
            ),
        )
        patch.setattr(
            cleaning,
            "clean_facts",
            kept(
                cleaning.clean_facts,
                lambda path, source, e, i, p, about: (str(path), content(path), repr(about), *declared()),
                lambda frame: frame.copy(),
            ),
        )
        patch.setattr(
            cleaning, "load_layout", kept(cleaning.load_layout, lambda path: (str(path), content(path)), dict)
        )
        patch.setattr(
            cleaning,
            "check_declared",
            kept(
                cleaning.check_declared,
                lambda layouts, about, folder, e, i, p: (
                    str(folder),
                    tuple(layouts.values()),
                    repr(about),
                    *declared(),
                ),
                lambda nothing: None,
            ),
        )
        patch.setattr(auditing, "candidates", lambda *a, **k: [])
        yield Judge(folder)


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    with judging(tmp_path_factory.mktemp("catalogue") / "project") as one:
        yield one


@pytest.fixture(scope="module")
def outcomes(judge):
    return [(fault, *judge.outcome(fault)) for fault in drawn()]


def table(rows) -> str:
    return "\n".join(f"  {fault.path} | {fault.operator} | {fault.place} | {said[:300]}" for fault, _, said in rows)


def test_every_file_is_in_the_catalogue(judge):
    for path in files():
        judge.sound(path)


def test_no_fault_ends_in_a_raw_exception(outcomes):
    assert len(outcomes) >= DRAWN
    raw = [row for row in outcomes if row[1] == "raw"]
    assert not raw, f"{len(raw)}\n{table(raw)}"


def test_what_stops_names_the_file(outcomes):
    elsewhere = [row for row in outcomes if row[1] == "elsewhere"]
    assert not elsewhere, f"{len(elsewhere)}\n{table(elsewhere)}"


def test_nothing_is_unseen_but_what_no_rule_can_know(outcomes):
    unseen = [row for row in outcomes if row[1] == "unseen"]
    unnamed = [row for row in unseen if not row[0].kind]
    assert not unnamed, f"{len(unnamed)}\n{table(unnamed)}"
    assert len(unseen) <= MOST_UNSEEN * len(outcomes), (
        len(unseen),
        Counter((row[0].kind, row[0].operator) for row in unseen).most_common(40),
    )
    assert {row[0].kind for row in unseen} <= UNKNOWABLE.keys()


def document(outcomes) -> str:
    """The published list of what the checks cannot see, with its numbers."""
    number = len(outcomes)
    counts = Counter(outcome for _, outcome, _ in outcomes)
    unseen = [fault for fault, outcome, _ in outcomes if outcome == "unseen"]
    lines = [
        "# What the checks cannot see",
        "",
        f"{number:,} single faults, drawn with the seed {SEED} over the {len({f.path for f, _, _ in outcomes})} files "
        "that people write and the workbench reads, were made one by one in a copy of the project; what reads the "
        "file was run.",
        "This page is written by `python -m tests.test_catalogue`, and a test compares it.",
        "",
        "| outcome | faults | share |",
        "|---|---:|---:|",
        *(f"| {name} | {counts[key]:,} | {100 * counts[key] / number:.1f} % |" for key, name in OUTCOMES.items()),
        "",
        "## The faults that nothing says",
        "",
        "None of them breaks a total, a relation, a type, a date or a reference. They are of these kinds:",
        "",
        "| kind | what it is | faults | share |",
        "|---|---|---:|---:|",
        *(
            f"| {kind} | {meaning} | {sum(f.kind == kind for f in unseen):,} | "
            f"{100 * sum(f.kind == kind for f in unseen) / number:.1f} % |"
            for kind, meaning in UNKNOWABLE.items()
        ),
        "",
        "By the way the fault was made:",
        "",
        "| made by | faults |",
        "|---|---:|",
        *(
            f"| {operator} | {times} |"
            for operator, times in sorted(
                Counter(f.operator for f in unseen).items(), key=lambda item: (-item[1], item[0])
            )
        ),
        "",
        "Against such faults only a second reading of the document helps: the tables of the first report were "
        "compared cell by cell with an independent transcription.",
        "",
    ]
    return "\n".join(lines)


OUTCOMES = {
    "stopped": "the build stops and names the file, the place, what stands there and the way out",
    "audited": "the audit judges something differently",
    "unchanged": "nothing that is read changes",
    "unseen": "nothing says so",
}


def test_the_published_list_is_the_one_that_was_found(outcomes):
    assert DOCUMENT.read_text(encoding="utf-8") == document(outcomes), "renew it with python -m tests.test_catalogue"


def test_messages_say_what_is_wrong_and_the_way_out(outcomes):
    for fault, outcome, said in outcomes:
        if outcome == "stopped":
            for line in said.splitlines()[1:]:
                assert re.fullmatch(r".+: .+\. .+\.", line), (fault.path, fault.operator, line)
                assert len(line) < 1500, (fault.path, fault.operator, line[:200])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch, judging(Path(scratch) / "project") as one:
        DOCUMENT.write_text(document([(fault, *one.outcome(fault)) for fault in drawn()]), encoding="utf-8")
