"""Checking a national round: 2,308 workbooks by two processes. Must end within four minutes below one GiB.

``python -m benchmarks.collection [NUMBER]``
"""

from __future__ import annotations

import datetime
import resource
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.collect.check import check_forms
from analysis.collect.form import Collection, Form, load_collection
from analysis.collect.write import write_form
from analysis.ground.dictionary import entities
from tests.made_up_year import YEAR, answers

NATIONAL = 2308
FORMS: list[Form] = []


def made_up_forms(collection: Collection, number: int) -> dict[str, Form]:
    """Forms of made-up schools: those of the city, again under other codes."""
    originals = [entities()[code] for code in collection.schools]
    schools = [replace(originals[i % len(originals)], code=f"school_{i:04d}") for i in range(number)]
    rows = dict(list(collection.last_year.groupby("entity")))
    national = replace(
        collection,
        last_year=pd.concat(
            [rows[originals[i % len(originals)].code].assign(entity=s.code) for i, s in enumerate(schools)],
            ignore_index=True,
        ),
    )
    return {school.code: Form(national, school) for school in schools}


def _write(number: tuple[int, Path]) -> None:
    """One workbook; the forms are inherited, not sent."""
    seed, path = number
    form = FORMS[seed]
    filled = answers(form)
    rng = np.random.default_rng(seed)
    # every tenth school makes three mistakes; every school has forty specialties
    if seed % 10 == 0:
        for key in rng.choice(len(filled), 3, replace=False):
            filled[list(filled)[key]] = "错"
    for row in range(10, 50):
        filled |= {
            ("专业", f"A{row}"): f"4607{row}",
            ("专业", f"B{row}"): "专业",
            ("专业", f"C{row}"): 0.0,
            ("专业", f"D{row}"): 0.0,
            ("专业", f"E{row}"): 0.0,
            ("专业", f"F{row}"): 0.0,
        }
    write_form(form, path, filled)


class _Peak(threading.Thread):
    """Largest memory of this process and its children together, looked at five times a second."""

    def __init__(self):
        super().__init__(daemon=True)
        self.most, self.going = 0, True

    def run(self) -> None:
        import psutil

        me = psutil.Process()
        while self.going:
            total = 0
            for process in (me, *me.children(recursive=True)):
                try:
                    total += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue  # ended between the two looks
            self.most = max(self.most, total)
            time.sleep(0.2)


def main(number: int = NATIONAL) -> None:
    forms = made_up_forms(load_collection(YEAR), number)
    collection = next(iter(forms.values())).collection
    FORMS.extend(forms.values())
    with tempfile.TemporaryDirectory() as scratch:
        paths = [Path(scratch) / f"{code}.xlsx" for code in forms]
        started = time.perf_counter()
        with ProcessPoolExecutor(2) as pool:
            list(pool.map(_write, enumerate(paths), chunksize=32))
        written = time.perf_counter() - started
        watch = _Peak()
        watch.start()
        started = time.perf_counter()
        done = check_forms(paths, collection, forms, today=datetime.date(YEAR + 1, 4, 1), workers=2)
        seconds = time.perf_counter() - started
        watch.going = False
        watch.join()
    print(
        f"{number} workbooks written in {written:.0f} s, checked in {seconds:.0f} s by 2 processes; peak "
        f"{watch.most / 2**20:.0f} MiB together; {len(done.faults)} faults found"
    )
    print(
        "largest single process "
        f"{max(resource.getrusage(w).ru_maxrss for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024:.0f} "
        "MiB"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
