"""The queue: order, claims of two windows, restarts, and a real render."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from matteline.contract.errors import WriteError
from matteline.contract.frames import FrameSet
from matteline.contract.job import Job
from matteline.contract.settings import MatteSettings
from matteline.window.queue.shot_delegate import FLAGGED_ROLE, THUMBNAIL_ROLE
from matteline.window.queue.store import (
    ABANDONED_AFTER_SECONDS,
    DONE,
    FAILED,
    PAUSED,
    RUNNING,
    WAITING,
    QueuedShot,
    QueueStore,
    time_left,
)
from tests.window.conftest import LONG, rest, settle


@pytest.fixture
def path(tmp_path):
    return tmp_path / "queue.sqlite"


def _plates(store: QueueStore) -> list[str]:
    return [shot.job.plate for shot in store.shots()]


def test_shots_keep_their_order_and_can_be_moved(path):
    store = QueueStore(path)
    numbers = [store.add(Job(name, "out")) for name in "abc"]
    store.move(numbers[2], -1)
    assert _plates(store) == ["a", "c", "b"]
    store.move(numbers[0], 9)
    assert _plates(QueueStore(path)) == ["c", "b", "a"]


def test_shots_are_put_into_the_order_that_dragging_made(open_window, path):
    store = QueueStore(path)
    numbers = [store.add(Job(name, "out")) for name in "abc"]
    window = open_window()
    rows = window.queue.list
    settle(lambda: rows.count() == 3)
    assert rows.model().moveRow(rows.rootIndex(), 2, rows.rootIndex(), 0)
    settle(lambda: _plates(store) == ["c", "a", "b"])
    store.add(Job("d", "out"))
    store.arrange([numbers[0], numbers[1], numbers[2]])
    assert _plates(store) == ["a", "b", "c", "d"], "what another window has added stays, at the end"


def test_two_windows_never_claim_the_same_shot(path):
    store = QueueStore(path)
    for number in range(16):
        store.add(Job(str(number), "out"))

    def claim_all(owner: str) -> list[str]:
        own, taken = QueueStore(path), []
        while (shot := own.claim(owner)) is not None:
            taken.append(shot.job.plate)
        return taken

    with ThreadPoolExecutor(2) as pool:
        taken = [plate for each in pool.map(claim_all, "xy") for plate in each]
    assert sorted(taken, key=int) == [str(number) for number in range(16)]


def test_a_shot_of_a_dead_window_is_taken_up_and_goes_on_where_it_stopped(path):
    now = [1000.0]
    store = QueueStore(path, clock=lambda: now[0])
    store.add(Job("a", "out"))
    first = store.claim("dead")
    assert first.next_job.existing == "refuse"
    now[0] += ABANDONED_AFTER_SECONDS - 1
    assert store.claim("other") is None
    now[0] += 2
    again = store.claim("other")
    assert (again.number, again.runs, again.next_job.existing) == (first.number, 2, "resume")
    assert not store.report(first.number, "dead", "words", 1, 2, 0.5), "it is no longer the dead one's"
    assert store.report(first.number, "other", "words", 1, 2, 0.5)


def test_paused_shots_are_passed_over_until_they_are_released(path):
    store = QueueStore(path)
    first, second = store.add(Job("a", "out")), store.add(Job("b", "out"))
    store.hold(first)
    assert store.claim("me").number == second
    assert store.claim("me") is None
    store.release(first)
    assert store.claim("me").number == first


def test_a_running_shot_is_not_removed(path):
    store = QueueStore(path)
    number = store.add(Job("a", "out"))
    store.claim("me")
    store.remove(number)
    assert [shot.state for shot in store.shots()] == [RUNNING]
    store.end(number, "me", FAILED, "why")
    store.remove(number)
    assert store.shots() == []


def test_logs_forget_their_oldest_lines(path):
    store = QueueStore(path)
    number = store.add(Job("a", "out"))
    for line in range(300):
        store.add_log_line(number, f"{line} {'x' * 200}")
    log = store.log_of(number)
    assert "299 x" in log and "\n10 x" not in log and len(log) <= 20_000


def test_a_file_that_is_no_queue_costs_a_sentence(path):
    path.write_bytes(b"not a database, whatever its name" * 20)
    with pytest.raises(WriteError, match=r"queue\.sqlite cannot be used"):
        QueueStore(path).shots()


def test_a_broken_queue_file_does_not_keep_the_window_from_opening(open_window, tmp_path):
    (tmp_path / "queue.sqlite").write_bytes(b"not a database, whatever its name" * 20)
    window = open_window()
    settle(lambda: "cannot be used" in window.errors.words)


@pytest.mark.slow
def test_shots_are_rendered_paused_and_taken_up_by_the_next_window(
    open_window, long_plate, untrained, tmp_path
):
    settings = MatteSettings(weights=str(untrained), device="cpu", preroll=0, downsample_ratio=1.0)
    window = open_window()
    window.queue.add(Job(long_plate, str(tmp_path / "one"), settings=settings))
    window.queue.add(Job(long_plate, str(tmp_path / "two"), FrameSet.parse("1001-1012"), settings=settings))
    window.queue.runner.start()
    settle(lambda: (tmp_path / "one" / "alpha").exists() and _count(tmp_path / "one") >= 2)
    window.queue.runner.pause()
    settle(lambda: [shot.state for shot in window.queue.shots] == [PAUSED, WAITING])
    done = _count(tmp_path / "one")
    assert 2 <= done < LONG
    window.close()

    later = open_window()
    settle(lambda: [shot.state for shot in later.queue.shots] == [PAUSED, WAITING])
    later.queue.list.setCurrentRow(0)
    later.queue._buttons["again"].click()
    later.queue.runner.start()
    settle(lambda: all(shot.state == DONE for shot in later.queue.shots))
    assert (_count(tmp_path / "one"), _count(tmp_path / "two")) == (LONG, 12)
    assert "Run 2" in later.queue.log.toPlainText()


@pytest.mark.slow
def test_a_shot_that_fails_says_why_in_its_log_and_the_next_one_runs(open_window, plate, untrained, tmp_path):
    settings = MatteSettings(weights=str(untrained), device="cpu", preroll=0)
    window = open_window()
    window.queue.add(Job(str(tmp_path / "gone.mov"), str(tmp_path / "x"), settings=settings))
    window.queue.add(Job(plate, str(tmp_path / "y"), settings=settings))
    settle(lambda: window.queue.list.count() == 2)
    window.queue.list.setCurrentRow(0)
    window.queue.runner.start()
    settle(lambda: [shot.state for shot in window.queue.shots] == [FAILED, DONE])
    settle(lambda: "gone.mov does not exist" in window.queue.log.toPlainText())
    assert window.queue.log.toPlainText().count("gone.mov does not exist") == 1


@pytest.mark.slow
def test_closing_the_window_leaves_the_shot_under_way_waiting(open_window, long_plate, untrained, tmp_path):
    settings = MatteSettings(weights=str(untrained), device="cpu", preroll=0, downsample_ratio=1.0)
    window = open_window()
    window.queue.add(Job(long_plate, str(tmp_path / "one"), settings=settings))
    window.queue.runner.start()
    settle(lambda: [shot.state for shot in window.queue.shots] == [RUNNING])
    rest(0.1)
    window.close()
    (shot,) = QueueStore(tmp_path / "queue.sqlite").shots()
    assert (shot.state, shot.owner) == (WAITING, "")


def _count(folder) -> int:
    return len(list((folder / "alpha").glob("*.exr"))) if (folder / "alpha").exists() else 0


def _shot(number: int, state: str, *, frames: str = "", done: int = 0, total: int = 0, speed: float = 0.0):
    job = Job("a", "out", FrameSet.parse(frames) if frames else None)
    return QueuedShot(number, job, state, "", done, total, speed, 1, "")


def test_the_time_left_counts_what_runs_and_what_waits():
    running = _shot(1, RUNNING, done=40, total=100, speed=2.0)
    assert time_left([running]) == 30
    assert time_left([running, _shot(2, WAITING, frames="1-20")]) == 40
    assert time_left([running, _shot(2, WAITING)]) == 80, "one of unknown length is taken for as long"
    assert time_left([_shot(1, WAITING, frames="1-20")]) == 0, "without a speed nothing can be said"


def test_rows_show_their_plates_wherever_they_are_moved(open_window, plate, tmp_path):
    window = open_window()
    window.queue.add(Job(plate, str(tmp_path / "one")))
    window.queue.add(Job(str(tmp_path / "gone.mov"), str(tmp_path / "two")))
    settle(lambda: window.queue.list.count() == 2)
    settle(lambda: window.queue.list.item(0).data(THUMBNAIL_ROLE) is not None)
    assert window.queue.list.item(1).data(THUMBNAIL_ROLE) is None
    window.queue.list.setCurrentRow(0)
    window.queue._buttons["down"].click()
    settle(lambda: window.queue.list.item(1).data(THUMBNAIL_ROLE) is not None)
    assert window.queue.list.item(0).data(THUMBNAIL_ROLE) is None


def test_a_filter_hides_other_shots_and_done_ones_are_cleared(open_window, path):
    store = QueueStore(path)
    numbers = [store.add(Job(f"/s/{name}.mov", "out")) for name in ("sh010", "sh020", "sh030")]
    store.claim("me")
    store.end(numbers[0], "me", DONE, "12 frames in 3 s")
    window = open_window()
    settle(lambda: window.queue.list.count() == 3)
    window.queue.filter.setText("sh02")
    assert [window.queue.list.isRowHidden(row) for row in range(3)] == [True, False, True]
    window.queue.filter.setText("done")
    assert [window.queue.list.isRowHidden(row) for row in range(3)] == [False, True, True]
    assert window.queue.totals.text() == "3 shots: 2 waiting, 1 done"
    window.queue.clear_button.click()
    settle(lambda: [shot.number for shot in window.queue.shots] == numbers[1:])


def test_a_double_click_opens_the_results_of_a_shot_with_its_settings(open_window, results, plate):
    job = Job(plate, str(results), settings=MatteSettings(choke=2.5))
    window = open_window()
    window.queue.add(job)
    settle(lambda: window.queue.list.count() == 1)
    window.queue.list.itemDoubleClicked.emit(window.queue.list.item(0))
    settle(lambda: window.shots.shots.current is not None)
    assert window.shots.shots.current.footage.folder == results
    assert window.shot.form.field("choke").value() == 2.5
    assert window.shot.form.existing.value() == "update"


def test_a_judged_shot_says_how_many_frames_are_to_be_looked_at(open_window, results, plate, path):
    (results / "alpha" / "sh010_alpha.1006.exr").unlink()
    store = QueueStore(path)
    number = store.add(Job(plate, str(results)))
    store.claim("me")
    store.end(number, "me", DONE, "12 frames in 3 s")
    window = open_window()
    settle(lambda: window.queue.list.count() == 1)
    window.queue.reports.judge(window.queue.shots[0].job)
    settle(lambda: window.queue.list.item(0).data(FLAGGED_ROLE) == 1)
