"""A search for good settings: Optuna decides which to try next and which training to give up; it runs nothing.

The next setting depends on the outcomes of all but the last few before it, taken in order, so the same search asks for the same
settings however many processes make its runs, and again when it goes on after a stop.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.trial import TrialState

from core.knobs import KnobPath
from core.method.seeds import wrapped
from core.work.sweep.varied import Range, Search

AHEAD = 4
"""Most trials that run at once."""

_RANDOM_TRIALS = 10  # Optuna's default number of random trials
_EPOCHS_BEFORE_PRUNING = 5

optuna.logging.set_verbosity(optuna.logging.WARNING)  # otherwise it logs a line per trial


class Searching:
    """The trials of a search."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._study = new_study(search)
        self._trials: list[optuna.Trial] = []
        self._outcomes: dict[int, float | None] = {}
        self._n_known = self._n_told = 0  # outcomes known without a gap, and outcomes given to the study

    @property
    def n_asked(self) -> int:
        """Trials asked for so far."""
        return len(self._trials)

    @property
    def can_ask(self) -> bool:
        """Whether a trial can be asked for now."""
        return self.n_asked < min(self._search.n_trials, self._n_known + AHEAD)

    def ask(self) -> tuple[int, dict[KnobPath, Any]]:
        """Ask for the next trial.

        Returns
        -------
        number : int
            Counted from 0.
        values : dict of KnobPath to object
            Of the knobs that vary.
        """
        # Exactly these outcomes, even if more are known: which ended first is random.
        while self._n_told <= self.n_asked - AHEAD:
            tell(self._study, self._trials[self._n_told], self._outcomes[self._n_told])
            self._n_told += 1
        trial = self._study.ask()
        self._trials.append(trial)
        return trial.number, {item.knob_path: _suggested(trial, item) for item in self._search.ranges}

    def hopeless(self, number: int, epoch: int, loss: float) -> bool:
        """Decide whether to give a training up.

        Parameters
        ----------
        number : int
            Of the trial.
        epoch : int
        loss : float
            Of that epoch, comparable between settings.
        """
        trial = self._trials[number]
        trial.report(loss if self._study.direction.name == "MINIMIZE" else -loss, epoch)
        return bool(trial.should_prune())

    def tell(self, number: int, score: float | None) -> None:
        """Take the outcome of a trial.

        Parameters
        ----------
        number : int
        score : float or None
            None if it was given up or failed.
        """
        self._outcomes[number] = score
        while self._n_known in self._outcomes:
            self._n_known += 1


def new_study(search: Search) -> optuna.Study:
    """Make an empty study for a search, in memory."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.TPESampler(
            seed=wrapped(search.random_state), n_startup_trials=_RANDOM_TRIALS, constant_liar=True
        )
        pruner = optuna.pruners.MedianPruner(n_warmup_steps=_EPOCHS_BEFORE_PRUNING)
        return optuna.create_study(
            direction="maximize" if search.maximise else "minimize", sampler=sampler, pruner=pruner
        )


def study_of(search: Search, tried: Sequence[tuple[Mapping[str, Any], float]]) -> optuna.Study:
    """Make a study of trials that are done, for Optuna's own figures.

    Parameters
    ----------
    search : Search
    tried : sequence of (mapping of str to object, float)
        Values by knob, and the score.
    """
    study = new_study(search)
    distributions = {item.knob: distribution(item) for item in search.ranges}
    for values, score in tried:
        params = {item.knob: values[item.knob] for item in search.ranges}
        study.add_trial(optuna.trial.create_trial(params=params, distributions=distributions, value=score))
    return study


def tell(study: optuna.Study, trial: optuna.Trial, score: float | None) -> None:
    """Give a study the outcome of a trial.

    Parameters
    ----------
    study : optuna.Study
    trial : optuna.Trial
    score : float or None
        None if it has none.
    """
    if score is None:
        study.tell(trial, state=TrialState.FAIL)
    else:
        study.tell(trial, score)


def distribution(item: Range) -> optuna.distributions.BaseDistribution:
    """Describe a range as Optuna does."""
    if item.choices:
        return optuna.distributions.CategoricalDistribution(item.choices)
    if item.whole:
        return optuna.distributions.IntDistribution(int(item.low), int(item.high), log=item.log)
    return optuna.distributions.FloatDistribution(item.low, item.high, log=item.log)


def _suggested(trial: optuna.Trial, item: Range) -> Any:
    if item.choices:
        return trial.suggest_categorical(item.knob, item.choices)
    if item.whole:
        return trial.suggest_int(item.knob, int(item.low), int(item.high), log=item.log)
    return trial.suggest_float(item.knob, item.low, item.high, log=item.log)
