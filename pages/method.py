"""The method step by step: the paper's figures, redrawn on the chosen sample."""

from ui.data import compute
from ui.method import lessons
from ui.shell import guards, panels

summary = panels.sample_picker()
with guards.shown_as_message():
    sample = compute.sample(summary)
    lessons.introduction(sample)
    lessons.pooling(sample)
    lessons.weights(sample)
    lessons.direction(sample)
    lessons.runs(sample)
