"""What every resource server needs, beside the provider or elsewhere (RFC 6750, RFC 9728).

It knows neither storage nor the protocol's engine nor a web framework. :mod:`oauthprov.web` uses
it for views of the provider's app, :mod:`oauthprov.resource_server` for apps elsewhere.
"""
