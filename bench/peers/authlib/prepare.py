"""Makes the tables, alice and two clients."""

import os

from app import app
from models import Client, User, db
from werkzeug.security import generate_password_hash


def client(client_id: str, **metadata: object) -> Client:
    made = Client(client_id=client_id, client_secret=os.environ["BENCH_SECRET"])
    made.set_client_metadata({"token_endpoint_auth_method": "client_secret_basic", **metadata})
    return made


def main() -> None:
    with app.app_context():
        db.create_all()
        hashed = generate_password_hash(os.environ["BENCH_PASSWORD"])
        db.session.add(User(name="alice", password_hash=hashed))
        db.session.add(
            client(
                "web",
                redirect_uris=["https://app.example/callback"],
                grant_types=["authorization_code", "refresh_token"],
                response_types=["code"],
                scope="openid profile:read",
            )
        )
        machine = {"grant_types": ["client_credentials"], "scope": "profile:read"}
        db.session.add(client("machine", **machine))
        db.session.commit()


if __name__ == "__main__":
    main()
