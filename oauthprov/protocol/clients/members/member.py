"""The rows of the table of client members."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from enum import Enum

from oauthprov.messages import N_
from oauthprov.protocol.clients.members.rule import Rule
from oauthprov.protocol.clients.types import ClientType
from oauthprov.settings import Settings


class Datatype(Enum):
    """The type of a member's values, by which JSON, the form and the command each read it.

    TEXT and URI are a ``str | None``, TEXTS, URIS and SCOPES a tuple of ``str``, FLAG a ``bool``,
    NUMBER an ``int | None``, KEY_SET a JWK Set as JSON (``str | None``).
    """

    TEXT = "text"
    URI = "URI"
    TEXTS = "texts"
    URIS = "URIs"
    SCOPES = "scopes"
    FLAG = "flag"
    NUMBER = "number"
    KEY_SET = "key set"

    @property
    def several(self) -> bool:
        """Whether a member holds a list of values."""
        return self in (Datatype.TEXTS, Datatype.URIS, Datatype.SCOPES)


class SetBy(Enum):
    """Who may set a member; those listed before may set it too."""

    OPERATOR = "operator"
    OWNER = "owner"
    CLIENT = "client"


class Group(Enum):
    """What a member is about: the console's form shows the members by group.

    The value is the heading and a sentence for developers.
    """

    FACE = (
        N_("What people see"),
        N_("Pages that ask people for access show these, and so does the app's own page here."),
    )
    AUTHENTICATION = (
        N_("Client authentication and keys"),
        N_("How the server knows that a request comes from your app."),
    )
    TOKENS = (N_("Tokens"), N_("What the app gets, and in which form."))
    PEOPLE = (
        N_("What the app learns about people"),
        N_("How people are identified in ID tokens and at UserInfo."),
    )
    LOGOUT = (N_("Signing out"), N_("What happens at the app when people sign out."))
    SOFTWARE = (
        N_("Software"),
        N_("For programs that many people install, each with a client of its own."),
    )
    OTHER = (N_("Other"), N_("Needed rarely."))

    @property
    def title(self) -> str:
        """The heading."""
        return self.value[0]

    @property
    def sentence(self) -> str:
        """What the members of the group have in common."""
        return self.value[1]


Offered = Callable[[ClientType, Settings], bool]
Choices = Callable[[ClientType, Settings], Sequence[str]]


def to_all(kind: ClientType, settings: Settings) -> bool:
    """Offer a member to clients of every type."""
    return True


def to_confidential(kind: ClientType, settings: Settings) -> bool:
    """Offer a member to clients that keep a secret or a key."""
    return kind.confidential


def to_token_holders(kind: ClientType, settings: Settings) -> bool:
    """Offer a member to clients that get tokens."""
    return kind.gets_tokens


def to_redirecting(kind: ClientType, settings: Settings) -> bool:
    """Offer a member to clients that users may be redirected to."""
    return kind.redirects


def to_signing_in(kind: ClientType, settings: Settings) -> bool:
    """Offer a member to clients that users sign in to."""
    return kind.has_users


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the client metadata.

    * ``field`` is the field of :class:`oauthprov.records.Client`, ``rule`` checks its value.
    * ``wire`` is its name in client metadata (RFC 7591 section 2), if that isn't ``field``.
      ``default`` is the value of an absent member there, always ``False`` for a flag; the response
      includes it for clients with the scope ``openid``.
    * ``openid``: it is used only if the server supports OpenID Connect.
    * ``shown``: users see it, so a change ends ``verified``. ``trusted``: it affects who else
      holds a token or a code, so a change ends ``first_party`` and ``introspects``
      (:mod:`oauthprov.protocol.clients.verification`).
    * ``label`` and ``hint`` are shown on the console's form, for clients that it is ``offered``
      to; without a label it isn't on the form. With ``choices`` the form has a radio button for
      each, explained by ``words``, and nothing if there are fewer than two.
    * ``group`` is the part of the form that the member is in, ``example`` a value shown there.
    * ``help`` explains the command's option, ``metavar`` names its value. ``verb``: the field is a
      verb and no plural, so the option has the same name.
    """

    field: str
    datatype: Datatype
    rule: Rule
    help: str
    _: KW_ONLY
    wire: str = ""
    default: object = None
    set_by: SetBy = SetBy.CLIENT
    openid: bool = False
    shown: bool = False
    trusted: bool = False
    label: str = ""
    hint: str = ""
    group: Group = Group.OTHER
    example: str = ""
    offered: Offered = to_all
    choices: Choices | None = None
    words: Mapping[str, str] = dataclasses.field(default_factory=dict)
    metavar: str | None = None
    verb: bool = False

    @property
    def name(self) -> str:
        """The name in client metadata."""
        return self.wire or self.field

    @property
    def left_out(self) -> object:
        """The value of an absent member of client metadata; None for no value."""
        return False if self.datatype is Datatype.FLAG else self.default

    @property
    def option(self) -> str:
        """The option of ``oauthprov client``; one that takes several values is repeated."""
        several = self.datatype.several and not self.verb
        one = self.field.removesuffix("s") if several else self.field
        return "--" + one.replace("_", "-")

    def goes_with(self, kind: ClientType, settings: Settings) -> bool:
        """Tell whether clients of this type can use it on this server."""
        return self.counts(settings) and self.offered(kind, settings)

    def counts(self, settings: Settings) -> bool:
        """Tell whether this server uses it at all."""
        return settings.openid or not self.openid
