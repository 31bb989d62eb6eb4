"""What a site counts, straight from WSGI, by Pyramid's views and in a host's app."""

from __future__ import annotations

import pytest
from pyramid.config import Configurator

from oauthprov.events import KINDS
from oauthprov.metrics.catalog import CATALOG
from oauthprov.metrics.labels import ERRORS, METHODS, SIGN_INS
from oauthprov.protocol.engine.token_grants import TOKEN_GRANTS
from oauthprov.protocol.logout.backchannel import QUEUE
from oauthprov.records import LogoutDelivery
from oauthprov.storage.interface import Add
from tests import site as sites
from tests.metrics import SECRET, scrape
from tests.oauth import basic
from tests.servers.run import free_port
from tests.site import ORIGIN, bearing

WAYS = ["straight", "views", "embedded"]


def made(way, **more):
    more = {"metrics.secret": SECRET, "keys.rotate_every": "864000"} | more
    settings = sites.ini("sqlite://", development="true", **more)
    if way != "embedded":
        return sites.standalone(settings, straight=way == "straight")
    with Configurator(settings=settings) as config:
        config.include("oauthprov")
        return sites.assembled(config, ORIGIN)


@pytest.fixture(params=WAYS)
def site(request):
    made_one = made(request.param)
    yield made_one
    made_one.close()


def test_a_request_is_counted_by_endpoint_method_outcome_and_grant_type(site):
    machine = site.app("machine")
    for _ in range(3):
        assert machine.post("token", {"grant_type": "client_credentials"}).status_int == 200
    found = scrape(site)
    granted = {"endpoint": "token", "method": "POST", "status": "2xx", "error": ""}
    name = "oauthprov_requests_total"
    assert found.of(name, **granted, grant_type="client_credentials") == 3
    assert found.of(name, endpoint="token") == 3
    assert found.of("oauthprov_request_duration_seconds_count", endpoint="token") == 3
    assert found.of("oauthprov_request_duration_seconds_bucket", endpoint="token", le="+Inf") == 3
    assert found.of("oauthprov_request_duration_seconds_sum", endpoint="token") > 0
    assert found.of("oauthprov_events_total", event="tokens.issued") == 3


def test_a_refused_request_is_counted_with_its_error(site):
    app = site.app()
    app.exchange("unknown.code")
    app.refresh("unknown.token")
    form = {"grant_type": "client_credentials"}
    site.post("/oauth/token", form, headers=basic("unknown", "a secret"))
    site.get("/api/me", headers=bearing("unknown.token"))
    found = scrape(site)
    name = "oauthprov_requests_total"
    refused = {"endpoint": "token", "status": "4xx"}
    code = {"grant_type": "authorization_code"}
    assert found.of(name, **refused, error="invalid_grant", **code) == 1
    assert found.of(name, **refused, error="invalid_grant", grant_type="refresh_token") == 1
    machine = {"grant_type": "client_credentials"}
    assert found.of(name, **refused, error="invalid_client", **machine) == 1
    assert found.of(name, endpoint="me", status="4xx", error="invalid_token") == 1
    assert found.of("oauthprov_events_total", event="request.refused") >= 3


def test_a_request_that_is_too_large_is_counted_on_every_way(site):
    site.post("/oauth/token", {"grant_type": "x" * 70_000})
    found = scrape(site)
    refused = {"endpoint": "token", "status": "4xx", "error": "invalid_request"}
    assert found.of("oauthprov_requests_total", **refused, grant_type="") == 1


def test_pages_are_counted_by_their_route(site):
    alice = site.browser().sign_up("alice")
    app = site.app()
    alice.connect(app)
    alice.connect(app, prompt="none", scope="unknown")
    found = scrape(site)
    name = "oauthprov_requests_total"
    assert found.of(name, endpoint="signup", method="GET", status="2xx") == 1
    assert found.of(name, endpoint="signup", method="POST", status="3xx") == 1
    assert found.of(name, endpoint="consent", method="GET", status="2xx") == 1
    assert found.of(name, endpoint="authorize", status="3xx", error="") >= 1
    assert found.of(name, endpoint="authorize", status="3xx", error="invalid_scope") == 1
    assert found.of("oauthprov_events_total", event="account.created") == 1


def test_a_failed_sign_in_is_counted_by_how(site):
    site.browser().sign_up("alice")
    form = site.browser().get("/login").form
    form["name"], form["password"] = "alice", "a wrong password"
    form.submit(expect_errors=True)
    found = scrape(site)
    assert found.of("oauthprov_sign_in_failures_total", how="password") == 1
    assert found.of("oauthprov_events_total", event="sign_in.failed") == 1


def test_storage_is_timed_by_verb(site):
    site.app("machine").post("token", {"grant_type": "client_credentials"})
    scrape(site)
    found = scrape(site)
    assert found.of("oauthprov_storage_duration_seconds_count", verb="commit") >= 1
    assert found.of("oauthprov_storage_duration_seconds_count", verb="find") >= 1
    assert found.of("oauthprov_storage_failures_total") == 0


def test_values_of_the_server_are_found_out_at_the_scrape(site):
    registry = site.wsgi.registry
    storage, now = site.storage, site.clock()
    for number in range(3):
        waiting = LogoutDelivery(f"d{number}", QUEUE, f"c{number}", "alice", "sid", now, now + 60)
        storage.commit(Add(waiting), now=now)
    registry["oauthprov"].provider.keys.jwks()
    site.clock.pass_by(100)
    found = scrape(site)
    assert found.of("oauthprov_queue_length", queue="logouts") == 3
    assert found.of("oauthprov_queue_length", queue="sweeps") == 0
    assert found.of("oauthprov_signing_key_age_seconds", alg="RS256") == 100
    assert found.of("oauthprov_signing_key_rotation_seconds", alg="RS256") == 863_900
    assert found.of("oauthprov_passwords_hashing") == 0
    assert found.of("oauthprov_storage_up") == 1
    assert found.of("oauthprov_build_info") == 1


def test_while_the_storage_fails_the_rest_can_be_read():
    url = f"redis://127.0.0.1:{free_port()}/0"
    down = sites.standalone(sites.ini(url, **{"metrics.secret": SECRET}))
    assert down.post("/oauth/token", {"grant_type": "client_credentials"}).status_int == 401
    refused = down.post(
        "/oauth/token", {"grant_type": "client_credentials"}, headers=basic("a", "b")
    )
    assert refused.status_int == 503
    scrape(down)
    found = scrape(down)
    assert found.of("oauthprov_storage_up") == 0
    assert found.of("oauthprov_storage_failures_total") >= 2
    assert found.labels("oauthprov_queue_length") == []
    failed = {"endpoint": "token", "status": "5xx", "error": "temporarily_unavailable"}
    machine = {"grant_type": "client_credentials"}
    assert found.of("oauthprov_requests_total", **failed, **machine) == 1
    down.close()


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer wrong", f"Basic {SECRET}", "Bearer ü"])
def test_without_the_secret_a_stranger_learns_nothing(site, sent):
    answer = site.get("/metrics", headers={"Authorization": sent} if sent else {})
    assert (answer.status_int, answer.json["error"]) == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="metrics"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert "oauthprov_" not in answer.text
    assert SECRET not in answer.text


@pytest.mark.parametrize("more", [{}, {"metrics.listen": "127.0.0.1:9"}])
def test_without_a_secret_there_is_no_such_page(more):
    without = sites.standalone(sites.ini("sqlite://", development="true", **more))
    assert without.get("/metrics", headers=bearing(SECRET)).status_int == 404
    assert without.get("/metrics").status_int == 404
    without.close()


def test_nothing_is_counted_without_metrics():
    without = sites.standalone(sites.ini("sqlite://", development="true"))
    registry = without.wsgi.registry
    assert registry["oauthprov"].metering is None
    assert registry["oauthprov"].provider.storage._inner is without.storage
    without.close()


def test_the_secret_is_not_shown(site):
    assert SECRET not in repr(site.wsgi.registry["oauthprov.settings"])


def test_strange_requests_make_no_new_series(site):
    def strange(number: int) -> None:
        word = f"w{number}"
        site.post("/oauth/token", {"grant_type": word, "client_id": word})
        site.post("/oauth/token", {"grant_type": "refresh_token", "refresh_token": word})
        site.get(f"/{word}/{word}")
        site.get(f"/oauth/authorize?client_id={word}&response_type={word}&error={word}")
        site.get("/api/me", headers=bearing(word))
        site.send(word.upper(), "/oauth/token")
        site.send(word.upper(), f"/{word}")

    strange(0)
    strange(1)
    scrape(site)
    before = scrape(site).keys()
    for number in range(2, 145):  # a thousand requests
        strange(number)
    after = scrape(site).keys()
    assert after == before
    lists = {
        "method": METHODS | {"other"},
        "status": {"2xx", "3xx", "4xx", "5xx"},
        "error": ERRORS | {""},
        "grant_type": TOKEN_GRANTS.keys() | {"", "other"},
        "how": SIGN_INS,
        "event": {kind.name for kind in KINDS},
    }
    for _, pairs in after:
        for label, value in pairs:
            assert label not in lists or value in lists[label], (label, value)


def test_two_apps_in_one_process_count_apart():
    one, two = made("straight", title="one"), made("straight", title="two")
    machine = one.app("machine")
    machine.post("token", {"grant_type": "client_credentials"})
    assert scrape(one).of("oauthprov_requests_total", endpoint="token") == 1
    assert scrape(two).of("oauthprov_requests_total", endpoint="token") == 0
    one.close()
    two.close()


def test_every_metric_of_the_catalog_is_written(site):
    site.browser().sign_up("alice")
    form = site.browser().get("/login").form
    form["name"], form["password"] = "alice", "a wrong password"
    form.submit(expect_errors=True)
    site.wsgi.registry["oauthprov"].provider.keys.jwks()
    scrape(site)
    names = {name for name, _ in scrape(site)}
    without = {"oauthprov_mails_sending", "oauthprov_mail_tasks"}  # no mail is set up
    for metric in CATALOG:
        written = f"{metric.name}_count" if metric.kind == "histogram" else metric.name
        assert written in names or metric.name in without, metric.name


def test_prometheus_may_ask_for_openmetrics(site):
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    answer = site.get("/metrics", headers=bearing(SECRET) | accept)
    assert answer.content_type == "application/openmetrics-text"
    assert answer.text.endswith("# EOF\n")
