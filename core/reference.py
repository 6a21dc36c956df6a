"""What annotated sections taught: weights of genes, and how their domains differ; small enough to be kept and shared.

Knows numbers and names, neither samples nor how they are learnt (`core.method.reference`). A file of it is JSON: nothing in it can
run, and its size is known before it is read.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import codec
from core.annotation import MAX_REGIONS
from core.errors import CodecError, TransferError
from core.files import written_whole
from core.region_names import MAX_NAME
from core.text import counted, file_name, listed, shown

MAX_BYTES = 32 << 20
"""Largest size of a reference as JSON."""

MAX_GENES = 100_000
"""Most genes of a reference."""

_MAX_FEATURES = 200
_MAX_SAMPLES = 1000
_MAX_HOPS = 20
_AGAIN = "Learn it again from its sections."
_HASH = re.compile(r"[0-9a-f]{16,64}")
_KINDS = (("ENSMUSG", "mouse"), ("ENSG", "human"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """Domains of annotated sections, as other sections can be compared with them.

    Parameters
    ----------
    names : tuple of str
        Of the domains, as the annotation calls them.
    samples : tuple of str
        Names of the sections that it was learnt from.
    genes, ids : tuple of str
        Of the genes: names, and second names such as Ensembl's, empty where there is none.
    abundance : ndarray of shape (n_genes,)
        Mean normalised counts.
    loadings : ndarray of shape (n_genes, n_components)
        Principal directions of log counts; orthonormal over all genes.
    noise : ndarray of shape (n_components,)
        What to add to the square of each component's loadings where only some genes are known.
    turn : ndarray of shape (n_components, n_factors)
        From components to factors in units of the noise between neighbours.
    means : ndarray of shape (n_domains, n_factors)
        Of each domain.
    within : ndarray of shape (n_factors, n_factors)
        Covariance of spots within domains.
    frequencies : ndarray of shape (n_domains,)
        Share of the spots in each domain; they add up to 1.
    hops : int
        How often factors are averaged with the neighbours'.
    usual, unusual : float
        Squared distance from a spot and its neighbours to the nearest mean, in units of `within`: its lower quartile, and what hardly
        any spot exceeds.
    contents : tuple of str
        Content hashes of the sections; empty in files of earlier versions. Plays no part in labels.
    """

    names: tuple[str, ...]
    samples: tuple[str, ...]
    genes: tuple[str, ...]
    ids: tuple[str, ...]
    abundance: np.ndarray
    loadings: np.ndarray
    noise: np.ndarray
    turn: np.ndarray
    means: np.ndarray
    within: np.ndarray
    frequencies: np.ndarray
    hops: int
    usual: float
    unusual: float
    contents: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_names(self)
        _check_shapes(self)
        _check_values(self)

    @property
    def n_genes(self) -> int:
        """Number of genes."""
        return len(self.genes)

    @property
    def species(self) -> str:
        """Species that the names of the genes look like; see :func:`species_of`."""
        return species_of((*self.genes, *self.ids))

    @property
    def nbytes(self) -> int:
        """Memory of the arrays, in bytes."""
        return sum(getattr(self, name).nbytes for name in _SHAPES)

    @property
    def digest(self) -> str:
        """Digest of all of it, for keys of results."""
        digest = hashlib.sha256(repr((self.names, self.genes, self.ids, self.hops, self.usual, self.unusual)).encode())
        for name in _SHAPES:
            digest.update(np.ascontiguousarray(getattr(self, name), dtype="<f8").tobytes())
        return digest.hexdigest()[:32]

    def check_not_of(self, content_hash: str, name: str) -> None:
        """Refuse to tell a section its own annotation.

        Parameters
        ----------
        content_hash : str
            Of the section that is to be compared.
        name : str
            Of that section, for the message.

        Raises
        ------
        TransferError
            If it was learnt from that section.
        """
        if content_hash in self.contents:
            raise TransferError(
                f"{shown(name)} is itself among the references, and would be told its own annotation: choose other sections."
            )

    def in_words(self) -> str:
        """Say what it was learnt from, such as `151675 (7 domains, 8,597 genes)`.

        Returns
        -------
        str
        """
        return f"{listed(self.samples)} ({counted(len(self.names), 'domain')}, {counted(self.n_genes, 'gene')})"

    def to_json(self) -> bytes:
        """Write it as JSON.

        Returns
        -------
        bytes
        """
        return codec.encode(self)

    def save(self, path: Path) -> None:
        """Write it to a file, whole or not at all.

        Parameters
        ----------
        path : Path
            An existing file is replaced.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        with written_whole(path) as draft:
            draft.write_bytes(self.to_json())


_SHAPES = {
    "abundance": ("genes",),
    "loadings": ("genes", "components"),
    "noise": ("components",),
    "turn": ("components", "factors"),
    "means": ("domains", "factors"),
    "within": ("factors", "factors"),
    "frequencies": ("domains",),
}


def from_json(data: bytes) -> Reference:
    """Read what :meth:`Reference.to_json` wrote; the text is not trusted.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    Reference

    Raises
    ------
    TransferError
        If it is anything else.
    """
    try:
        return codec.decode(Reference, data, most_bytes=MAX_BYTES)
    except CodecError as error:
        advice = "" if _AGAIN in str(error) else f" {_AGAIN}"
        raise TransferError(f"It is no reference learnt from annotated sections. {error}{advice}") from error


def read(path: Path) -> Reference:
    """Read a file that :meth:`Reference.save` wrote.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Reference

    Raises
    ------
    TransferError
        If it cannot be read or is anything else.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise TransferError(f"{file_name(path)} cannot be read: {error.strerror}.") from error
    try:
        return from_json(data)
    except TransferError as error:
        raise TransferError(f"{file_name(path)} cannot be used. {error}") from error


def species_of(genes: Sequence[str]) -> str:
    """Guess the species from how genes are named.

    Parameters
    ----------
    genes : sequence of str

    Returns
    -------
    str
        `human` (`SNAP25`, `ENSG...`), `mouse` (`Snap25`, `ENSMUSG...`), or empty where most names are neither.
    """
    kinds = Counter(_species_of_one(gene) for gene in genes if gene)
    kind, number = kinds.most_common(1)[0] if kinds else ("", 0)
    return kind if number > kinds.total() / 2 else ""


def _species_of_one(gene: str) -> str:
    for start, kind in _KINDS:
        if gene.startswith(start):
            return kind
    letters = "".join(filter(str.isalpha, gene))
    if len(letters) < 2:
        return ""
    return "human" if letters.isupper() else "mouse" if letters[0].isupper() and letters[1:].islower() else ""


def _check_names(found: Reference) -> None:
    _refuse(len(found.names) < 2, "it has fewer than two domains")
    _refuse(len(found.names) > MAX_REGIONS, f"it has more than {MAX_REGIONS} domains")
    _refuse(len(set(found.names)) < len(found.names), "two of its domains have one name")
    _refuse(
        not all(_fits(name) for name in found.names), "a name of its domains is empty, too long, or cannot be printed"
    )
    _refuse(not 1 <= len(found.samples) <= _MAX_SAMPLES, "it names no section, or too many")
    _refuse(
        not all(_fits(name) for name in found.samples),
        "a name of its sections is empty, too long, or cannot be printed",
    )
    _refuse(
        len(found.contents) not in (0, len(found.samples))
        or not all(_HASH.fullmatch(content) for content in found.contents),
        "`contents` is no list of its sections' content hashes",
    )
    _refuse(not 1 <= len(found.genes) <= MAX_GENES, "it has no gene, or too many")
    _refuse(
        len(set(found.genes)) < len(found.genes) or "" in found.genes, "two of its genes have one name, or one has none"
    )
    _refuse(len(found.ids) not in (0, len(found.genes)), "it has another number of second names than of genes")
    _refuse(any(len(gene) > MAX_NAME * 2 for gene in (*found.genes, *found.ids)), "a name of its genes is too long")


def _fits(name: str) -> bool:
    return bool(name.strip()) and len(name) <= MAX_NAME and name.isprintable()


def _check_shapes(found: Reference) -> None:
    sizes = {"genes": len(found.genes), "domains": len(found.names)}
    for name, axes in _SHAPES.items():
        array = getattr(found, name)
        _refuse(
            array.ndim != len(axes) or array.dtype.kind != "f",
            f"`{shown(name)}` holds something else than numbers of its shape",
        )
        for axis, size in zip(axes, array.shape, strict=True):
            _refuse(sizes.setdefault(axis, size) != size, f"`{name}` has {size} {axis}, where {sizes[axis]} belong")
    _refuse(not 1 <= sizes["factors"] <= sizes["components"] <= _MAX_FEATURES, "it has no factors, or too many")


def _check_values(found: Reference) -> None:
    for name in _SHAPES:
        _refuse(not np.isfinite(getattr(found, name)).all(), f"`{name}` holds values that are not finite")
    for name in ("abundance", "noise", "frequencies"):
        _refuse(bool((getattr(found, name) < 0).any()), f"`{name}` holds values below 0")
    _refuse(abs(float(found.frequencies.sum()) - 1) > 1e-3, "`frequencies` do not add up to 1")
    _refuse(
        not np.allclose(found.within, found.within.T, atol=1e-6 + 1e-4 * np.abs(found.within).max()),
        "`within` is not symmetric",
    )
    _refuse(bool(np.linalg.eigvalsh(found.within.astype(np.float64)).min() <= 0), "`within` is no covariance")
    _refuse(not 0 <= found.hops <= _MAX_HOPS, "`hops` is no number of averagings")
    _refuse(not 0 < found.usual <= found.unusual < np.inf, "`usual` and `unusual` are no rising distances")


def _refuse(bad: bool, what: str) -> None:
    if bad:
        raise TransferError(f"The reference is damaged: {what}. {_AGAIN}")
