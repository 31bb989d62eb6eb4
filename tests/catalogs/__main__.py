"""``make pot``: writes the template and brings every catalog up to it."""

from __future__ import annotations

from tests.catalogs import extraction

if __name__ == "__main__":
    missing = extraction.update()
    for line in missing:
        print(f"not translated yet, {line}")
