"""IMDB on a small archive of the same form, with Keras as witness for the encoding."""

from itertools import pairwise

import numpy as np
import pytest
from data_files import tar

from grafito.datasets import imdb, store
from grafito.errors import ArgumentError, DataError, FileError
from grafito.files import write_arrays

REVIEWS = {
    "train/neg/0_2": "The film is bad, bad, BAD.<br />It's a waste!",
    "train/neg/10_1": "the the the",
    "train/neg/2_4": "a b c d e f",
    "train/pos/0_9": "A film that's well-made",
    "train/pos/1_10": "good",
    "train/pos/2_7": "the film... the FILM",
    "test/neg/0_1": "unseen words and a bad film",
    "test/neg/1_2": "the waste",
    "test/neg/2_3": "unseen",
    "test/pos/0_8": "good good film",
    "test/pos/1_9": "a b",
    "test/pos/2_10": "is it a film",
}


def members(reviews=REVIEWS):
    files = {f"aclImdb/{name}.txt": text.encode() for name, text in reviews.items()}
    rest = {"aclImdb/README": b"read me", "aclImdb/train/unsup/0_0.txt": b"no label"}
    return rest | files


@pytest.fixture
def archive(tmp_path, monkeypatch):
    monkeypatch.setattr(imdb, "_PER_CLASS", 3)
    monkeypatch.setenv("GRAFITO_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tar(tmp_path / "data" / "aclImdb_v1.tar.gz", members())


def test_words_are_ranked_by_the_training_part(archive):
    index = imdb.get_word_index()
    assert list(index)[:5] == ["the", "film", "a", "bad", "b"]
    assert sorted(index.values()) == list(range(1, len(index) + 1))
    assert {"it's", "that's", "br", "well", "made"} <= index.keys()
    assert not {"unseen", "words", "no"} & index.keys()


def test_reviews_are_encoded_and_shuffled_with_their_labels(archive):
    index = imdb.get_word_index()
    back = {rank + 3: word for word, rank in index.items()} | {1: "<start>"}
    (x_train, y_train), (x_test, y_test) = imdb.load_data()
    read = {
        " ".join(back[i] for i in review): label
        for review, label in zip(x_train, y_train, strict=True)
    }
    assert read["<start> the film is bad bad bad br it's a waste"] == 0
    assert read["<start> a film that's well made"] == 1
    read = {
        " ".join(back[i] for i in review): label
        for review, label in zip(x_test, y_test, strict=True)
    }
    assert read["<start> a bad film"] == 0, "words unseen in training are left out"
    assert read["<start>"] == 0
    assert (x_train.dtype, y_train.dtype) == (object, np.int64)
    assert isinstance(x_train[0], list)
    orders = {tuple(map(tuple, imdb.load_data(seed=seed)[0][0])) for seed in range(5)}
    assert len(orders) > 1


OPTIONS = {
    "defaults": {},
    "few words": {"num_words": 7},
    "no common words": {"skip_top": 5},
    "between": {"skip_top": 4, "num_words": 9},
    "another seed": {"seed": 7},
    "no mark at the start": {"start_char": None},
    "bare ranks": {"start_char": None, "index_from": 0},
    "left out": {"oov_char": None, "num_words": 6},
    "other marks": {"start_char": 5, "oov_char": 9, "index_from": 12, "num_words": 20},
    "short reviews": {"maxlen": 6},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_encoding_is_that_of_keras(archive, keras, tmp_path, monkeypatch, name):
    corpus = imdb._corpus()
    arrays = {}
    for part in ("train", "test"):
        starts = corpus.starts[part]
        ranks = [corpus.ranks[part][a:b].tolist() for a, b in pairwise(starts)]
        arrays[f"x_{part}"] = imdb._ragged(ranks)
        arrays[f"y_{part}"] = corpus.labels[part]
    np.savez(tmp_path / "imdb.npz", **arrays)
    module = __import__("keras.src.datasets.imdb", fromlist=["imdb"])
    monkeypatch.setattr(module, "get_file", lambda **_: str(tmp_path / "imdb.npz"))
    # Keras reads "all words" as "all but the rarest", so it gets a number.
    options = {"num_words": 1000} | OPTIONS[name]
    ours, theirs = imdb.load_data(**options), module.load_data(**options)
    for (x, y), (x_keras, y_keras) in zip(ours, theirs, strict=True):
        assert [list(review) for review in x] == [list(review) for review in x_keras]
        np.testing.assert_array_equal(y, y_keras)


def test_the_second_load_reads_the_parsed_copy(archive, monkeypatch, tmp_path):
    first = imdb.load_data()
    index = imdb.get_word_index()
    assert len(list((tmp_path / "cache" / "imdb").iterdir())) == 1

    def fail(path):
        raise AssertionError("parsed again")

    monkeypatch.setattr(imdb, "_parse", fail)
    second = imdb.load_data()
    assert imdb.get_word_index() == index
    for (x, y), (x_again, y_again) in zip(first, second, strict=True):
        assert x.tolist() == x_again.tolist()
        np.testing.assert_array_equal(y, y_again)


@pytest.mark.parametrize("damage", [b"", b"PK", None])
def test_a_damaged_copy_is_made_again(archive, tmp_path, damage):
    expected = imdb.load_data()[0][0].tolist()
    (parsed,) = (tmp_path / "cache" / "imdb").iterdir()
    if damage is None:
        write_arrays(parsed, {"words": np.zeros(1, np.uint8)}, {})
    else:
        parsed.write_bytes(damage)
    assert imdb.load_data()[0][0].tolist() == expected
    assert list((tmp_path / "cache" / "imdb").iterdir()) == [parsed]
    assert parsed.stat().st_size > 1000


def test_another_archive_gets_a_copy_of_its_own(archive, tmp_path):
    imdb.load_data()
    tar(archive, members(REVIEWS | {"train/pos/1_10": "excellent"}))
    assert "excellent" in imdb.get_word_index()
    assert len(list((tmp_path / "cache" / "imdb").iterdir())) == 2


def test_a_cache_that_cannot_be_written_costs_only_time(archive, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path / "file"))
    assert len(imdb.load_data()[0][0]) == 6


def test_verify_reads_the_archive(archive):
    (finding,) = store.verify("imdb")
    assert finding.content.startswith("12 reviews")
    assert finding.published is False


BAD = {
    "a review is missing": ({k: v for k, v in REVIEWS.items() if k != "test/pos/1_9"}, DataError),
    "one part is missing": ({k: v for k, v in REVIEWS.items() if "test" not in k}, DataError),
    "no reviews": ({}, DataError),
}


@pytest.mark.parametrize("name", BAD)
def test_wrong_archives_are_named(archive, name):
    reviews, error = BAD[name]
    tar(archive, members(reviews))
    with pytest.raises(error, match="aclImdb_v1"):
        imdb.load_data()


def test_damaged_archives_are_named(archive):
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-20])
    with pytest.raises(FileError, match="aclImdb_v1"):
        imdb.load_data()
    tar(archive, members() | {"aclImdb/train/neg/0_2.txt": b"caf\xe9"})
    with pytest.raises(FileError, match=r"0_2\.txt"):
        imdb.load_data()


def test_no_review_is_short_enough(archive):
    with pytest.raises(ArgumentError, match="maxlen"):
        imdb.load_data(maxlen=1)
