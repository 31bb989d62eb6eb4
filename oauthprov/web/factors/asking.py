"""What the pages that ask for a second factor share: the way, the limits, the page itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oauthprov import logs
from oauthprov.accounts import BuiltInAccounts
from oauthprov.events import SignInFailed, publish
from oauthprov.factors import Proven, Recovery
from oauthprov.protocol.request.answers import Pending
from oauthprov.records import Account
from oauthprov.web.device_cookie import device_of
from oauthprov.web.factors import notices
from oauthprov.web.factors.ways import Way
from oauthprov.web.i18n import too_many_attempts
from oauthprov.web.request import Request

log = logs.logger(__name__)

TEMPLATE = "factor"
FIELDS = ("way", "answer", "decision")


@dataclass(frozen=True, slots=True)
class Asking:
    """A page that asks ``account`` for a factor.

    ``page`` is the name of its route, ``ways`` are the factors that can be chosen, ``marks`` say
    where it goes on, ``pending`` is the stored request that waits for it, if any.
    """

    page: str
    account: Account
    ways: Sequence[Way]
    marks: Mapping[str, str]
    pending: Pending | None

    def way(self, name: str | None) -> Way:
        """Return the way of that name, the preferred one if there is none."""
        return next((way for way in self.ways if way.name == name), self.ways[0])

    def shown(
        self, request: Request, way: Way, problem: str | None = None, status: int = 200
    ) -> dict[str, object]:
        """Return the values of the page."""
        request.response.status_int = status
        return {
            "page": self.page,
            "client": self.pending.client if self.pending else None,
            "name": self.account.name,
            "marks": dict(self.marks),
            "way": way,
            "others": [other for other in self.ways if other is not way],
            "problem": problem,
            **way.values(request, self.account),
        }

    def limited(self, request: Request, way: Way) -> dict[str, object] | None:
        """Count an answer; return the page that refuses it if there were too many.

        Other ways than the one that was guessed at stay open.
        """
        attempts, account_id = request.oauthprov.site.attempts, self.account.account_id
        wait = attempts.factor(self.page, account_id, self._device(request))
        if not wait and way.guessable:
            wait = attempts.code(account_id)
        if not wait:
            return None
        log.warning(
            "account %s: no answer is judged for %d s: too many attempts", account_id, wait
        )
        publish(SignInFailed(account_id=account_id, how="limit"))
        request.response.headers["Retry-After"] = str(wait)
        return self.shown(request, way, too_many_attempts(wait), 429)

    def wrong(self, request: Request, way: Way) -> None:
        """Count a wrong answer, if it may have been a guess."""
        if way.guessable:
            request.oauthprov.site.attempts.wrong_code(self.account.account_id)

    def answered(self, request: Request, proven: Proven) -> None:
        """Reset the count after the right answer, and tell the owner of a used recovery code."""
        if proven.name == Recovery.name:
            notices.code_used(request, proven.account)
        attempts, account_id = request.oauthprov.site.attempts, self.account.account_id
        attempts.factor_proven(self.page, account_id, self._device(request))

    def _device(self, request: Request) -> str | None:
        return device_of(request, BuiltInAccounts.key_of(self.account.name))
