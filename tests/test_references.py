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
    own = [c.source for c in reference.cells if "injected-parameters" not in c.metadata.get("tags", [])]
    assert own == [c.source for c in notebook.cells], "run make references and look at the difference"
