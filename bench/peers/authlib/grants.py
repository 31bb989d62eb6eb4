"""What Authlib leaves to an app: where codes and tokens are stored, and the claims of alice."""

import os
import time
from pathlib import Path

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.integrations.sqla_oauth2 import (
    create_bearer_token_validator,
    create_query_client_func,
    create_query_token_func,
    create_save_token_func,
)
from authlib.oauth2.rfc6749.grants import (
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    RefreshTokenGrant,
)
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oidc.core import UserInfo, UserInfoEndpoint
from authlib.oidc.core.grants import OpenIDCode
from joserfc.jwk import KeySet, RSAKey
from models import AuthorizationCode, Client, Token, db

ISSUER = os.environ["BENCH_ORIGIN"]
KEYS = KeySet([RSAKey.import_key(Path(os.environ["BENCH_KEY"]).read_text(), {"alg": "RS256"})])
METHODS = ["client_secret_basic"]


class CodeGrant(AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def save_authorization_code(self, code, request):
        payload = request.payload
        db.session.add(
            AuthorizationCode(
                code=code,
                client_id=request.client.client_id,
                redirect_uri=payload.redirect_uri,
                scope=payload.scope,
                user_id=request.user.id,
                nonce=payload.data.get("nonce"),
                code_challenge=payload.data.get("code_challenge"),
                code_challenge_method=payload.data.get("code_challenge_method"),
            )
        )
        db.session.commit()

    def query_authorization_code(self, code, client):
        found = AuthorizationCode.query.filter_by(code=code, client_id=client.client_id).first()
        return found if found and not found.is_expired() else None

    def delete_authorization_code(self, authorization_code):
        db.session.delete(authorization_code)
        db.session.commit()

    def authenticate_user(self, authorization_code):
        return authorization_code.user


class RefreshGrant(RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token):
        found = Token.query.filter_by(refresh_token=refresh_token).first()
        return found if found and not found.refresh_token_revoked_at else None

    def authenticate_user(self, refresh_token):
        return refresh_token.user

    def revoke_old_credential(self, refresh_token):
        now = int(time.time())
        refresh_token.access_token_revoked_at = now
        refresh_token.refresh_token_revoked_at = now
        db.session.commit()


class MachineGrant(ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS


class OpenID(OpenIDCode):
    def exists_nonce(self, nonce, request):
        client_id = request.payload.client_id
        found = AuthorizationCode.query.filter_by(client_id=client_id, nonce=nonce).first()
        return found is not None

    def get_client_claims(self, client):
        return {"iss": ISSUER}

    def resolve_client_private_key(self, client):
        return KEYS

    def generate_user_info(self, user, scope):
        return UserInfo(sub=str(user.id))


class Introspection(IntrospectionEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token_string, token_type_hint):
        return create_query_token_func(db.session, Token)(token_string, token_type_hint)

    def check_permission(self, token, client, request):
        return token.check_client(client)

    def introspect_token(self, token):
        return {
            "active": True,
            "client_id": token.client_id,
            "token_type": token.token_type,
            "sub": str(token.user_id),
            "scope": token.get_scope(),
            "iss": ISSUER,
            "exp": token.issued_at + token.expires_in,
            "iat": token.issued_at,
        }


class UserInfoAnswer(UserInfoEndpoint):
    def generate_user_info(self, user, scope):
        return UserInfo(sub=str(user.id)).filter(scope)


def provider(app) -> AuthorizationServer:
    server = AuthorizationServer(
        app,
        query_client=create_query_client_func(db.session, Client),
        save_token=create_save_token_func(db.session, Token),
    )
    protector = ResourceProtector()
    protector.register_token_validator(create_bearer_token_validator(db.session, Token)())
    server.register_grant(CodeGrant, [CodeChallenge(required=True), OpenID()])
    server.register_grant(RefreshGrant)
    server.register_grant(MachineGrant)
    server.register_endpoint(Introspection)
    server.register_endpoint(UserInfoAnswer(resource_protector=protector))
    return server
