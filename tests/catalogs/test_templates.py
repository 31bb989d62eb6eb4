"""Messages of templates are extracted as Chameleon looks them up when it makes a page."""

from __future__ import annotations

from io import BytesIO

import pytest
from chameleon import PageTemplate

from tests.catalogs.templates import Unextractable, extract

PAGES = {
    "a text": '<p i18n:translate="">Sign in</p>',
    "blanks": '<p i18n:translate="">\n  Sign in,\n  please\n</p>',
    "a name": '<p i18n:translate="">Hello, <b i18n:name="who">${name}</b>!</p>',
    "an element": '<p i18n:translate="">Sign out<i class="quiet"> of <b i18n:name="x" /></i></p>',
    "a message in a name": (
        '<p i18n:translate="">No account? <a i18n:name="link" i18n:translate="">Create one</a></p>'
    ),
    "an attribute": '<nav aria-label="Account" i18n:attributes="aria-label">text</nav>',
    "a condition around it": '<p tal:condition="name" i18n:translate="">Sign in</p>',
    "a repetition": '<ul><li tal:repeat="one [name]" i18n:translate="">in use</li></ul>',
    "a macro": '<p metal:define-macro="one" i18n:translate="">Sign in</p>',
    "an entity": '<p i18n:translate="">Sign in &amp; out</p>',
}


def extracted(source):
    file = BytesIO(source.encode())
    file.name = "page.pt"
    return [text for _, _, text, _ in extract(file, (), (), {})]


@pytest.mark.parametrize("source", PAGES.values(), ids=PAGES)
def test_messages_are_those_of_the_page(source):
    looked_up = []

    def translate(msgid, domain=None, mapping=None, default=None, **kwargs):
        looked_up.append(str(msgid))
        return default

    PageTemplate(source, translate=translate)(name="alice")
    # What is between elements is looked up too: names and their values, which no catalog has.
    assert set(extracted(source)) == set(looked_up)
    assert extracted(source)


@pytest.mark.parametrize(
    "source",
    [
        '<p i18n:translate="">Hello, ${name}</p>',
        '<p i18n:translate="">Hello, <b tal:content="name" /></p>',
        '<p i18n:translate="">Hello<b tal:condition="name">, you</b></p>',
        '<p i18n:translate="">No account? <a i18n:translate="">Create one</a></p>',
        '<p i18n:translate="greeting">Hello</p>',
    ],
)
def test_words_that_are_known_only_to_the_page_are_refused(source):
    with pytest.raises(Unextractable):
        extracted(source)
