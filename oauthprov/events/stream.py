"""The stream of events: to the log, to subscribers, and to the audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from oauthprov import logs
from oauthprov.events.event import Event
from oauthprov.events.log import write
from oauthprov.events.recorder import Recorder

if TYPE_CHECKING:
    from oauthprov.events.scope import Scope

log = logs.logger(__name__)


class Stream:
    """Passes each event on, once. ``clock`` returns epoch seconds.

    ``notify`` calls the subscribers, each by :func:`hand_to`: the event has happened, whatever one
    raises. ``recorder`` keeps the audit, None if there is none.
    """

    def __init__(
        self,
        clock: Callable[[], int],
        notify: Callable[[Event], object] | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self.clock = clock
        self.recorder = recorder
        self._notify = notify

    def publish(self, scope: Scope, event: Event) -> None:
        """Publish an event that no commit has stored."""
        if self.recorder is not None:
            self.recorder.put(scope, event)
        self.tell(event)

    def tell(self, event: Event) -> None:
        """Log the event and tell the subscribers."""
        write(event)
        if self._notify is not None:
            hand_to(self._notify, event)


def hand_to(subscriber: Callable[[Event], object], event: Event) -> None:
    """Call a subscriber; what it raises is logged, and keeps the event from nobody else."""
    try:
        subscriber(event)
    except Exception:
        log.exception("a subscriber of %s failed", event.name)
