"""Keyfill's engine: text and masks in, motion out. It knows nothing about Blender.

Letters used in every docstring of this package:

| letter | meaning                          | letter | meaning                    |
|--------|----------------------------------|--------|----------------------------|
| B      | clips in the batch               | Q      | RVQ stages                 |
| T      | frames                           | K      | entries in a codebook      |
| S      | token steps (T // stride)        | D      | feature or model width     |
| J      | joints                           | P      | body parts                 |
| W      | words of a prompt                | ...    | any leading dimensions     |

Units unless a name says otherwise: metres, radians, seconds, frames counted
from 0. Quaternions are w-first. Positions are Y-up, right-handed; the rest
pose faces +Z and has its left on +X.
"""
