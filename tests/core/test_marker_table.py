"""Tables of marker genes as people write them."""

import pytest

from core.errors import ParameterError
from core.known_markers import KNOWN
from core.marker_table import MarkerTable, parse, read

WANTED = {"White matter": ("MBP", "MOBP"), "Layer 4": ("RORB",)}


@pytest.mark.parametrize(
    "text",
    [
        "domain,genes\nWhite matter,MBP MOBP\nLayer 4,RORB\n",
        "White matter,MBP,MOBP\nLayer 4,RORB,\n",
        "White matter\tMBP, MOBP\r\nLayer 4\tRORB\r\n",
        "layer;gene\nWhite matter;MBP\nWhite matter;MOBP\nLayer 4;RORB",
        '# of a paper\nWhite matter,"MBP, MOBP"\n\nLayer 4,RORB,RORB',
        "White matter: MBP MOBP\nLayer 4: RORB",
    ],
)
def test_ways_of_writing_one_table(text):
    assert parse(text).markers == WANTED


def test_spellings_of_one_layer_are_one_domain():
    assert parse("Layer1,x\nL1,y\nWhite matter,z\nWM,z").markers == {"Layer1": ("x", "y"), "White matter": ("z",)}


def test_it_reads_what_it_writes():
    table = KNOWN["human-cortex"]
    assert parse(table.as_text()) == table


@pytest.mark.parametrize("name", ["layers.csv", 'my, "best.csv', "a: b.tsv", "# source: x.txt"])
def test_a_file_gives_its_name_as_source_also_through_text(tmp_path, name):
    content = "# source: another\nLayer 4,RORB\nWhite matter,MBP MOBP\n"
    (tmp_path / name).write_text(content)
    table = read(tmp_path / name)
    assert table.source == name
    assert table.markers == {"Layer 4": ("RORB",), "White matter": ("MBP", "MOBP")}
    assert parse(table.as_text()) == table
    assert table.in_words() == f"3 marker genes of 2 domains from {name}"


def test_a_long_source_is_said_in_short_in_names_of_runs():
    assert KNOWN["human-cortex"].in_words() == "31 marker genes of 7 domains from human cortex"


def test_a_gene_of_two_domains_is_left_out_and_said():
    table = parse("A,x,y\nB,y,z\nC,y")
    assert table.markers == {"A": ("x",), "B": ("z",)}
    assert table.notes == (
        "y is left out: it stands for two domains or more.",
        "C is left out: no gene stands for it alone.",
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "0 domains"),
        ("A,x", "1 domain .*at least two"),
        ("A,x\nB,x", "0 domains .*x is left out"),
        ("only text without any genes", "0 domains"),
        ("\n".join(f"D{number},g{number}" for number in range(101)), "at most"),
        ("A," + "x" * 200 + "\nB,y", "too long for the name of a gene"),
        ("x" * (2 << 20), "more than 1 MiB"),
    ],
)
def test_what_is_no_table_is_a_sentence(text, sentence):
    with pytest.raises(ParameterError, match=sentence):
        parse(text)


def test_a_file_that_is_no_text_or_not_there_is_a_sentence(tmp_path):
    contents = {"cut.csv": b"\xff\xfe\x00", "image.csv": b"\x89PNG\r\n\x1a\n\0", "zeros.csv": b"A,x\nB,y\n\0\0"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "empty.csv").write_bytes(b"\r\n ")
    no_text = {name: f"{name} is no text: save the table as CSV or TSV" for name in contents}
    for name, sentence in (
        *no_text.items(),
        ("empty.csv", "is empty: write a line"),
        ("missing.csv", "cannot be read"),
    ):
        with pytest.raises(ParameterError, match=sentence):
            read(tmp_path / name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_table_may_be_in_the_encodings_and_with_the_separators_of_spreadsheets(tmp_path, encoding, between):
    text = f"domain{between}genes\r\nÄußere Schicht{between}MBP MOBP\r\nLayer 4{between}RORB\r\n"
    mark = "\ufeff" if encoding == "utf-16-be" else ""  # which Python writes for no name with the order of bytes
    (tmp_path / "table.txt").write_bytes((mark + text).encode(encoding))
    assert read(tmp_path / "table.txt").markers == {"Äußere Schicht": ("MBP", "MOBP"), "Layer 4": ("RORB",)}


def test_the_shipped_table_has_each_layer_of_the_cortex_and_says_its_source():
    table = KNOWN["human-cortex"]
    assert isinstance(table, MarkerTable)
    assert table.names == ("Layer1", "Layer2", "Layer3", "Layer4", "Layer5", "Layer6", "WM")
    assert "10.1038/s41593-020-00787-0" in table.source
    assert all("|ENSG" in gene for genes in table.markers.values() for gene in genes)


def test_a_quotation_mark_that_nothing_closes_is_a_sentence():
    with pytest.raises(ParameterError, match="quotation mark left open"):
        parse('A,"x\n' + "B,y\n" * 50_000)


def test_signs_of_no_width_that_come_with_a_table_are_no_part_of_genes():
    assert parse("A,x\u200b\nB,\ufeffy\u200e").markers == {"A": ("x",), "B": ("y",)}
