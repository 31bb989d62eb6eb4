"""The tables of an Authlib provider, by the mixins that Authlib has for SQLAlchemy."""

from authlib.integrations.sqla_oauth2 import (
    OAuth2AuthorizationCodeMixin,
    OAuth2ClientMixin,
    OAuth2TokenMixin,
)
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Column, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import relationship

# Without this, each commit would make the objects of a request be loaded again.
db = SQLAlchemy(session_options={"expire_on_commit": False})


class User(db.Model):
    id = Column(Integer, primary_key=True)
    name = Column(String(40), unique=True)
    password_hash = Column(String(255))

    def get_user_id(self) -> int:
        return int(self.id)


class Consent(db.Model):
    user_id = Column(Integer, ForeignKey(User.id), primary_key=True)
    client_id = Column(String(48), primary_key=True)
    scope = Column(Text)


class Client(db.Model, OAuth2ClientMixin):
    __tablename__ = "oauth2_client"
    id = Column(Integer, primary_key=True)


class AuthorizationCode(db.Model, OAuth2AuthorizationCodeMixin):
    __tablename__ = "oauth2_code"
    __table_args__ = (Index("ix_nonce", "client_id", "nonce"),)
    id = Column(Integer, primary_key=True)
    user_id = Column(Integer, ForeignKey(User.id))
    user = relationship(User)


class Token(db.Model, OAuth2TokenMixin):
    __tablename__ = "oauth2_token"
    id = Column(Integer, primary_key=True)
    user_id = Column(Integer, ForeignKey(User.id))
    user = relationship(User)

    def get_user(self) -> User:
        return self.user

    def get_client(self) -> Client:
        return Client.query.filter_by(client_id=self.client_id).first()
