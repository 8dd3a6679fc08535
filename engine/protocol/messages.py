"""The protocol's messages: requests, progress, results and errors as frames, and back.

It reads no stream.
"""

from __future__ import annotations

from typing import Any, Final

from ..motion.clip import Clip
from ..motion.request import MotionRequest, MotionResult, Progress, RequestError
from ..motion.tracks import Track, tracks_from_json, tracks_to_json
from .frames import MOST_ARRAYS, AnyArray, Message, ProtocolError

LOAD: Final = "load"
REQUEST: Final = "request"
CANCEL: Final = "cancel"
BUSY: Final = "busy"  # Blender plays or renders, or no longer: `is_busy`; belongs to no request
LOADED: Final = "loaded"
PROGRESS: Final = "progress"
RESULT: Final = "result"
CANCELLED: Final = "cancelled"
ERROR: Final = "error"


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
