"""How does a content lie on the disk: compressed with a dictionary of what posts are made of, or plain where that is shorter?

`bench/dictionary.py` makes the dictionary. It is copied into each database, so that the file stays whole without this program.
"""

from collections.abc import Callable, Sequence
from importlib.resources import files

import zstandard

from monitor.stores.sqlite.file import Database

PLAIN, ZSTD = 0, 1
"""Codecs: not compressed, and zstd without a dictionary. From 2 on each is a row of `dictionaries`."""

_HOW = zstandard.ZstdCompressionParameters.from_level(2, window_log=16, hash_log=13, write_dict_id=False)
"""A table so small that the processor keeps it at hand between two batches: that of the level itself is made for files. The next
level takes 1.8 times the time and saves one byte in twenty."""
_LARGEST = 256 * 1024 * 1024
"""Bytes that a body may claim to hold: a damaged one must not take all memory."""

Packing = Callable[[bytes], bytes]


def provide(database: Database) -> None:
    """Copy this program's dictionary into the file, unless it is there already."""
    ours = (files(__package__ or "") / "posts.dict").read_bytes()
    if _codec(database, ours) is None:
        database.execute("BEGIN IMMEDIATE")
        try:
            if _codec(database, ours) is None:  # another process may have been quicker
                database.execute(
                    "INSERT INTO dictionaries SELECT ifnull(max(codec), ?) + 1, ? FROM dictionaries", (ZSTD, ours)
                )
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise


def _codec(database: Database, dictionary: bytes) -> int | None:
    row = database.execute("SELECT codec FROM dictionaries WHERE dictionary = ?", (dictionary,)).fetchone()
    return None if row is None else int(row[0])


class Packer:
    """Compresses with the newest dictionary of the file. For one thread."""

    def __init__(self, database: Database) -> None:
        row = database.execute("SELECT codec, dictionary FROM dictionaries ORDER BY codec DESC LIMIT 1").fetchone()
        self._codec = ZSTD
        dictionary = None
        if row is not None:
            self._codec = row[0]
            dictionary = zstandard.ZstdCompressionDict(row[1])
            dictionary.precompute_compress(compression_params=_HOW)
        self._compressor = zstandard.ZstdCompressor(compression_params=_HOW, dict_data=dictionary)

    def pack(self, contents: Sequence[bytes]) -> list[tuple[int, bytes]]:
        """Codec and body of each; none is empty. Other threads get one turn meanwhile, not one for each."""
        if not contents:
            return []
        bodies = self._compressor.multi_compress_to_buffer(list(contents), threads=1)
        return [
            (self._codec, bodies[at].tobytes()) if len(bodies[at]) < len(content) else (PLAIN, content)
            for at, content in enumerate(contents)
        ]


class Unpacker:
    """Knows every dictionary that it has met. For one thread."""

    def __init__(self) -> None:
        self._expand: dict[int, Packing] = {ZSTD: _expander(None)}

    def unpack(self, database: Database, codec: int, body: bytes) -> bytes:
        """The content; nothing where the body is damaged: its digest then names the record."""
        if codec == PLAIN:
            return body
        try:
            if not 0 <= zstandard.frame_content_size(body) <= _LARGEST:
                return b""
            return (self._expand.get(codec) or self._meet(database, codec))(body)
        except zstandard.ZstdError:
            return b""

    def _meet(self, database: Database, codec: int) -> Packing:
        row = database.execute("SELECT dictionary FROM dictionaries WHERE codec = ?", (codec,)).fetchone()
        if row is None:
            raise zstandard.ZstdError(f"no dictionary {codec}")
        self._expand[codec] = _expander(zstandard.ZstdCompressionDict(row[0]))
        return self._expand[codec]


def _expander(dictionary: zstandard.ZstdCompressionDict | None) -> Packing:
    expand = zstandard.ZstdDecompressor(dict_data=dictionary).decompress
    return lambda body: expand(body, allow_extra_data=False)
