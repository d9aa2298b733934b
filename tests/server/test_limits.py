"""How often one may ask."""

import pytest

from storywright.errors import BadInput
from storywright.server import limits
from storywright.server.access import Access
from storywright.server.limits import Limits, of_address

from .test_access import OPERATOR_KEY, Office


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_is_emptied_and_refilled_as_time_passes() -> None:
    clock = Clock()
    rates = Limits("drawing=3/m", clock=clock)
    assert [verdict.allowed for _ in range(4) if (verdict := rates.take("drawing", "anna"))] == [
        True,
        True,
        True,
        False,
    ]
    refused = rates.take("drawing", "anna")
    assert refused is not None and refused.wait_seconds == 20
    assert rates.take("drawing", "ben").allowed  # type: ignore[union-attr]
    clock.now += 20
    assert rates.take("drawing", "anna").allowed  # type: ignore[union-attr]
    assert not rates.take("drawing", "anna").allowed  # type: ignore[union-attr]


def test_memory_stays_bounded_however_many_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST_BUCKETS", 100)
    rates = Limits("requests=1/h")
    for number in range(1_000):
        rates.take("requests", str(number))
    assert len(rates._buckets) == 100


def test_limits_that_are_none_are_refused_by_name_and_off_is_none() -> None:
    for wrong in ("drawing", "drawing=0/m", "eating=3/m", "drawing=3/d"):
        with pytest.raises(BadInput, match="STORYWRIGHT_RATE_LIMITS"):
            Limits(wrong)
    assert Limits("off").take("drawing", "anna") is None
    assert Limits("drawing=7/s").quotas["requests"] == limits.parse(limits.DEFAULT)["requests"]


def test_a_customer_with_many_ipv6_addresses_is_one() -> None:
    assert of_address("2001:db8:1:2:aaaa::1") == of_address("2001:db8:1:2:bbbb::9") != of_address("2001:db8:1:3::1")
    assert of_address("::ffff:192.0.2.7") == "192.0.2.7"


def test_whoever_asks_too_often_is_told_when_to_come_again(own_environment: None) -> None:
    office = Office(Access(host="0.0.0.0", key=OPERATOR_KEY, limits="requests=2/h sign-in=3/h"))
    client = office.client("studio viewer")
    first = client.get("/api/v1/me")
    assert first.headers["ratelimit-policy"] == '"requests";q=2;w=3600'
    assert first.headers["ratelimit"].startswith('"requests";r=1;t=')
    client.get("/api/v1/me")
    refused = client.get("/api/v1/me")
    assert refused.status_code == 429
    assert 1_700 < int(refused.headers["retry-after"]) <= 1_800
    assert refused.headers["content-type"] == "application/problem+json"
    assert office.client("studio editor").get("/api/v1/me").status_code == 200, "another caller has a bucket of its own"
    assert client.get("/healthz").status_code == 200, "probes are not counted"


def test_whoever_tries_wrong_keys_is_stopped_by_address_and_known_callers_go_on(own_environment: None) -> None:
    office = Office(Access(host="0.0.0.0", key=OPERATOR_KEY, limits="sign-in=3/h"))
    known = office.client("studio viewer")
    assert known.get("/api/v1/me").status_code == 200
    tried = [office.client(f"storywright_{number:08x}_{'0' * 64}").get("/api/v1/me").status_code for number in range(5)]
    assert tried == [401, 401, 401, 429, 429]
    assert office.client().post("/sign-in", data={"key": "x"}).status_code == 429
    assert known.get("/api/v1/me").status_code == 200, "who was let in a moment ago is not kept out by others"
