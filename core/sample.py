"""A tissue section: expression at known spots, checked once, then never changed.

Knows arrays only: readers in `core.io` make samples from files.
"""

import dataclasses
import functools
import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from core.coordinates import Coordinates, off_lattice, on_lattice
from core.outlines import Outlines
from core.params import DEFAULT_N_CLUSTERS
from core.sample_checks import check_barcodes, check_counts, check_image, check_length, check_pixels, check_positions

UNANNOTATED = "NA"
"""Label of spots that the annotation leaves out, as the lab's files write it."""

UNANNOTATED_SPELLINGS = {
    "",
    "na",
    "nan",
    "none",
    "<na>",
    "n/a",
    "#n/a",
    "null",
    "unassigned",
    "unannotated",
    "not annotated",
}
"""What files write for "not annotated", in lower case."""

DENSE_LIMIT = 200_000_000
"""Expression of more values than this (spots times genes) is kept as CSR."""

Expression = np.ndarray | sparse.csr_array


@dataclass(frozen=True, kw_only=True, eq=False)
class TissueImage:
    """A picture of the stained section, smaller than the full-resolution one in which spots are placed.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
        Red, green and blue.
    scale : float
        Pixels of this image per pixel of the full-resolution one, such as Space Ranger's `tissue_lowres_scalef`.

    Raises
    ------
    SampleError
        If the pixels or the scale are none, or the image is larger than `core.sample_checks.MAX_IMAGE_BYTES`.
    """

    pixels: np.ndarray
    scale: float

    def __post_init__(self) -> None:
        check_image(self.pixels, self.scale)
        object.__setattr__(self, "pixels", _read_only(self.pixels))

    @functools.cached_property
    def digest(self) -> str:
        """Digest of the pixels, for keys of what is made of them."""
        return hashlib.sha256(repr(self.pixels.shape).encode() + self.pixels.tobytes()).hexdigest()[:32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """One section of tissue.

    Parameters
    ----------
    name : str
        How people call it, such as `151673`; also the stem of its file.
    expression : ndarray or csr_array of shape (n_spots, n_genes)
        Counts, finite and not negative, in any integer or floating type.
    lattice : ndarray of shape (n_spots, 2), int, optional
        Array row and array column of each spot; no two spots share one.
    coords_um : ndarray of shape (n_spots, 2), float, optional
        Of samples off the lattice, which have no `lattice`: vertical, then horizontal position on the tissue in
        micrometres. Several may share a position: cells above each other, or a file that rounds, and no step needs them apart.
    labels_true : ndarray of shape (n_spots,), str, optional
        Annotation; `UNANNOTATED` where the experts gave none. For scoring only.
    gene_names : ndarray of shape (n_genes,), str, optional
    gene_ids : ndarray of shape (n_genes,), str, optional
        Second names, such as Ensembl's where `gene_names` are symbols; empty where a gene has none. Only for finding genes: they are
        no part of `content_hash`.
    barcodes : ndarray of shape (n_spots,), str, optional
    coords_px : ndarray of shape (n_spots, 2), float, optional
        `pxl_row_in_fullres` and `pxl_col_in_fullres`: centres in the full-resolution image.
    spot_rgb : ndarray of shape (n_spots, 3), uint8, optional
        Mean H&E colour of each spot.
    image : TissueImage, optional
        Spots lie on it at `coords_px * image.scale`.
    outlines : Outlines, optional
        Where each cell ends, for pictures; no part of any digest of the sample.
    source : str
        Where the data come from and under which licence, for people.
    class_colours : dict of str to str
        `#RRGGBB` of classes of the annotation that bring their own colour.
    annotation_name, annotation_id : str
        Of the annotation that was put in place of the file's own, with its author; empty for that of the file.
    synthetic : bool
        Whether the tissue was made by a program; said wherever the sample is shown.
    unit_known : bool
        Whether `coords_um` are known to be micrometres; if not, nobody said how long one unit of the file is, and lengths are
        shown in units.
    expression_kind : str
        One of :data:`core.expression_kinds.EXPRESSION_KINDS`: what the file held in place of counts, if it held none.

    Raises
    ------
    SampleError
        If shapes disagree, counts are not counts, or positions are missing or given twice.
    DuplicateSpotError
        If two spots share an array position.
    """

    name: str
    expression: Expression
    lattice: np.ndarray | None = None
    coords_um: np.ndarray | None = None
    labels_true: np.ndarray | None = None
    gene_names: np.ndarray | None = None
    gene_ids: np.ndarray | None = None
    barcodes: np.ndarray | None = None
    coords_px: np.ndarray | None = None
    spot_rgb: np.ndarray | None = None
    image: TissueImage | None = None
    outlines: Outlines | None = None
    source: str = ""
    class_colours: dict[str, str] = dataclasses.field(default_factory=dict)
    annotation_name: str = ""
    annotation_id: str = ""
    synthetic: bool = False
    unit_known: bool = True
    expression_kind: str = "counts"

    def __post_init__(self) -> None:
        check_counts(self.expression)
        check_positions(self.lattice, self.coords_um)
        n_spots, n_genes = self.expression.shape
        for name in BY_SPOT:
            check_length(name, getattr(self, name), n_spots, "spot")
        for name in BY_GENE:
            check_length(name, getattr(self, name), n_genes, "gene")
        check_length("outlines", self.outlines, n_spots, "spot")
        for name in ("expression", *BY_GENE, *BY_SPOT):
            object.__setattr__(self, name, _read_only(getattr(self, name)))
        check_barcodes(self.barcodes)
        check_pixels(self.coords_px)
        if self.coords_um is not None:
            _ = self.coordinates  # refuses positions that no unit fits

    @property
    def is_logged(self) -> bool:
        """Whether expression holds logarithms already, so that none are taken."""
        return self.expression_kind == "logarithms"

    @property
    def n_spots(self) -> int:
        """Number of spots."""
        return int(self.expression.shape[0])

    @property
    def n_genes(self) -> int:
        """Number of genes."""
        return int(self.expression.shape[1])

    @property
    def on_lattice(self) -> bool:
        """Whether spots lie on the Visium lattice, with array rows and columns."""
        return self.lattice is not None

    @functools.cached_property
    def coordinates(self) -> Coordinates:
        """Where the spots lie, in the units of the method and on the tissue."""
        if self.lattice is not None:
            return on_lattice(self.lattice)
        return off_lattice(np.asarray(self.coords_um, dtype=np.float64), unit_known=self.unit_known)

    @functools.cached_property
    def positions(self) -> np.ndarray:
        """What the method measures distance in; ndarray of shape (n_spots, 2), float64, vertical then horizontal.

        Array row and column; off the lattice `coords_um` over `unit_um`.
        """
        return np.asarray(_read_only(self.coordinates.positions))

    @property
    def unit_um(self) -> tuple[float, float]:
        """Micrometres of one unit of `positions`, vertically and horizontally."""
        return self.coordinates.unit_um

    @functools.cached_property
    def tissue_um(self) -> np.ndarray:
        """Where spots lie on pictures; ndarray of shape (n_spots, 2), x and y in um, y growing downwards."""
        return np.asarray(_read_only(self.coordinates.tissue_um))

    @property
    def annotated(self) -> np.ndarray:
        """Which spots carry an annotation; ndarray of shape (n_spots,), bool."""
        if self.labels_true is None:
            return np.zeros(self.n_spots, dtype=bool)
        return np.asarray(self.labels_true != UNANNOTATED)

    @property
    def layer_names(self) -> list[str]:
        """Annotated classes in alphabetical order (Layer1 .. Layer6, WM), without the unannotated."""
        return [name for name in self.classes if name != UNANNOTATED]

    @functools.cached_property
    def classes(self) -> tuple[str, ...]:
        """Values of `labels_true` in alphabetical order, the unannotated among them; empty without an annotation."""
        return () if self.labels_true is None else tuple(str(name) for name in np.unique(self.labels_true))

    def suggested_n_clusters(self) -> int:
        """Suggest how many clusters to ask for.

        Returns
        -------
        int
            As many as annotated classes, the unannotated not counted; without an annotation 8.
        """
        return len(self.layer_names) or DEFAULT_N_CLUSTERS

    @property
    def nbytes(self) -> int:
        """Memory of all arrays, in bytes."""
        counts = self.expression
        stored = (counts,) if isinstance(counts, np.ndarray) else (counts.data, counts.indices, counts.indptr)
        named = [getattr(self, name) for name in (*BY_SPOT, *BY_GENE)]
        pixels = None if self.image is None else self.image.pixels
        return sum(part.nbytes for part in (*stored, *named, pixels, self.outlines) if part is not None)

    @functools.cached_property
    def content_hash(self) -> str:
        """Digest of expression, positions and gene names: what a clustering depends on.

        The same for dense and sparse expression and for every number type that holds the same counts.
        The annotation and the image do not enter.
        """
        digest = hashlib.sha256(np.asarray(self.expression.shape, dtype="<i8").tobytes())
        for rows in _row_blocks(self.expression):
            lengths, columns, values = _entries(rows)
            digest.update(lengths.astype("<i8").tobytes())
            digest.update(columns.astype("<i8").tobytes())
            digest.update(values.astype("<f8").tobytes())
        if self.lattice is not None:
            digest.update(np.ascontiguousarray(self.lattice, dtype="<i8").tobytes())
        else:
            digest.update(b"coords_um" + np.ascontiguousarray(self.coords_um, dtype="<f8").tobytes())
        if self.is_logged:
            digest.update(b"logarithms")
        if self.gene_names is not None:
            digest.update("\n".join(map(str, self.gene_names)).encode())
        return digest.hexdigest()[:32]

    @functools.cached_property
    def annotation_hash(self) -> str:
        """Digest of the annotation, for keys of scores; empty where there is none."""
        if self.labels_true is None:
            return ""
        return hashlib.sha256("\n".join(map(str, self.labels_true)).encode()).hexdigest()[:32]

    @functools.cached_property
    def spots_hash(self) -> str:
        """Digest of positions, barcodes and colours of the spots, for keys of what pictures of all runs share."""
        digest = hashlib.sha256(str(self.on_lattice).encode())
        for name, part in (("um", self.tissue_um), ("px", self.coords_px), ("rgb", self.spot_rgb)):
            if part is not None:
                digest.update(name.encode() + np.ascontiguousarray(part).tobytes())
        if self.barcodes is not None:
            digest.update("\n".join(map(str, self.barcodes)).encode())
        return digest.hexdigest()[:32]


BY_GENE = ("gene_names", "gene_ids")
BY_SPOT = ("lattice", "coords_um", "labels_true", "barcodes", "coords_px", "spot_rgb")


def _row_blocks(expression: Expression, n_rows: int = 256) -> Any:
    for first in range(0, expression.shape[0], n_rows):
        yield expression[first : first + n_rows]


def _entries(rows: Expression) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """List how many entries each row has besides zeros, their columns and their values."""
    if isinstance(rows, np.ndarray):
        found = np.flatnonzero(rows)
        row_of, columns = np.divmod(found, rows.shape[1])
        return np.bincount(row_of, minlength=len(rows)), columns, rows.reshape(-1)[found]
    block = sparse.csr_array(rows)
    block.sum_duplicates()
    block.eliminate_zeros()
    return np.diff(block.indptr), block.indices, block.data


def _read_only(array: Any) -> Any:
    if not isinstance(array, np.ndarray):
        return array
    view = array.view()
    view.flags.writeable = False
    return view
