"""The media type and size of an image, read from its first bytes.

Only images that can't hold script are accepted, so never SVG. Nothing is decoded or re-encoded: a
decoder for untrusted input is a greater risk than any content it would remove. If such a file is
valid in another format too, that has no effect: its response states the exact type and forbids
scripts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

SIDE_LIMIT = 2048
"""Pixels of an image's width or height, at most: browsers decompress all of them."""

_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})


def recognised(content: bytes) -> str:
    """Return the media type of an image. Raises ValueError that says what is wrong with it."""
    for media_type, size_of in _KINDS.items():
        size = size_of(content)
        if size is not None:
            if not all(0 < side <= SIDE_LIMIT for side in size):
                raise ValueError(f"the image has {size[0]} x {size[1]} pixels")
            return media_type
    raise ValueError("it isn't a PNG, JPEG, GIF or WebP image")


def _png(content: bytes) -> tuple[int, int] | None:
    if len(content) < 33 or content[:8] != b"\x89PNG\r\n\x1a\n" or content[12:16] != b"IHDR":
        return None
    return _big(content[16:20]), _big(content[20:24])


def _gif(content: bytes) -> tuple[int, int] | None:
    if len(content) < 13 or content[:6] not in (b"GIF87a", b"GIF89a"):
        return None
    return _little(content[6:8]), _little(content[8:10])


def _webp(content: bytes) -> tuple[int, int] | None:
    if len(content) < 30 or content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        return None
    kind = content[12:16]
    if kind == b"VP8X":
        return _little(content[24:27]) + 1, _little(content[27:30]) + 1
    if kind == b"VP8L" and content[20] == 0x2F:
        sides = _little(content[21:25])
        return (sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        return _little(content[26:28]) & 0x3FFF, _little(content[28:30]) & 0x3FFF
    return None


def _jpeg(content: bytes) -> tuple[int, int] | None:
    """Walk the segments up to the one that holds the size."""
    if content[:3] != b"\xff\xd8\xff":
        return None
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker in _START_OF_FRAME:
            return _big(content[at + 7 : at + 9]), _big(content[at + 5 : at + 7])
        if marker == 0xFF:
            at += 1
        elif marker in _STANDALONE:
            at += 2
        else:
            at += 2 + _big(content[at + 2 : at + 4])
    return None


def _big(content: bytes) -> int:
    return int.from_bytes(content, "big")


def _little(content: bytes) -> int:
    return int.from_bytes(content, "little")


_KINDS: Mapping[str, Callable[[bytes], tuple[int, int] | None]] = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/gif": _gif,
    "image/webp": _webp,
}
MEDIA_TYPES = tuple(_KINDS)
"""Media types of the images that pages show."""
