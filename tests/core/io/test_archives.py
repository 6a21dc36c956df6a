import copy
import gzip
import io
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from core.errors import SampleFileError, UnsafeFileError
from core.io import archives
from core.io.archives import Limits

SMALL = Limits(members=5, depth=4, total_bytes=1 << 20, small_bytes=4096)


def make_zip(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def make_tar(path: Path, *entries: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        for entry, content in entries:
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def tar_entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def unpack_all(path: Path, limits: Limits) -> None:
    with archives.unpacked(path, archives.member_names(path, limits), limits):
        pass


def refused(path: Path, limits: Limits = archives.LIMITS) -> str:
    """Neither listed nor unpacked; gives the sentence."""
    with pytest.raises(UnsafeFileError) as caught:
        unpack_all(path, limits)
    assert str(caught.value).startswith(path.name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_only_what_is_wanted_is_unpacked_and_the_folder_is_gone_afterwards(tmp_path, name):
    contents = {"run/keep.txt": b"kept" * 1000, "run/large.bam": b"x" * 5000, "__MACOSX/run/._keep.txt": b"litter"}
    if name.endswith("zip"):
        path = make_zip(tmp_path / name, **contents)
    else:
        path = make_tar(tmp_path / name, *((tar_entry(key), content) for key, content in contents.items()))
    assert [str(found) for found in archives.member_names(path)] == ["run/keep.txt", "run/large.bam"]
    with archives.unpacked(path, [PurePosixPath("run/keep.txt")]) as folder:
        files = [found for found in folder.rglob("*") if found.is_file()]
        assert [found.read_bytes() for found in files] == [b"kept" * 1000]
    assert not folder.exists()


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "run/../../evil", "C:\\evil", "\\\\server\\evil", "..\\evil"])
def test_names_that_lead_out_of_the_archive_are_refused(tmp_path, name):
    assert "leads out of the archive" in refused(make_zip(tmp_path / "a.zip", **{name: b"x"}))
    assert "leads out of the archive" in refused(make_tar(tmp_path / "a.tar.gz", (tar_entry(name), b"x")))


@pytest.mark.parametrize("name", ["line\nbreak", "bell\a", "right\u202eleft"])
def test_names_with_signs_that_cannot_be_seen_are_refused_and_shown_harmlessly(tmp_path, name):
    sentence = refused(make_zip(tmp_path / "a.zip", **{name: b"x"}))
    assert "control characters" in sentence
    assert sentence.isprintable()


def test_a_name_that_goes_on_behind_a_null_byte_is_refused(tmp_path):
    path = make_zip(tmp_path / "a.zip", **{"matrix#evil": b"x"})
    path.write_bytes(path.read_bytes().replace(b"matrix#evil", b"matrix\0evil"))
    assert "control characters" in refused(path)


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (tarfile.SYMTYPE, "/etc/passwd"),
        (tarfile.LNKTYPE, "other"),
        (tarfile.CHRTYPE, ""),
        (tarfile.BLKTYPE, ""),
        (tarfile.FIFOTYPE, ""),
    ],
)
def test_links_and_devices_are_refused(tmp_path, kind, target):
    assert "is a link or a device" in refused(make_tar(tmp_path / "a.tar", (tar_entry("x", kind, target), b"")))


def test_a_symlink_in_a_zip_is_refused(tmp_path):
    entry = zipfile.ZipInfo("x")
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    assert "is a link or a device" in refused(tmp_path / "a.zip")


def test_an_encrypted_member_is_refused(tmp_path):
    path = make_zip(tmp_path / "a.zip", x=b"secret")
    raw = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(magic) + offset] |= 1
    path.write_bytes(raw)
    assert "is encrypted" in refused(path)


def test_a_member_that_unpacks_to_far_more_than_it_is_is_refused(tmp_path):
    bomb = b"\0" * (1 << 19)
    assert "unpacks to more than" in refused(make_zip(tmp_path / "a.zip", x=bomb), SMALL)
    assert "unpacks to more than" in refused(make_tar(tmp_path / "a.tar.gz", (tar_entry("x"), bomb)), SMALL)


def test_a_zip_that_lies_about_a_size_unpacks_no_more_than_it_declares(tmp_path):
    path = make_zip(tmp_path / "a.zip", x=b"\0" * 100_000)
    raw = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = raw.index(magic) + offset
        raw[start : start + 4] = (10).to_bytes(4, "little")
    path.write_bytes(raw)
    with pytest.raises(SampleFileError, match="is damaged"), archives.unpacked(path, [PurePosixPath("x")]):
        pass


def test_more_members_than_any_sample_has_are_refused(tmp_path):
    many = {f"file{number}": b"" for number in range(6)}
    assert "more than 5 files" in refused(make_zip(tmp_path / "a.zip", **many), SMALL)
    assert "more than 5 files" in refused(
        make_tar(tmp_path / "a.tar", *((tar_entry(name), b"") for name in many)), SMALL
    )


def test_a_name_that_stands_twice_or_too_deep_is_refused(tmp_path):
    twice = make_tar(tmp_path / "a.tar", (tar_entry("x"), b"1"), (tar_entry("./x"), b"2"))
    assert "is in it twice" in refused(twice)
    assert "lies too deep" in refused(make_zip(tmp_path / "a.zip", **{"a/b/c/d/e": b""}), SMALL)


def test_a_header_that_declares_gigabytes_reserves_none(tmp_path):
    entry = tar_entry("x", tarfile.XHDTYPE)
    header = bytearray(entry.tobuf())
    header[124:136] = b"77777777777\0"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(bytes(header) + bytes(8 << 20)))
    assert "absurd length" in refused(path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.zip", b"PK\x03\x04 and nothing more", "is damaged"),
        ("a.tar.gz", b"\x1f\x8b\x08 and nothing more", "is damaged"),
        ("a.tar.gz", gzip.compress(b"no tar at all" * 100, mtime=0), "is damaged"),
        ("a.tar.bz2", b"BZh91AY&SY", "is compressed with bzip2: pack the folder as zip or tar.gz"),
        ("a.rar", b"Rar!\x1a\x07", "is compressed with RAR"),
        ("a.txt", b"plain text", "is no archive"),
        ("a.zip", b"", "is no archive"),
    ],
)
def test_what_is_no_archive_is_said_in_one_sentence(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SampleFileError) as caught:
        archives.member_names(tmp_path / name)
    assert str(caught.value).startswith(f"{name} ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_archive_cut_off_anywhere_is_damaged_and_leaves_nothing(tmp_path):
    whole = make_tar(tmp_path / "a.tar.gz", (tar_entry("x"), bytes(range(256)) * 400)).read_bytes()
    for length in range(10, len(whole) - 10, max(1, len(whole) // 40)):
        (tmp_path / "cut.tar.gz").write_bytes(whole[:length])
        with (
            pytest.raises(SampleFileError, match=r"^cut\.tar\.gz is damaged"),
            archives.unpacked(tmp_path / "cut.tar.gz", [PurePosixPath("x")]),
        ):
            pass


def test_a_gzip_file_that_unpacks_to_far_more_than_it_is_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "matrix.mtx.gz"
    path.write_bytes(gzip.compress(b"1" * 10_000_000))
    with pytest.raises(UnsafeFileError, match="unpacks to more than"), archives.unzipped(path, SMALL) as file:
        file.read()


def test_a_link_inside_an_archive_stands_for_what_it_leads_to_and_one_that_nobody_needs_is_passed_over(tmp_path):
    entries = [
        (tar_entry("run/cloupe", tarfile.SYMTYPE, "../missing/cloupe"), b""),
        (tar_entry("run/a.csv"), b"rows"),
        (tar_entry("run/deep/b.csv", tarfile.SYMTYPE, "../a.csv"), b""),
        (tar_entry("run/c.csv", tarfile.LNKTYPE, "run/a.csv"), b""),
    ]
    for name in ("a.tar", "a.tar.gz"):
        path = make_tar(tmp_path / name, *entries)
        wanted = {PurePosixPath("run/deep/b.csv"), PurePosixPath("run/c.csv")}
        assert wanted < set(archives.member_names(path))
        with archives.unpacked(path, wanted) as folder:
            assert [(folder / name).read_bytes() for name in sorted(wanted)] == [b"rows", b"rows"]
        with pytest.raises(UnsafeFileError, match="`run/cloupe` in it is a link or a device"):
            archives.unpacked(path, {PurePosixPath("run/cloupe")}).__enter__()


@pytest.mark.parametrize("target", ["/etc/passwd", "../../etc/passwd", "../x/../../y"])
def test_a_link_out_of_an_archive_is_refused_even_where_nobody_needs_it(tmp_path, target):
    content = ((tar_entry("a/x", tarfile.SYMTYPE, target), b""), (tar_entry("a/rows"), b"rows"))
    assert "is a link or a device" in refused(make_tar(tmp_path / "a.tar", *content))


def test_a_link_inside_a_zip_stands_for_what_it_leads_to(tmp_path):
    entry = zipfile.ZipInfo("run/b.csv")
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("run/a.csv", "rows")
        archive.writestr(entry, "a.csv")
    with archives.unpacked(tmp_path / "a.zip", {PurePosixPath("run/b.csv")}) as folder:
        assert (folder / "run" / "b.csv").read_text() == "rows"


def test_members_of_a_zip_that_share_their_bytes_are_refused(tmp_path):
    path = make_zip(tmp_path / "a.zip", first=b"x" * 5000)
    with zipfile.ZipFile(path, "a") as archive:  # as bombs do: many names for one place
        again = copy.copy(archive.infolist()[0])
        again.filename = again.orig_filename = "other"
        archive.filelist.append(again)
        archive.writestr("third", b"")
    with pytest.raises(SampleFileError, match=r"^a\.zip .*\.$"):
        unpack_all(path, archives.LIMITS)


def test_a_tar_member_with_holes_is_refused(tmp_path):
    path = tmp_path / "a.tar"
    hole = tar_entry("x", tarfile.GNUTYPE_SPARSE)
    assert "stored with holes" in refused(make_tar(path, (hole, b"")))
    made = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "x", "GNU.sparse.realsize": "99999999"}
    later = tarfile.TarInfo("GNUSparseFile.0/x")
    later.pax_headers = made
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        later.size = 512
        archive.addfile(later, io.BytesIO(b"1\n0\n1\n".ljust(512, b"\0")))
    assert "stored with holes" in refused(path)
