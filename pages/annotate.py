"""Draw and name regions of a sample, or correct predicted ones, and compare domains with them."""

from ui.annotate import address
from ui.annotate import view as annotate
from ui.shell import guards, sample_picker

summary = sample_picker.sample_picker(address.PART)
with guards.shown_as_message():
    annotate.page(summary)
