"""The method step by step: the paper's figures, redrawn on the chosen sample."""

from ui.data import compute
from ui.method import lessons
from ui.shell import guards, sample_picker, session

summary = sample_picker.sample_picker()
with guards.shown_as_message():
    sample, theme = compute.file_sample(summary), session.theme()
    lessons.introduction(sample)
    lessons.pooling(sample, theme)
    lessons.weights(sample, theme)
    lessons.direction(sample, theme)
    lessons.runs(sample, theme)
