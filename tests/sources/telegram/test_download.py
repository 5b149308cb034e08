"""Where a file is"""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telethon.tl import types
from telethon.tl.alltlobjects import LAYER

from monitor.errors import Expired
from monitor.model.post import Raw
from monitor.sources.telegram.download import location
from monitor.sources.telegram.media import attached

DOCUMENT = types.Document(77, 78, b"reference", None, "video/mp4", 5, 4, [])
PHOTO = types.Photo(
    87,
    88,
    b"reference",
    None,
    [
        types.PhotoStrippedSize("i", b""),
        types.PhotoSize("m", 10, 10, 99),
        types.PhotoSizeProgressive("y", 90, 90, [1, 9]),
    ],
    2,
)


def raw(media: object) -> Raw:
    message = types.Message(id=1, peer_id=types.PeerChannel(5), date=None, message="", media=media)
    return Raw("tl", bytes(message), layer=LAYER)


def test_is_told_by_the_post_with_the_data_centre() -> None:
    where, dc = location(raw(types.MessageMediaDocument(document=DOCUMENT)), 77)

    assert (where.id, where.access_hash, where.file_reference, dc) == (77, 78, b"reference", 4)


def test_of_a_photo_is_that_of_the_size_that_the_post_tells_of() -> None:
    media = types.MessageMediaPhoto(photo=PHOTO)

    where, dc = location(raw(media), 87)

    assert (where.id, where.thumb_size, dc) == (87, "y", 2)
    assert attached(media)[0].size == 9


def test_is_found_however_deep_it_lies() -> None:
    paid = types.MessageMediaPaidMedia(5, [types.MessageExtendedMedia(types.MessageMediaDocument(document=DOCUMENT))])

    assert location(raw(paid), 77)[0].id == 77


@pytest.mark.parametrize(
    "post",
    [
        raw(None),
        raw(types.MessageMediaDocument(document=types.DocumentEmpty(77))),
        raw(types.MessageMediaDocument(document=DOCUMENT)),
        Raw("json", b"{}"),
        Raw("tl", b""),
    ],
)
def test_must_be_asked_for_anew_where_it_is_not_told(post: Raw) -> None:
    with pytest.raises(Expired):
        location(post, 76 if b"reference" in post.data else 77)


@given(data=st.binary(max_size=200), cut=st.integers(0, 200))
def test_in_damaged_bytes_is_never_more_than_unknown(data: bytes, cut: int) -> None:
    whole = raw(types.MessageMediaDocument(document=DOCUMENT)).data

    for odd in (data, whole[:cut], whole[:cut] + data):
        with suppress(Expired):
            location(Raw("tl", odd), 77)
