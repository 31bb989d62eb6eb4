"""The tables: one per kind, one column per field, and storage's own columns.

Keys and indexed values compare byte by byte on every engine: by default on SQLite, with the
collation C on PostgreSQL, with VARBINARY on MariaDB. Tuples are JSON text. There are no foreign
keys: a record is judged with its grant when it is read, and InnoDB would lock the grant at each
insert.
"""

from __future__ import annotations

from sqlalchemy import Table

from oauthprov import records
from oauthprov.records import Record
from oauthprov.storage.sql.tables.audit import audit_entries
from oauthprov.storage.sql.tables.clients import (
    clients,
    disabled_hosts,
    initial_access_tokens,
    logos,
)
from oauthprov.storage.sql.tables.columns import JSON as JSON
from oauthprov.storage.sql.tables.columns import KEY as KEY
from oauthprov.storage.sql.tables.columns import TEXT as TEXT
from oauthprov.storage.sql.tables.columns import metadata as metadata
from oauthprov.storage.sql.tables.devices import device_grants, user_codes
from oauthprov.storage.sql.tables.factors import pending_sign_ins, recovery_codes, totps
from oauthprov.storage.sql.tables.grants import (
    access_tokens,
    authorization_codes,
    pushed_requests,
    receipts,
    refresh_tokens,
)
from oauthprov.storage.sql.tables.grants import grants as grants
from oauthprov.storage.sql.tables.passkeys import passkeys
from oauthprov.storage.sql.tables.people import (
    account_removals,
    accounts,
    confirmed_addresses,
    consents,
    email_verifications,
    logins,
    password_resets,
    sessions,
)
from oauthprov.storage.sql.tables.server import (
    ended_sessions,
    interactions,
    logout_deliveries,
    seen,
    signing_keys,
    sweeps,
    transfers,
)

REVISION = "0024"
"""The revision of these tables: the newest in ``migrations/versions``."""
VERSION_TABLE = "oauthprov_version"
"""The table of the revision; Alembic's default name may be in use by a host."""

TABLES: dict[type[Record], Table] = {
    records.Account: accounts,
    records.Login: logins,
    records.Client: clients,
    records.Consent: consents,
    records.Grant: grants,
    records.AuthorizationCode: authorization_codes,
    records.AccessToken: access_tokens,
    records.RefreshToken: refresh_tokens,
    records.Receipt: receipts,
    records.Interaction: interactions,
    records.Session: sessions,
    records.SigningKey: signing_keys,
    records.ReplayMark: seen,
    records.InitialAccessToken: initial_access_tokens,
    records.LogoutDelivery: logout_deliveries,
    records.Logo: logos,
    records.EmailVerification: email_verifications,
    records.ConfirmedAddress: confirmed_addresses,
    records.PasswordReset: password_resets,
    records.Totp: totps,
    records.RecoveryCodes: recovery_codes,
    records.PendingSignIn: pending_sign_ins,
    records.EndedSession: ended_sessions,
    records.Sweep: sweeps,
    records.Passkey: passkeys,
    records.AccountRemoval: account_removals,
    records.Transfer: transfers,
    records.AuditEntry: audit_entries,
    records.DeviceGrant: device_grants,
    records.UserCode: user_codes,
    records.PushedRequest: pushed_requests,
    records.DisabledHost: disabled_hosts,
}
