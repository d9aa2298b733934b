"""Manuscripts written for the tests, and the real ones beside the checkout where they are there."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from storywright.sources.manuscripts import Manuscript, read

SHARED = Path(__file__).parents[4] / "shared" / "data"

CONTAINER = """<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""


@pytest.fixture
def shared() -> Callable[[str], Path]:
    def find(name: str) -> Path:
        if not (SHARED / name).exists():
            pytest.skip(f"{SHARED / name} is not there: the real material lies outside the repository")
        return SHARED / name

    return find


@pytest.fixture
def manuscript(tmp_path: Path) -> Callable[[str, str | bytes], Manuscript]:
    def written(name: str, content: str | bytes) -> Manuscript:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        made = read(path)
        assert all(made.text[block.start : block.end] == block.text for block in made.blocks)
        assert all(before.end < after.start for before, after in zip(made.blocks, made.blocks[1:], strict=False))
        return made

    return written


@pytest.fixture
def epub(tmp_path: Path) -> Callable[..., Path]:
    """An EPUB of pages by name, in their order; other files of the archive replace or join the usual ones."""

    def written(
        pages: Mapping[str, str], files: Mapping[str, str | bytes] | None = None, *, extra: str = "", **metadata: str
    ) -> Path:
        said = {"title": "A Book", "creator": "Ann Lee", "language": "en"} | metadata
        items = "".join(
            f'<item id="i{at}" href="{name}" media-type="application/xhtml+xml"/>' for at, name in enumerate(pages)
        )
        spine = "".join(f'<itemref idref="i{at}"/>' for at in range(len(pages)))
        package = (
            '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata '
            'xmlns:dc="http://purl.org/dc/elements/1.1/">'
            + "".join(f"<dc:{key}>{value}</dc:{key}>" for key, value in said.items())
            + f"</metadata><manifest>{items}{extra}</manifest><spine>{spine}</spine></package>"
        )
        usual: dict[str, str | bytes] = {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "OEBPS/book.opf": package,
        }
        usual |= {f"OEBPS/{name}": xhtml(body) for name, body in pages.items()}
        path = tmp_path / "book.epub"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in (usual | dict(files or {})).items():
                archive.writestr(name, content)
        return path

    return written


def xhtml(body: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head><title/></head><body>{body}</body></html>'
    )
