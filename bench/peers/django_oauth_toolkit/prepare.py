"""Makes the tables, alice and two clients.

The client secrets aren't hashed, which the toolkit allows for each client: its default, PBKDF2,
takes a fifth of a second a request. The web client skips the question for consent: the other way,
``approval_prompt=auto``, loads all live tokens of a user, so it gets slower with every request.
"""

import os

import django
from django.core.management import call_command

django.setup()


def main() -> None:
    from django.contrib.auth import get_user_model
    from oauth2_provider.models import Application

    call_command("migrate", verbosity=0)
    get_user_model().objects.create_user("alice", password=os.environ["BENCH_PASSWORD"])
    shared = {
        "client_type": Application.CLIENT_CONFIDENTIAL,
        "client_secret": os.environ["BENCH_SECRET"],
        "hash_client_secret": False,
    }
    Application.objects.create(
        client_id="web",
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris="https://app.example/callback",
        skip_authorization=True,
        algorithm=Application.RS256_ALGORITHM,
        **shared,
    )
    Application.objects.create(
        client_id="machine",
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        **shared,
    )


if __name__ == "__main__":
    main()
