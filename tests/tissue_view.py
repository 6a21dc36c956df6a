"""Reads what the maps are given, as the browser does."""

import json

import numpy as np


def unpack(block):
    """Header of a packed block, with its arrays in place of their numbers."""
    length = int.from_bytes(block[:4], "little")
    header = json.loads(block[4 : 4 + length])

    def array(index):
        if index is None:
            return None
        dtype, offset, count = header["arrays"][index]
        return np.frombuffer(block, dtype, count, 4 + length + offset)

    for holder in [header, *header["maps"], *header["hover_only"]]:
        holder.update(
            {
                name: array(holder[name])
                for name in ("centres_um", "stain", "labels", "values", "lines")
                if name in holder
            }
        )
    return header


def given(app):
    """What the maps on a page are given; `app` is an AppTest."""
    (component,) = (part for part in app.get("bidi_component") if part.proto.component_name.endswith("tissue_view"))
    return unpack(component.proto.bytes)
