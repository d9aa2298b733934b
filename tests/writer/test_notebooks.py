"""The notebooks run from their first cell to their last, and show what they promise."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.mark.slow
def test_the_writers_notebook_runs_and_shows_curves_scores_and_maps(monkeypatch):
    monkeypatch.setenv("NUM_STORIES", "4")
    notebook = nbformat.read(NOTEBOOKS / "writer.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": NOTEBOOKS}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    pictures = sum("image/png" in output.get("data", {}) for output in outputs)
    words = "".join(output.get("text", "") for output in outputs)
    assert pictures == 4, "the curves, two rows of maps, the judge's histogram"
    assert words.count("CIDEr-D") == 2 and "looked" in words


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_is_kept_with_its_outputs_and_is_small(path):
    assert path.stat().st_size < 1_000_000
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert any(cell.outputs for cell in cells)
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]
