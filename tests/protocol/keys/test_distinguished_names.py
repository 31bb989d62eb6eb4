"""Distinguished names (RFC 4514), compared by types and values (RFC 8705 section 2.1.2)."""

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from oauthprov.protocol.keys.distinguished_names import LIMIT, name_of, parse, written
from tests.certificates import name

ORGANIZATION, COMMON = NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME


@pytest.mark.parametrize(
    "text",
    [
        "CN=alice,O=Example",
        "CN=alice, O=Example",
        "cn=alice,o=Example",
        " CN = alice , O = Example ",
        "2.5.4.3=alice,2.5.4.10=Example",
        "CN=#0c05616c696365,O=#13074578616d706c65",
        "CN=al\\69ce,O=Example",
        "CN=\\61\\6c\\69\\63\\65,O=Example",
    ],
)
def test_the_same_name_may_be_written_in_many_ways(text):
    assert written(parse(text)) == "CN=alice,O=Example"


@pytest.mark.parametrize(
    "text",
    [
        "O=Example,CN=alice",
        "CN=Alice,O=Example",
        "CN=alice,OU=Example",
        "CN=alice",
        "CN=alice,O=Example,C=US",
        "CN=alice+O=Example",
        "CN=al  ice,O=Example",
    ],
)
def test_another_order_type_or_letter_case_is_another_name(text):
    assert parse(text) != parse("CN=alice,O=Example")


def test_the_order_within_a_relative_name_makes_no_difference():
    assert parse("CN=alice+UID=1,O=x") == parse("UID=1+CN=alice,O=x")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"CN=Sons\, Inc.", "Sons, Inc."),
        (r"CN=a\+b\;c\<d\>e\"f\\g", 'a+b;c<d>e"f\\g'),
        (r"CN=\#1", "#1"),
        ("CN=\\ a\\ ", " a "),
        (r"CN=M\c3\bcller", "Müller"),
        ("CN=Müller", "Müller"),
        ("CN=a=b", "a=b"),
    ],
)
def test_special_characters_are_escaped(text, value):
    assert parse(text) == (frozenset({(COMMON.dotted_string, value)}),)
    assert parse(written(parse(text))) == parse(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ",", "CN", "CN=", "=a", "CN=a,", ",CN=a", "CN=a,,O=b", "CN=a;O=b", "CN=a+"),
        *("CN=a\x00b", "CN=a\nb", "CN=a\\0ab", "CN=\\", "CN=\\zz", "CN=\\ff", "FOO=a", "1=a"),
        *("CN=#", "CN=#0", "CN=#zz", "CN=#0203616263", "CN=#0c09616263", "CN=#0c", 'CN="a,b"'),
        *("CN=\ud800", "CN=<a>", "CN=" + "a" * LIMIT),
    ],
)
def test_anything_else_is_no_name(text):
    with pytest.raises(ValueError, match="it "):
        parse(text)


@pytest.mark.parametrize("kind", [_ASN1Type.UTF8String, _ASN1Type.PrintableString])
def test_the_string_type_in_a_certificate_makes_no_difference(kind):
    made = name((ORGANIZATION, "Example"), x509.NameAttribute(COMMON, "alice", _type=kind))
    assert name_of(made) == parse("CN=alice,O=Example")


def test_the_identifier_of_an_organization_matches_as_ecosystems_write_it():
    made = name((ORGANIZATION, "x"), (NameOID.ORGANIZATION_IDENTIFIER, "PSDGB-FCA-1"))
    assert name_of(made) == parse("2.5.4.97=#0c0b50534447422d4643412d31,O=x")
    assert name_of(made) == parse("organizationIdentifier=PSDGB-FCA-1,O=x")


@given(st.text())
def test_any_text_is_a_name_or_refused(text):
    try:
        found = parse(text)
    except ValueError:
        return
    assert parse(written(found)) == found


@given(
    st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(["2.5.4.3", "2.5.4.10", "1.2.3"]),
                st.text(min_size=1).filter(str.isprintable),
            ),
            min_size=1,
            max_size=2,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_what_is_written_is_read_again(parts):
    found = tuple(frozenset(pairs) for pairs in parts)
    text = written(found)
    if len(text) <= LIMIT:
        assert parse(text) == found
