"""Frames: everything that goes in comes out; damage is named, never guessed around."""

import io
import json
import tracemalloc
import zlib

import numpy as np
import pytest
from keyfill_extension.engine import protocol
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.request import MotionRequest, MotionResult, Progress
from keyfill_extension.engine.protocol import Message, ProtocolError


class DribblingPipe(io.RawIOBase):
    """A pipe that hands out a few bytes at a time."""

    def __init__(self, content):
        self._content = io.BytesIO(content)

    def read(self, count=-1):
        return self._content.read(min(count, 7))


def to_bytes(message):
    stream = io.BytesIO()
    protocol.write_message(stream, message)
    return stream.getvalue()


def there_and_back(message):
    return protocol.read_message(io.BytesIO(to_bytes(message)))


def frame(header, payload=b""):
    """A frame with a right checksum around any header."""
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    checksum = zlib.crc32(payload, zlib.crc32(header))
    prefix = protocol.PREFIX.pack(protocol.MAGIC, len(header), len(payload), checksum)
    return prefix + header + payload


def header(arrays=(), **changes):
    return {"kind": "x", "id": 1, "fields": {}, "arrays": list(arrays)} | changes


def random_clip(frames, dtype=np.float64):
    random = np.random.default_rng(frames)
    return Clip(
        random.normal(size=(frames, 3)).astype(dtype),
        random.normal(size=(frames, 22, 4)).astype(dtype),
        23.976,
    )


def assert_same_clip(first, second):
    assert first.fps == second.fps
    assert first.root_pos.dtype == second.root_pos.dtype
    np.testing.assert_array_equal(first.root_pos, second.root_pos)
    np.testing.assert_array_equal(first.rot, second.rot)


@pytest.mark.parametrize("dtype", protocol.DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (0, 22, 4), (5, 3), (2, 3, 4)])
def test_arrays_arrive_bit_for_bit(dtype, shape):
    array = (np.random.default_rng(1).normal(size=shape) * 100).astype(dtype)
    arrived = there_and_back(Message("x", 4, {"a": [1, "ü", None]}, {"first": array, "b": array}))
    assert (arrived.kind, arrived.id, arrived.fields) == ("x", 4, {"a": [1, "ü", None]})
    for name in ("first", "b"):
        assert arrived.arrays[name].dtype == array.dtype
        assert arrived.arrays[name].shape == shape
        np.testing.assert_array_equal(arrived.arrays[name], array)


def test_views_and_foreign_byte_orders_arrive_as_they_read():
    array = np.arange(12.0).reshape(3, 4).T[::2].astype(">f8")
    arrived = there_and_back(Message("x", 1, {}, {"a": array}))
    np.testing.assert_array_equal(arrived.arrays["a"], array)
    arrived.arrays["a"][0] = 1.0  # belongs to the receiver


@pytest.mark.parametrize("frames", [0, 1, 40])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_edit_arrives_bit_for_bit(frames, dtype):
    mask = np.arange(frames * 4).reshape(frames, 4) % 3 == 0
    request = MotionRequest("wave", 0.0, 7, 2, random_clip(frames, dtype), mask)
    arrived = protocol.message_to_request(there_and_back(protocol.request_to_message(5, request)))
    assert (arrived.prompt, arrived.seed, arrived.takes) == ("wave", 7, 2)
    assert_same_clip(arrived.clip, request.clip)
    np.testing.assert_array_equal(arrived.mask, mask)


def test_a_request_without_a_clip_arrives():
    request = MotionRequest("läuft “schnell”", 2.5, 1, model="own/tänzer")
    arrived = protocol.message_to_request(there_and_back(protocol.request_to_message(5, request)))
    assert arrived.prompt == request.prompt
    assert arrived.seconds == 2.5
    assert arrived.model == protocol.message_to_model(protocol.request_to_message(5, request))
    assert arrived.model == "own/tänzer"
    assert arrived.clip is None
    assert arrived.mask is None


@pytest.mark.parametrize("takes", [0, 1, 3])
def test_a_result_arrives(takes):
    clips = tuple(random_clip(frames) for frames in range(takes))
    contacts = tuple(np.ones((clip.frames, 4), dtype=bool) for clip in clips)
    result = MotionResult(
        clips, contacts, "cut words", {"text": 0.25, "decoding": 1}, different_takes=takes
    )
    arrived = protocol.message_to_result(there_and_back(protocol.result_to_message(9, result)))
    assert len(arrived.clips) == len(arrived.contacts) == takes
    for one, other in zip(arrived.clips, clips, strict=True):
        assert_same_clip(one, other)
    assert arrived.prompt_cut == "cut words"
    assert arrived.different_takes == takes
    assert arrived.stage_seconds == {"text": 0.25, "decoding": 1}


def test_progress_and_errors_arrive():
    progress = Progress(3, 10, "Choosing movements")
    message = there_and_back(protocol.progress_to_message(2, progress))
    assert protocol.message_to_progress(message) == progress
    message = there_and_back(protocol.error_to_message(2, "It is so.", "Do this."))
    assert protocol.message_to_error(message) == ("It is so.", "Do this.")


def test_frames_follow_one_another_through_a_pipe_in_pieces():
    content = b"".join(to_bytes(Message("x", id, {}, {"a": np.arange(id)})) for id in range(3))
    pipe = DribblingPipe(content)
    assert [protocol.read_message(pipe).id for _ in range(3)] == [0, 1, 2]
    assert protocol.read_message(pipe) is None


def peak_bytes(action):
    """The most memory that an action held beyond what was held before."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        kept = action()
        return tracemalloc.get_traced_memory()[1] - before, kept
    finally:
        tracemalloc.stop()


def test_arrays_are_copied_once_when_they_are_read_and_once_when_they_are_written():
    message = Message("x", 1, {}, {"a": np.zeros((1000, 1000)), "b": np.ones((500, 1000))})
    size = sum(array.nbytes for array in message.arrays.values())
    written, frame = peak_bytes(lambda: protocol.encode_message(message))
    assert size < written < 1.1 * size
    stream = io.BytesIO(frame)
    read, arrived = peak_bytes(lambda: protocol.read_message(stream))
    assert size < read < size + 3 * protocol.PIECE_BYTES
    np.testing.assert_array_equal(arrived.arrays["b"], message.arrays["b"])


def test_arrays_behind_a_mask_lie_at_word_borders():
    arrived = there_and_back(Message("x", 1, {}, {"a": np.ones(3, bool), "b": np.arange(4.0)}))
    assert arrived.arrays["b"].flags.aligned
    arrived.arrays["b"][:] = 0.0
    assert arrived.arrays["a"].all()


def test_every_cut_and_every_flipped_byte_is_found():
    whole = to_bytes(Message("request", 1, {"prompt": "walk"}, {"a": np.arange(3.0)}))
    for length in range(1, len(whole)):
        with pytest.raises(ProtocolError):
            protocol.read_message(io.BytesIO(whole[:length]))
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x40
        with pytest.raises(ProtocolError):
            protocol.read_message(io.BytesIO(bytes(damaged)))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (frame(b"no json"), "no JSON"),
        (frame(b"[" * 100_000), "no JSON"),
        (frame(b"\xff\xfe"), "no JSON"),
        (frame([]), "lacks kind"),
        (frame(header(id=True)), "lacks kind"),
        (frame(header(kind=None)), "lacks kind"),
        (frame(header([["a", "|O", [1]]]), bytes(8)), "unknown dtype"),
        (frame(header([["a", ["<f8"], [1]]]), bytes(8)), "unknown dtype"),
        (frame(header([["a", "<f8", [-1]]]), bytes(8)), "proper shape"),
        (frame(header([["a", "<f8", [1.0]]]), bytes(8)), "proper shape"),
        (frame(header([["a", "<f8", [1] * 9]]), bytes(8)), "proper shape"),
        (frame(header([["a", "<f8", [2]]]), bytes(8)), "beyond its frame"),
        (frame(header([["a", "<f8", [2**31 - 1] * 8]]), bytes(8)), "beyond its frame"),
        (frame(header([["a", "<f8", [1]]]), bytes(9)), "belong to no array"),
        (frame(header(["a"]), bytes(8)), "described by"),
        (frame(header([["a", "<f8", [0]]] * 1025)), "too large"),
        (protocol.PREFIX.pack(protocol.MAGIC, 2**31, 0, 0), "too large"),
        (protocol.PREFIX.pack(protocol.MAGIC, 2, 2**40, 0), "too large"),
        (b"Traceback (most recent call last)", "starts with"),
    ],
)
def test_forged_frames_are_refused(content, reason):
    with pytest.raises(ProtocolError, match=reason):
        protocol.read_message(io.BytesIO(content))


@pytest.mark.parametrize(
    "message",
    [
        Message("x", 1, {}, {"a": np.array([object()])}),
        Message("x", 1, {}, {"a": np.array(["text"])}),
        Message("x", 1, {"a": b"bytes"}),
        Message("x", 1, {"a": "y" * (protocol.LARGEST_HEADER_BYTES + 1)}),
    ],
)
def test_what_cannot_travel_is_refused_before_a_byte_is_written(message):
    stream = io.BytesIO()
    with pytest.raises(ProtocolError):
        protocol.write_message(stream, message)
    assert stream.getvalue() == b""


@pytest.mark.parametrize(
    ("convert", "message"),
    [
        (protocol.message_to_request, Message("request", 1, {"prompt": "walk"})),
        (protocol.message_to_progress, Message("progress", 1, {"done": "1", "total": 2})),
        (protocol.message_to_result, Message("result", 1, {"takes": 1, "contacts": 0})),
        (protocol.message_to_error, Message("error", 1, {"message": None, "remedy": ""})),
    ],
)
def test_messages_that_lack_something_are_refused(convert, message):
    with pytest.raises(ProtocolError):
        convert(message)


def test_a_result_with_a_clip_of_the_wrong_shape_is_refused():
    message = protocol.result_to_message(1, MotionResult((random_clip(4),)))
    broken = dict(message.arrays) | {"clip0.rot": np.zeros((4, 21, 4))}
    with pytest.raises(ProtocolError, match="no clip"):
        protocol.message_to_result(Message("result", 1, message.fields, broken))
