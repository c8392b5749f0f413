"""The reference notebooks compare something: executed, and of the same source as the notebooks."""

import nbformat
import pytest

from pipelines.strip_notebooks import strip
from tests.conftest import PROJECT

REFERENCES = sorted((PROJECT / "tests" / "notebooks").glob("*.ipynb"))


def test_every_notebook_has_a_reference():
    assert {p.stem for p in REFERENCES} == {p.stem for p in (PROJECT / "notebooks").glob("*.ipynb")}


@pytest.mark.parametrize("path", REFERENCES, ids=lambda p: p.stem)
def test_reference_was_executed_from_the_present_source(path):
    reference = nbformat.read(path, as_version=4)
    notebook = strip(nbformat.read(PROJECT / "notebooks" / path.name, as_version=4))
    code = [c for c in reference.cells if c.cell_type == "code"]
    assert all(c.execution_count for c in code) and any(c.outputs for c in code)
    own = [c for c in reference.cells if "injected-parameters" not in c.metadata.get("tags", [])]
    left_out = [c.source.startswith("# left out: ") for c in own]  # of what the made-up town does not have
    for executed, cell, without in zip(own, notebook.cells, left_out, strict=True):
        tagged = any(tag.startswith("needs:") for tag in cell.metadata.get("tags", []))
        same = executed.source == cell.source
        assert same or (without and tagged), "run make references and look at the difference"
