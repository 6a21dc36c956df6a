"""A table of marker genes: which genes tell which domain.

Knows text and names, no sample. Read from what people paste or choose: a line for each domain with its genes, or a line for each
gene with its domain before it.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from core.annotation import MAX_REGIONS
from core.errors import ParameterError
from core.layer_names import canonical
from core.region_names import MAX_NAME, check_name, fitting_names
from core.text import counted, decoded, file_name, listed, sentence_case, shown

MAX_BYTES = 1 << 20
"""Largest size of a table as text."""

MAX_GENES = 10_000
"""Most genes of a table."""

_HEADS = {
    "domain",
    "domains",
    "layer",
    "layers",
    "region",
    "regions",
    "cluster",
    "name",
    "label",
    "cell type",
    "cell_type",
    "celltype",
}
_SOURCE = "# source:"
_SHORT_SOURCE = 60
_BETWEEN_GENES = re.compile(r"[,;\s]+")
_N_SAID = 5
_WHAT_TO_WRITE = "write a line for each domain, its name and then its genes, such as `Layer 4, RORB VAMP1`."

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME)]
_Gene = Annotated[str, msgspec.Meta(min_length=1, max_length=2 * MAX_NAME)]
_Note = Annotated[str, msgspec.Meta(max_length=2000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerTable:
    """Marker genes of domains.

    Parameters
    ----------
    markers : dict of str to tuple of str
        Genes by domain. A gene of several names, such as a symbol and an identifier, has them with `|` between.
    source : str
        Where the table is from.
    notes : tuple of str
        What was left out when it was read, as sentences.
    """

    markers: Annotated[dict[_Name, tuple[_Gene, ...]], msgspec.Meta(min_length=2, max_length=MAX_REGIONS)]
    source: Annotated[str, msgspec.Meta(max_length=500)] = ""
    notes: Annotated[tuple[_Note, ...], msgspec.Meta(max_length=10)] = ()

    def __post_init__(self) -> None:
        # Of a table in a run that somebody brings in; what people paste is made to fit before.
        for name in self.markers:
            check_name(name, "domain")
        _check_amount(self.markers)
        strange = next((gene for gene in _all(self.markers.values()) if not gene.isprintable()), None)
        if strange is not None:
            raise ParameterError(f"{shown(strange)!r} holds signs that cannot be printed, which no gene's name has.")

    @property
    def names(self) -> tuple[str, ...]:
        """Domains, in the order of the table."""
        return tuple(self.markers)

    def in_words(self) -> str:
        """Say what it holds and where it is from, such as `30 marker genes of 7 domains from layers.csv`.

        Returns
        -------
        str
            Of a long source the part before a colon.
        """
        n_genes = sum(map(len, self.markers.values()))
        source = self.source if len(self.source) <= _SHORT_SOURCE else self.source.partition(":")[0]
        from_where = f" from {shown(source, _SHORT_SOURCE)}" if source else ""
        return f"{counted(n_genes, 'marker gene')} of {counted(len(self.markers), 'domain')}{from_where}"

    def as_text(self) -> str:
        """Write it as :func:`parse` reads it, with its source.

        Returns
        -------
        str
        """
        text = io.StringIO()
        if self.source:
            text.write(sourced("", self.source))
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("domain", "genes"))
        writer.writerows((name, " ".join(genes)) for name, genes in self.markers.items())
        return text.getvalue()


def read(path: Path) -> MarkerTable:
    """Read a table from a file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    MarkerTable

    Raises
    ------
    ParameterError
        If it cannot be read, or is no table of markers.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ParameterError(f"{file_name(path)} cannot be read: {error.strerror}.") from error
    name = file_name(path)
    return parse(sourced(text_of(data, name), name))


def text_of(data: bytes, name: str) -> str:
    """Decode a table.

    Parameters
    ----------
    data : bytes
        UTF-8, or UTF-16 as Excel's "Unicode text" is.
    name : str
        Of its file, for messages.

    Returns
    -------
    str

    Raises
    ------
    ParameterError
        If it is too large, empty, or no text.
    """
    if len(data) > MAX_BYTES:
        raise ParameterError(f"{name} has more than {MAX_BYTES >> 20} MiB, which no table of marker genes has.")
    try:
        text = decoded(data, strictly=True)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ParameterError(f"{name} is no text: save the table as CSV or TSV in UTF-8.")
    if not text.strip():
        raise ParameterError(f"{name} is empty: {_WHAT_TO_WRITE}")
    return text


def sourced(text: str, source: str) -> str:
    """Write where a table is from into its first line, as :func:`parse` reads it.

    Parameters
    ----------
    text : str
    source : str

    Returns
    -------
    str
    """
    return f"{_SOURCE} {shown(source, 500)}\n{text}"


def parse(text: str, *, source: str = "") -> MarkerTable:
    r"""Read a table from text.

    Parameters
    ----------
    text : str
        On each line a domain and, after a comma, tab, semicolon or colon, its genes; lines of one domain add up, however it is spelt. A line of names of
        columns and lines that begin with `#` are passed over, but for a first line that says the source, as :func:`sourced` writes it.
    source : str
        Where the text does not say it.

    Returns
    -------
    MarkerTable
        Without genes that stand for two domains, and without domains that have no gene; `notes` say which.

    Raises
    ------
    ParameterError
        If fewer than two domains have genes, or there are too many.

    Examples
    --------
    >>> parse("layer,genes\nWhite matter,MBP MOBP\nLayer 4,RORB").markers
    {'White matter': ('MBP', 'MOBP'), 'Layer 4': ('RORB',)}
    """
    first, _, rest = text.partition("\n")
    if first.startswith(_SOURCE):
        source, text = first.removeprefix(_SOURCE).strip(), rest
    if len(text) > MAX_BYTES:
        raise ParameterError(f"The table has more than {MAX_BYTES >> 20} MiB, which no table of marker genes has.")
    found: dict[str, dict[str, None]] = {}
    spelt: dict[str, str] = {}  # spellings of one layer are one domain, as everywhere
    try:
        for name, genes in _lines(text):
            found.setdefault(spelt.setdefault(canonical(name), name), {}).update(dict.fromkeys(genes))
    except csv.Error as error:  # such as a quotation mark that is never closed
        raise ParameterError(
            f"The table cannot be read ({shown(error)}). Is a quotation mark left open? {sentence_case(_WHAT_TO_WRITE)}"
        ) from error
    shared, notes = _in_two(found), []
    if shared:
        notes.append(
            f"{_some(shared)} left out: {'it stands' if len(shared) == 1 else 'they stand'} for two domains or more."
        )
    kept = {name: tuple(gene for gene in genes if gene not in shared) for name, genes in found.items()}
    empty = [name for name, genes in kept.items() if not genes]
    if empty:
        notes.append(f"{_some(empty)} left out: no gene stands for {'it' if len(empty) == 1 else 'them'} alone.")
    return _checked({name: genes for name, genes in kept.items() if genes}, source, tuple(notes))


def _lines(text: str) -> Iterator[tuple[str, list[str]]]:
    for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))):
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#") or (number == 0 and cells[0].lower() in _HEADS):
            continue
        if cells[0]:
            genes = (gene for cell in cells[1:] for gene in _BETWEEN_GENES.split(cell))
            # Without signs of no width, which come along when a table is copied from a page.
            yield cells[0], [plain for gene in genes if (plain := "".join(filter(str.isprintable, gene)))]


def _delimiter(text: str) -> str:
    """Find the character that most lines have after their first cell."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    firsts = [next((letter for letter in line if letter in "\t,;:"), ",") for line in lines]
    return max("\t,;:", key=firsts.count)


def _in_two(found: dict[str, dict[str, None]]) -> list[str]:
    seen: dict[str, int] = {}
    for genes in found.values():
        for gene in genes:
            seen[gene] = seen.get(gene, 0) + 1
    return [gene for gene, number in seen.items() if number > 1]


def _some(names: Sequence[str]) -> str:
    said = [shown(name) for name in names[:_N_SAID]]
    rest = [f"{len(names) - _N_SAID:,} more"] if len(names) > _N_SAID else []
    return f"{listed([*said, *rest])} {'is' if len(names) == 1 else 'are'}"


def _checked(markers: dict[str, tuple[str, ...]], source: str, notes: tuple[str, ...]) -> MarkerTable:
    if len(markers) < 2:
        raise ParameterError(
            " ".join((f"Marker genes of {counted(len(markers), 'domain')} were found, but at least two domains are needed: {_WHAT_TO_WRITE}", *notes))
        )  # fmt: skip
    _check_amount(markers)
    long = [gene for gene in _all(markers.values()) if len(gene) > 2 * MAX_NAME]
    if long:
        raise ParameterError(
            f"{shown(long[0], 40)} is too long for the name of a gene: put a space or a comma between genes."
        )
    names = fitting_names(markers)
    return MarkerTable(markers=dict(zip(names, markers.values(), strict=True)), source=shown(source, 500), notes=notes)


def _check_amount(markers: Mapping[str, tuple[str, ...]]) -> None:
    n_genes = sum(map(len, markers.values()))
    if len(markers) > MAX_REGIONS or n_genes > MAX_GENES:
        raise ParameterError(
            f"The table has {counted(n_genes, 'gene')} of {counted(len(markers), 'domain')}, but at most {MAX_GENES:,} of {MAX_REGIONS} are "
            "taken: is it a table of markers, the name of a domain first?"
        )


def _all(genes: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for some in genes:
        yield from some
