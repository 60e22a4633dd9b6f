"""This library as one of those compared, in a process of its own and in this one."""

import numpy as np
import pytest

from copilot.benchmark.rivals.material import Material, shop_talk, write_material
from copilot.benchmark.rivals.ours import OURS
from copilot.benchmark.rivals.recall import recall_at_k
from copilot.benchmark.rivals.task import Encoding, Job, K, Searcher, Task
from copilot.benchmark.rivals.worker import Worker, answer, memory, message_vectors
from copilot.errors import NotReadyError
from models.encoders.hashing import HashEncoder

N_DOCUMENTS = 400


@pytest.fixture(scope="module")
def task(tmp_path_factory) -> Task:
    folder = tmp_path_factory.mktemp("rivals")
    texts = shop_talk(N_DOCUMENTS, 30, np.random.default_rng(7))
    write_material(folder / "material", texts, HashEncoder(), folder / "cache", lambda _done, _total, _what: None)
    made = Task(folder / "material", folder / "models", "hash", "", Encoding.SHARED)
    OURS.build(made)
    return made


@pytest.fixture
def searcher(task: Task) -> Searcher:
    return OURS.open(task)


def test_every_document_is_found_by_its_own_words(task: Task, searcher: Searcher) -> None:
    documents = Material(task.folder).documents
    for number in range(0, N_DOCUMENTS, 37):
        assert searcher.search(Job.HYBRID, documents[number])[0] == number


def test_search_by_meaning_finds_the_exact_neighbours(task: Task, searcher: Searcher) -> None:
    material = Material(task.folder)
    asked = [message.text for message in material.messages]
    queries = np.stack([searcher.vector(text) for text in asked])
    found = [searcher.search(Job.DENSE, text) for text in asked]
    assert all(len(own) == len(set(own)) == K for own in found)
    assert recall_at_k(found, queries, material.vectors, K).tolist() == [1.0] * len(asked)


def test_given_vectors_find_what_encoded_messages_find(task: Task, searcher: Searcher) -> None:
    given = OURS.open(Task(task.folder, task.models_folder, "hash", "", Encoding.GIVEN))
    for message in Material(task.folder).messages:
        assert np.array_equal(given.vector(message.text), searcher.vector(message.text))
        for job in Job:
            assert given.search(job, message.text) == searcher.search(job, message.text)


@pytest.mark.slow
def test_a_worker_answers_as_the_library_does_here(task: Task, searcher: Searcher) -> None:
    asked = [message.text for message in Material(task.folder).messages[:3]]
    worker = Worker(OURS, task)
    try:
        answered = worker.call(answer, Job.HYBRID, asked)
        assert [list(found) for found in answered.found] == [searcher.search(Job.HYBRID, text) for text in asked]
        assert len(answered.taken) == 3
        assert answered.end - answered.start >= sum(one.wall_ms for one in answered.taken) / 1000
        assert np.array_equal(worker.call(message_vectors, asked)[1], searcher.vector(asked[1]))
        assert worker.call(memory).peak_mb > 10
        assert worker.wait_until_open().seconds > 0
    finally:
        worker.close()


@pytest.mark.slow
def test_what_a_worker_cannot_open_is_told_with_the_reason(task: Task) -> None:
    missing = Task(task.folder / "nowhere", task.models_folder, "hash", "", Encoding.SHARED)
    worker = Worker(OURS, missing)
    try:
        with pytest.raises(NotReadyError, match=r"ours failed: .*nowhere"):
            worker.wait_until_open()
    finally:
        worker.close()


@pytest.mark.slow
def test_the_death_of_a_worker_is_noticed(task: Task) -> None:
    worker = Worker(OURS, task)
    try:
        worker.wait_until_open()
        worker._process.kill()
        worker._process.join()
        with pytest.raises(NotReadyError, match="the process of ours died with exit code -9"):
            worker.call(memory)
    finally:
        worker.close()
