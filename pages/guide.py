"""Paint some spots of each domain, and the rest follows."""

from ui.guide import address, knobs
from ui.guide import view as guide
from ui.shell import guards, sample_picker

summary = sample_picker.sample_picker(address.PART, compared=True)
with guards.shown_as_message():
    knobs.sidebar(summary)
    guide.page(summary)
