"""The queue and the name at the head of the sidebar, on every page."""

from datetime import UTC, datetime

import pytest

from core.work.board.board import shared_board
from core.work.board.job import About, Job
from tests.core.work import chores
from tests.pages.test_training import new_app
from ui.shell.job_progress import position_in_line


@pytest.fixture
def app(samples_folder):
    return new_app()


def texts(app):
    return [item.value for item in (*app.markdown, *app.caption)]


def rename(app, name):
    return app.text_input("widget:who").set_value(name).run()


@pytest.fixture
def work(tmp_path):
    """Work of Ada; ended afterwards."""
    ids = []

    def ask(key, *owners, sweep=""):
        for owner in owners:
            about = About(what="Sweep" if sweep else "Training", sample=key.split()[0], sweep=sweep)
            ids.append(shared_board().submit(key, chores.count, tmp_path / "x", 1000, 0.1, owner=owner, about=about))
        return ids[-1]

    yield ask
    for job_id in ids:
        shared_board().cancel(job_id)


def test_every_page_says_that_nothing_runs(app):
    for page in ("pages/tune.py", "pages/tissue.py", "pages/method.py", "pages/add_data.py"):
        app.switch_page(page).run()
        assert not app.exception
        assert any("No job runs or waits" in text for text in texts(app))


def test_the_queue_says_what_runs_and_whose_it_is_and_only_the_owner_can_end_it(app, work):
    job_id = work("151673", "Ada")
    app.run()
    assert "**Training of 151673**" in texts(app)
    assert "Ada" in texts(app)
    ends = [item for item in app.button if item.key == f"widget:cancel queue {job_id}"]
    assert ends == []
    rename(app, "Ada").run()
    assert "yours" in texts(app)
    app.button(f"widget:cancel queue {job_id}").click().run()
    assert shared_board().job(job_id).finished


def test_the_tasks_of_a_sweep_are_one_work_of_the_queue(app, work):
    ids = [work(f"151673 {number}", "Ada", sweep="s1") for number in range(4)]
    app.run()
    assert texts(app).count("**Sweep of 151673**") == 1
    rename(app, "Ada").run()
    assert any("of its tasks" in text for text in texts(app))
    assert not [item for item in app.button if item.key in {f"widget:cancel queue {job_id}" for job_id in ids}]
    app.button("widget:queue.s1").click().run()
    assert app.session_state["sweep"] == "s1"


def test_who_waits_for_the_work_of_another_can_leave_it(app, work):
    job_id = work("151673", "Ada", "Ben")
    rename(app, "Ben").run()
    leave = app.button(f"widget:cancel queue {job_id}")
    assert leave.label == "Leave"
    leave.click().run()
    assert shared_board().job(job_id).owners == ("Ada",)
    assert not shared_board().job(job_id).finished


@pytest.mark.parametrize(
    ("name", "becomes"), [("  Ada   Lovelace ", "Ada Lovelace"), ("<b>Ada</b>", "<b>Ada</b>"), ("   ", None)]
)
def test_a_name_is_kept_over_pages_and_an_empty_one_is_not_taken(app, name, becomes):
    guest = app.text_input("widget:who").value
    rename(app, name)
    app.switch_page("pages/tissue.py").run()
    assert not app.exception
    assert app.text_input("widget:who").value == (becomes or guest)


def test_places_in_line_are_said_in_words():
    now = datetime.now(tz=UTC).timestamp()
    jobs = [
        Job(id=str(n), key=str(n), owners=("Ada",), about=About(what="Training", sample=f"s{n}"), asked=now)
        for n in range(112)
    ]
    assert position_in_line(jobs[0], jobs) == "Next in line"
    assert position_in_line(jobs[0], jobs[1:]) == "Sent to a worker"
    assert position_in_line(jobs[2], jobs) == "Third in line, behind Training of s1 (Ada)"
    assert position_in_line(jobs[11], jobs) == "12th in line, behind Training of s10 (Ada)"
    begins = [position_in_line(jobs[n - 1], jobs).split()[0] for n in (10, 11, 13, 21, 22, 23, 24, 101, 111)]
    assert begins == ["Tenth", "11th", "13th", "21st", "22nd", "23rd", "24th", "101st", "111th"]
