"""``oauthprov user``."""

import json
import os
import pty
import subprocess
import sys
import time
from dataclasses import replace

import pyotp
import pytest

from oauthprov.accounts import BuiltInAccounts, PasswordPolicy, removal
from oauthprov.credentials import PasswordHasher, digest
from oauthprov.factors import Factors, new_secret
from oauthprov.protocol.sessions import Sessions
from oauthprov.records import (
    Account,
    Client,
    Consent,
    Grant,
    Passkey,
    RecoveryCodes,
    ReplayMark,
    Session,
    Totp,
    consent_key,
)
from oauthprov.storage.interface import Add, Replace
from oauthprov.storage.testing.samples import fill
from tests.cli.conftest import PASSWORD
from tests.smtp import SmtpServer

# A session leader's terminal is the first that it opens: getpass looks for it at /dev/tty.
ON_A_TERMINAL = """
import os, sys
os.close(os.open(os.ttyname(0), os.O_RDWR))
from oauthprov.cli import main
sys.exit(main())
"""


NAMED = "A password can't consist of your user name or the name of this site."


def authenticate(command, name, password):
    """Whether these credentials sign in."""
    storage, settings = command.storage(), command.settings()
    accounts = BuiltInAccounts.with_costs(
        storage,
        lambda: int(time.time()),
        memory_kib=settings.password_memory,
        time_cost=settings.password_time,
        policy=PasswordPolicy(settings.password_length, settings.title),
    )
    try:
        return accounts.authenticate(name, password) is not None
    finally:
        storage.close()


def begin_session(command, account_id):
    storage = command.storage()
    sessions = Sessions(command.settings(), storage, lambda: int(time.time()))
    account = storage.get(Account, account_id).record
    sessions.start(account, ("pwd",), "127.0.0.1", "browser", replacing=None)
    storage.close()


def sessions_of(command, account_id):
    storage = command.storage()
    found = list(storage.walk(Session, account_id=account_id))
    storage.close()
    return found


def test_add_reads_the_password_from_stdin(command):
    made = command.user("alice")
    members = ["account_id", "name", "developer", "admin", "groups", "factors", "created_at"]
    assert list(made) == [*members, "disabled_at", "remove_at"]
    assert (made["name"], made["developer"], made["disabled_at"]) == ("alice", False, None)
    assert authenticate(command, "alice", PASSWORD)
    assert command("user", "list", "--json").json == {"users": [made]}


def test_the_developer_role_is_given_and_taken(command):
    assert command.user("alice", "--developer")["developer"] is True
    command.user("bob")
    assert command("user", "developer", "bob", "--json").json["developer"] is True
    assert command("user", "developer", "bob", "--off", "--json").json["developer"] is False


def test_the_admin_role_is_given_and_taken(command):
    assert command.user("alice", "--admin")["admin"] is True
    assert command.user("bob")["admin"] is False
    assert command("user", "admin", "bob", "--json").json["admin"] is True
    assert " admin " in command("user", "list").out
    assert command("user", "admin", "bob", "--off", "--json").json["admin"] is False
    assert command("user", "admin", "carol").code == 1


def test_passwd_sets_another_password_and_ends_sessions(command):
    account_id = command.user("alice")["account_id"]
    begin_session(command, account_id)
    done = command("user", "passwd", "alice", "--password-stdin", stdin="another good one\n")
    assert done.code == 0
    assert sessions_of(command, account_id) == []
    assert authenticate(command, "alice", "another good one")
    assert not authenticate(command, "alice", PASSWORD)


def test_disable_stops_everything(command):
    account_id = command.user("alice")["account_id"]
    begin_session(command, account_id)
    assert command("user", "disable", "alice", "--json").json["disabled_at"] is not None
    assert sessions_of(command, account_id) == []
    assert not authenticate(command, "alice", PASSWORD)


def with_an_app(command, name):
    """Set an authenticator app up for an account; return its id."""
    account_id = command.user(name)["account_id"]
    storage, now = command.storage(), int(time.time())
    factors = Factors.build(storage, command.settings().secret, lambda: now)
    key = new_secret()
    record = factors.totp.record(account_id, key, pyotp.TOTP(key).at(now))
    factors.enrolments.add(storage.get(Account, account_id).record, "totp", record)
    storage.close()
    return account_id


def test_show_prints_what_an_operator_needs_and_no_secret(on_each):
    command = on_each
    account_id = with_an_app(command, "alice")
    command("user", "group", "alice", "staff")
    command("user", "email", "alice", "alice@app.example", "--verified")
    begin_session(command, account_id)
    client_id = command.client("web")["client_id"]
    storage, now = command.storage(), int(time.time())
    passkey = Passkey(
        f"{account_id}.digest", account_id, "hush-id", "hush-key", 0, name="Phone", created_at=now
    )
    consent = fill(Consent, "own", bare=True)
    consent = replace(consent, client_id=client_id, scopes=("profile:read",))
    consent = replace(consent, key=consent_key(account_id, client_id), account_id=account_id)
    gone = replace(consent, key=consent_key(account_id, "gone"), client_id="gone")
    storage.commit(Add(passkey), Add(consent), Add(gone), now=now)
    totp, codes = storage.get(Totp, account_id).record, storage.get(RecoveryCodes, account_id)
    storage.close()
    text, shown = command("user", "show", "alice"), command("user", "show", "ALICE", "--json")
    known = shown.json
    assert (known["email"], known["email_verified"]) == ("alice@app.example", True)
    assert (known["groups"], known["factors"]) == (["staff"], ["totp"])
    assert known["authenticator"]["created_at"] == totp.created_at
    assert known["recovery_codes"] == len(codes.record.codes)
    assert [one["name"] for one in known["passkeys"]] == ["Phone"]
    assert [one["address"] for one in known["sessions"]] == ["127.0.0.1"]
    apps = {one["client_id"]: one["name"] for one in known["apps"]}
    assert apps == {client_id: "Printer", "gone": None}
    for words in ("alice@app.example (confirmed)", "Phone, added", "127.0.0.1", "Printer"):
        assert words in text.out
    [session] = sessions_of(command, account_id)
    secrets = [session.record.key, totp.sealed, "hush-id", "hush-key", "argon2"]
    for secret in [*secrets, *codes.record.codes]:
        assert secret not in text.out + shown.out
    assert "totp" in command("user", "list").out


def test_show_of_a_new_account_has_empty_lists(command):
    command.user("alice")
    known = command("user", "show", "alice", "--json").json
    assert known["email"] is known["authenticator"] is None
    assert known["passkeys"] == known["sessions"] == known["apps"] == known["factors"] == []
    assert command("user", "show", "alice").code == 0
    assert command("user", "show", "bob").err == "There is no user bob.\n"


def test_enable_is_the_opposite_of_disable_but_for_the_sessions(on_each):
    command = on_each
    account_id = command.user("alice")["account_id"]
    begin_session(command, account_id)
    command("user", "disable", "alice")
    done = command("user", "enable", "alice", "--json")
    assert (done.code, done.json["disabled_at"]) == (0, None)
    assert done.err == "The account is enabled. Its user and apps have to sign in again.\n"
    assert authenticate(command, "alice", PASSWORD)
    assert sessions_of(command, account_id) == []
    again = command("user", "enable", "alice")
    assert (again.code, again.err) == (0, "The account wasn't disabled.\n")
    assert command("user", "enable", "bob").err == "There is no user bob.\n"


def test_rename_keeps_the_account_its_password_and_its_sessions(on_each):
    command = on_each
    account_id = command.user("alice")["account_id"]
    begin_session(command, account_id)
    done = command("user", "rename", "alice", "Bob", "--json")
    assert (done.json["account_id"], done.json["name"]) == (account_id, "Bob")
    assert authenticate(command, "bob", PASSWORD)
    assert not authenticate(command, "alice", PASSWORD)
    assert len(sessions_of(command, account_id)) == 1
    assert command.user("alice")["account_id"] != account_id


@pytest.mark.parametrize(
    ("former", "new", "sentence"),
    [
        ("alice", "BOB", "There is already a user BOB."),
        ("carol", "dave", "There is no user carol."),
        ("alice", "b\u202eob", "A user name can't have invisible characters."),
    ],
)
def test_a_rename_that_cannot_be_ends_with_one_sentence(command, former, new, sentence):
    command.user("alice")
    command.user("bob")
    done = command("user", "rename", former, new)
    assert (done.code, done.out, done.err) == (1, "", sentence + "\n")


def test_reset_factors_removes_them_and_ends_sessions(command):
    account_id = with_an_app(command, "alice")
    begin_session(command, account_id)
    done = command("user", "reset-factors", "alice")
    assert done.code == 0
    assert "no second factor any more" in done.err
    assert "No mail was sent" in done.err
    assert sessions_of(command, account_id) == []
    storage = command.storage()
    assert storage.get(Account, account_id).record.factors == ()
    assert storage.get(Totp, account_id) is storage.get(RecoveryCodes, account_id) is None
    storage.close()
    assert authenticate(command, "alice", PASSWORD)


def test_reset_factors_removes_passkeys_too(command):
    account_id = with_an_app(command, "alice")
    storage, key = command.storage(), f"{account_id}.digest"
    passkey = Passkey(key, account_id, "id", "key", sign_count=0, name="Phone", created_at=1)
    storage.commit(Add(passkey), now=1)
    assert command("user", "reset-factors", "alice").code == 0
    assert storage.get(Passkey, key) is None
    storage.close()


def test_reset_factors_tells_the_user_by_mail(command):
    server = SmtpServer()
    with command.ini.open("a", encoding="utf-8") as ini:
        ini.write(f"oauthprov.mail.url = smtp://localhost:{server.port}?tls=off\n")
        ini.write("oauthprov.mail.sender = id@example.org\n")
    with_an_app(command, "alice")
    command("user", "email", "alice", "alice@example.org", "--verified")
    assert "No mail" not in command("user", "reset-factors", "alice").err
    [mail] = server.mails
    server.close()
    [sent] = command("audit", "list", "--event=mail.sent", "--json").json["events"]
    assert (sent["actor"], sent["mail"]) == ("operator", "second_step")
    assert mail.recipients == ("alice@example.org",)
    assert "removed the second step of the account alice" in mail.text.replace("\r\n", " ")


def test_remove_leaves_nothing_of_the_account(command):
    account_id = command.user("alice")["account_id"]
    begin_session(command, account_id)
    done = command("user", "remove", "alice", "--json")
    assert (done.json["account_id"], done.err) == (account_id, "The account is removed.\n")
    assert sessions_of(command, account_id) == []
    assert command("user", "list", "--json").json == {"users": []}
    assert command.user("alice")["account_id"] != account_id
    assert command("user", "remove", "bob").err == "There is no user bob.\n"


def test_what_is_stored_about_a_host_s_account_is_exported_and_removed_by_its_id(command):
    storage = command.storage()
    grant = replace(fill(Grant, "g1", bare=True), account_id="host-7", client_id="printer")
    storage.commit(Add(grant), now=1)
    document = command("user", "export", "host-7", "--id").json
    assert [one["client_id"] for one in document["grants"]] == ["printer"]
    done = command("user", "remove", "host-7", "--id", "--json")
    assert done.json == {"account_id": "host-7", "removed_records": 1}
    assert storage.get(Grant, "g1") is None
    storage.close()


def test_remove_refuses_an_account_with_clients_unless_they_are_kept(command):
    account_id = command.user("alice")["account_id"]
    storage = command.storage()
    client = fill(Client, "printer", bare=True)
    storage.commit(Add(replace(client, owner=account_id)), now=1)
    done = command("user", "remove", "alice")
    assert (done.code, "alice has registered clients: printer." in done.err) == (1, True)
    assert command("user", "remove", "alice", "--keep-clients").code == 0
    assert storage.get(Client, "printer") is not None
    storage.close()


def test_remove_says_that_another_process_is_at_it(command):
    account_id = command.user("alice")["account_id"]
    storage = command.storage()
    turn = ReplayMark(f"{account_id}.{digest('removal')}", int(time.time()) + removal.TURN)
    storage.commit(Add(turn), now=1)
    refused = command("user", "remove", "alice")
    assert refused.code == 1
    assert "run the command again" in refused.err
    assert [stored.record.name for stored in storage.walk(Account)] == ["alice"]
    storage.close()


def test_keep_takes_back_the_deletion_by_the_user(command):
    account_id = command.user("alice")["account_id"]
    done = command("user", "keep", "alice")
    assert (done.code, done.err) == (1, "alice isn't deleted, or can't be kept any more.\n")
    storage = command.storage()
    people = BuiltInAccounts(storage, PasswordHasher(memory_kib=8, time_cost=1), time.time)
    people.close(account_id, int(time.time()) + 600)
    assert command("user", "list", "--json").json["users"][0]["remove_at"] is not None
    kept = command("user", "keep", "alice", "--json")
    assert (kept.code, kept.json["remove_at"]) == (0, None)
    assert not people.get(account_id).record.closed
    storage.close()


def test_keep_leaves_the_consents_of_an_account_that_is_not_deleted(command):
    account_id = command.user("alice")["account_id"]
    storage = command.storage()
    consent = replace(fill(Consent, "own", bare=True), account_id=account_id, client_id="printer")
    storage.commit(Add(replace(consent, key=consent_key(account_id, "printer"))), now=1)
    assert command("user", "keep", "alice").code == 1
    [stored] = storage.walk(Consent)
    assert stored.record.withdrawn_at is None
    storage.close()


def test_a_user_is_put_into_groups_and_taken_out(command):
    command.user("alice")
    command("user", "group", "alice", "staff")
    assert command("user", "group", "alice", "admins", "--json").json["groups"] == [
        "admins",
        "staff",
    ]
    assert "admins staff" in command("user", "list").out
    left = command("user", "group", "alice", "staff", "--off", "--json").json
    assert left["groups"] == ["admins"]
    refused = command("user", "group", "alice", "a,b")
    assert (refused.code, "no comma" in refused.err) == (1, True)


def test_export_prints_all_that_is_stored_and_no_secret(command):
    account_id = command.user("alice", "--email", "alice@app.example")["account_id"]
    begin_session(command, account_id)
    document = command("user", "export", "alice").json
    assert document["account"]["account_id"] == account_id
    assert document["profile"]["email"] == "alice@app.example"
    assert [one["address"] for one in document["sessions"]] == ["127.0.0.1"]
    [session] = sessions_of(command, account_id)
    assert session.record.key not in str(document)
    assert "argon2" not in str(document)


def test_verify_email_vouches_for_the_address_of_the_profile(command):
    account_id = command.user("alice")["account_id"]
    done = command("user", "verify-email", "alice")
    assert (done.code, done.out) == (1, "")
    assert done.err == "The profile of alice has no e-mail address.\n"
    storage = command.storage()
    people = BuiltInAccounts(storage, PasswordHasher(memory_kib=8, time_cost=1), lambda: 1)
    people.set_profile(account_id, {"email": "alice@example.org"})
    assert command("user", "verify-email", "alice", "--json").json["name"] == "alice"
    assert people.profile(account_id)["email_verified"] is True
    storage.close()


@pytest.mark.parametrize(
    ("arguments", "password", "sentence"),
    [
        (("add", "ALICE"), PASSWORD, "There is already a user ALICE."),
        (("add", "bob"), "short", "A password needs 15 characters or more."),
        (("add", "b\u202eob"), PASSWORD, "A user name can't have invisible characters."),
        (("passwd", "bob"), PASSWORD, "There is no user bob."),
        (("passwd", "alice"), "", "A password needs 15 characters or more."),
        (("add", "bob"), "1234567890 bob bob", NAMED),
        (("passwd", "alice"), "oauthprov-oauthprov", NAMED),
    ],
)
def test_an_invalid_user_command_ends_with_one_sentence(command, arguments, password, sentence):
    command.user("alice")
    done = command("user", *arguments, "--password-stdin", stdin=password)
    assert (done.code, done.out, done.err) == (1, "", sentence + "\n")


def test_without_a_terminal_it_asks_for_the_option(command):
    done = command("user", "add", "alice", stdin=PASSWORD)
    assert (done.code, done.out) == (1, "")
    assert "--password-stdin" in done.err


@pytest.mark.parametrize(
    ("second", "code"), [(PASSWORD, 0), ("another good one", 1)], ids=["same", "different"]
)
def test_on_a_terminal_it_asks_twice_without_echo(command, second, code):
    leader, follower = pty.openpty()
    asked = subprocess.Popen(  # noqa: S603 - our own interpreter and command
        [sys.executable, "-c", ON_A_TERMINAL, "user", "add", str(command.ini), "alice"],
        stdin=follower,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    os.close(follower)
    heard = b""
    for prompt, answer in ((b"Password: ", PASSWORD), (b"Once more: ", second)):
        while prompt not in heard:
            heard += os.read(leader, 1024)
        os.write(leader, answer.encode() + b"\n")
    _, err = asked.communicate(timeout=60)
    heard += os.read(leader, 1024)
    os.close(leader)
    assert asked.returncode == code, err
    assert PASSWORD.encode() not in heard
    assert authenticate(command, "alice", PASSWORD) is (code == 0)


class TestEmail:
    """An address that the operator sets; some clients let nobody in without a verified one."""

    @staticmethod
    def profile(command, name="alice"):
        storage = command.storage()
        [account] = [a.record for a in storage.walk(Account) if a.record.name == name]
        storage.close()
        known = json.loads(account.claims or "{}")
        return {
            name: known[name] for name in ("email", "email_verified", "nickname") if name in known
        }

    def add(self, command, *more):
        return command("user", "add", "alice", "--password-stdin", *more, stdin=PASSWORD)

    @pytest.mark.parametrize("verified", [True, False])
    def test_add_with_an_address(self, command, verified):
        more = ("--verified",) if verified else ()
        assert self.add(command, "--email", "alice@app.example", *more).code == 0
        expected = {"email": "alice@app.example", "email_verified": verified}
        assert self.profile(command) == expected

    @pytest.mark.parametrize("wrong", ["alice", "alice@", "a b@app.example", "a@b@c"])
    def test_a_wrong_address_creates_no_account(self, command, wrong):
        refused = self.add(command, "--email", wrong)
        assert refused.code != 0
        assert command("user", "list", "--json").json == {"users": []}

    def test_verified_needs_an_address(self, command):
        assert "--email" in self.add(command, "--verified").err
        assert command("user", "list", "--json").json == {"users": []}

    def test_a_new_address_is_not_verified_and_the_rest_of_the_profile_stays(self, command):
        self.add(command, "--email", "alice@app.example", "--verified")
        storage = command.storage()
        [stored] = storage.walk(Account)
        claims = json.loads(stored.record.claims) | {"nickname": "Al"}
        changed = replace(stored.record, claims=json.dumps(claims))
        storage.commit(Replace(changed, expecting=stored), now=int(time.time()))
        storage.close()
        assert command("user", "email", "alice", "al@app.example").code == 0
        unverified = {"email": "al@app.example", "email_verified": False, "nickname": "Al"}
        assert self.profile(command) == unverified
        done = command("user", "email", "alice", "al@app.example", "--verified")
        assert "counts as verified" in done.err
        assert self.profile(command) == unverified | {"email_verified": True}
        assert command("user", "email", "alice", "al@app.example").code == 0
        assert self.profile(command)["email_verified"] is True
        assert command("user", "email", "alice", "").code == 0
        assert self.profile(command) == {"nickname": "Al"}

    def test_a_wrong_address_or_an_unknown_user_changes_nothing(self, command):
        self.add(command, "--email", "alice@app.example")
        assert command("user", "email", "alice", "nonsense").code != 0
        assert command("user", "email", "bob", "bob@app.example").code != 0
        assert command("user", "email", "alice", "", "--verified").code != 0
        assert self.profile(command)["email"] == "alice@app.example"
