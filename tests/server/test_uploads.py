"""Pictures that are sent: known by their content, kept in their workspace, named by a brief."""

import io

import pytest
from PIL import Image

from storywright.server import uploads
from storywright.server.access import Access

from .conftest import BRIEF
from .test_access import OPERATOR_KEY, Office


@pytest.fixture
def office(own_environment: None) -> Office:
    return Office(Access(host="0.0.0.0", key=OPERATOR_KEY, limits="off"))


def picture(form: str = "JPEG", size: tuple[int, int] = (40, 20), **how: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (10, 120, 200)).save(file, form, **how)
    return file.getvalue()


def test_a_picture_is_kept_as_png_without_what_else_its_file_held(office: Office) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "Anna's home address"  # lying on its side, with a description
    client = office.client("studio editor")
    sent = client.post("/api/v1/uploads", content=picture(exif=exif))
    assert sent.status_code == 201, sent.text
    again = client.post("/api/v1/uploads", content=picture(exif=exif))
    assert sent.json() == again.json(), "the same content is the same file"
    kept = client.get(sent.json()["picture"])
    shown = Image.open(io.BytesIO(kept.content))
    assert (shown.format, shown.size) == ("PNG", (20, 40))
    assert b"home address" not in kept.content


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"\x89PNG\r\n\x1a\n and then nothing", b"GIF89a", picture("BMP"), picture()[:200], b"%PDF-1.7",
    ],
    ids=["svg", "broken png", "gif", "bmp", "cut jpeg", "pdf"],
)  # fmt: skip
def test_what_is_no_picture_of_the_three_kinds_is_refused_whatever_it_is_called(office: Office, content: bytes) -> None:
    answer = office.client("studio editor").post(
        "/api/v1/uploads", content=content, headers={"Content-Type": "image/png"}
    )
    assert answer.status_code == 422
    assert "PNG, JPEG or WebP" in answer.json()["detail"]


def test_too_many_pixels_or_bytes_are_refused_before_they_are_decoded(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_PIXELS", 700)
    client = office.client("studio editor")
    answer = client.post("/api/v1/uploads", content=picture())
    assert answer.status_code == 422 and "pixels" in answer.json()["detail"]
    assert client.post("/api/v1/uploads", content=b"x" * ((16 << 20) + 1)).status_code == 413
    assert client.post("/api/v1/uploads", content=b"").status_code == 422


def test_a_brief_names_what_its_own_workspace_uploaded_and_nothing_else(office: Office) -> None:
    file = office.client("studio editor").post("/api/v1/uploads", content=picture()).json()["file"]

    def ordered(who: str, name: str) -> int:
        brief = BRIEF | {"assets": [{"name": "logo", "kind": "logo", "file": name}]}
        return office.client(who).post("/api/v1/boards", params={"wait": 0}, json=brief).status_code

    assert ordered("studio editor", file) == 202
    assert ordered("acme editor", file) == 422
    for elsewhere in ("../../studio.db", "/etc/passwd", f"{file}/..", "logo.png"):
        assert ordered("studio editor", elsewhere) == 422
