"""The measures of captions against published figures, against definitions written out, and at their edges."""

import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storywright.critic.metrics import bleu, cider_d, distinct, frechet_distance, rouge_l, self_bleu
from storywright.critic.metrics.bleu import bleu_counts, bleu_of
from storywright.critic.metrics.ptb import ptb_tokens
from storywright.errors import BadInput

PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "captions"
needs_published = pytest.mark.skipif(not PUBLISHED.is_dir(), reason=f"the published cases are not at {PUBLISHED}")

sentence = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=9)
items = st.lists(st.tuples(sentence, st.lists(sentence, min_size=1, max_size=4)), min_size=1, max_size=6)


def split(sets):
    return [hyp for hyp, _ in sets], [refs for _, refs in sets]


def grams(tokens, n):
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


@needs_published
def test_published_scores_are_met():
    hyps, *columns = ([line.split() for line in (PUBLISHED / f"{n}.txt").open()] for n in ("hyp", "ref1", "ref2"))
    refs = [list(row) for row in zip(*columns, strict=True)]
    assert [round(scored.value, 6) for scored in bleu(hyps, refs)] == [0.550000, 0.428174, 0.284043, 0.201143]
    assert round(rouge_l(hyps, refs).value, 6) == 0.522104
    assert round(cider_d(hyps, refs).value, 6) == 1.242192


@needs_published
def test_scores_of_464_captions_are_those_of_the_reference_implementation():
    data = json.loads((PUBLISHED / "example_1.ptb.json").read_text())
    hyps = [data["candidates"][key][0].split() for key in data["candidates"]]
    refs = [[ref.split() for ref in data["references"][key]] for key in data["candidates"]]
    # Printed by pycocoevalcap 1.2 on the same tokens.
    assert cider_d(hyps, refs).value == pytest.approx(0.40172373459481703, abs=1e-12)
    assert rouge_l(hyps, refs).value == pytest.approx(0.3958084293671707, abs=1e-12)
    expected = [0.5041298775276263, 0.3348984284798925, 0.22295284460382805, 0.1449174503141603]
    assert [scored.value for scored in bleu(hyps, refs)] == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(items)
def test_bleu_is_its_definition(sets):
    hyps, refs = split(sets)
    own = sum(map(len, hyps))
    nearest = sum(min((abs(len(r) - len(h)), len(r)) for r in rs)[1] for h, rs in sets)
    product, expected = 1.0, []
    for n in range(1, 5):
        matches = sum(min(c, max(grams(r, n)[g] for r in rs)) for h, rs in sets for g, c in grams(h, n).items())
        product *= (matches + 1e-15) / (sum(max(len(h) - n + 1, 0) for h in hyps) + 1e-9)
        ratio = (own + 1e-15) / (nearest + 1e-9)
        expected.append(product ** (1 / n) * (math.exp(1 - 1 / ratio) if ratio < 1 else 1))
    assert [scored.value for scored in bleu(hyps, refs)] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@settings(deadline=None)
@given(items)
def test_cider_d_is_its_definition(sets):
    hyps, refs = split(sets)
    within = Counter(g for _, rs in sets for g in {g for r in rs for n in range(1, 5) for g in grams(r, n)})

    def weight(gram):
        return math.log(len(sets)) - math.log(max(within[gram], 1))

    expected = []
    for h, rs in sets:
        score = 0.0
        for r in rs:
            apart = max(len(h) - 1, 0) - max(len(r) - 1, 0)
            for n in range(1, 5):
                a, b = grams(h, n), grams(r, n)
                norm = math.sqrt(sum((c * weight(g)) ** 2 for g, c in a.items()))
                norm *= math.sqrt(sum((c * weight(g)) ** 2 for g, c in b.items()))
                dot = sum(min(c, b[g]) * b[g] * weight(g) ** 2 for g, c in a.items())
                score += dot / norm * math.exp(-(apart**2) / 72) if norm else 0.0
        expected.append(10 * score / 4 / len(rs))
    assert cider_d(hyps, refs).items == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(items)
def test_rouge_l_is_its_definition(sets):
    def common(a, b):
        table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
        for i, x in enumerate(a):
            for j, y in enumerate(b):
                table[i + 1][j + 1] = table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
        return table[-1][-1]

    expected = []
    for h, rs in sets:
        precision = max(common(h, r) / max(len(h), 1) for r in rs)
        recall = max(common(h, r) / max(len(r), 1) for r in rs)
        both = recall + 1.44 * precision
        expected.append(2.44 * precision * recall / both if both else 0.0)
    assert rouge_l(*split(sets)).items == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(st.lists(sentence, min_size=2, max_size=6))
def test_self_bleu_takes_all_others_as_references(captions):
    by_definition = bleu(captions, [captions[:i] + captions[i + 1 :] for i in range(len(captions))])
    for ours, theirs in zip(self_bleu(captions), by_definition, strict=True):
        assert ours.items == pytest.approx(theirs.items, abs=1e-12)


def test_rouge_of_many_pairs_of_different_lengths_does_not_depend_on_their_grouping():
    rng = np.random.default_rng(3)
    hyps = [[str(t) for t in rng.integers(0, 9, rng.integers(1, 60))] for _ in range(3_000)]
    refs = [[[str(t) for t in rng.integers(0, 9, rng.integers(1, 60))] for _ in range(3)] for _ in hyps]
    together = rouge_l(hyps, refs).items
    some = rng.choice(len(hyps), 40, replace=False)
    assert together[some] == pytest.approx(rouge_l([hyps[i] for i in some], [refs[i] for i in some]).items)


def test_a_caption_without_words_scores_zero():
    hyps, refs = [[], ["a", "dog"]], [[["a", "cat"]], [["a", "dog"]]]
    assert cider_d(hyps, refs).items[0] == rouge_l(hyps, refs).items[0] == 0
    assert bleu(hyps, refs)[3].items[0] == pytest.approx(0, abs=1e-12)
    assert bleu([[]], [[["a"]]])[0].value == pytest.approx(0, abs=1e-12)


def test_sums_of_bleu_counts_give_the_score_of_that_part():
    hyps, refs = [["a", "b"], ["b", "c"], ["c"]], [[["a", "b"]], [["b"]], [["c", "d"]]]
    part = bleu_of(bleu_counts(hyps, refs)[[0, 2]].sum(0))
    assert part[1] == pytest.approx(bleu([hyps[0], hyps[2]], [refs[0], refs[2]])[1].value)


def test_distinct_counts_different_ngrams():
    captions = [["a", "dog", "runs"], ["a", "dog", "sits"]]
    assert distinct(captions, 1) == 4 / 6
    assert distinct(captions, 2) == 3 / 4
    assert distinct(captions, 4) == 0


@pytest.mark.parametrize("measure", [bleu, cider_d, rouge_l])
def test_unpaired_captions_are_refused(measure):
    with pytest.raises(BadInput, match="no captions"):
        measure([], [])
    with pytest.raises(BadInput, match="Caption 2 has no reference"):
        measure([["a"], ["b"]], [[["a"]], []])
    with pytest.raises(BadInput, match="1 captions cannot be scored against references for 2"):
        measure([["a"]], [[["a"]], [["b"]]])


def test_frechet_distance_of_normal_distributions_is_the_closed_form():
    rng = np.random.default_rng(0)
    one, other = rng.normal(0, 1, (500, 6)), rng.normal(0.5, 2, (700, 6)) @ rng.normal(size=(6, 6))
    covs = [np.cov(f, rowvar=False) for f in (one, other)]
    values = np.linalg.eigvals(covs[0] @ covs[1])
    apart = one.mean(0) - other.mean(0)
    expected = apart @ apart + np.trace(covs[0] + covs[1]) - 2 * np.sqrt(values.astype(complex)).real.sum()
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-9)


def test_frechet_distance_works_with_fewer_pictures_than_features():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(5, 40)), rng.normal(size=(6, 40))
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-5)
    assert frechet_distance(one, other) == pytest.approx(frechet_distance(other, one), rel=1e-9)
    with pytest.raises(BadInput, match="at least two pictures"):
        frechet_distance(one[:1], other)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        # As the tokeniser of Stanford CoreNLP 3.4.1 splits them, its punctuation taken out.
        ("A man's dog doesn't bark. \"Yes,\" she said.", "a man 's dog does n't bark yes she said"),
        ("I can't, won't, cannot; gonna they'd've it’s", "i ca n't wo n't can not gon na they 'd 've it 's"),
        ("black-and-white t-shirt - dash -- double — em", "black-and-white t-shirt dash double em"),
        ("$5.00 5% 1,000,000 3.14 and/or #1 50¢", "$ 5.00 5 % 1,000,000 3.14 and/or # 1 50 cents"),
        ("Mr. Smith at 5 p.m. with U.S. troops, no. 5. no.", "mr. smith at 5 p.m. with u.s. troops no. 5 no"),
        (
            "(parens) [b] <b>tag</b> a@b.com http://x.org/a?b=c.",
            "-lrb- parens -rrb- -lsb- b -rsb- <b> tag </b> a@b.com http://x.org/a?b=c",
        ),
        ("AT&T rock&roll &amp; c++ :)", "at&t rock & roll & c++ :-rrb-"),
        ("the '80s o'clock rock 'n' roll boys' O'Brien", "the '80s o'clock rock 'n' roll boys o'brien"),
        ("wait... what?! no!! 10:30 5:00pm 1/2 -5", "wait what ?! no !! 10:30 5:00 pm 1/2 -5"),
        ("Привет, мир! Это — «тест». Мальчик-с-пальчик", "привет мир это тест мальчик-с-пальчик"),
        ("", ""),
        (" … ", ""),
    ],
)
def test_tokens_are_those_of_the_treebank(text, tokens):
    assert ptb_tokens(text) == tokens.split()
