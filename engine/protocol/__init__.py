"""The framed protocol between Blender and the worker: no pickle, no code.

Imports NumPy and the standard library only; it knows neither processes nor models.
"""

from .frames import (
    DTYPES as DTYPES,
)
from .frames import (
    LARGEST_HEADER_BYTES as LARGEST_HEADER_BYTES,
)
from .frames import (
    LARGEST_PAYLOAD_BYTES as LARGEST_PAYLOAD_BYTES,
)
from .frames import (
    MAGIC as MAGIC,
)
from .frames import (
    MOST_ARRAYS as MOST_ARRAYS,
)
from .frames import (
    MOST_DIMENSIONS as MOST_DIMENSIONS,
)
from .frames import (
    PIECE_BYTES as PIECE_BYTES,
)
from .frames import (
    PREFIX as PREFIX,
)
from .frames import (
    AnyArray as AnyArray,
)
from .frames import (
    Message as Message,
)
from .frames import (
    ProtocolError as ProtocolError,
)
from .frames import (
    encode_message as encode_message,
)
from .frames import (
    read_message as read_message,
)
from .frames import (
    write_message as write_message,
)
from .messages import (
    BUSY as BUSY,
)
from .messages import (
    CANCEL as CANCEL,
)
from .messages import (
    CANCELLED as CANCELLED,
)
from .messages import (
    ERROR as ERROR,
)
from .messages import (
    LOAD as LOAD,
)
from .messages import (
    LOADED as LOADED,
)
from .messages import (
    PROGRESS as PROGRESS,
)
from .messages import (
    REQUEST as REQUEST,
)
from .messages import (
    RESULT as RESULT,
)
from .messages import (
    error_to_message as error_to_message,
)
from .messages import (
    load_message as load_message,
)
from .messages import (
    message_to_error as message_to_error,
)
from .messages import (
    message_to_model as message_to_model,
)
from .messages import (
    message_to_progress as message_to_progress,
)
from .messages import (
    message_to_request as message_to_request,
)
from .messages import (
    message_to_result as message_to_result,
)
from .messages import (
    progress_to_message as progress_to_message,
)
from .messages import (
    request_to_message as request_to_message,
)
from .messages import (
    result_to_message as result_to_message,
)
