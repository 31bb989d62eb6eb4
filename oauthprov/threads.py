"""Starting a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable


def in_thread(name: str, work: Callable[[], object]) -> bool:
    """Run ``work`` in a new thread; return False if no thread can be started.

    Exceptions of ``work`` aren't handled here.
    """
    try:
        threading.Thread(target=work, name=f"oauthprov-{name}", daemon=True).start()
    except RuntimeError:
        return False
    return True
