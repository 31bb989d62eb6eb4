"""Every metric: its name, its type, its labels and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "histogram", "gauge"]

OF_REQUESTS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
OF_TRIPS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
"""Upper bounds of the buckets of histograms, in seconds."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric. ``bounds`` are the upper bounds of a histogram's buckets, in seconds.

    The value of a ``computed`` one is found out at each scrape; the others are counted where they
    happen, and those of several processes are added.
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str
    bounds: tuple[float, ...] = ()
    computed: bool = False


REQUESTS = Metric(
    "oauthprov_requests_total",
    "counter",
    ("endpoint", "method", "status", "error", "grant_type"),
    "Requests that were answered.",
)
REQUEST_DURATION = Metric(
    "oauthprov_request_duration_seconds",
    "histogram",
    ("endpoint",),
    "Seconds until the response to a request was ready.",
    OF_REQUESTS,
)
EVENTS = Metric(
    "oauthprov_events_total", "counter", ("event",), "Events, such as sign-ins and revocations."
)
SIGN_IN_FAILURES = Metric(
    "oauthprov_sign_in_failures_total", "counter", ("how",), "Sign-ins that failed."
)
STORAGE_DURATION = Metric(
    "oauthprov_storage_duration_seconds",
    "histogram",
    ("verb",),
    "Seconds that a call of the storage took, failed ones included.",
    OF_TRIPS,
)
STORAGE_FAILURES = Metric(
    "oauthprov_storage_failures_total",
    "counter",
    ("verb",),
    "Calls of the storage that failed; a conflict is no failure.",
)
PASSWORDS = Metric(
    "oauthprov_passwords_hashing", "gauge", (), "Passwords that are being hashed now."
)
MAILS = Metric("oauthprov_mails_sending", "gauge", (), "Mails that are being sent now.")
MAIL_TASKS = Metric(
    "oauthprov_mail_tasks", "gauge", (), "Tasks in the background that send mail, or will."
)
QUEUES = Metric(
    "oauthprov_queue_length",
    "gauge",
    ("queue",),
    "Work that waits; 1000 means 1000 or more.",
    computed=True,
)
KEY_AGE = Metric(
    "oauthprov_signing_key_age_seconds",
    "gauge",
    ("alg",),
    "Seconds since the newest signing key was made.",
    computed=True,
)
KEY_ROTATION = Metric(
    "oauthprov_signing_key_rotation_seconds",
    "gauge",
    ("alg",),
    "Seconds until the next signing key signs; absent if keys aren't rotated.",
    computed=True,
)
STORAGE_UP = Metric(
    "oauthprov_storage_up",
    "gauge",
    (),
    "1 if the storage answered this scrape, else 0; then the values that are read from it are"
    " absent.",
    computed=True,
)
BUILD = Metric("oauthprov_build_info", "gauge", ("version",), "Always 1.", computed=True)

CATALOG = (
    *(REQUESTS, REQUEST_DURATION, EVENTS, SIGN_IN_FAILURES),
    *(STORAGE_DURATION, STORAGE_FAILURES, STORAGE_UP),
    *(PASSWORDS, MAILS, MAIL_TASKS, QUEUES),
    *(KEY_AGE, KEY_ROTATION, BUILD),
)
"""Every metric, in the order in which they are written."""
