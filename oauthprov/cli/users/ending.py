"""What ends sessions and clients in a command."""

from __future__ import annotations

from oauthprov.cli.ini import Opened
from oauthprov.protocol.clients.cache import Clients
from oauthprov.protocol.logout.ending import Endings
from oauthprov.protocol.logout.sweeps import Sweeps


def endings(on: Opened) -> Endings:
    """Return what ends sessions and clients; callers pass ``batches=None`` to sweep everything.

    A server process or ``oauthprov logout deliver`` notifies the clients.
    """

    def wake() -> None:
        """Do nothing: a command has no threads."""

    clients = Clients(on.storage, on.clock, on.settings)
    sweeps = Sweeps(on.settings, on.storage, clients, on.clock)
    return Endings(on.settings, on.storage, sweeps, on.clock, wake=wake, notify=wake)
