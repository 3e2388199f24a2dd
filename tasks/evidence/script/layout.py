"""The zip of a bundle, byte by byte: nothing in it but its files and what they need."""

from __future__ import annotations

import struct
import zipfile

MOMENT = (1980, 1, 1, 0, 0, 0)
MODE = 0o644 << 16


def is_laid_out_as_written(path: str, members: list[zipfile.ZipInfo]) -> bool:
    """True when the zip's headers are exactly those that we write for these files.

    Files are not compressed: so each byte of the file is one of a header or one of a content.
    """
    place, central = 0, b""
    with open(path, "rb") as file:  # noqa: PTH123 (it runs anywhere)
        for each in members:
            name, crc, size = each.filename.encode(), each.CRC, each.file_size
            middle = struct.pack("<4H3L2H", 0, 0, 0, 33, crc, size, size, len(name), 0)
            file.seek(place)
            if file.read(30 + len(name)) != b"PK\3\4\x14\0" + middle + name:
                return False
            central += b"PK\1\2\x14\3\x14\0" + middle
            central += struct.pack("<3H2L", 0, 0, 0, MODE, place) + name
            place += 30 + len(name) + size
        file.seek(place)
        count = len(members)
        end = struct.pack("<4H2LH", 0, 0, count, count, len(central), place, 0)
        return file.read() == central + b"PK\5\6" + end
