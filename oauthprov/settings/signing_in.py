"""The rate limits of sign-ins, the rules for passwords and their hashes, and second factors."""

from __future__ import annotations

from dataclasses import dataclass

from oauthprov.settings import values
from oauthprov.settings.setting import setting


@dataclass(frozen=True, kw_only=True)
class SigningIn:
    """The rate limits of sign-ins, the rules for passwords, and second factors."""

    login_limit_account: str = setting(
        "login.limit_account",
        values.rate,
        "10 per 15 minutes",
        "Failed sign-ins for one user name; each browser that has signed in with it before, wrong "
        "current passwords, and wrong codes of a second step are counted separately.",
    )
    login_limit_address: str = setting(
        "login.limit_address",
        values.rate,
        "50 per 15 minutes",
        "Failed sign-ins from one IP address, except by browsers that have signed in with the "
        "name before.",
    )
    login_limit_success: str = setting(
        "login.limit_success",
        values.rate,
        "60 per 15 minutes",
        "Sign-ins of one account; correct current passwords are counted separately.",
    )
    signup_limit_address: str = setting(
        "signup.limit_address", values.rate, "20 per hour", "New accounts from one IP address."
    )
    console_limit_account: str = setting(
        "console.limit_account", values.rate, "30 per hour", "Clients registered by one account."
    )
    limits_url: str = setting(
        "limits.url",
        values.counters,
        "memory://",
        "Where attempts are counted: memory:// (in each process separately) or a Redis URL.",
    )
    password_memory: int = setting(
        "password.memory", values.count(), "19456", "KiB of memory for one Argon2id hash."
    )
    password_time: int = setting(
        "password.time", values.count(), "2", "Passes of one Argon2id hash."
    )
    password_concurrency: int = setting(
        "password.concurrency",
        values.count(),
        "1",
        "Passwords hashed at once in a process; under lasting load the same number waits, "
        "others get 503.",
    )
    password_length: int = setting(
        "password.length",
        values.count(8),
        "15",
        "Minimum length of a new password, in characters.",
    )
    factors: tuple[str, ...] = setting(
        "factors",
        values.some_of("passkey", "totp"),
        "passkey totp",
        "Second factors that people may set up: `passkey`, `totp` (authenticator apps), or "
        "`none`.",
    )
    factors_required: tuple[str, ...] = setting(
        "factors.required",
        values.those_of("admins", "developers"),
        "admins",
        "Who must have a second factor: `nobody`, `everyone`, or some of `admins` and "
        "`developers`; nobody if `oauthprov.factors` is `none`.",
    )
    acr_password: str = setting(
        "acr.password", values.acr, "1", "`acr` of a sign-in by one factor, such as a password."
    )
    acr_mfa: str = setting("acr.mfa", values.acr, "mfa", "`acr` of a sign-in by several factors.")
    acr_phr: str = setting(
        "acr.phr",
        values.acr,
        "phr",
        "`acr` of a sign-in by several factors of which one can't be phished.",
    )
