from pathlib import Path

import pytest

from core.errors import SampleFileError, UnsafeFileError
from core.io import roots


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with a folder and a file in it, and a secret beside it."""
    root = tmp_path / "shared"
    (root / "section" / "spatial").mkdir(parents=True)
    (root / "a.h5").write_text("a")
    (tmp_path / "secret.h5").write_text("secret")
    return root


def test_no_folder_is_open_unless_one_is_configured(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPCA_ROOTS", raising=False)
    assert roots.configured() == []
    monkeypatch.setenv("SPCA_ROOTS", f"{root}:{root.parent / 'lost'}::{root}/section/..")
    assert roots.configured() == [root]


@pytest.mark.parametrize("name", ["", "a.h5", "section/spatial", "section/../a.h5"])
def test_what_lies_in_a_root_is_found(root: Path, name: str) -> None:
    assert roots.below(root, name) == (root / name).resolve()


@pytest.mark.parametrize("name", ["..", "../secret.h5", "/etc/hostname", "section/../../secret.h5", "out", "out.h5"])
def test_what_leads_out_of_a_root_is_refused(root: Path, name: str) -> None:
    (root / "out").symlink_to(root.parent)
    (root / "out.h5").symlink_to(root.parent / "secret.h5")
    with pytest.raises(UnsafeFileError, match="leads out of shared"):
        roots.below(root, name)


@pytest.mark.parametrize("name", ["lost.h5", "a\0.h5", "round", "a.h5/b", "~", "x" * 5000])
def test_what_is_not_there_is_one_sentence(root: Path, name: str) -> None:
    (root / "round").symlink_to(root / "round")
    with pytest.raises(SampleFileError, match="There is no") as caught:
        roots.below(root, name)
    assert "\n" not in str(caught.value)


def test_folders_come_first_and_hidden_files_and_links_out_are_left_out(root: Path) -> None:
    (root / ".hidden").write_text("")
    (root / "out").symlink_to(root.parent)
    (root / "in.h5").symlink_to(root / "a.h5")
    (root / "round").symlink_to(root / "round")
    assert [(entry.name, entry.is_folder) for entry in roots.entries(root, root)] == [
        ("section", True),
        ("a.h5", False),
        ("in.h5", False),
    ]


def test_a_folder_of_a_sample_may_hold_no_link_out_of_its_root(root: Path) -> None:
    (root / "section" / "spatial" / "in.h5").symlink_to(root / "a.h5")
    roots.check_links(root / "section", root)
    (root / "section" / "spatial" / "tissue_positions.csv").symlink_to("/etc/hostname")
    with pytest.raises(UnsafeFileError, match=r"tissue_positions\.csv is a link out of shared"):
        roots.check_links(root / "section", root)


def test_a_folder_of_very_many_files_is_not_looked_through(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roots, "MAX_LINKS_LOOKED_FOR", 2)
    with pytest.raises(UnsafeFileError, match="holds more than 2 files"):
        roots.check_links(root, root)


def test_a_link_out_that_nobody_reads_is_no_reason_to_refuse_and_one_beside_a_matrix_is(root: Path) -> None:
    (root / "section" / "cloupe.cloupe").symlink_to("/etc/hostname")
    roots.check_links(root / "section", root)
    matrix = root / "section" / "filtered_feature_bc_matrix.h5"
    matrix.write_bytes(b"")
    roots.check_links(matrix, root)
    (root / "section" / "labels.csv").symlink_to("/etc/hostname")
    with pytest.raises(UnsafeFileError, match=r"labels\.csv is a link out of shared"):
        roots.check_links(matrix, root)
