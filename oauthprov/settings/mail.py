"""The mail server, and the rate limits of mail."""

from __future__ import annotations

from dataclasses import dataclass

from oauthprov.settings import values
from oauthprov.settings.mail_url import MailServer, Sender, mail_url, sender
from oauthprov.settings.setting import setting


@dataclass(frozen=True, kw_only=True)
class Mail:
    """The mail server, and the rate limits of mail."""

    mail_url: MailServer | None = setting(  # noqa: RUF009 - it is frozen, as the others are
        "mail.url",
        mail_url,
        "",
        "Mail server: smtp:// (STARTTLS), smtps:// or console: (development); empty sends no "
        "mail.",
    )
    mail_sender: Sender | None = setting(  # noqa: RUF009
        "mail.sender", sender, "", "Sender of mails: address, or Name <address>."
    )
    mail_link_lifetime: int = setting(
        "mail.link_lifetime",
        values.seconds(),
        "86400",
        "Seconds for which a mailed link can confirm an e-mail address.",
    )
    mail_reset_lifetime: int = setting(
        "mail.reset_lifetime",
        values.seconds(86_400),
        "1800",
        "Seconds for which a mailed link can set a new password, 300 to 86400; 0 switches "
        "password resets off.",
    )
    mail_limit_account: str = setting(
        "mail.limit_account",
        values.rate,
        "5 per hour",
        "Mails requested by one account, or for one user name or address that needs a new "
        "password.",
    )
    mail_limit_address: str = setting(
        "mail.limit_address", values.rate, "20 per hour", "Mails requested from one IP address."
    )
    mail_limit_recipient: str = setting(
        "mail.limit_recipient",
        values.rate,
        "5 per hour",
        "Mails to one e-mail address, no matter who requests them.",
    )
