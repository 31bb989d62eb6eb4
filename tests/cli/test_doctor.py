"""``oauthprov doctor``: its output, its JSON document and its exit status."""

import pytest

from oauthprov.cli.doctor import markdown
from tests.cli.conftest import write_ini
from tests.doctor.conftest import ini


@pytest.fixture
def sound(command, tmp_path):
    """The command on a sound file and storage."""
    command.ini = write_ini(tmp_path / "sound.ini", ini(command.url))
    command.ini.chmod(0o600)
    return command


def doctor(command, *arguments):
    return command.bare("doctor", str(command.ini), *arguments)


def write(command, text):
    with command.ini.open("a", encoding="utf-8") as file:
        file.write(text)


def test_a_sound_configuration_has_no_findings(sound):
    done = doctor(sound, "--offline")
    assert (done.code, done.out) == (0, "")
    assert ", 0 findings, 0 checks skipped." in done.err
    document = doctor(sound, "--offline", "--json").json
    assert document["sound"] is True
    assert document["findings"] == document["skipped"] == []
    assert (document["version"], document["url"]) == (1, None)
    assert document["issuer"] == "https://id.example.org"


def test_a_finding_has_a_severity_a_reason_and_a_remedy(sound):
    write(sound, "oauthprov.pkce = public-only\n")
    done = doctor(sound, "--offline")
    assert done.code == 1
    first, second = done.out.splitlines()
    assert first.startswith("warning settings.pkce: oauthprov.pkce is public-only. Without PKCE ")
    assert second.startswith("    Set oauthprov.pkce = required")
    [finding] = doctor(sound, "--offline", "--json").json["findings"]
    assert list(finding) == ["check", "severity", "found", "reason", "remedy"]
    assert (finding["check"], finding["severity"]) == ("settings.pkce", "warning")


def test_invalid_settings_are_findings_and_nothing_else_is_checked(sound):
    write(sound, "oauthprov.surprise = yes\noauthprov.code_lifetime = soon\n")
    document = doctor(sound, "--offline", "--json")
    assert document.code == 1
    checks = [finding["check"] for finding in document.json["findings"]]
    assert checks == ["settings.valid"] * 2
    assert document.json["made"] == ["settings.valid"]
    assert document.json["skipped"]


def under_a_profile(command, **more):
    settings = ini(command.url, profile="fapi2", **more)
    del settings["oauthprov.device"]
    write_ini(command.ini, settings)


def test_settings_against_a_profile_are_findings_that_name_both(sound):
    under_a_profile(sound, par="offered")
    document = doctor(sound, "--offline", "--json")
    assert document.code == 1
    found = [(one["check"], one["found"]) for one in document.json["findings"]]
    sentence = "oauthprov.par must be required, since oauthprov.profile is fapi2"
    assert [(check, sentence in text) for check, text in found] == [("settings.valid", True)]
    shown = sound.bare("settings", str(sound.ini))
    assert (shown.code, sentence in shown.err) == (1, True)


def test_a_profile_alone_is_sound_and_the_settings_say_what_it_sets(sound):
    under_a_profile(sound)
    rows = sound.bare("settings", str(sound.ini), "--json").json["settings"]
    assert [row["key"] for row in rows if row["source"] == "profile"] == [
        "oauthprov.keys.algorithms",
        "oauthprov.par",
    ]


def test_the_file_s_server_and_logging_are_checked(sound):
    write(sound, "pyramid.includes = pyramid_debugtoolbar\n")
    write(sound, "[server:main]\nuse = egg:waitress#main\nhost = 127.0.0.1\ntrusted_proxy = *\n")
    write(sound, "trusted_proxy_headers = x-forwarded-for\nmax_request_body_size = 1048576\n")
    write(sound, "[loggers]\nkeys = root, oauthlib\n[logger_root]\nlevel = INFO\n")
    write(sound, "[logger_oauthlib]\nlevel = DEBUG\n")
    checks = {one["check"] for one in doctor(sound, "--offline", "--json").json["findings"]}
    assert checks == {"server.trusts_anybody", "server.debug_log", "server.debug_toolbar"}


def test_the_number_of_processes_comes_from_the_option_or_the_file(sound):
    assert doctor(sound, "--offline", "--processes", "1").code == 0
    many = doctor(sound, "--offline", "--processes", "3")
    assert "settings.limits_per_process" in many.out
    assert doctor(sound, "--offline", "--processes", "0").code == 2
    write(sound, "[server:main]\nuse = egg:gunicorn#main\nworkers = 2\n")
    assert "settings.limits_per_process" in doctor(sound, "--offline").out


def test_a_storage_that_can_t_be_opened_is_a_finding(sound):
    sound.ini = write_ini(sound.ini, ini("mongodb://db.example/x"))
    done = doctor(sound, "--offline")
    assert done.code == 1
    assert done.out.startswith("error storage.answers: oauthprov.storage.url: the URL's scheme")


@pytest.mark.parametrize("arguments", [("--url", "x", "--offline"), ("--surprise",)])
def test_wrong_usage_has_status_2(sound, arguments):
    assert doctor(sound, *arguments).code == 2


def test_a_missing_file_gives_one_sentence(sound, tmp_path):
    done = sound.bare("doctor", str(tmp_path / "missing.ini"))
    assert (done.code, done.out) == (1, "")
    assert "can't be read" in done.err


def test_the_table_of_checks_is_that_of_the_documents(pytestconfig):
    page = (pytestconfig.rootpath / "docs" / "doctor.md").read_text("utf-8")
    assert markdown() in page, "copy what oauthprov doctor --markdown prints into docs/doctor.md"
