"""All processed tables as one Excel workbook for readers; equal bytes, and no cell becomes a formula."""

from __future__ import annotations

import csv
import datetime
import json
import math
from pathlib import Path

import xlsxwriter

from analysis.ground.outgoing import disarmed


def save_workbook(folder: Path, target: Path) -> None:
    """One sheet a CSV of `folder`, heads fixed and filterable."""
    with xlsxwriter.Workbook(
        target, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    ) as book:
        book.set_properties({"title": "specialty-alignment", "created": datetime.datetime(2000, 1, 1)})
        bold = book.add_format({"bold": True, "bottom": 1})
        # what the data package calls a number is one; codes and figures as printed stay text
        package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
        numeric = {
            resource["path"]: {
                field["name"] for field in resource["schema"]["fields"] if field["type"] in {"number", "integer"}
            }
            for resource in package["resources"]
        }
        for path in sorted(folder.glob("*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                head, *rows = csv.reader(file)
            sheet = book.add_worksheet(path.stem[:31])
            for column, name in enumerate(head):
                sheet.write_string(0, column, disarmed(name), bold)
            for number, row in enumerate(rows, 1):
                for column, (name, text) in enumerate(zip(head, row)):
                    if text and name in numeric[path.name] and math.isfinite(float(text)):  # an open bound stays "inf"
                        sheet.write_number(number, column, float(text))
                    elif text:
                        sheet.write_string(number, column, disarmed(text))
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, max(1, len(rows)), len(head) - 1)
