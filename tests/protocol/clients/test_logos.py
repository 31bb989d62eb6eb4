"""Logos are fetched, stored, and removed with their client (OpenID Registration section 2)."""

import pytest

from oauthprov.errors import FetchError
from oauthprov.protocol.clients.logos import SIZE_LIMIT
from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.protocol.token.last_use import remove_unused
from oauthprov.records import Client, Logo
from tests.gallery import HTML, IMAGES, SVG, png
from tests.protocol.world import openid_world
from tests.servers import empty

ENGINES = pytest.mark.parametrize("engine", ["redis", "postgresql", "mariadb"])


@pytest.fixture
def world(gallery):
    made = openid_world(**gallery.settings)
    made.change(Client, "app", logo_uri=gallery.uri)
    return made


def refresh(world):
    return world.provider.logos.refresh("app")


def client_of(world):
    return world.storage.get(Client, "app").record


def shown(world):
    """The image that pages show of the client, None when there is none."""
    image = client_of(world).logo
    return None if image is None else world.provider.logo("app", image)


def registrar(world):
    return Registrar(
        world.settings, world.storage, lambda: world.now, world.provider.clients.evict
    )


@pytest.mark.parametrize("media_type", IMAGES)
def test_a_logo_is_stored_unchanged(world, gallery, media_type):
    gallery.show(IMAGES[media_type], media_type)
    assert refresh(world)
    assert shown(world) == (IMAGES[media_type], media_type)


@ENGINES
def test_every_engine_stores_the_largest_logo(gallery, engine, request):
    url = request.getfixturevalue(f"{engine}_url")
    empty(url)
    world = openid_world(**gallery.settings, **{"storage.url": url})
    world.change(Client, "app", logo_uri=gallery.uri)
    largest = png() + bytes(SIZE_LIMIT - len(png()))
    gallery.show(largest)
    assert refresh(world)
    assert shown(world) == (largest, "image/png")
    registrar(world).edit("app", logo_uri=None)
    assert world.storage.get(Logo, "app") is None
    world.storage.close()


def test_a_logo_is_served_with_the_type_of_its_content(world, gallery):
    gallery.show(IMAGES["image/gif"], "image/png")
    assert refresh(world)
    assert shown(world) == (IMAGES["image/gif"], "image/gif")


@pytest.mark.parametrize(
    ("content", "media_type", "reason"),
    [
        (SVG, "image/svg+xml", "svg"),
        (SVG, "image/png", "isn't a PNG"),
        (HTML, "image/png", "isn't a PNG"),
        (IMAGES["image/png"], "text/html", "text/html"),
        (png(60_000, 60_000), "image/png", "pixels"),
        (png() + bytes(10_000_000), "image/png", "longer than"),
        (png() + bytes(SIZE_LIMIT), "image/png", "longer than"),
        (b"", "image/png", "isn't a PNG"),
    ],
)
def test_unusable_content_is_refused_and_not_stored(world, gallery, content, media_type, reason):
    gallery.show(content, media_type)
    with pytest.raises(FetchError, match=reason):
        refresh(world)
    assert client_of(world).logo is None
    assert world.storage.get(Logo, "app") is None


def test_a_redirect_is_not_followed(world, gallery):
    gallery.redirect(gallery.uri + "/elsewhere")
    with pytest.raises(FetchError, match="302"):
        refresh(world)
    assert gallery.asked == 1


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost/logo.png",
        "https://127.0.0.1/logo.png",
        "https://[::1]/logo.png",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/logo.png",
    ],
)
def test_a_logo_uri_of_an_internal_address_is_not_fetched(world, uri):
    world.change(Client, "app", logo_uri=uri)
    with pytest.raises(FetchError, match=r"public|https"):
        refresh(world)


def test_the_stored_logo_survives_a_failed_fetch(world, gallery):
    refresh(world)
    gallery.show(b"", status="503 Service Unavailable")
    with pytest.raises(FetchError):
        refresh(world)
    assert shown(world) == (IMAGES["image/png"], "image/png")


def test_a_newer_logo_replaces_the_stored_one(world, gallery):
    refresh(world)
    before = client_of(world).logo
    gallery.show(IMAGES["image/gif"], "image/gif")
    refresh(world)
    assert shown(world) == (IMAGES["image/gif"], "image/gif")
    assert world.provider.logo("app", before) is None


@pytest.mark.parametrize("logo_uri", [None, "https://elsewhere.example/logo.png"])
def test_a_logo_is_removed_when_its_uri_changes(world, logo_uri):
    refresh(world)
    registrar(world).edit("app", logo_uri=logo_uri)
    assert client_of(world).logo is None
    assert world.storage.get(Logo, "app") is None


def test_a_logo_survives_a_change_of_another_member(world):
    refresh(world)
    registrar(world).edit("app", name="Other")
    assert shown(world) is not None


def test_a_logo_is_removed_with_its_client(world):
    refresh(world)
    registrar(world).remove("app")
    assert world.storage.get(Logo, "app") is None


def test_a_logo_is_removed_with_its_unused_client(world):
    world.change(Client, "app", registration_token="digest")
    refresh(world)
    world.now += world.settings.registration_unused_lifetime
    assert list(remove_unused(world.storage, world.settings, world.now)) == [True]
    assert world.storage.get(Logo, "app") is None


def test_the_logo_of_a_disabled_client_is_not_served(world):
    refresh(world)
    image = client_of(world).logo
    registrar(world).set_disabled("app", True)
    assert world.provider.logo("app", image) is None


def test_storing_a_logo_keeps_a_simultaneous_mark_of_use(world):
    world.storage.meanwhile = [lambda: world.change(Client, "app", last_used_at=world.now)]
    assert refresh(world)
    assert shown(world) is not None
    assert client_of(world).last_used_at == world.now


def test_a_logo_whose_uri_changes_during_the_fetch_is_dropped(world):
    other = "https://elsewhere.example/logo.png"
    world.storage.meanwhile = [lambda: world.change(Client, "app", logo_uri=other)]
    assert not refresh(world)
    assert client_of(world).logo is None
    assert world.storage.get(Logo, "app") is None


def test_a_logo_whose_client_is_removed_during_the_fetch_is_dropped(world):
    world.storage.meanwhile = [lambda: registrar(world).remove("app")]
    assert not refresh(world)
    assert world.storage.get(Logo, "app") is None


def test_two_processes_can_fetch_a_logo_at_once(world):
    other = world.another_process()
    world.storage.meanwhile = [lambda: other.logos.refresh("app")]
    assert refresh(world)
    assert shown(world) is not None


def test_verified_ends_when_a_member_that_people_see_changes(world):
    for field, value in {
        "name": "My bank",
        "logo_uri": "https://elsewhere.example/logo.png",
        "homepage_uri": "https://elsewhere.example/",
        "redirect_uris": ("https://elsewhere.example/callback",),
    }.items():
        world.change(Client, "app", verified=True)
        assert registrar(world).edit("app", contacts=("bob",)).verified
        assert not registrar(world).edit("app", **{field: value}).verified, field
    assert registrar(world).edit("app", name="Printer", verified=True).verified


def test_storing_a_logo_costs_two_reads_and_a_write(world):
    world.storage.reads = world.storage.writes = 0
    assert refresh(world)
    assert (world.storage.reads, world.storage.writes) == (2, 1)
