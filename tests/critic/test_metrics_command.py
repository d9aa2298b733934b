"""`storywright metrics captions`, as a person runs it."""

import json

import pytest
from click.testing import CliRunner

from storywright.cli import storywright
from storywright.errors import BadInput

HYP = "this is the model generated sentence1\n\na cat doesn't sleep\n"
ONE = "this is one reference for sentence1\na dog sleeps\na cat does not sleep\n"
TWO = "this is a sentence1\n\nthe cat is awake\n"


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in {"hyp.txt": HYP, "one.txt": ONE, "two.txt": TWO}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run(*args):
    return CliRunner().invoke(storywright, ["metrics", "captions", *args], catch_exceptions=False)


def test_json_has_the_six_measures(place):
    result = run("--hyp", "hyp.txt", "--refs", "one.txt", "two.txt", "--json")
    figures = json.loads(result.stdout)
    assert list(figures) == ["bleu_1", "bleu_2", "bleu_3", "bleu_4", "cider_d", "rouge_l"]
    assert 0 < figures["bleu_1"] < 1


def test_files_after_one_refs_are_those_after_several(place):
    together = run("--refs", "one.txt", "two.txt", "--hyp", "hyp.txt", "--json")
    apart = run("--hyp", "hyp.txt", "--refs", "one.txt", "--refs", "two.txt", "--json")
    fewer = run("--hyp", "hyp.txt", "--refs", "one.txt", "--json")
    assert together.stdout == apart.stdout != fewer.stdout


def test_table_names_the_measures_and_an_empty_caption_is_said(place):
    result = run("--hyp", "hyp.txt", "--refs", "one.txt")
    assert [line.split()[0] for line in result.stdout.splitlines()] == [
        "BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "CIDEr-D", "ROUGE-L",
    ]  # fmt: skip
    assert "1 empty captions, which score 0" in result.stderr


def test_treebank_tokens_are_a_choice(place):
    plain = json.loads(run("--hyp", "hyp.txt", "--refs", "one.txt", "--json").stdout)
    ptb = json.loads(run("--hyp", "hyp.txt", "--refs", "one.txt", "--tokens", "ptb", "--json").stdout)
    assert ptb["bleu_1"] > plain["bleu_1"]
    assert run("--hyp", "hyp.txt", "--refs", "one.txt", "--tokens", "word").exit_code == 2


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("short.txt", b"one\n", r"short.txt has 1 lines and hyp.txt has 3"),
        ("none.txt", b"one\n\nthree\n", r"Line 2 of none.txt is empty: a caption needs at least one reference"),
        ("empty.txt", b"", r"empty.txt is empty"),
        ("latin.txt", "one\ncaf\xe9\nthree\n".encode("latin-1"), r"latin.txt, line 2, is not UTF-8"),
    ],
)
def test_bad_reference_files_are_named_with_the_remedy(place, name, content, said):
    (place / name).write_bytes(content)
    with pytest.raises(BadInput, match=said):
        run("--hyp", "hyp.txt", "--refs", name)


def test_a_file_that_is_not_there_and_a_folder_are_named(place):
    with pytest.raises(BadInput, match=r"away\.txt does not exist"):
        run("--hyp", "away.txt", "--refs", "one.txt")
    with pytest.raises(BadInput, match="is a folder"):
        run("--hyp", "hyp.txt", "--refs", str(place))
