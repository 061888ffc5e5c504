"""The page of a report as text: what stands in it, and what must never."""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any

import pytest
from report_pages import chronicle_of, page_of

from vehicle.core.names import EventName
from vehicle.core.outputs import Event
from vehicle.replay.report import shelf
from vehicle.replay.report.page import steps
from vehicle.replay.report.shelf import ReportPartError

HOSTILE = "</script><img src=http://example.invalid/x onerror=alert(1)>&\u2028"


def data_of(text: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    assert found is not None
    return json.loads(found[1])


def test_the_page_holds_title_facts_settings_and_versions() -> None:
    text = page_of(chronicle_of())
    assert "<title>drive.log</title>" in text
    assert "<dt>profile</dt><dd>small</dd>" in text
    assert "<dt>auto-lock</dt><dd>off (not the default)</dd>" in text
    assert re.search(r"<dd>chargelock \d+\.\d+\.\d+, journal schema \d+</dd>", text)


def test_the_page_asks_nothing_of_the_network() -> None:
    """The policy forbids it, and there is nothing that would ask."""
    text = page_of(chronicle_of())
    assert "default-src 'none'" in text
    assert re.findall(
        r"<(?:link|script|img|iframe|object|embed)\b[^>]*\b(?:src|href)=[^>]*", text
    ) == ['<link rel="icon" href="data:,"']
    for asks in ("fetch(", "XMLHttpRequest", "WebSocket", "sendBeacon", "@import", "url(http"):
        assert asks not in text
    assert set(re.findall(r"https?://[^\s'\")]+", text)) == {"https://github.com/leeoniya/uPlot"}


def test_uplot_stands_in_the_page_with_its_notice() -> None:
    text = page_of(chronicle_of())
    assert "/*! https://github.com/leeoniya/uPlot" in text
    assert "var uPlot=" in text


def test_no_word_of_a_recording_becomes_markup() -> None:
    chronicle = chronicle_of()
    chronicle.take(chronicle.end_us, Event(EventName.COMMAND_VETOED, (("why", HOSTILE),)))
    text = page_of(chronicle, title=HOSTILE)
    assert text.count("</script>") == 3
    assert "<img" not in text
    assert "\u2028" not in text[text.index('id="data"') :]
    assert any(HOSTILE in words for words in data_of(text)["sides"][0]["marks"]["words"])


def test_a_vehicle_identification_is_nowhere_in_the_page() -> None:
    vin = "5YJ3E1EA7KF317000"
    chronicle = chronicle_of()
    chronicle.take(chronicle.end_us, Event(EventName.COMMAND_VETOED, (("why", vin),)))
    assert vin not in page_of(chronicle, title=f"{vin}.log", notes=[f"of {vin}"])


def test_the_data_hold_every_change_with_its_time() -> None:
    data = data_of(page_of(chronicle_of(7)))
    lane = next(lane for lane in data["lanes"] if lane["title"] == "car lock")
    track = data["tracks"][lane["track"]]
    times = list(accumulate(track["t"]))
    assert times == [second * 1_000_000 for second in range(8)]
    names = [track["names"][value] for value in track["v"]]
    assert names == ["unlocked" if second % 2 == 0 else "locked" for second in range(8)]
    assert data["sides"][0]["marks"]["kinds"] == ["fault"]
    assert data["end"] == 8_000_005


def test_rows_stand_in_order_and_repeated_words_once() -> None:
    rows = data_of(page_of(chronicle_of(50)))["rows"]
    assert all(step >= 0 for step in rows["t"])
    assert len(rows["t"]) == len(rows["what"]) == len(rows["words"]) == len(rows["tone"])
    assert len(rows["texts"]) == len(set(rows["texts"])) < 10


def test_a_pin_that_the_car_lacks_has_no_lane() -> None:
    titles = {lane["title"] for lane in data_of(page_of(chronicle_of()))["lanes"]}
    assert "latch demand" in titles
    assert "adapter demand" not in titles


def test_signals_that_nobody_told_have_no_lane_but_the_main_ones_do() -> None:
    titles = {lane["title"] for lane in data_of(page_of(chronicle_of()))["lanes"]}
    assert {"car lock", "key zone", "in the inlet", "session", "inlet energy"} <= titles
    assert "place" not in titles


def test_a_change_takes_some_tens_of_letters() -> None:
    """So 100,000 of them are less than three megabytes."""
    few, many = (len(page_of(chronicle_of(changes))) for changes in (10, 10_010))
    assert (many - few) / 10_000 < 28


def test_steps_add_up_to_the_times() -> None:
    assert steps([5, 5, 9]) == [5, 0, 4]
    assert steps([]) == []


def test_a_part_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.uplot.cache_clear()
    monkeypatch.setattr(shelf, "find_spec", lambda _: None)
    with pytest.raises(ReportPartError, match=r"chargelock\[report\]"):
        shelf.uplot("uplot.min.css")


def test_a_part_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ReportPartError, match=r"nothing\.js: cannot be read"):
        shelf.uplot("nothing.js")
