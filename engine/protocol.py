"""The framed protocol between Blender and the worker: messages serialised to bytes and back.

A frame is a 20-byte prefix (magic number, header length, payload length, CRC-32 of header and
payload), a JSON header in UTF-8, and the payload: the arrays' little-endian bytes one after
another. No pickle, no code. Imports NumPy and the standard library only; reads and writes any
binary stream and knows neither processes nor models.
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

from .motion.clip import Clip
from .motion.request import MotionRequest, MotionResult, Progress, RequestError
from .motion.tracks import Track, tracks_from_json, tracks_to_json

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

LOAD: Final = "load"
REQUEST: Final = "request"
CANCEL: Final = "cancel"
BUSY: Final = "busy"  # Blender plays or renders, or no longer: `is_busy`; belongs to no request
LOADED: Final = "loaded"
PROGRESS: Final = "progress"
RESULT: Final = "result"
CANCELLED: Final = "cancelled"
ERROR: Final = "error"


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


def request_to_message(id: int, request: MotionRequest) -> Message:
    """Return the REQUEST message of a motion request."""
    fields: dict[str, Any] = {
        "prompt": request.prompt,
        "seconds": request.seconds,
        "seed": request.seed,
        "takes": request.takes,
        "needs_prompt": request.needs_prompt,
        "variation": request.variation,
        "strength": request.strength,
        "beats": [list(beat) for beat in request.beats],
        "tracks": tracks_to_json(request.tracks),
        "plan_only": request.plan_only,
        "model": request.model,
    }
    arrays: dict[str, AnyArray] = {}
    if request.clip is not None:
        _put_clip("clip", request.clip, fields, arrays)
    if request.mask is not None:
        arrays["mask"] = request.mask
    return Message(REQUEST, id, fields, arrays)


def load_message(id: int, model: str = "") -> Message:
    """Return the LOAD message, which loads a model (empty: the default one) ahead of requests."""
    return Message(LOAD, id, {"model": model})


def message_to_model(message: Message) -> str:
    """Return the model named by a LOAD or REQUEST message; empty for the default one.

    Raises:
        ProtocolError: if it has another type.
    """
    return str(_get(message, "model", str)) if "model" in message.fields else ""


def message_to_request(message: Message) -> MotionRequest:
    """Return the motion request of a REQUEST message; its values are not validated here.

    Raises:
        ProtocolError: if a field is missing or has another type.
    """
    return MotionRequest(
        prompt=_get(message, "prompt", str),
        seconds=float(_get(message, "seconds", float, int)),
        seed=_get(message, "seed", int),
        takes=_get(message, "takes", int),
        clip=_get_clip("clip", message) if "clip.fps" in message.fields else None,
        mask=_get_array(message, "mask", "|b1") if "mask" in message.arrays else None,
        needs_prompt=_get(message, "needs_prompt", bool),
        variation=float(_get(message, "variation", float, int)),
        strength=float(_get(message, "strength", float, int)),
        beats=tuple(_get_beat(beat) for beat in _get(message, "beats", list)),
        tracks=_get_tracks(message, "tracks"),
        plan_only=_get(message, "plan_only", bool),
        model=_get(message, "model", str),
    )


def _get_beat(beat: Any) -> tuple[str, float]:
    if (
        not isinstance(beat, list)
        or [type(value) for value in beat[:1]] != [str]
        or [type(value) in (float, int) for value in beat[1:]] != [True]
    ):
        raise ProtocolError(f"a beat is {beat!r}")
    return beat[0], float(beat[1])


def _get_tracks(message: Message, name: str) -> tuple[Track, ...]:
    value = _get(message, name, list)
    try:
        return tracks_from_json(value) if value else ()
    except RequestError as error:
        raise ProtocolError(f"{name} of {message.kind}: {error.message}") from error


def result_to_message(id: int, result: MotionResult) -> Message:
    """Return the RESULT message, which ends a request with its motions."""
    fields: dict[str, Any] = {
        "takes": len(result.clips),
        "contacts": len(result.contacts),
        "prompt_cut": result.prompt_cut,
        "root_gaps": list(result.root_gaps),
        "different_takes": result.different_takes,
        "stage_seconds": dict(result.stage_seconds),
        "plan": tracks_to_json(result.plan),
        "notes": list(result.notes),
    }
    arrays: dict[str, AnyArray] = {}
    for take, clip in enumerate(result.clips):
        _put_clip(f"clip{take}", clip, fields, arrays)
    for take, contacts in enumerate(result.contacts):
        arrays[f"contacts{take}"] = contacts
    return Message(RESULT, id, fields, arrays)


def message_to_result(message: Message) -> MotionResult:
    """Return the motions of a RESULT message.

    Raises:
        ProtocolError: if a field or an array is missing or has another type.
    """
    stage_seconds = _get(message, "stage_seconds", dict)
    if not all(isinstance(seconds, (float, int)) for seconds in stage_seconds.values()):
        raise ProtocolError("the stage seconds are no numbers")
    root_gaps = _get(message, "root_gaps", list)
    if not all(isinstance(gap, (float, int)) for gap in root_gaps):
        raise ProtocolError("the root gaps are no numbers")
    notes = _get(message, "notes", list)
    if not all(isinstance(note, str) for note in notes):
        raise ProtocolError("the notes are no texts")
    return MotionResult(
        clips=tuple(_get_clip(f"clip{take}", message) for take in _counted(message, "takes")),
        contacts=tuple(
            _get_array(message, f"contacts{take}", "|b1") for take in _counted(message, "contacts")
        ),
        prompt_cut=_get(message, "prompt_cut", str),
        root_gaps=tuple(root_gaps),
        different_takes=_get(message, "different_takes", int),
        stage_seconds=stage_seconds,
        plan=_get_tracks(message, "plan"),
        notes=tuple(notes),
    )


def progress_to_message(id: int, progress: Progress) -> Message:
    """Return the PROGRESS message of a running request."""
    fields = {"done": progress.done, "total": progress.total, "label": progress.label}
    return Message(PROGRESS, id, fields)


def message_to_progress(message: Message) -> Progress:
    """Return the progress of a PROGRESS message.

    Raises:
        ProtocolError: if a field is missing or has another type.
    """
    return Progress(
        done=_get(message, "done", int),
        total=_get(message, "total", int),
        label=_get(message, "label", str),
    )


def error_to_message(id: int, text: str, remedy: str) -> Message:
    """Return the ERROR message, which ends a request: one sentence, and a remedy."""
    return Message(ERROR, id, {"message": text, "remedy": remedy})


def message_to_error(message: Message) -> tuple[str, str]:
    """Return the sentence and the remedy of an ERROR message.

    Raises:
        ProtocolError: if a field is missing or has another type.
    """
    return _get(message, "message", str), _get(message, "remedy", str)


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


def _get(message: Message, name: str, *types: type) -> Any:
    value = message.fields.get(name)
    # type(), not isinstance(): bool is a subclass of int.
    if type(value) not in types:
        raise ProtocolError(f"{name} of {message.kind} is {value!r}")
    return value


def _counted(message: Message, name: str) -> range:
    count = _get(message, name, int)
    if not 0 <= count <= MOST_ARRAYS:
        raise ProtocolError(f"{name} of {message.kind} is {count}")
    return range(count)


def _get_array(message: Message, name: str, *dtypes: str) -> AnyArray:
    array = message.arrays.get(name)
    if array is None or array.dtype.str not in dtypes:
        raise ProtocolError(f"{message.kind} lacks the array {name}, or it has another dtype")
    return array


def _put_clip(
    name: str, clip: Clip, fields: dict[str, Any], arrays: dict[str, AnyArray]
) -> None:
    fields[f"{name}.fps"] = float(clip.fps)
    arrays[f"{name}.root_pos"] = clip.root_pos
    arrays[f"{name}.rot"] = clip.rot


def _get_clip(name: str, message: Message) -> Clip:
    root_pos = _get_array(message, f"{name}.root_pos", "<f4", "<f8")
    rot = _get_array(message, f"{name}.rot", "<f4", "<f8")
    try:
        return Clip(root_pos, rot, float(_get(message, f"{name}.fps", float, int)))
    except ValueError as error:
        raise ProtocolError(f"{name} of {message.kind} is no clip: {error}") from error
