"""Faults under load: what clients were given still holds after the storage or a server has failed.

A real deployment (server processes over a store that this package starts on ports of its own)
serves eight clients while something is killed, stopped, filled or cut short. A ledger keeps every
token that a client received; afterwards a judge asks the provider about each of them.
``docs/faults.md`` says what is proven. ``make faults`` runs all of it; ``test_faults.py`` is the
short form.
"""
