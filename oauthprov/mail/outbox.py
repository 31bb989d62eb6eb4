"""Sends mail for pages, with a time limit for any mailer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial
from random import SystemRandom

from oauthprov.errors import MailError
from oauthprov.mail.mailer import Mailer, Message
from oauthprov.threads import in_thread

PATIENCE = 10.0
"""Seconds that a page waits until the mailer has accepted a mail."""
AT_ONCE = 4
"""Mails sent at a time per process; more are refused, lest a slow server hold all threads."""
IN_BACKGROUND = 50
"""Tasks of :meth:`Outbox.later` at a time per process; more are refused."""
PAUSE = (1.0, 3.0)
"""Seconds, at least and at most, that a task which nobody may notice waits before it begins."""


class Places:
    """So many places; ``tell`` is called with 1 when one is taken, with -1 when it is left."""

    def __init__(self, many: int, tell: Callable[[int], object]) -> None:
        self._free = threading.BoundedSemaphore(many)
        self._tell = tell

    def take(self, seconds: float = 0) -> bool:
        """Take a place within ``seconds``; return False if none is free."""
        taken = self._free.acquire(timeout=seconds)
        if taken:
            self._tell(1)
        return taken

    def leave(self) -> None:
        """Leave a place."""
        self._tell(-1)
        self._free.release()


class Outbox:
    """Sends with a mailer, and waits for it at most ``seconds``; ``pause`` waits, too.

    ``sending`` is called with 1 when a mail begins to be sent and with -1 at its end, ``working``
    the same for each task of :meth:`later`.

    No single time limit covers resolving the host, connecting and all replies of a mail server.
    Hence a thread sends the mail; after the time limit the thread goes on, and the mail may still
    be sent.
    """

    def __init__(
        self,
        mailer: Mailer,
        seconds: float = PATIENCE,
        pause: Callable[[float], object] = time.sleep,
        *,
        sending: Callable[[int], object] = bool,
        working: Callable[[int], object] = bool,
    ) -> None:
        self.pause = pause
        self._mailer = mailer
        self._seconds = seconds
        self._free = Places(AT_ONCE, sending)
        self._background = Places(IN_BACKGROUND, working)

    def later(self, work: Callable[[], object], *, unnoticed: bool = False) -> bool:
        """Run ``work``, which sends mail, in a thread; return False if too many already run.

        ``unnoticed`` waits for a random time first. Otherwise the response, which is
        sent meanwhile, would take longer the more there is to do. ``work`` runs in a copy of the
        caller's context. It is lost if the process ends before it does.
        """
        if not self._background.take():
            return False

        def run() -> None:
            try:
                if unnoticed:
                    self.pause(SystemRandom().uniform(*PAUSE))
                work()
            finally:
                self._background.leave()

        if in_thread("outbox", partial(copy_context().run, run)):
            return True
        self._background.leave()
        return False

    def send(self, message: Message, *, patient: bool = False) -> None:
        """Send a mail. Raises MailError for any failure; its message is for the log.

        If AT_ONCE others are being sent, it fails at once, or ``patient`` waits for one of them.
        """
        if not self._free.take(self._seconds if patient else 0):
            raise MailError(f"{AT_ONCE} other mails are being sent")
        sent: Future[None] = Future()
        if not in_thread("mail", partial(copy_context().run, self._work, message, sent)):
            self._free.leave()
            raise MailError("no thread is free to send it")
        try:
            sent.result(self._seconds)
        except MailError:
            raise
        except TimeoutError:
            raise MailError(f"sending took more than {self._seconds:g} seconds") from None
        except Exception as defect:  # from a host's mailer; its message may contain secrets
            raise MailError(f"the mailer failed: {type(defect).__name__}") from None

    def _work(self, message: Message, sent: Future[None]) -> None:
        failure: BaseException | None = None
        try:
            self._mailer.send(message)
        except BaseException as error:  # raised again in the waiting thread
            failure = error
        self._free.leave()
        sent.set_exception(failure) if failure else sent.set_result(None)
