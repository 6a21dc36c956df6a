import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from core.annotation import Region, new_annotation
from core.annotation_history import Edits
from core.annotation_labels import from_labels
from core.annotation_steps import Step
from core.errors import AnnotationError
from core.io import lab
from core.io.annotation_store import AnnotationStore, folder_of
from tests.small_tissue import small_sample

ROOT = Path(__file__).resolve().parents[3]
TWO = (Region("a", "#112233"), Region("b", "#445566"))


@pytest.fixture
def sample():
    plain = small_sample("one")
    names = np.array([f"{number:016d}-1".translate(str.maketrans("0123", "ACGT")) for number in range(plain.n_spots)])
    return dataclasses.replace(plain, barcodes=names)


@pytest.fixture
def store(tmp_path, sample):
    return AnnotationStore(tmp_path / "one.h5", sample)


def drawn(store, author="Ada", **values):
    start = new_annotation(store.sample.n_spots, name="layers", author=author, regions=TWO)
    return store.save(dataclasses.replace(start, **values), author).annotation


def add(*spots, region=0):
    return Step(kind="add", region=region, spots=spots)


def test_what_was_drawn_is_there_for_the_next_session(store, sample, tmp_path):
    made = drawn(store, note="by eye")
    store.edit(made.id, "Ada", Edits([add(3, 4, 5), add(5, 9, region=1)]))
    again = AnnotationStore(tmp_path / "one.h5", sample).read(made.id).annotation
    assert (again.name, again.author, again.note, again.regions) == ("layers", "Ada", "by eye", TWO)
    assert again.created == made.created
    assert np.flatnonzero(again.assigned == 0).tolist() == [3, 4]
    assert np.flatnonzero(again.assigned == 1).tolist() == [5, 9]


def test_a_script_reads_regions_and_barcodes_with_nothing_but_json(store, sample):
    made = drawn(store)
    store.edit(made.id, "Ada", Edits([add(3, 4, 5)]))
    plain = json.loads((store.folder / f"{made.id}.json").read_text())
    runs = [run.split("*") for run in plain["assigned"].split()]
    regions = [int(region) for region, length in runs for _ in range(int(length))]
    barcodes = plain["spots"].split("\n")
    assert [barcodes[spot] for spot, region in enumerate(regions) if region == 0] == sample.barcodes[3:6].tolist()
    assert plain["regions"][0] == {"name": "a", "colour": "#112233"}


def test_annotations_lie_beside_the_sample_and_change_neither_its_file_nor_the_list_of_samples(tmp_path, sample):
    lab.write(sample, tmp_path / "one.h5")
    before = (tmp_path / "one.h5").read_bytes()
    store = AnnotationStore(tmp_path / "one.h5", lab.read(tmp_path / "one.h5"))
    drawn(store)
    assert store.folder == tmp_path / "one.annotations" == folder_of(tmp_path / "one.h5")
    assert (tmp_path / "one.h5").read_bytes() == before
    assert [summary.name for summary in lab.list_samples(tmp_path)] == ["one"]
    assert store.sample.content_hash == lab.read(tmp_path / "one.h5").content_hash


def test_a_hundred_steps_are_undone_and_redone_also_by_a_later_session(store, sample, tmp_path):
    made = drawn(store)
    for spot in range(105):
        store.edit(made.id, "Ada", Edits([add(spot)]))
    for _ in range(100):
        store.undo(made.id, "Ada")
    later = AnnotationStore(tmp_path / "one.h5", sample)
    kept = later.read(made.id)
    assert (kept.annotation.sizes, len(kept.done), len(kept.taken_back)) == ([5, 0], 0, 100)
    assert later.undo(made.id, "Ada").annotation.sizes == [5, 0]
    for _ in range(100):
        kept = later.redo(made.id, "Ada")
    assert (kept.annotation.sizes, len(kept.done), len(kept.taken_back)) == ([105, 0], 100, 0)
    assert later.redo(made.id, "Ada").annotation.sizes == [105, 0]


def test_a_new_step_after_undoing_ends_what_could_be_done_again(store):
    made = drawn(store)
    store.edit(made.id, "Ada", Edits([add(1), add(2)]))
    store.undo(made.id, "Ada")
    kept, _ = store.edit(made.id, "Ada", Edits([add(7)]))
    assert np.flatnonzero(kept.annotation.assigned == 0).tolist() == [1, 7]
    assert kept.taken_back == ()


def test_edits_that_a_browser_sends_again_are_applied_once(store):
    made = drawn(store)
    store.edit(made.id, "Ada", Edits([add(1), add(2)], tab="x"))
    kept, _ = store.edit(made.id, "Ada", Edits([Step(kind="take", spots=(1, 2))], tab="y"))
    assert kept.acknowledged == {"x": 2, "y": 1}
    kept, _ = store.edit(made.id, "Ada", Edits([add(1), add(2), add(3)], tab="x"))
    assert np.flatnonzero(kept.annotation.assigned == 0).tolist() == [3]
    assert kept.acknowledged == {"x": 3, "y": 1}
    same, _ = store.edit(made.id, "Ada", Edits([add(2), add(3)], tab="x", first=2))
    assert same.count == kept.count


def test_a_step_that_cannot_be_applied_is_said_and_holds_up_no_other(store):
    made = drawn(store)
    kept, refused = store.edit(made.id, "Ada", Edits([add(1), add(1, region=7), add(2)], tab="x"))
    assert kept.annotation.sizes == [2, 0]
    assert kept.acknowledged == {"x": 3}
    assert len(refused) == 1
    assert "there is none with the number 8" in refused[0]


def test_an_edit_made_before_another_window_removed_a_region_goes_to_the_region_that_was_meant(store):
    made = drawn(store)
    seen = store.read(made.id).count
    store.edit(made.id, "Ada", Edits([Step(kind="remove region", region=0)]))
    kept, refused = store.edit(made.id, "Ada", Edits([add(4, region=1), add(5, region=0)], based_on=seen))
    assert (kept.annotation.names, kept.annotation.sizes) == (["b"], [1])
    assert "may have been removed in another window" in refused[0]
    seen = kept.count
    store.undo(made.id, "Ada")
    store.undo(made.id, "Ada")
    kept, _ = store.edit(made.id, "Ada", Edits([add(6, region=0)], based_on=seen))
    assert (kept.annotation.names, kept.annotation.sizes) == (["a", "b"], [0, 1])


def test_another_person_changes_nothing_but_takes_a_copy(store):
    made = drawn(store)
    store.edit(made.id, "Ada", Edits([add(1)]))
    for change in (
        lambda: store.edit(made.id, "Bo", Edits([add(2)])),
        lambda: store.undo(made.id, "Bo"),
        lambda: store.delete(made.id, "Bo"),
        lambda: store.describe(made.id, "Bo", name="mine"),
        lambda: store.save(made, "Bo"),
        lambda: store.save(dataclasses.replace(made, author="Bo"), "Bo"),
    ):
        with pytest.raises(AnnotationError, match="is Ada's, and only its author changes it: take a copy"):
            change()
    mine = store.copy(store.read(made.id).annotation, "Bo").annotation
    store.edit(mine.id, "Bo", Edits([add(2)]))
    assert (mine.author, mine.source) == ("Bo", "copy of layers by Ada")
    assert [store.read(item.id).annotation.sizes for item in (made, mine)] == [[1, 0], [2, 0]]


def test_saving_another_state_is_one_step_that_can_be_undone(store):
    made = drawn(store)
    other = dataclasses.replace(made, assigned=np.zeros(made.n_spots))
    assert store.save(other, "Ada").annotation.sizes == [made.n_spots, 0]
    assert store.undo(made.id, "Ada").annotation.sizes == [0, 0]


def test_what_another_window_draws_while_a_state_is_made_stays_with_it(store, sample, tmp_path):
    made, other = drawn(store), AnnotationStore(tmp_path / "one.h5", sample)
    window = threading.Thread(target=lambda: other.edit(made.id, "Ada", Edits([add(3, 4)])))

    def with_a_third(now):
        window.start()
        return dataclasses.replace(now, regions=(*now.regions, Region("c", "#778899")))

    assert store.revise(made.id, "Ada", with_a_third).annotation.names == ["a", "b", "c"]
    window.join()
    kept = store.read(made.id)
    assert (kept.annotation.names, kept.annotation.sizes) == (["a", "b", "c"], [2, 0, 0])
    assert store.undo(made.id, "Ada").annotation.sizes == [0, 0, 0]
    with pytest.raises(AnnotationError, match="is Ada's, and only its author changes it"):
        store.revise(made.id, "Bo", lambda now: now)


def test_deleting_moves_the_file_aside_and_destroys_nothing(store):
    made = drawn(store)
    store.delete(made.id, "Ada")
    assert store.entries() == []
    (gone,) = (store.folder / "deleted").iterdir()
    gone.rename(store.folder / f"{made.id}.json")
    assert store.read(made.id).annotation.name == "layers"
    store.delete(made.id, "Ada")
    with pytest.raises(AnnotationError, match="There is no annotation"):
        store.undo(made.id, "Ada")


def test_two_processes_that_write_at_once_lose_nothing(store, sample, tmp_path):
    lab.write(sample, tmp_path / "one.h5")
    made = drawn(store)
    code = """
import sys
from core.annotation_history import Edits
from core.annotation_steps import Step
from core.io import lab
from core.io.annotation_store import AnnotationStore
store = AnnotationStore(sys.argv[1], lab.read(sys.argv[1]))
for spot in range(int(sys.argv[3]), 60, 2):
    store.edit(sys.argv[2], "Ada", Edits([Step(kind="add", spots=(spot,))], tab=sys.argv[3], first=spot // 2 + 1))
"""
    command = [sys.executable, "-c", code, str(tmp_path / "one.h5"), made.id]
    others = [subprocess.Popen([*command, first], cwd=ROOT) for first in ("0", "1")]
    assert [other.wait(timeout=120) for other in others] == [0, 0]
    kept = store.read(made.id)
    assert np.flatnonzero(kept.annotation.assigned == 0).tolist() == list(range(60))
    assert kept.acknowledged == {"0": 30, "1": 30}
    assert [path.name for path in store.folder.iterdir()] == [f"{made.id}.json"]


def strokes_of(store, author, source="strokes"):
    return new_annotation(store.sample.n_spots, name="Strokes", author=author, regions=TWO, source=source)


def test_who_begins_in_two_windows_at_once_has_begun_once(store):
    together, kept = threading.Barrier(8), []

    def begin():
        mine = strokes_of(store, "Ada")
        together.wait(timeout=60)
        kept.append(store.begin(mine, "Ada").annotation.id)

    windows = [threading.Thread(target=begin) for _ in range(8)]
    for window in windows:
        window.start()
    for window in windows:
        window.join(timeout=60)
    (entry,) = store.entries()
    assert kept == [entry.id] * 8


def test_what_another_or_something_else_has_begun_keeps_nobody_from_beginning(store):
    first = store.begin(strokes_of(store, "Ada"), "Ada").annotation
    others = [strokes_of(store, "Ben"), strokes_of(store, "Ada", source="by eye")]
    for other in others:
        assert store.begin(other, other.author).annotation.id == other.id
    assert store.begin(strokes_of(store, "Ada"), "Ada").annotation.id == first.id
    assert len(store.entries()) == 3
    with pytest.raises(AnnotationError, match="only its author"):
        store.begin(strokes_of(store, "Ben"), "Cyd")


def test_a_writer_that_is_killed_leaves_the_annotation_as_it_was_and_lets_others_write(store, sample, tmp_path):
    lab.write(sample, tmp_path / "one.h5")
    made = drawn(store)
    code = """
import sys
import threading
from pathlib import Path
from core.annotation_history import Edits
from core.annotation_steps import Step
from core.io import lab
from core.io.annotation_store import AnnotationStore
def half(path, content):
    with open(path, "wb") as file:
        file.write(content[: len(content) // 2])
        file.flush()
        print("writing", flush=True)
        input()
Path.write_bytes = half
store = AnnotationStore(sys.argv[1], lab.read(sys.argv[1]))
store.edit(sys.argv[2], "Ada", Edits([Step(kind="add", spots=(1,))]))
"""
    command = [sys.executable, "-c", code, str(tmp_path / "one.h5"), made.id]
    other = subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout.readline() == "writing\n"
    other.send_signal(signal.SIGKILL)
    other.communicate(timeout=30)
    assert store.read(made.id).annotation.sizes == [0, 0]
    kept, _ = store.edit(made.id, "Ada", Edits([add(2)]))
    assert kept.annotation.sizes == [1, 0]
    assert [entry.id for entry in store.entries()] == [made.id]


def shuffled(sample, order):
    return dataclasses.replace(
        sample,
        expression=sample.expression[order],
        lattice=sample.lattice[order],
        labels_true=sample.labels_true[order],
        barcodes=None if sample.barcodes is None else sample.barcodes[order],
    )


@pytest.mark.parametrize("with_barcodes", [True, False])
def test_spots_in_another_order_are_found_again_with_all_steps(sample, tmp_path, with_barcodes):
    plain = sample if with_barcodes else dataclasses.replace(sample, barcodes=None)
    store = AnnotationStore(tmp_path / "one.h5", plain)
    made = drawn(store)
    kept, _ = store.edit(made.id, "Ada", Edits([add(3, 100, 7), add(50, 7, region=1)]))
    order = np.random.default_rng(0).permutation(plain.n_spots)
    other = AnnotationStore(tmp_path / "one.h5", shuffled(plain, order))
    assert other.read(made.id).annotation.assigned.tolist() == kept.annotation.assigned[order].tolist()
    before = other.undo(made.id, "Ada").annotation
    assert sorted(order[before.assigned == 0].tolist()) == [3, 7, 100]
    assert store.redo(made.id, "Ada").annotation.assigned.tolist() == kept.annotation.assigned.tolist()


def test_barcodes_that_were_added_later_lose_no_annotation(sample, tmp_path):
    plain = dataclasses.replace(sample, barcodes=None)
    made = drawn(AnnotationStore(tmp_path / "one.h5", plain))
    assert AnnotationStore(tmp_path / "one.h5", sample).read(made.id).annotation.names == ["a", "b"]


def test_the_h_and_e_image_that_was_attached_later_loses_no_annotation(store, sample, tmp_path):
    made = drawn(store)
    pixels = dataclasses.replace(sample, coords_px=sample.lattice * 137.0)
    assert AnnotationStore(tmp_path / "one.h5", pixels).read(made.id).annotation.names == ["a", "b"]


def test_other_spots_are_refused_and_the_file_stays(store, sample, tmp_path):
    made = drawn(store)
    before = (store.folder / f"{made.id}.json").read_bytes()
    fewer = AnnotationStore(tmp_path / "one.h5", shuffled(sample, np.arange(150)))
    with pytest.raises(AnnotationError, match="drawn on 192 spots, and one now has other 150 spots, of which 150"):
        fewer.edit(made.id, "Ada", Edits([add(1)]))
    others = dataclasses.replace(sample, barcodes=np.array([f"x{number}" for number in range(sample.n_spots)]))
    (entry,) = AnnotationStore(tmp_path / "one.h5", others).entries()
    assert entry.annotation is None
    assert "now has other 192 spots, of which 0 are the same" in entry.problem
    assert (store.folder / f"{made.id}.json").read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser writes to every folder")
def test_a_folder_that_may_not_be_written_to_is_a_sentence(store):
    made = drawn(store)
    store.folder.chmod(0o555)
    try:
        with pytest.raises(AnnotationError, match=r"cannot be written .* may be written to"):
            store.edit(made.id, "Ada", Edits([add(1)]))
        assert store.read(made.id).annotation.sizes == [0, 0]
    finally:
        store.folder.chmod(0o755)


@pytest.mark.parametrize("at", ["core.io.annotation_store.locked", "core.io.annotation_store.written_whole"])
def test_a_disk_that_cannot_be_written_is_a_sentence_and_leaves_what_was_there(store, monkeypatch, at):
    made = drawn(store)

    def refused(*_, **__):
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(at, refused)
        with pytest.raises(
            AnnotationError, match=r"cannot be written \(Read-only file system\): check that the folder"
        ):
            store.edit(made.id, "Ada", Edits([add(1)]))
    assert store.read(made.id).annotation.sizes == [0, 0]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("assigned", "0*5"),
        ("assigned", "0*99999999999999999999"),
        ("assigned", "9223372036854775807*192"),
        ("assigned", "4*192"),
        ("assigned", "0*-1 0*193"),
        ("assigned", "0*200 0*-8"),
        ("assigned", "many"),
        ("regions", [{"name": "", "colour": "#112233"}]),
        ("regions", [{"name": "a", "colour": "url(x)"}, {"name": "b", "colour": "#112233"}]),
        ("created", "yesterday"),
        ("version", 2),
        ("id", "../../etc"),
        ("spots", 3),
        ("further", 1),
    ],
)
def test_a_damaged_file_is_a_sentence_and_stays_as_it_is(store, key, value):
    made = drawn(store)
    path = store.folder / f"{made.id}.json"
    plain = json.loads(path.read_text())
    path.write_text(json.dumps({**plain, key: value}))
    before = path.read_bytes()
    with pytest.raises(AnnotationError, match=rf"{made.id}.json is damaged \(.*\): it was left as it is|drawn on"):
        store.edit(made.id, "Ada", Edits([add(1)]))
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null"])
def test_a_file_that_is_no_json_is_named_in_the_list_and_hides_no_other(store, text):
    made = drawn(store)
    (store.folder / "0123456789ab.json").write_bytes(text)
    (store.folder / "notes.json").write_text("{}")
    good, bad = store.entries()
    assert (good.id, bad.id, bad.annotation) == (made.id, "0123456789ab", None)
    assert "0123456789ab.json is damaged" in bad.problem


def test_a_huge_file_is_not_read_whole(store, monkeypatch):
    made = drawn(store)
    monkeypatch.setattr("core.io.annotation_store.MOST_BYTES", 100)
    monkeypatch.setattr("core.io.annotation_file.MOST_BYTES", 100)
    with pytest.raises(AnnotationError, match="more than 100 bytes"):
        store.read(made.id)


@pytest.mark.parametrize("id", ["../../../etc/passwd", "", "ABCDEF012345", "0" * 13, "0123456789a/"])
def test_an_id_never_leads_to_another_file(store, id):
    with pytest.raises(AnnotationError, match="is not the id of an annotation"):
        store.read(id)


def test_an_annotation_is_found_by_name_and_author(store):
    labels = np.array(["x", "y"] * (store.sample.n_spots // 2))
    first = store.save(from_labels(labels, name="layers", author="Ada"), "Ada").annotation
    second = store.save(from_labels(labels, name="layers", author="Bo"), "Bo").annotation
    assert store.find("layers").id == second.id
    assert store.find("layers", "Ada").id == store.find(first.id).id == first.id
    with pytest.raises(AnnotationError, match="one has no annotation 'domains'; it has layers, layers"):
        store.find("domains")


def test_name_and_note_change_without_a_step(store):
    made = drawn(store)
    kept = store.describe(made.id, "Ada", name="layers of Ada", note="second look")
    assert (kept.annotation.name, kept.annotation.note, kept.done) == ("layers of Ada", "second look", ())


def test_a_sample_without_annotations_has_an_empty_list_and_no_folder(store):
    assert store.entries() == []
    assert not store.folder.exists()
    with pytest.raises(AnnotationError, match="it may have been deleted"):
        store.edit("0123456789ab", "Ada", Edits([add(1)]))
    assert not store.folder.exists()


def test_any_byte_of_a_file_may_be_damaged_without_another_error(store):
    made = drawn(store)
    store.edit(made.id, "Ada", Edits([add(3, 4, 5), add(9, region=1)], tab="x"))
    store.undo(made.id, "Ada")
    path = store.folder / f"{made.id}.json"
    whole, random = path.read_bytes(), np.random.default_rng(0)
    for place in random.integers(0, len(whole), 150).tolist():
        path.write_bytes(whole[:place] + bytes([random.integers(256)]) + whole[place + 1 :])
        for change in (
            lambda: store.read(made.id),
            lambda: store.redo(made.id, "Ada"),
            lambda: store.undo(made.id, "Ada"),
        ):
            with contextlib.suppress(AnnotationError):
                change()
