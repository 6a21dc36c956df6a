"""Tasks for workers to do in tests; workers import them from here."""

import os
import signal
import time

from core.errors import ParameterError


def count(progress, path, n_steps=3, seconds=0.0):
    """Leave a line in a file each time, then count."""
    with path.open("a") as file:
        file.write("x\n")
    path.with_suffix(".pid").write_text(str(os.getpid()))
    for step in range(1, n_steps + 1):
        time.sleep(seconds)
        progress.report(step / n_steps, f"Step {step}", float(step))
    return n_steps


def endless(progress, *args):
    """Work on until cancelled."""
    while True:
        time.sleep(0.02)
        progress.report(0.5, "Half way")


def deaf(progress, path):
    """Work on without ever listening."""
    path.touch()
    time.sleep(60)


def die(progress, path, n_times):
    """End like a process that memory ran out for, the first times."""
    with path.open("a") as file:
        file.write("x\n")
    if len(path.read_text().split()) <= n_times:
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def refuse(progress):
    raise ParameterError("The window is too wide.")


def break_down(progress):
    raise KeyError("nobody thought of this")


def counted_runs(progress, sample, settings, models, steps, to_itself, guidance=None):
    """Make runs of a sweep, and leave a line for each early step that is really done."""
    from core.io import lab
    from core.method import early_steps, label_free_steps, training
    from core.work.sweep import tasks

    log = models / "steps.log"
    watched = (
        (lab, "read", "load"),
        (early_steps, "pool_window", "pool"),
        (early_steps, "principal_components", "embed"),
        (early_steps, "raw_factors", "embed"),
        (training, "train", "train"),
        (label_free_steps, "cluster", "cluster"),
    )
    originals = [(module, name, getattr(module, name)) for module, name, _ in watched]
    for module, name, step in watched:
        setattr(module, name, _logged(getattr(module, name), step, log))
    try:
        return tasks.make_runs(progress, sample, settings, models, steps, to_itself, guidance)
    finally:
        for module, name, original in originals:
            setattr(module, name, original)


def _logged(function, step, log):
    def told(*args, **options):
        with log.open("a") as file:
            file.write(f"{step} {os.getpid()}\n")
        return function(*args, **options)

    return told


def slow_runs(progress, sample, settings, models, steps, to_itself, guidance=None):
    """Make runs of a sweep at leisure."""
    from core.work.sweep import tasks

    time.sleep(0.3)
    return tasks.make_runs(progress, sample, settings, models, steps, to_itself, guidance)
