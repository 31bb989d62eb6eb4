"""Mail from a page that doesn't wait for ever, whatever the mailer does."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial

from oauthprov.background import in_thread
from oauthprov.errors import MailError
from oauthprov.mail.mailer import Mailer, Message

PATIENCE = 10.0
"""Seconds that a page waits for a mail to be taken."""
AT_ONCE = 4
"""Mails under way in one process; more are refused, or a slow server would take every thread."""


class Outbox:
    """Sends by a mailer, and waits for it at most ``seconds``.

    Looking up a name, connecting and each answer of a mail server take time that no single limit
    covers. So a thread does it; one that is given up may end later, and its mail may still go out.
    """

    def __init__(self, mailer: Mailer, seconds: float = PATIENCE) -> None:
        self._mailer = mailer
        self._seconds = seconds
        self._free = threading.BoundedSemaphore(AT_ONCE)

    def send(self, message: Message) -> None:
        """Send a mail. Raises MailError, whatever went wrong; its words are for the log."""
        if not self._free.acquire(blocking=False):
            raise MailError(f"{AT_ONCE} other mails are being sent")
        sent: Future[None] = Future()
        if not in_thread("mail", partial(copy_context().run, self._work, message, sent)):
            self._free.release()
            raise MailError("no thread is free to send it")
        try:
            sent.result(self._seconds)
        except MailError:
            raise
        except TimeoutError:
            raise MailError(f"sending took more than {self._seconds:g} seconds") from None
        except Exception as defect:  # a host's own mailer; what it says may hold anything
            raise MailError(f"the mailer failed: {type(defect).__name__}") from None

    def _work(self, message: Message, sent: Future[None]) -> None:
        failure: BaseException | None = None
        try:
            self._mailer.send(message)
        except BaseException as error:  # it is raised where somebody waits
            failure = error
        self._free.release()
        sent.set_exception(failure) if failure else sent.set_result(None)
