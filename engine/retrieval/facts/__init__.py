"""Facts of clips, measured from motion: channels, events, windows, conditions.

NumPy only; it knows no caption and no code.
"""

from .clip_facts import CHANNELS as CHANNELS
from .clip_facts import STEP_SECONDS as STEP_SECONDS
from .clip_facts import Event as Event
from .clip_facts import Facts as Facts
from .clip_facts import Packed as Packed
from .clip_facts import measure_facts as measure_facts
from .clip_facts import pack_facts as pack_facts
from .clip_facts import unpack_facts as unpack_facts
