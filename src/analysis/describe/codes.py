"""Codes of the national classifications: specialties of the catalogue, divisions and sections of industry."""

from __future__ import annotations

import numpy as np

from analysis.ground import arrays
from analysis.ground.arrays import takes
from analysis.ground.errors import UnknownName

SECTIONS = "ABCDEFGHIJKLMNOPQRST"
# last division of each section in GB/T 4754-2017
LAST_DIVISIONS = dict(zip(SECTIONS, (5, 12, 43, 46, 50, 52, 60, 62, 65, 69, 70, 72, 75, 79, 82, 83, 85, 90, 96, 97)))


@takes(code=arrays.code(2))
def category_of(code: str) -> str:
    """Category (01–19) of a specialty code.

    Secondary, higher and bachelor codes of one category differ by twenty in their first two digits.
    """
    return f"{int(code[:2]) % 20:02d}"


@takes(codes=arrays.each(arrays.code(4), most=5000))
def category_similarity(codes: list[str]) -> np.ndarray:
    """Similarity of specialties by the tree of their codes.

    1 the same, ½ the same field (four digits), ¼ the same category, else 0.
    """
    fields, categories = [c[:4] for c in codes], [category_of(c) for c in codes]
    same, field, category = (np.equal.outer(a, a) for a in map(np.array, (codes, fields, categories)))
    return np.where(same, 1.0, np.where(field, 0.5, np.where(category, 0.25, 0.0)))


@takes(industry=arrays.text)
def section_of(industry: str) -> str:
    """Section of a division of GB/T 4754-2017; a section is its own."""
    if industry in SECTIONS and len(industry) == 1:
        return industry
    if not (industry.isascii() and industry.isdigit()) or len(industry) > 2:
        raise UnknownName("industry", f"{industry!r} is no section or division of GB/T 4754-2017")
    if not 1 <= int(industry) <= 97:
        raise UnknownName("industry", f"{industry!r} is no division of GB/T 4754-2017")
    return next(section for section, last in LAST_DIVISIONS.items() if int(industry) <= last)
