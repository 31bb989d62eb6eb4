"""Lifetimes, in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from oauthprov.settings import values
from oauthprov.settings.setting import setting


@dataclass(frozen=True, kw_only=True)
class Lifetimes:
    """Lifetimes, in seconds."""

    code_lifetime: int = setting(
        "code_lifetime",
        values.seconds(600),
        "60",
        "Lifetime of an authorization code, in seconds; at most 600.",
    )
    access_token_lifetime: int = setting(
        "access_token_lifetime",
        values.seconds(),
        "600",
        "Lifetime of an access token, in seconds.",
    )
    jwt_access_token_lifetime: int = setting(
        "jwt_access_token_lifetime",
        values.seconds(86_400),
        "300",
        "Lifetime of an access token that is a JWT, in seconds: APIs that verify it themselves "
        "accept it until then, revoked or not.",
    )
    refresh_token_lifetime: int = setting(
        "refresh_token_lifetime",
        values.seconds(),
        "2592000",
        "Lifetime of a refresh token, in seconds.",
    )
    refresh_token_grace: int = setting(
        "refresh_token_grace",
        values.seconds(60),
        "10",
        "Seconds in which a client that lost a refresh response can get it again; 0 switches "
        "it off.",
    )
    grant_lifetime: int = setting(
        "grant_lifetime",
        values.seconds(),
        "15552000",
        "Seconds after which a grant ends; its client then needs a new authorization.",
    )
    grant_outlives_session: bool = setting(
        "grant_outlives_session",
        values.flag,
        "false",
        "Let `openid` grants without `offline_access` last beyond the session's lifetime.",
    )
    interaction_lifetime: int = setting(
        "interaction_lifetime",
        values.seconds(),
        "1800",
        "Seconds that a sign-in or consent may take.",
    )
    session_idle: int = setting(
        "session.idle", values.seconds(), "3600", "Seconds without use after which a session ends."
    )
    session_lifetime: int = setting(
        "session.lifetime",
        values.seconds(),
        "43200",
        "Seconds after which a session ends, used or not.",
    )
    session_limit: int = setting(
        "session.limit",
        values.count(),
        "50",
        "Sessions per account; one sign-in more ends the session that was unused for longest.",
    )
    account_deletion_grace: int = setting(
        "account.deletion_grace",
        values.seconds(),
        "1209600",
        "Seconds for which a user who has deleted the account can take that back.",
    )

    @property
    def id_token_lifetime(self) -> int:
        """Seconds that an ID token is valid: as long as the access token issued with it."""
        return self.access_token_lifetime
