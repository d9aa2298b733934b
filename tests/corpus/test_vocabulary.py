import subprocess
import sys

from storywright.corpus import vocabulary

TEXTS = [
    "Mia's well-known dog, «Рекс», runs… It's (very) fast!",
    "Мия идёт домой — и улыбается: «Ура!»",
    "“Is this yours?” asks the man; Ella is 50% happy.",
    *[f"word{n % 17} thing{n % 13} предмет{n % 11}" for n in range(300)],
]

_SCRIPT = """
import sys
from storywright.corpus import vocabulary
texts = sys.stdin.read().split("\\n")
sys.stdout.write(vocabulary.trained(lambda: texts, 300, 1).to_str())
"""


def test_the_same_texts_give_the_same_tokenizer_in_every_process():
    runs = [
        subprocess.run(
            [sys.executable, "-c", _SCRIPT], input="\n".join(TEXTS), capture_output=True, text=True, check=True
        )
        for _ in range(3)
    ]
    assert len({run.stdout for run in runs}) == 1
    assert "[MASK]" in runs[0].stdout


def test_what_is_written_can_be_read_again_with_its_capitals_accents_and_signs():
    tokenizer = vocabulary.trained(lambda: TEXTS, 400, 1)
    assert tokenizer.get_vocab_size() <= 400
    assert vocabulary.round_trips(tokenizer, TEXTS[:3]) == 1.0
    assert [tokenizer.token_to_id(token) for token in vocabulary.SPECIAL] == [0, 1, 2, 3, 4]
    assert tokenizer.encode("Mia").tokens == ["[CLS]", "Mia", "[SEP]"]
    assert vocabulary.unknown_share(tokenizer, ["日本"]) == 1.0


def test_letters_seen_only_elsewhere_spell_unseen_words():
    tokenizer = vocabulary.trained(lambda: TEXTS, 400, 1)
    assert vocabulary.unknown_share(tokenizer, ["Miaows runwell идёмидём"]) == 0.0


def test_it_opens_in_transformers(tmp_path):
    from transformers import PreTrainedTokenizerFast

    vocabulary.save(vocabulary.trained(lambda: TEXTS, 400, 1), tmp_path / "tokenizer.json")
    opened = PreTrainedTokenizerFast(tokenizer_file=str(tmp_path / "tokenizer.json"))
    assert opened.decode(opened("Мия идёт домой — и улыбается.")["input_ids"], skip_special_tokens=True) == (
        "Мия идёт домой — и улыбается."
    )
