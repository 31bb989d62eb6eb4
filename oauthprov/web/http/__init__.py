"""Requests and responses of clients as WSGI has them, without Pyramid's.

Endpoints for clients take an :class:`~oauthprov.web.http.exchange.Exchange` and return a
:class:`~oauthprov.web.http.reply.Reply`. Pyramid's views of them wrap the same functions.
"""
