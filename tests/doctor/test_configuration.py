"""Each fault that is planted in an .ini file is found, and nothing else."""

import pytest

from oauthprov.doctor import Configured, Report, examine_configuration
from oauthprov.settings import Settings
from tests.doctor.conftest import SECRET, found, ini

SERVER = {
    "use": "egg:waitress#main",
    "host": "127.0.0.1",
    "threads": "4",
    "max_request_body_size": "1048576",
    "trusted_proxy": "127.0.0.1",
    "trusted_proxy_count": "1",
    "trusted_proxy_headers": "x-forwarded-for x-forwarded-proto",
    "clear_untrusted_proxy_headers": "true",
}
LEVELS = {"root": "INFO", "oauthlib": "INFO"}
JWT = "https://api.example.org | profile:read | Your profile | jwt"


def examined(tmp_path, given=None, server=None, **more):
    """The names of the checks that find something in an .ini that only its owner can read."""
    file = tmp_path / "production.ini"
    file.touch(mode=0o600)
    settings = Settings.from_ini(given or ini())
    on = Configured(
        settings, file, given or ini(), server or SERVER, more.pop("levels", LEVELS), **more
    )
    report = Report()
    examine_configuration(report, on)
    return found(report)


def test_nothing_is_found_in_a_sound_configuration(tmp_path):
    assert examined(tmp_path) == []


# check -> the settings that it finds
SETTINGS = [
    ("settings.development", {"development": "true"}),
    ("settings.issuer", {"issuer": "https://localhost"}),
    ("settings.issuer", {"issuer": "https://192.0.2.7"}),
    ("settings.issuer", {"issuer": "https://id"}),
    ("settings.guessable_secret", {"secret": "0123456789abcdefghijklmnopqrstuvwxyz"}),
    ("settings.guessable_secret", {"secret": "please-change-this-ChangeMe-in-earnest"}),
    (
        "settings.guessable_secret",
        {"openid.pairwise_secret": "the pairwise secret of this very service"},
    ),
    ("settings.pkce", {"pkce": "public-only"}),
    ("settings.implicit", {"openid.implicit": "true"}),
    ("settings.registration_scopes", {"registration.scopes": ""}),
    (
        "settings.registration_scopes",
        {"registration": "closed", "client_documents": "*", "registration.scopes": ""},
    ),
    ("settings.fetch_allow", {"fetch.allow": "127.0.0.0/8"}),
    ("settings.fetch_allow", {"fetch.allow": "169.254.169.254/32"}),
    ("settings.fetch_allow", {"fetch.allow": "0.0.0.0/0"}),
    ("settings.fetch_allow", {"fetch.allow": "10.0.0.0/8"}),
    ("settings.fetch_allow", {"fetch.allow": "fc00::/7"}),
    ("settings.password_length", {"password.length": "8"}),
    ("settings.admin_factor", {"factors.required": "nobody"}),
    ("settings.admin_factor", {"factors.required": "developers"}),
    ("settings.admin_factor", {"factors": "none"}),
    ("settings.password_hash", {"password.memory": "1024"}),
    ("settings.password_hash", {"password.time": "1"}),
    ("settings.open_metrics", {"metrics.listen": "0.0.0.0:9464"}),
    ("settings.open_metrics", {"metrics.listen": "[::]:9464"}),
    ("settings.open_metrics", {"metrics.listen": "192.0.2.7:9464"}),
    ("settings.open_metrics", {"metrics.listen": "metrics.example.org:9464"}),
    ("lifetimes.code", {"code_lifetime": "600"}),
    ("lifetimes.access_token", {"access_token_lifetime": "86400"}),
    ("lifetimes.jwt_access_token", {"jwt_access_token_lifetime": "3600", "resources": JWT}),
    ("lifetimes.refresh_grace", {"refresh_token_grace": "60"}),
    ("lifetimes.session", {"session.lifetime": "31536000"}),
    ("lifetimes.grant", {"grant_lifetime": "315360000"}),
    ("lifetimes.ineffective", {"session.idle": "86400"}),
    ("lifetimes.ineffective", {"refresh_token_lifetime": "31536000"}),
    ("server.hashing", {"password.concurrency": "4"}),
]


@pytest.mark.parametrize(("check", "change"), SETTINGS)
def test_a_fault_in_the_settings_is_found(tmp_path, check, change):
    changed = dict(change)
    given = ini(issuer=changed.pop("issuer", "https://id.example.org"), **changed)
    assert examined(tmp_path, given) == [check]


@pytest.mark.parametrize(
    "change",
    [
        {"password.length": "8", "factors.required": "everyone"},
        {"fetch.allow": "10.1.2.0/24 intranet.example.org:8443"},
        {"password.memory": "47104", "password.time": "1"},
        {"password.memory": "7168", "password.time": "7"},
        {"metrics.listen": "127.0.0.1:9464"},
        {"metrics.listen": "[::1]:9464"},
        {"metrics.listen": "localhost:9464"},
        {"metrics.listen": "0.0.0.0:9464", "metrics.secret": SECRET[::-1]},
        {"development": "false", "jwt_access_token_lifetime": "3600"},
    ],
)
def test_what_is_no_fault_is_not_found(tmp_path, change):
    assert examined(tmp_path, ini(**change)) == []


@pytest.mark.parametrize(
    ("check", "change"),
    [
        ("server.trusts_anybody", {"trusted_proxy": "*"}),
        ("server.untrusted_headers", {"clear_untrusted_proxy_headers": "false"}),
        ("server.trusts_nobody", {"trusted_proxy": ""}),
        ("server.trusts_nobody", {"trusted_proxy_headers": "x-forwarded-proto"}),
        ("server.listens_everywhere", {"host": "::"}),
        ("server.listens_everywhere", {"listen": "[::]:8080"}),
        ("server.body_limit", {"max_request_body_size": "1073741824"}),
    ],
)
def test_a_fault_in_the_server_s_section_is_found(tmp_path, check, change):
    assert examined(tmp_path, server=SERVER | change) == [check]


def test_waitress_s_own_limit_of_bodies_is_a_gibibyte(tmp_path):
    server = {key: value for key, value in SERVER.items() if key != "max_request_body_size"}
    assert examined(tmp_path, server=server) == ["server.body_limit"]


def test_a_section_that_waitress_does_not_read_is_left_alone(tmp_path):
    assert examined(tmp_path, server={"use": "egg:gunicorn#main", "trusted_proxy": "*"}) == []


def test_limits_that_are_counted_per_process_are_found(tmp_path):
    assert examined(tmp_path, processes=2) == ["settings.limits_per_process"]
    shared = ini(**{"limits.url": "redis://127.0.0.1:1/0"})
    assert examined(tmp_path, shared, processes=2) == []


@pytest.mark.parametrize("levels", [{"root": "INFO", "oauthlib": "DEBUG"}, {"root": "DEBUG"}])
def test_a_log_with_tokens_is_found(tmp_path, levels):
    assert examined(tmp_path, levels=levels) == ["server.debug_log"]


def test_the_debug_toolbar_is_found(tmp_path):
    given = ini() | {"pyramid.includes": "pyramid_debugtoolbar"}
    assert examined(tmp_path, given) == ["server.debug_toolbar"]


def test_a_file_with_a_secret_that_everybody_can_read_is_found(tmp_path):
    (tmp_path / "production.ini").touch()
    (tmp_path / "production.ini").chmod(0o644)
    assert examined(tmp_path) == ["settings.readable_secret"]
    secret = tmp_path / "secret"
    secret.write_text(ini()["oauthprov.secret"])
    secret.chmod(0o644)
    assert examined(tmp_path, ini(secret=f"file:{secret}")) == ["settings.readable_secret"]
    secret.chmod(0o600)
    assert examined(tmp_path, ini(secret=f"file:{secret}")) == []


def test_a_password_in_a_url_is_a_secret_too(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", ini()["oauthprov.secret"])
    (tmp_path / "production.ini").touch()
    (tmp_path / "production.ini").chmod(0o644)
    assert examined(tmp_path, ini(secret="env:SECRET")) == []
    with_password = ini("postgresql+psycopg://alice:hush@db.example/x", secret="env:SECRET")
    assert examined(tmp_path, with_password) == ["settings.readable_secret"]


def test_no_finding_shows_a_secret(tmp_path):
    secret = "0123456789abcdefghijklmnopqrstuvwxyz"
    report = Report()
    file = tmp_path / "production.ini"
    file.touch(mode=0o644)
    file.chmod(0o644)
    given = ini("postgresql+psycopg://alice:hush-hush@db.example/x", secret=secret)
    examine_configuration(report, Configured(Settings.from_ini(given), file, given))
    assert len(report.findings) >= 2
    assert not any(secret in one.found or "hush" in one.found for one in report.findings)
