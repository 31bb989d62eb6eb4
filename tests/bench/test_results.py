"""From rounds to medians, ratios, goals, tables and the picture."""

from __future__ import annotations

import dataclasses
import os
import re
from xml.etree import ElementTree

import pytest

from bench.compare import goals, readme, tables
from bench.compare.load import Outcome, read
from bench.compare.plot import drawn
from bench.compare.results import Interpreter, Report, Round, Used, View, quantile

ROUND = Round(100.0, 5.0, 20.0, 1.0, 0.5, 0.1, 0.02, 2**27, [8, 8], 500, 0, "")


def rounds(*rates: float, **more) -> list[Round]:
    return [dataclasses.replace(ROUND, rate=rate, **more) for rate in rates]


@pytest.fixture
def report() -> Report:
    measured = {
        "oauthprov-redis": {"W1": rounds(150, 120, 90, p99=10.0, server=0.7), "W5": rounds(130)},
        "oidc-provider": {"W1": rounds(100), "W5": rounds(100)},
        "oauthprov-postgresql": {"W1": rounds(500)},
        "authlib": {"W1": rounds(100, p99=15.0)},
        "django-oauth-toolkit": {"W1": rounds(80, p99=19.0)},
        "oauthprov-sqlite": {"W1": rounds(70)},
    }
    return Report(
        "2026-11-27",
        "abc1234",
        "2 cores, Linux x86_64",
        [Interpreter("3.11.2", "a build", 7.0), Interpreter("3.14.0t", "another", 9.0)],
        {
            "tools": {"wrk": "4.1.0", "postgresql": "15.18", "redis": "7.0.15"},
            "authlib": {"authlib": "1.9.10"},
        },
        {"workers": 2, "connections": 16, "rounds": 3, "seconds": 5},
        measured,
        {
            "oauthprov-redis": View(40, 95, 55, 30),
            "oauthprov-sqlite": View(40, 110, 70, 2),
        },
        [],
    )


def test_a_round_has_quantiles_and_processor_time_of_an_operation():
    outcome = Outcome(2.0, [1000 * n for n in range(1, 101)], 3, "step 1 answered 500", 0.5)
    used = Used(5.2, 3.1, 1.0) - Used(5.0, 3.0, 0.1)
    one = Round.of(outcome, used, 7, [9, 7])
    assert (one.rate, one.p50, one.p99) == (50, 51, 100)
    assert (one.server, one.store, one.client) == pytest.approx((2, 1, 5))
    assert one.others == pytest.approx((0.9 - 0.2 - 0.1 - 0.5) / 2 / os.cpu_count())
    assert (one.operations, one.errors, one.wrong) == (100, 3, "step 1 answered 500")


def test_no_values_have_no_quantile():
    assert quantile([], 0.99) == 0


def test_the_outcome_of_all_threads_is_added_up():
    text = "2000000 0\n2 0 \n100 200\n1 1 step 1 answered 401: {}\n300\n0 0 \n\n"
    outcome = read(text, 0.25)
    assert outcome == Outcome(2.0, [100, 200, 300], 1, "step 1 answered 401: {}", 0.25)


def test_a_failed_connection_is_an_error():
    assert read("1000000 2\n0 0 \n\n", 0.0).errors == 2


def test_ours_is_compared_with_the_best_of_the_peers(report):
    on = {race.store: list(goals.lines(report, race)) for race in goals.RACES}
    assert [(line.workload, line.ratio, line.p99) for line in on["Redis"]] == [
        ("W1", 1.2, 0.5),
        ("W5", 1.3, 1.0),
    ]
    [line] = on["PostgreSQL"]
    assert (line.ratio, line.p99) == (5.0, pytest.approx(20 / 15))
    [line] = on["SQLite"]
    assert (line.ratio, line.p99) == (None, None)


def test_every_missed_goal_is_named(report):
    assert goals.missed(report) == [
        "W1 on PostgreSQL: 5.00 times the best peer's, the goal is 6",
        "W1 on PostgreSQL: p99 is 1.33 times the best peer's",
        "oauthprov-sqlite: a protected view takes 70 us longer, the goal is 60",
    ]


def test_others_are_the_median_of_all_rounds(report):
    assert report.others == 0.02
    report.rounds["authlib"]["W1"] = rounds(*[90] * 20, others=0.5)
    assert report.others == 0.5


def test_errors_and_silence_make_a_run_invalid(report):
    assert report.errors == []
    report.rounds["authlib"]["W1"] += rounds(90, errors=2, wrong="step 1 answered 500: {}")
    report.rounds["oidc-provider"]["W5"] = rounds(0, operations=0)
    report.rounds["oauthprov-sqlite"]["W1"].append(Round.failed("no code"))
    report.problems.append("authlib, after the load: a wrong answer")
    assert report.errors == [
        "authlib, after the load: a wrong answer",
        "oidc-provider, W5: 0 errors, such as: no answer at all",
        "authlib, W1: 2 errors, such as: step 1 answered 500: {}",
        "oauthprov-sqlite, W1: 1 errors, such as: no code",
    ]


def test_a_report_is_stored_and_read(report, tmp_path):
    report.write(tmp_path / "run.json")
    assert Report.read(tmp_path / "run.json") == report


def test_a_table_shows_medians_and_ratios(report):
    assert tables.as_text(tables.rates(report, goals.RACES[0])).splitlines() == [
        "Redis               oauthprov  node oidc-provider  rate   p99   CPU",
        "client credentials   120 (10)            100 (20)  1.20  0.50  0.80",
        "UserInfo             130 (20)            100 (20)  1.30  1.00  1.00",
    ]
    assert tables.as_markdown(tables.views(report)).splitlines()[2:] == [
        "| oauthprov-redis | 40 | 95 | 55 | 30 |",
        "| oauthprov-sqlite | 40 | 110 | 70 | 2 |",
    ]


def test_a_part_of_a_run_has_tables_too(report):
    del report.rounds["oauthprov-redis"], report.rounds["oauthprov-sqlite"]
    titles = [table[0][0] for _, table in tables.every(report)]
    assert titles == ["Redis", "Redis", "PostgreSQL", "PostgreSQL", "embedded view, us"]


def test_the_picture_shows_every_rate_that_has_a_peer(report):
    root = ElementTree.fromstring(drawn(report))  # noqa: S314 - our own
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert [text for text in texts if re.fullmatch(r"[\d,]+", text or "")] == [
        *("120", "100", "130", "100"),
        *("500", "100", "80"),
    ]
    height = float(root.attrib["height"])
    bars = [element for element in root.iter() if element.tag.endswith("rect")]
    assert max(float(bar.get("y", 0)) for bar in bars) < height
    assert max(float(bar.get("x", 0)) + float(bar.attrib["width"]) for bar in bars) <= 760


def test_the_section_of_readme_names_the_stored_run_and_its_circumstances(report):
    section = " ".join(readme.section(report, "bench/results/run.json").split())
    assert "[bench/results/run.json](bench/results/run.json)" in section
    for words in ("abc1234", "CPython 3.11.2 (a build)", "Authlib 1.9.10", "PostgreSQL 15.18"):
        assert words in section


def test_the_section_says_when_the_machine_was_not_quiet(report):
    assert "Other programs" not in readme.section(report, "bench/results/run.json")
    report.rounds["authlib"]["W1"] += rounds(*[90] * 20, others=0.5)
    section = " ".join(readme.section(report, "bench/results/run.json").split())
    assert "Other programs used 50% of the machine" in section


def test_interpreters_stand_beside_each_other(report):
    report.rounds["oauthprov-redis@3.14.0t"] = {"W1": rounds(110, server=0.4)}
    assert tables.as_text(tables.interpreters(report, "oauthprov-redis")).splitlines() == [
        "oauthprov on Redis        3.11.2       3.14.0t",
        "client credentials  120; 1.20 ms  110; 0.90 ms",
    ]
    assert tables.interpreters(report, "oauthprov-sqlite") == []
