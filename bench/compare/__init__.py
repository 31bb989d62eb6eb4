"""Measures this project beside others of its kind, under the same load, in one run.

    make bench
    make bench BENCH_ARGS="--targets oauthprov-redis oidc-provider --workloads W1 --rounds 2"
    python -m bench.compare --help

It installs the peers into ``var/bench``, starts PostgreSQL, Redis and all servers on free ports of
127.0.0.1, sends load by wrk in alternating rounds, checks every answer, and ends all that it
started. Results are a table, and a JSON file in ``bench/results``. It needs Linux.
"""
