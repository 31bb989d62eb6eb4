"""The walk through the product, step by step, as one person takes it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.browser.place import Demo, Provider
from tests.browser.visitor import Visitor

README = Path(__file__).parents[2] / "README.md"


def scopes_of_step_2() -> list[str]:
    """The scopes that the README says to register the demo with."""
    _, _, begun = README.read_text("utf-8").partition("\n2. Open the [developer console]")
    step, _, _ = begun.partition("\n\n")
    scopes = re.findall(r"`([a-z]+(?::[a-z]+)?)`", step)
    assert len(scopes) > 1
    return scopes


@dataclass
class Walk:
    """Alice, the provider and the demo. Every page that a step opens is judged."""

    visitor: Visitor
    provider: Provider
    demo: Demo
    secrets: list[str] = field(default_factory=list)

    def sign_up(self) -> None:
        see = self.visitor.look
        self.visitor.page.goto(self.provider.issuer)
        see("oauthprov")
        self.visitor.button("Create an account").click()
        see("Create an account")
        self.visitor.enter("alice")
        self.visitor.picture("signup")
        self.visitor.enter("al\u200bice")
        self.visitor.button("Create account").click()
        expect(self.visitor.alert()).to_contain_text("invisible characters")
        see("Create an account")
        self.visitor.enter("alice")
        self.visitor.button("Create account").click()
        see("Hello, alice")

    def find_the_demo_unregistered(self) -> None:
        self.visitor.page.goto(self.demo.root)
        self.visitor.look("This demo has no client yet")
        self.visitor.link(self.provider.url("/clients")).click()
        self.visitor.look("Your clients")

    def register_the_demo(self) -> None:
        page, see = self.visitor.page, self.visitor.look
        self.visitor.button("Register a client").click()
        see("Register a client")
        self.visitor.link("Web server").click()
        self.visitor.button("Register").click()
        expect(self.visitor.field("Name")).to_have_attribute("aria-invalid", "true")
        see("Register a client")
        self.visitor.field("Name").fill("Demo")
        self.visitor.field("Redirect URIs").fill(self.demo.callback)
        scopes = page.get_by_role("group", name="Scopes", exact=True)
        expect(scopes.get_by_label("See your user name")).to_be_checked()
        for name in scopes_of_step_2():
            scopes.locator(f"[name='scope.{name}']").check()
        self.visitor.button("Register").click()
        see("Demo")
        self.visitor.picture("client", until="Registration")
        self.demo.start(self.client_id().inner_text(), self.shown_secret())

    def lose_sight_of_the_secret(self) -> None:
        self.open_client()
        expect(self.secret()).to_have_count(0)
        assert self.secrets[0] not in self.visitor.page.content()

    def sign_in_with_the_first_button(self) -> None:
        self.visitor.page.goto(self.demo.root)
        self.visitor.look("Not connected")
        first = self.visitor.page.get_by_role("button").first
        expect(first).to_have_text("Sign in with oauthprov")
        first.click()
        self.visitor.look("Demo asks for access")
        assert self.asked() == [
            "Know you when you come back",
            "See your profile",
            "See your e-mail address",
        ]
        self.visitor.picture("consent", whole=True)
        self.visitor.button("Allow").click()
        self.visitor.look("Signed in as alice")

    def cancel(self) -> None:
        self.visitor.page.goto(self.demo.root)
        self.visitor.look("Not connected")
        self.visitor.button("Connect").click()
        self.visitor.look("Demo asks for access")
        self.visitor.button("Cancel").click()
        self.visitor.page.get_by_text("access_denied").wait_for()
        self.visitor.page.get_by_role("heading", name="You did not give access").wait_for()
        self.visitor.look("Not connected")

    def allow(self) -> None:
        self.visitor.button("Connect").click()
        self.visitor.look("Demo asks for access")
        text = self.visitor.page.get_by_role("main")
        expect(text).to_contain_text("to your account alice")
        host = self.demo.root.removeprefix("http://")
        expect(text).to_contain_text(f"You will be sent to an app on this device ({host})")
        assert self.asked() == ["See your user name new"]
        expect(text).to_contain_text("You allowed this app other things before, on")
        self.visitor.button("Allow").click()
        self.visitor.look("Connected")

    def read_the_token_facts(self) -> None:
        facts = self.facts("The token")
        assert re.fullmatch(r"opa_.{4}… \(\d+ characters\)", facts.pop("Access token"))
        assert re.fullmatch(r"(600|5\d\d) seconds", facts.pop("Expires in"))
        assert facts == {
            "Type": "Bearer",
            "Scope": "profile:read",
            "Refresh token": "yes",
            "Refreshes so far": "0",
        }
        assert self.facts("The API's response")["name"] == "alice"
        self.visitor.picture("demo", until="The token")

    def connect_again_unasked(self) -> None:
        self.visitor.button("Connect again").click()
        self.visitor.page.get_by_role("heading", name="Access given").wait_for()
        self.visitor.look("Connected")

    def ask_for_more(self) -> None:
        self.visitor.page.get_by_label("photos:read").check()
        self.visitor.button("Connect again").click()
        self.visitor.look("Demo asks for access")
        assert self.asked() == ["See your photos new"]
        name = "You allowed this app the following before"
        before = self.visitor.page.get_by_role("list", name=name)
        expect(before).to_have_text("See your user name")
        self.visitor.button("Allow").click()
        self.visitor.look("Connected")
        assert self.facts("The token")["Scope"] == "profile:read photos:read"

    def refresh(self) -> None:
        self.visitor.button("Refresh now").click()
        self.visitor.page.get_by_role("heading", name="Refreshed").wait_for()
        assert self.facts("The token")["Refreshes so far"] == "1"

    def remove_access(self) -> None:
        page = self.visitor.page
        page.goto(self.provider.issuer)
        self.visitor.link("Your account").click()
        self.visitor.look("Your account")
        expect(page.get_by_role("region", name="Connected apps")).to_contain_text(
            "See your photos"
        )
        self.visitor.picture("account", until="Where you are signed in")
        self.visitor.button("Remove access of Demo").click()
        self.visitor.look("Remove access?")
        self.visitor.button("Remove access").click()
        expect(page.get_by_role("status")).to_have_text("The app no longer has access.")
        self.visitor.look("Your account")
        page.goto(self.demo.root)
        page.get_by_role("heading", name="Access was removed").wait_for()
        self.visitor.look("Not connected")

    def edit_the_client(self) -> None:
        self.open_client()
        self.visitor.button("Edit").click()
        self.visitor.look("Edit Demo")
        self.visitor.field("Name").fill("Demo, renamed")
        self.visitor.button("Save").click()
        self.visitor.look("Demo, renamed")

    def rotate_its_secret(self) -> None:
        self.visitor.button("Make a new secret").click()
        self.visitor.look("Demo, renamed")
        renewed, client_id = self.shown_secret(), self.client_id().inner_text()
        for secret in self.secrets:
            self.demo.start(client_id, secret)
            self.connect_from_the_start()
        self.open_client("Demo, renamed")
        self.visitor.button("End the older secret").click()
        expect(self.visitor.button("End the older secret")).to_have_count(0)
        self.demo.start(client_id, self.secrets[0])
        self.visitor.page.goto(f"{self.demo.root}/connect")
        self.visitor.page.get_by_text("invalid_client").wait_for()
        self.demo.start(client_id, renewed)
        self.connect_from_the_start()

    def delete_the_client(self) -> None:
        page = self.visitor.page
        self.open_client("Demo, renamed")
        self.visitor.button("Remove").click()
        self.visitor.look("Remove Demo, renamed?")
        self.visitor.field("Type its name to confirm").fill("Demo")
        self.visitor.button("Remove").click()
        expect(self.visitor.alert()).to_be_visible()
        self.visitor.look("Remove Demo, renamed?")
        self.visitor.field("Type its name to confirm").fill("Demo, renamed")
        self.visitor.button("Remove").click()
        self.visitor.look("Your clients")
        page.goto(self.demo.root)
        page.get_by_text("Error code: invalid_client").wait_for()
        self.visitor.look("Connected")
        page.goto(f"{self.demo.root}/connect")
        expect(self.visitor.alert()).to_have_text(
            "No app is registered here with this client ID, or the app is disabled."
        )
        self.visitor.look("The request was refused")

    def sign_out(self) -> None:
        self.visitor.page.goto(self.provider.issuer)
        self.visitor.link("Sign out").click()
        self.visitor.look("Sign out?")
        self.visitor.button("Sign out").click()
        self.visitor.look("oauthprov")

    def guess_passwords(self, tries: int) -> None:
        self.visitor.button("Sign in").click()
        self.visitor.look("Sign in")
        for _ in range(tries):
            self.visitor.enter("alice", "not it, I fear")
            with self.visitor.page.expect_navigation():
                self.visitor.button("Sign in").click()
        expect(self.visitor.alert()).to_contain_text("Too many attempts. Try again in")
        self.visitor.look("Sign in")

    def connect_from_the_start(self) -> None:
        self.visitor.page.goto(f"{self.demo.root}/connect")
        allow = self.visitor.button("Allow")
        connected = self.visitor.heading("Connected")
        allow.or_(connected).wait_for()
        if allow.is_visible():
            allow.click()
        connected.wait_for()

    def open_client(self, name: str = "Demo") -> None:
        self.visitor.page.goto(self.provider.url("/clients"))
        self.visitor.link(name).click()
        self.visitor.look(name)

    def client_id(self) -> Locator:
        return self.visitor.page.locator("#client-id")

    def secret(self) -> Locator:
        return self.visitor.page.get_by_label("Client secret", exact=True)

    def shown_secret(self) -> str:
        """The secret on the page, which is kept in mind."""
        self.secrets.append(self.visitor.page.locator("#client-secret").inner_text())
        return self.secrets[-1]

    def asked(self) -> list[str]:
        """What the consent page asks for."""
        asked = self.visitor.page.get_by_role("list", name="If you allow it, Demo can")
        return [" ".join(line.split()) for line in asked.get_by_role("listitem").all_inner_texts()]

    def facts(self, section: str) -> dict[str, str]:
        """The terms and descriptions of a section of the demo's page."""
        region = self.visitor.page.get_by_role("region", name=section)
        terms, texts = region.locator("dt"), region.locator("dd")
        return dict(zip(terms.all_inner_texts(), texts.all_inner_texts(), strict=True))
