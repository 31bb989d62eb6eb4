"""A mail server, for the pages that send mail."""

from __future__ import annotations

import pytest

from tests.smtp import SmtpServer


@pytest.fixture
def mail_server():
    made = SmtpServer()
    yield made
    made.close()


@pytest.fixture
def settings(mail_server) -> dict[str, str]:
    """Settings that reach the mail server."""
    return {
        "mail.url": f"smtp://localhost:{mail_server.port}?tls=off",
        "mail.sender": "Example <id@example.org>",
    }
