"""Every member of a client is stored, registered, edited and shown in the same way."""

from __future__ import annotations

import ast
import dataclasses
import json
from functools import cache
from pathlib import Path

import pytest

from oauthprov.protocol.clients import members, methods
from oauthprov.protocol.clients.members import MEMBERS, Datatype, SetBy
from oauthprov.protocol.clients.registrar import InvalidMetadata
from oauthprov.protocol.clients.types import CLIENT_TYPES
from oauthprov.records import Client
from oauthprov.storage.interface import Replace
from oauthprov.storage.sql.tables.clients import clients
from tests import site as sites
from tests.cli.conftest import Command, write_ini
from tests.fetch.server import JSON, Authority, Server, answer
from tests.members import KEYS, beside, document, on_the_wire, samples
from tests.protocol import certified
from tests.site import OPENID, App

HOST = "localhost"
EVERY = pytest.mark.parametrize("field", MEMBERS)
REGISTERED = [m.field for m in MEMBERS.values() if m.set_by is SetBy.CLIENT]
OPERATORS = [m.field for m in MEMBERS.values() if m.set_by is SetBy.OPERATOR]
ON_THE_FORM = [m.field for m in MEMBERS.values() if m.label]
TEXTS = [
    field
    for field in REGISTERED
    if MEMBERS[field].datatype not in (Datatype.FLAG, Datatype.NUMBER, Datatype.KEY_SET)
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A client's server, with the document of its sector."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    made = Server(authority.context(HOST))
    made.ca_file = authority.file
    made.origin = f"https://{HOST}:{made.port}"
    uris = [f"{made.origin}/{path}" for path in ("callback", "one/redirect_uris")]
    made.reply = answer(json.dumps(uris).encode(), JSON)
    yield made
    made.close()


@pytest.fixture(scope="module")
def everything(server):
    """Settings under which every member has an effect."""
    mtls = certified.settings(server.ca_file)
    return {
        **mtls,
        "console.limit_account": "100000 per hour",
        "scopes": OPENID,
        "openid.implicit": "true",
        "openid.pairwise_secret": "0123456789abcdefghijklmnopqrstuv",
        "keys.algorithms": "RS256 ES256",
        "fetch.allow": f"{HOST}:{server.port}",
        "fetch.ca_file": server.ca_file,
    }


@pytest.fixture(scope="module")
def site(everything):
    made = sites.standalone(sites.ini("sqlite://", development="true", **everything))
    yield made
    made.close()


@pytest.fixture(scope="module")
def alice(site):
    return site.browser().sign_up("alice")


@pytest.fixture
def values(site, server, field):
    """Two values of the member, as they are stored."""
    return samples(MEMBERS[field], site.wsgi.registry["oauthprov"].settings, server.origin)


@pytest.fixture
def kept(site, alice, server, field, values):
    """A client of alice's with the first value."""
    given = beside(field, server.origin) | {field: values[0]}
    client, _ = site.registrar.register(type="web", owner=alice.account_id(), **given)
    return client


def stored(site, client_id) -> Client:
    return site.registrar.get(client_id).record


@EVERY
def test_every_member_is_a_field_of_the_record_and_a_column(field):
    assert field in {one.name for one in dataclasses.fields(Client)}, (
        f"give oauthprov.records.Client a field {field}, with a default"
    )
    assert field in clients.columns, (
        f"give the table in oauthprov/storage/sql/tables/clients.py a column {field}, and add a"
        " migration"
    )


@EVERY
def test_a_chosen_value_of_every_member_is_stored(site, field, values, kept):
    assert getattr(stored(site, kept.client_id), field) == values[0]


@EVERY
def test_every_member_has_its_own_name_option_and_explanation(field):
    rows = [row for row in MEMBERS.values() if row.field != field]
    row = MEMBERS[field]
    assert row.help, f"say in the row of {field} what its option is for (help)"
    assert row.option not in {other.option for other in rows}
    assert row.name not in {other.name for other in rows}
    assert row.label or not row.hint


@EVERY
def test_texts_of_every_member_are_marked_for_translation(field):
    """Message extraction sees literals within ``N_()`` and nothing else."""
    row = MEMBERS[field]
    assert {row.label, row.hint, *row.words.values()} <= {"", *marked_literals()}, (
        f"put each label, hint and word in the row of {field} into N_()"
    )


@cache
def marked_literals() -> frozenset[str]:
    calls = (
        node
        for path in (*Path(members.__file__).parent.glob("*.py"), Path(methods.__file__))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "N_"
    )
    return frozenset(ast.literal_eval(call.args[0]) for call in calls)


class TestRegistration:
    """RFC 7591, RFC 7592."""

    @staticmethod
    def send(site, method, path, given, token=None):
        headers = {"Content_Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return site.send(method, path, body=json.dumps(given).encode(), **headers)

    def register(self, site, given):
        return self.send(site, "POST", "/oauth/register", given)

    @pytest.mark.parametrize("field", REGISTERED)
    def test_a_registered_value_is_stored_returned_and_replaced(self, site, server, field, values):
        member, base = MEMBERS[field], document(beside(field, server.origin))
        for value in values:
            sent = on_the_wire(member, value)
            told = self.register(site, base | {member.name: sent})
            assert told.status_int == 201, told.text
            client = stored(site, told.json["client_id"])
            if field == "scopes":  # it may request all, and gets by default what it named
                assert told.json["scope"].split() == list(client.scopes)
                assert set(client.scopes) == site.wsgi.registry["oauthprov"].settings.scope_names
                assert set(client.default_scopes) == set(value)
            else:
                assert told.json[member.name] == sent
                assert getattr(client, field) == value
        uri, token = (told.json[f"registration_{x}"] for x in ("client_uri", "access_token"))
        update = base | {"client_id": told.json["client_id"], member.name: None}
        left = self.send(site, "PUT", uri, update, token)
        if field == "redirect_uris":
            assert left.json["error"] == "invalid_redirect_uri"
            return
        assert left.status_int == 200, left.text
        first = self.register(site, base).json
        assert left.json.get(member.name) == first.get(member.name)

    @pytest.mark.parametrize("field", REGISTERED)
    def test_another_datatype_is_refused_by_name(self, site, server, field):
        name = MEMBERS[field].name
        for wrong in (1.5, [[]], {"x": 1}, "\0"):
            given = document(beside(field, server.origin)) | {name: wrong}
            refused = self.register(site, given)
            assert refused.status_int == 400, (wrong, refused.text)
            assert refused.json["error_description"].startswith(f"{name}: ")

    @pytest.mark.parametrize("text", ["a\0b", "x" * 3000], ids=["control character", "endless"])
    @pytest.mark.parametrize("field", TEXTS)
    def test_no_text_is_endless_or_has_control_characters(self, site, server, field, text):
        member = MEMBERS[field]
        sent = [text] if member.datatype in (Datatype.TEXTS, Datatype.URIS) else text
        refused = self.register(site, document(beside(field, server.origin)) | {member.name: sent})
        assert refused.status_int == 400
        assert refused.json["error_description"].startswith(f"{member.name}: ")

    @pytest.mark.parametrize("field", [name for name in MEMBERS if name not in REGISTERED])
    def test_members_that_a_client_may_not_set_are_ignored(self, site, server, field, values):
        base = document(beside(field, server.origin))
        told = self.register(site, base | document({field: values[0]}))
        assert told.status_int == 201
        without = self.register(site, base).json
        got, usual = (stored(site, one["client_id"]) for one in (told.json, without))
        assert getattr(got, field) == getattr(usual, field)


class TestForm:
    """The console, for the owner of a client."""

    @EVERY
    def test_saving_without_a_change_changes_nothing(self, site, alice, field, kept):
        before = site.registrar.get(kept.client_id)
        page = alice.get(f"/clients/{kept.client_id}/edit")
        assert page.form.submit(expect_errors=True).status_int == 303
        after = site.registrar.get(kept.client_id)
        assert after.record == before.record
        assert after.version == before.version

    @pytest.mark.parametrize("kind", CLIENT_TYPES)
    def test_saving_a_client_that_chose_nothing_changes_nothing(self, site, alice, server, kind):
        uris = (
            {"redirect_uris": (f"{server.origin}/callback",)}
            if CLIENT_TYPES[kind].redirects
            else {}
        )
        given = {"type": kind, "name": "Printer", "owner": alice.account_id()} | uris
        client, _ = site.registrar.register(**given)
        page = alice.get(f"/clients/{client.client_id}/edit")
        assert page.form.submit(expect_errors=True).status_int == 303
        assert stored(site, client.client_id) == client

    @pytest.mark.parametrize("field", ON_THE_FORM)
    def test_entered_values_are_stored_and_shown_on_the_client_s_page(
        self, site, alice, server, field, values
    ):
        """The name is its heading."""
        form = alice.get("/clients/new/web").form
        for name, value in (beside(field, server.origin) | {field: values[0]}).items():
            if name in ON_THE_FORM:
                fill_in(form, name, value)
        page = form.submit(expect_errors=True)
        while page.status_int == 303:
            page = alice.get(page.location)
        assert page.status_int == 200, page.html.find(class_="wrong")
        client_id = page.html.find(id="client-id").text
        assert getattr(stored(site, client_id), field) == values[0]
        shown = page.html.find("dl", class_="facts").text
        texts = values[0] if isinstance(values[0], tuple) else [values[0]]
        for text in () if field == "name" else texts:
            assert ("yes" if text is True else str(text)) in shown

    @pytest.mark.parametrize("field", [name for name in MEMBERS if name not in ON_THE_FORM])
    def test_forged_form_fields_are_ignored(self, site, alice, server, field, values):
        """A field added by a forged form has no effect."""
        given = beside(field, server.origin)
        client, _ = site.registrar.register(type="web", owner=alice.account_id(), **given)
        form = alice.get(f"/clients/{client.client_id}/edit").form
        sent = [*form.submit_fields(), (field, str(on_the_wire(MEMBERS[field], values[0])))]
        assert alice.page.post(site.url(form.action), sent).status_int == 303
        assert stored(site, client.client_id) == client

    def test_a_value_the_server_no_longer_offers_survives_saving_the_form(
        self, everything, server, tmp_path
    ):
        url = f"sqlite:///{tmp_path}/oauthprov.sqlite"
        before = sites.standalone(sites.ini(url, development="true", **everything))
        owner = before.browser().sign_up("alice").account_id()
        clients = []
        for field in MEMBERS.keys() - {"scopes", "default_scopes"}:
            given = beside(field, server.origin) | {"scopes": ("profile:read", "photos:read")}
            given[field], _ = samples(
                MEMBERS[field], before.wsgi.registry["oauthprov"].settings, server.origin
            )
            clients.append(before.registrar.register(type="web", owner=owner, **given)[0])
        before.close()
        after = sites.standalone(sites.ini(url, development="true"))
        alice = after.browser().sign_in("alice")
        for client in clients:
            page = alice.get(f"/clients/{client.client_id}/edit")
            assert page.form.submit(expect_errors=True).status_int == 303
            assert stored(after, client.client_id) == client
        after.close()


BOXES = {"scopes": "scope.", "default_scopes": "default."}


def fill_in(form, field, value) -> None:
    """Enter a value as it is stored."""
    if field in BOXES:
        for name in list(form.fields):
            if name is not None and name.startswith(BOXES[field]):
                form[name] = name.removeprefix(BOXES[field]) in value
    elif isinstance(value, tuple):
        form[field] = "\n".join(value)
    else:
        form[field] = value


class TestMarks:
    """``verified``, ``first_party`` and ``introspects``, the operator's marks."""

    @pytest.mark.parametrize("field", [name for name in MEMBERS if name not in OPERATORS])
    def test_an_owner_s_change_of_a_member_ends_the_mark_that_depends_on_it(
        self, site, alice, field, values, kept
    ):
        site.registrar.edit(kept.client_id, verified=True, first_party=True, introspects=["*"])
        changed = site.registrar.edit(kept.client_id, alice.account_id(), **{field: values[1]})
        assert getattr(changed, field) == values[1]
        assert changed.verified is not MEMBERS[field].shown
        assert changed.first_party is bool(changed.introspects) is not MEMBERS[field].trusted

    @pytest.mark.parametrize("field", OPERATORS)
    def test_only_the_operator_gives_a_mark(self, site, alice, server, field, values):
        owner = alice.account_id()
        given = beside(field, server.origin)
        client, _ = site.registrar.register(type="web", owner=owner, **given)
        with pytest.raises(InvalidMetadata, match="Only the operator"):
            site.registrar.edit(client.client_id, owner, **{field: values[0]})
        assert not getattr(stored(site, client.client_id), field)

    def test_verified_depends_on_exactly_the_members_that_people_see(self, site, server):
        """Each text and address has its own name in it, which is looked for on their pages."""
        given = beside("", server.origin)
        client, secret = site.registrar.register(type="web", **given)
        before = site.registrar.get(client.client_id)
        marked = {
            field: marker
            for field in MEMBERS
            if (marker := with_its_name(field, getattr(client, field))) is not None
        }
        record = dataclasses.replace(client, **marked)
        site.storage.commit(Replace(record, expecting=before), now=site.clock())
        pages = "".join(pages_for_people(site, App(site, record, secret)))
        seen = {field for field in marked if field.replace("_", "-") in pages}
        # A logo is copied: people see its image, and never its address.
        assert seen | {"logo_uri"} == {m.field for m in MEMBERS.values() if m.shown}, (
            "mark in its row as shown=True what a page of people shows, and nothing else"
        )


def with_its_name(field, value):
    """What a client may have that a page would show by the field's name; None for the rest."""
    member, text = MEMBERS[field], field.replace("_", "-")
    if member.datatype is Datatype.SCOPES or member.choices is not None:
        return None  # The server's own words.
    match member.datatype:
        case Datatype.URI:
            return f"https://{text}.example/"
        case Datatype.URIS:
            return (f"https://{text}.example/callback",)
        case Datatype.TEXTS:
            return (*value, text)
        case Datatype.TEXT | Datatype.KEY_SET:
            return text
    return None


def pages_for_people(site, app):
    """Yield every page on which somebody who uses the app meets it."""
    bob = site.browser()
    address = app.authorization_url(scope="openid profile:read")
    login = bob.follow(bob.get(address))
    assert "password" in login.form.fields
    yield login.text
    bob.sign_up("bob")
    consent = bob.authorize(app, scope="openid profile:read")
    assert bob.decide(consent).status_int == 303
    yield consent.text
    disconnect = f"/account/apps/{app.client.client_id}/remove"
    for path in ("/", "/account", disconnect):
        page = bob.get(path)
        assert page.status_int == 200
        yield page.text
    about = bob.get(f"/clients/{app.client.client_id}/about")
    assert about.status_int == 200
    yield about.text
    there = {"client_id": app.client.client_id}
    there["post_logout_redirect_uri"] = app.client.post_logout_redirect_uris[0]
    logout = bob.follow(bob.page.get(site.url("/oauth/logout"), there))
    assert logout.status_int == 200
    yield logout.text


class TestCommand:
    """``oauthprov client``."""

    @pytest.fixture
    def command(self, everything, tmp_path, monkeypatch, capsys):
        settings = sites.ini(f"sqlite:///{tmp_path}/oauthprov.sqlite", **everything)
        made = Command(write_ini(tmp_path / "server.ini", settings), monkeypatch, capsys)
        assert made("storage", "upgrade").code == 0
        return made

    @EVERY
    def test_the_command_option_sets_every_member(self, command, tmp_path, server, field, values):
        given = beside(field, server.origin) | {field: values[0]}
        options = [text for name in given for text in option(tmp_path, name, given[name])]
        added = command("client", "add", "--type", "web", "--json", *options)
        assert added.code == 0, f"{added.err} Is {field} a column in the newest migration?"
        assert json_of(values[0]) == added.json[field]
        edit = ("client", "edit", added.json["client_id"], "--json")
        edited = command(*edit, *option(tmp_path, field, values[1]))
        assert edited.code == 0, edited.err
        assert json_of(values[1]) == edited.json[field]


def json_of(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def option(folder, field, value) -> list[str]:
    """The arguments that give a member this value."""
    member = MEMBERS[field]
    match value:
        case bool():
            return [member.option if value else member.option.replace("--", "--no-", 1)]
        case tuple():
            return [text for one in value for text in (member.option, one)]
    if member.datatype is Datatype.KEY_SET:
        file = folder / f"{field}{KEYS.index(value)}.json"
        file.write_text(value, "utf-8")
        return [member.option, str(file)]
    return [member.option, str(value)]
