"""Metrics for Prometheus: what is counted, how processes are added, and how it is written.

:mod:`oauthprov.metrics.exposition` and :mod:`oauthprov.metrics.sharing` need the extra
``metrics``, and are imported only where metrics are enabled.
"""
