"""Signing out of the demo, and of the provider from there (RP-Initiated Logout 1.0)."""

from urllib.parse import parse_qs, urlsplit

import pytest

ACTIONS = ["/sign-out", "/sign-out-everywhere"]


def submit(page, action):
    """Press the button; return where it leads."""
    form = next(f for f in page.forms.values() if f.action == action)
    response = form.submit()
    assert response.status_code == 303
    return response.location


def asked(location):
    return {name: value for name, [value] in parse_qs(urlsplit(location).query).items()}


def test_signing_out_here_leaves_the_provider_alone(person, openid):
    page = person.press(person.sign_in(), "/sign-out")
    assert "Signed out here" in page.html.find(role="status").text
    assert person.get("/signed-in").status_code == 303
    assert "/logout" not in openid.calls


def test_signing_out_everywhere_redirects_to_the_provider_and_back(person, openid):
    location = submit(person.sign_in(), "/sign-out-everywhere")
    assert location.startswith(f"{openid.root}/logout?")
    query = asked(location)
    assert query.pop("id_token_hint") == openid.id_tokens[-1]
    state = query.pop("state")
    assert query == {"post_logout_redirect_uri": "http://localhost:8000/signed-out"}
    assert person.get("/signed-in").status_code == 303
    page = person.get_following(f"/signed-out?state={state}")
    assert "You are signed out here and at the provider" in page.html.find(role="status").text


def test_a_logout_state_is_accepted_once(person):
    state = asked(submit(person.sign_in(), "/sign-out-everywhere"))["state"]
    person.get(f"/signed-out?state={state}", status=303)
    assert "(state)" in person.get(f"/signed-out?state={state}", status=400).text


@pytest.mark.parametrize("query", ["", "?state=", "?state=x", "?state=x&state=x"])
def test_an_unexpected_return_from_logout_is_refused(person, query):
    submit(person.sign_in(), "/sign-out-everywhere")
    page = person.get(f"/signed-out{query}", status=400)
    assert page.html.h1.text == "This response was refused"


def test_a_link_of_another_site_does_not_spoil_the_return(person):
    state = asked(submit(person.sign_in(), "/sign-out-everywhere"))["state"]
    person.get("/signed-out?state=x", status=400)
    person.get(f"/signed-out?state={state}", status=303)


def test_a_return_in_another_browser_is_refused(person, open_browser, openid):
    state = asked(submit(person.sign_in(), "/sign-out-everywhere"))["state"]
    other = open_browser(openid)
    other.sign_in()
    other.get(f"/signed-out?state={state}", status=400)
    assert other.get("/signed-in").status_code == 200


@pytest.mark.parametrize("action", ACTIONS)
def test_signing_out_forgets_the_tokens(person, action):
    person.connect()
    submit(person.sign_in(), action)
    assert person.get("/").html.h1.text == "Not connected"


@pytest.mark.parametrize("action", ACTIONS)
def test_another_site_cannot_sign_a_person_out(person, action):
    """A form of another site lacks the CSRF token, and a link is no POST."""
    person.sign_in()
    for form in ({}, {"csrf_token": "wrong"}):
        person.app.post(action, form, status=403)
    person.get(action, status=404)
    assert person.get("/signed-in").status_code == 200


def test_a_form_from_before_a_sign_out_is_refused(person):
    page = person.sign_in()
    form = next(f for f in page.forms.values() if f.action == "/sign-out-everywhere")
    person.press(page, "/sign-out")
    assert form.submit(status=403).html.h1.text == "This form is out of date"


def test_without_a_logout_endpoint_the_demo_signs_out_here_alone(person, openid):
    openid.metadata_changes = {"end_session_endpoint": None}
    page = person.press(person.sign_in(), "/sign-out-everywhere")
    assert "offers no logout" in page.html.find(role="alert").text
    assert person.get("/signed-in").status_code == 303
