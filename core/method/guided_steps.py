"""Domains of one sample that follow what people gave: painted spots, a reference, or marker genes."""

import dataclasses

import numpy as np

from core.depth import FoundDirection
from core.errors import ParameterError
from core.guidance import Guidance
from core.marker_table import MarkerTable
from core.method import by_markers
from core.method.by_markers import MarkerScores, marker_scores
from core.method.guided import Guide, Guided, follow, prepare, with_others, with_painted_mixture
from core.method.label_free_steps import LabelFreeSteps, labels_key
from core.method.scoring import scores_of
from core.method.transfer import Transferred, transfer
from core.params import MethodParams, params_key
from core.reference import Reference
from core.result import Result

_FITS_FOR_A_GUIDE = 4  # every fourth: a covariance within domains needs no more


class GuidedSteps(LabelFreeSteps):
    """The steps from guidance to labels."""

    def guide(self, params: MethodParams) -> Guide:
        """Prepare what guided domains need of the tissue, whatever is painted: factors, depth and X weight as everywhere.

        Parameters
        ----------
        params : MethodParams

        Returns
        -------
        Guide
        """
        self._prepared(params)
        found = self.direction(params)
        return self._kept(lambda: self._prepare_guide(params, found), "guide", *labels_key(params, found))

    def run_guided(self, params: MethodParams, guidance: Guidance) -> Result:
        """Let domains follow what people gave: painted spots, a reference, or marker genes.

        Parameters
        ----------
        params : MethodParams
            Its read-out counts for other domains alone.
        guidance : Guidance

        Returns
        -------
        Result
            With names, with scores that do not count painted spots, and with how sure each spot is as its confidence.

        Raises
        ------
        ParameterError
            If nothing is painted, or nothing but one domain, and there is neither a reference nor marker genes.
        TransferError
            If the sample shares too few genes with the reference.
        """
        self._clock.reset()
        with self._clock.timed("cluster"):
            result = self._run_guided(params, guidance)
        return dataclasses.replace(result, seconds=self._clock.seconds)

    def _run_guided(self, params: MethodParams, guidance: Guidance) -> Result:
        guided = self.guided(params, guidance)
        n_domains = guided.shares.shape[1]
        hidden = dataclasses.replace(self.sample, labels_true=guidance.hidden_from(self.sample.labels_true))
        return Result(
            sample_name=self.sample.name,
            labels=guided.labels.astype(np.int32),
            params=params,
            scores=scores_of(hidden, guided.labels, n_domains, nearest=self._nearest(), steadiness=None),
            confidence=guided.shares.max(axis=1),
            direction=self.direction(params),
            averaging=self.averaging(params),
            guidance=guidance,
            names=guidance.names(n_domains),
        )

    def guided(self, params: MethodParams, guidance: Guidance) -> Guided:
        """Let domains follow what people painted, without scores.

        Parameters
        ----------
        params, guidance
            As for :meth:`run_guided`.

        Returns
        -------
        Guided

        Raises
        ------
        ParameterError
            As :meth:`run_guided`.
        """
        key = (*labels_key(params, self.direction(params)), str(params.refinement.rounds), guidance.digest)
        return self._kept(lambda: self._follow(params, guidance), "guided", *key)

    def _follow(self, params: MethodParams, guidance: Guidance) -> Guided:
        painted, n_classes = self.shown(params, guidance)
        guide = self.guide(params)
        return follow(guide, painted, n_classes, self.opinions(params, guidance, guide))

    def shown(self, params: MethodParams, guidance: Guidance) -> tuple[np.ndarray, int]:
        """Collect what was shown of each domain: what is painted, and the surest spots of other domains where they may exist.

        Parameters
        ----------
        params, guidance
            As for :meth:`run_guided`.

        Returns
        -------
        ndarray of shape (n_spots,), int
            Class of spots that were shown, `core.strokes.UNPAINTED` for the others.
        int
            Number of classes.

        Raises
        ------
        ParameterError
            As :meth:`run_guided`.
        """
        if guidance.known:
            return guidance.painted(self.sample.n_spots), len(guidance.domains) + (guidance.reference is not None)
        if guidance.strokes is None:
            raise ParameterError("No spot is painted: paint some spots of each domain.")
        painted, names = guidance.strokes.painted, guidance.strokes.names
        n_others = 0
        if guidance.others:
            painted, found = with_others(painted, len(names), *self._label_free(params))
            n_others = len(found)
        guidance.check_several(n_others)
        return painted, len(names) + n_others

    def _prepare_guide(self, params: MethodParams, found: FoundDirection | None) -> Guide:
        farthest, _ = self._kinds(params, found)[-1]
        fits = np.concatenate([fitted.labels for fitted in self._fitted(params, found)])
        return prepare(
            self._listening(params, found),
            self._reduced(params, farthest),
            self._depths(found),
            fits[::_FITS_FOR_A_GUIDE],
            x_weight=params.clustering.x_weight,
        )

    def opinions(self, params: MethodParams, guidance: Guidance, guide: Guide) -> np.ndarray | None:
        """Say how much each spot looks like each domain of a guidance, before neighbours are heard.

        Parameters
        ----------
        params : MethodParams
        guidance : Guidance
        guide : Guide

        Returns
        -------
        ndarray of shape (n_spots, n_domains), or None
            With a last column for what is unlike the reference, where there is one; None where strokes alone guide.
        """
        n_new = len(guidance.domains) - len(guidance.known)
        known = guidance.painted_known(self.sample.n_spots)
        if guidance.reference is not None:
            found = self.transferred(params, guidance.reference, known)
            shares = with_painted_mixture(guide, found.shares, known)
            return _with_new(shares * ~found.unlike[:, None], n_new, found.unlike)
        if guidance.markers is not None:
            return _with_new(by_markers.opinions(guide, self.marker_scores(params, guidance.markers), known), n_new)
        return None

    def transferred(self, params: MethodParams, reference: Reference, painted: np.ndarray | None = None) -> Transferred:
        """Compare the sample with a reference.

        Parameters
        ----------
        params : MethodParams
            Its direction counts.
        reference : Reference
        painted : ndarray of shape (n_spots,), int, optional
            As for :func:`core.method.transfer.transfer`.

        Returns
        -------
        Transferred
        """
        found = self.direction(params)
        shown = "" if painted is None or (painted < 0).all() else params_key(*map(str, painted.tolist()))
        return self._kept(
            lambda: transfer(reference, self.sample, self.neighbours(), self._depths(found), painted),
            "transferred", reference.digest, repr(found), shown,
        )  # fmt: skip

    def marker_scores(self, params: MethodParams, table: MarkerTable) -> MarkerScores:
        """Score the domains of a table of marker genes; averaged as far as factors are at most.

        Parameters
        ----------
        params : MethodParams
            Its window counts.
        table : MarkerTable

        Returns
        -------
        MarkerScores
        """
        hops = max(self._with_found_window(params.pooling).window - 1, 1)
        return self._kept(
            lambda: marker_scores(table, self.sample, self.neighbours(), hops),
            "marker scores", params_key(table.as_text()), str(hops),
        )  # fmt: skip


def _with_new(shares: np.ndarray, n_new: int, *columns: np.ndarray) -> np.ndarray:
    """Leave room for domains that were painted and are not known."""
    return np.column_stack((shares, np.zeros((len(shares), n_new)), *columns))
