"""Image types, recognised by their bytes alone."""

import pytest

from oauthprov.protocol.clients.images import MEDIA_TYPES, SIDE_LIMIT, recognised
from tests.gallery import HTML, IMAGES, SVG, png

WEBP = b"RIFF\x1a\0\0\0WEBP"
LOSSY = WEBP + b"VP8 \x18\0\0\0\x30\x01\0\x9d\x01\x2a"
LOSSLESS = WEBP + b"VP8L\x0d\0\0\0\x2f"


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_an_image_of_each_kind_is_recognised(media_type):
    assert recognised(IMAGES[media_type]) == media_type


@pytest.mark.parametrize(
    "content",
    [LOSSY + b"\x10\0\x20\0", LOSSLESS + b"\x0f\0\0\0\0\0\0\0\0"],
    ids=["lossy", "lossless"],
)
def test_every_kind_of_webp_is_recognised(content):
    assert recognised(content) == "image/webp"


@pytest.mark.parametrize(
    "content",
    [
        png(SIDE_LIMIT + 1, 1),
        png(1, SIDE_LIMIT + 1),
        png(0, 1),
        IMAGES["image/jpeg"].replace(b"\xff\xc0\0\x11\x08\0\x02", b"\xff\xc0\0\x11\x08\xff\xff"),
        b"GIF89a\xff\xff\x01\0\0\0\0",
        WEBP + b"VP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\x01\0\0",
        LOSSY + b"\xff\x3f\x01\0",
        LOSSLESS + b"\xff\xff\xff\xff\0\0\0\0\0",
    ],
    ids=["png", "high", "empty", "jpeg", "gif", "webp", "lossy", "lossless"],
)
def test_an_image_with_too_many_pixels_is_refused(content):
    with pytest.raises(ValueError, match="pixels"):
        recognised(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        SVG,
        HTML,
        b"<?xml version='1.0'?>" + SVG,
        b" " + IMAGES["image/png"],
        b"BM" + bytes(60),
        b"\xff\xd8\xff" + b"\xff" * 1000,
        b"\xff\xd8\xff\xe0\0\0" * 10,
        *(image[:9] for image in IMAGES.values()),
    ],
)
def test_content_that_is_no_image_is_refused(content):
    with pytest.raises(ValueError, match="isn't a PNG"):
        recognised(content)
