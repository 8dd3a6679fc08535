"""Frames of the protocol: messages serialised to bytes and back.

A frame is a 20-byte prefix (magic number, header length, payload length, CRC-32 of header and
payload), a JSON header in UTF-8, and the payload: the arrays' little-endian bytes one after
another. It reads and writes any binary stream and knows no kind of message.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

AnyArray = NDArray[Any]

MAGIC: Final = b"KFL1"
"""First four bytes of a frame: the protocol's name and version."""

PREFIX: Final = struct.Struct("<4sIQI")
"""Magic number, bytes of the header, bytes of the payload, CRC-32."""

PIECE_BYTES: Final = 1 << 20
"""Most bytes that are asked of a stream at a time."""

LARGEST_HEADER_BYTES: Final = 1 << 20
LARGEST_PAYLOAD_BYTES: Final = 1 << 28
MOST_ARRAYS: Final = 1024
MOST_DIMENSIONS: Final = 8

DTYPES: Final = ("<f4", "<f8", "<i4", "<i8", "|b1")
"""The array types that can be serialised, as NumPy dtype strings; all little-endian."""

class ProtocolError(ValueError):
    """Bytes that are no valid frame, or a message that cannot be serialised or lacks a field."""


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """The content of one frame."""

    kind: str
    """Message type: LOAD, REQUEST, CANCEL, BUSY, LOADED, PROGRESS, RESULT, CANCELLED or ERROR."""

    id: int
    """Number of the request that the message belongs to."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    """Values that JSON can represent, by name."""

    arrays: Mapping[str, AnyArray] = field(default_factory=dict)
    """Arrays by name, of the types in DTYPES."""


def encode_message(message: Message) -> bytes:
    """Serialise a message to one frame; each array is copied once.

    Raises:
        ProtocolError: if the message is too large or cannot be serialised.
    """
    arrays = {name: _portable(array) for name, array in message.arrays.items()}
    header = _encode_header(message, arrays)
    payload = [array.reshape(-1).view(np.uint8) for array in arrays.values()]
    payload_bytes = sum(piece.nbytes for piece in payload)
    _check_sizes(len(header), payload_bytes)
    checksum = zlib.crc32(header)
    for piece in payload:
        checksum = zlib.crc32(piece.data, checksum)
    prefix = PREFIX.pack(MAGIC, len(header), payload_bytes, checksum)
    return b"".join([prefix, header, *(piece.data for piece in payload)])


def write_message(stream: IO[bytes], message: Message) -> None:
    """Serialise a message, write its frame to a stream and flush the stream.

    Raises:
        ProtocolError: if the message is too large or cannot be serialised; nothing is written.
        OSError: if the reading end of the stream is closed.
    """
    stream.write(encode_message(message))
    stream.flush()


def read_message(stream: IO[bytes]) -> Message | None:
    """Read one frame from a stream; None at the end of the stream between two frames.

    The arrays are views into one buffer that belongs to the message: writable, not copied.

    Raises:
        ProtocolError: if the bytes are no complete frame or the checksum is wrong.
    """
    prefix = _read_bytes(stream, PREFIX.size)
    if not prefix:
        return None
    if len(prefix) < PREFIX.size:
        raise ProtocolError("the stream ended inside a frame's prefix")
    magic, header_bytes, payload_bytes, checksum = PREFIX.unpack(prefix)
    if magic != MAGIC:
        is_ours = magic[:3] == MAGIC[:3]
        reason = f"a frame starts with {MAGIC!r}, not {bytes(magic)!r}"
        raise ProtocolError("it is of another version of Keyfill" if is_ours else reason)
    _check_sizes(header_bytes, payload_bytes)
    header = _read_bytes(stream, header_bytes)
    payload = _read_bytes(stream, payload_bytes)
    if len(header) < header_bytes or len(payload) < payload_bytes:
        raise ProtocolError("the stream ended inside a frame")
    if zlib.crc32(payload, zlib.crc32(header)) != checksum:
        raise ProtocolError("a frame's checksum does not fit its bytes")
    return _decode(header, payload)


def _portable(array: AnyArray) -> AnyArray:
    array = np.asarray(array)
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    if little.dtype.str not in DTYPES:
        known = ", ".join(DTYPES)
        raise ProtocolError(f"arrays of {array.dtype} cannot be serialised, only {known}")
    return np.ascontiguousarray(little).reshape(array.shape)


def _encode_header(message: Message, arrays: Mapping[str, AnyArray]) -> bytes:
    layout = [[name, array.dtype.str, list(array.shape)] for name, array in arrays.items()]
    header = {
        "kind": message.kind,
        "id": message.id,
        "fields": dict(message.fields),
        "arrays": layout,
    }
    try:
        return json.dumps(header).encode()
    except (TypeError, ValueError) as error:
        raise ProtocolError(f"the fields of {message.kind} are no JSON: {error}") from error


def _check_sizes(header_bytes: int, payload_bytes: int) -> None:
    if header_bytes > LARGEST_HEADER_BYTES:
        raise ProtocolError(f"a header of {header_bytes} bytes is too large")
    if payload_bytes > LARGEST_PAYLOAD_BYTES:
        raise ProtocolError(f"arrays of {payload_bytes} bytes are too large")


def _read_bytes(stream: IO[bytes], count: int) -> bytearray:
    """Return `count` bytes, fewer only at the end of the stream; a pipe may return short reads."""
    buffer, filled = bytearray(count), 0
    while filled < count and (piece := stream.read(min(count - filled, PIECE_BYTES))):
        buffer[filled : filled + len(piece)] = piece
        filled += len(piece)
    del buffer[filled:]
    return buffer


def _decode(header: bytearray, payload: bytearray) -> Message:
    try:
        content = json.loads(header)
    # RecursionError: brackets nested too deep.
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"a frame's header is no JSON: {error}") from error
    if not (
        isinstance(content, dict)
        and isinstance(content.get("kind"), str)
        and type(content.get("id")) is int
        and isinstance(content.get("fields"), dict)
        and isinstance(content.get("arrays"), list)
    ):
        raise ProtocolError("a frame's header lacks kind, id, fields or arrays")
    arrays = dict(_decode_arrays(content["arrays"], payload))
    return Message(content["kind"], content["id"], content["fields"], arrays)


def _decode_arrays(layout: list[Any], payload: bytearray) -> Iterator[tuple[str, AnyArray]]:
    if len(layout) > MOST_ARRAYS:
        raise ProtocolError(f"a frame with {len(layout)} arrays is too large")
    start = 0
    for entry in layout:
        name, dtype, shape = _decode_layout(entry)
        count = 1
        for length in shape:
            count *= length  # Python's integers do not overflow, NumPy's would
        end = start + count * dtype.itemsize
        if end > len(payload):
            raise ProtocolError(f"the array {name} reaches beyond its frame")
        array = np.frombuffer(payload, dtype, count, start).reshape(shape)
        # torch does not promise to read numbers that lie across word borders, as behind a mask.
        yield name, array if array.flags.aligned else array.copy()
        start = end
    if start != len(payload):
        raise ProtocolError(f"{len(payload) - start} bytes of a frame belong to no array")


def _decode_layout(entry: Any) -> tuple[str, np.dtype[Any], tuple[int, ...]]:
    if not (isinstance(entry, list) and len(entry) == 3 and isinstance(entry[0], str)):
        raise ProtocolError("an array is described by name, dtype and shape")
    name, dtype, shape = entry
    if dtype not in DTYPES:
        raise ProtocolError(f"the array {name} has the unknown dtype {dtype}")
    if not isinstance(shape, list) or len(shape) > MOST_DIMENSIONS:
        raise ProtocolError(f"the array {name} has no proper shape")
    if any(type(length) is not int or not 0 <= length < 2**31 for length in shape):
        raise ProtocolError(f"the array {name} has no proper shape")
    return name, np.dtype(dtype), tuple(shape)
