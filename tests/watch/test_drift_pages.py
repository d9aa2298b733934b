"""The reports of drift, over HTTP."""

import datetime
import json
from pathlib import Path
from typing import Any

from storywright.watch import reports


def test_the_reports_are_listed_and_their_pages_run_in_a_sandbox(start: Any, tmp_path: Path) -> None:
    studio = start()
    assert studio.client.get("/api/v1/drift").json() == {"reports": []}
    (tmp_path / "briefs.html").write_text("<script>1</script>")
    (tmp_path / "drift.json").write_text(
        json.dumps({"scores": {"fit": 0.7}, "limits": {"fit": 0.6}, "drifted": ["fit"]})
    )
    reports.keep(tmp_path, studio.settings.home, datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC))
    [report] = studio.client.get("/api/v1/drift").json()["reports"]
    assert (report["name"], report["drifted"]) == ("20261120T120000Z", ["fit"])
    shown = studio.client.get("/models").text
    assert "2026-11-20 12:00" in shown
    assert f'<a href="{report["pages"][0]}">briefs</a>' in shown
    page = studio.client.get(report["pages"][0])
    assert page.text == "<script>1</script>"
    assert page.headers["content-security-policy"].startswith("sandbox allow-scripts; default-src 'none'")
    for missing in ("drift.json", "panels.html", "..%2Fdrift.json"):
        assert studio.client.get(f"/api/v1/drift/20261120T120000Z/{missing}").status_code == 404


def test_the_reports_are_the_operators(start: Any) -> None:
    from storywright.server.access import Access

    studio = start(access=Access(key="the-key-of-the-operator"))
    assert studio.client.get("/api/v1/drift").status_code == 401
    headers = {"Authorization": "Bearer the-key-of-the-operator"}
    assert studio.client.get("/api/v1/drift", headers=headers).status_code == 200
    assert studio.client.get("/models", headers={"Accept": "application/json"}).status_code == 401
    assert studio.client.get("/models", headers=headers).status_code == 200
