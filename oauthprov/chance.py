"""Random numbers that no secret depends on, from a generator of its own.

A host may seed Python's: versions of records and ids of requests would repeat then. A forked
process doesn't repeat the numbers of its parent.
"""

from __future__ import annotations

import os
import random

_generator = random.Random()  # noqa: S311 - no secret depends on it
os.register_at_fork(after_in_child=_generator.seed)

getrandbits = _generator.getrandbits
randint = _generator.randint
uniform = _generator.uniform
