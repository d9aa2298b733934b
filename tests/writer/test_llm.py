"""A language model as the writer: a tiny real one, here and behind a real server that misbehaves when it is told to."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    CLIPImageProcessorPil,
    CLIPVisionConfig,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

from storywright.errors import BadInput
from storywright.writer.llm import endpoint
from storywright.writer.llm.asking import Answer, Request, Unusable, read
from storywright.writer.llm.endpoint import KEY, Endpoint, EndpointModel
from storywright.writer.llm.local import Local, LocalModel
from storywright.writer.llm.opening import open_writer
from storywright.writer.llm.writer import LanguageModelWriter, Limits
from storywright.writer.model import Told

SECRET = "sk-a-key-that-nobody-may-see"
STORY = [Told(None, "Mia walks in."), Told(None, "Mia looks around.")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A Llama of two layers that has learnt nothing, and a tokenizer that can spell."""
    place = tmp_path_factory.mktemp("tiny")
    spelling = Tokenizer(models.BPE())
    spelling.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    spelling.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    spelling.train_from_iterator(
        ["Mia lifts the red box and smiles at Tom, goal obstacle turn end"] * 4,
        trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, special_tokens=["<s>", "</s>"]),
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=spelling, bos_token="<s>", eos_token="</s>")
    torch.manual_seed(0)
    shape = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=8_192,
    )
    LlamaForCausalLM(shape).save_pretrained(place)
    tokenizer.save_pretrained(place)
    return place


@pytest.fixture(scope="module")
def local(folder):
    return LocalModel(Local(model=str(folder), caption_tokens=8, why_tokens=4))


@contextmanager
def served(local, *behaviours):
    """An endpoint in front of the model; it does what is listed, one request after another, then answers well."""
    waiting, seen = list(behaviours), []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append((self.headers.get("Authorization"), body))
            behaviour = waiting.pop(0) if waiting else {}
            if behaviour.get("hangs"):
                released.wait(10)
                return
            status = behaviour.get("status", 200)
            asked = Request([], body["messages"][-1]["content"] if not behaviour.get("pictures") else "", "en", 2, 1)
            reply = local.answer(asked) if status == 200 else None
            content = behaviour.get("text") or (reply.text if reply else "")
            finish = "length" if behaviour.get("cut") else "stop"
            content = content[: len(content) // 2] if behaviour.get("cut") else content
            answer = {
                "choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": finish}],
                "usage": {"total_tokens": reply.tokens if reply else 0},
            }
            raw = behaviour.get("raw") or json.dumps(
                answer if status == 200 else {"error": {"message": behaviour.get("says", "no")}}
            )
            self.send_response(status)
            for name, value in behaviour.get("headers", {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw.encode())

        def log_message(self, *_):
            pass

    released = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", seen
    finally:
        released.set()
        server.shutdown()
        server.server_close()


def writer_at(url, limits=None, environment=None, **values):
    patience = {"first_wait_seconds": 0.01, "answer_seconds": 5.0, **values}
    asked = Endpoint(model="tiny", base_url=url, **patience)
    return LanguageModelWriter(EndpointModel(asked, {KEY: SECRET} if environment is None else environment), limits)


def test_a_model_on_this_machine_answers_along_the_schema_whatever_it_has_learnt(local):
    reply = local.answer(Request(STORY, "a red box", "en", 3, 7))
    answer = Answer.model_validate_json(reply.text)
    assert len(answer.proposals) == 3
    assert local.answer(Request(STORY, "a red box", "en", 3, 7)).text == reply.text
    assert local.answer(Request(STORY, "a red box", "en", 3, 8)).text != reply.text
    assert reply.tokens > 300, "what was asked counts as well"


def test_proposals_of_a_local_model_are_new_and_sorted(folder):
    writer = open_writer(str(folder))
    found = writer.propose(STORY, brief="a red box", language="en", count=2, seed=3)
    assert 1 <= len(found) <= 2
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
    assert not {p.caption for p in found} & {told.caption for told in STORY}
    assert writer.propose(STORY, brief="a red box", language="en", count=2, seed=3) == found


def test_a_vision_language_model_is_shown_the_pictures(folder, tmp_path):
    vision = CLIPVisionConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=16, patch_size=8
    )
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    text = LlamaConfig.from_pretrained(folder, vocab_size=len(tokenizer))
    torch.manual_seed(0)
    mark = tokenizer.convert_tokens_to_ids("<image>")
    shape = LlavaConfig(vision_config=vision, text_config=text, image_token_index=mark)
    LlavaForConditionalGeneration(shape).save_pretrained(tmp_path)
    eye = CLIPImageProcessorPil(size={"height": 16, "width": 16}, do_center_crop=False)
    seen = {"patch_size": 8, "vision_feature_select_strategy": "default", "num_additional_image_tokens": 1}
    LlavaProcessor(eye, tokenizer, **seen).save_pretrained(tmp_path)
    model = LocalModel(Local(model=str(tmp_path), caption_tokens=6, why_tokens=3))
    assert model.sees

    def shown(colour):
        told = [Told(Image.new("RGB", (32, 18), colour), "Mia walks in."), *STORY[1:]]
        return model.answer(Request(told, "", "en", 1, 3))

    assert len(Answer.model_validate_json(shown("red").text).proposals) == 1
    assert shown("red").text == shown("red").text != shown("white").text


def test_a_story_longer_than_the_model_reads_is_refused_with_both_numbers(local):
    long = [Told(None, "Mia looks around and around. " * 40)] * 20
    with pytest.raises(BadInput, match=r"reads 8,192 tokens at once, and the story with its answer needs \d+,\d+"):
        local.answer(Request(long, "", "en", 1, 0))


def test_an_endpoint_is_asked_with_schema_seed_and_key_and_answers_as_the_writer_does(local):
    with served(local) as (url, seen):
        found = writer_at(url).propose(STORY, brief="a red box", language="en", count=2, seed=5)
    assert found and all(p.caption and 0 <= p.score <= 1 for p in found)
    (key, body), *rest = seen
    assert not rest and key == f"Bearer {SECRET}"
    assert body["seed"] == 5 and body["response_format"]["json_schema"]["schema"]["required"] == ["proposals"]
    assert "1. Mia walks in." in body["messages"][1]["content"]
    assert "a red box" in body["messages"][1]["content"]


def test_pictures_are_sent_only_where_they_are_asked_for(local):
    story = [Told(Image.new("RGB", (8, 6), "red"), "Mia walks in."), Told(None, "Mia looks around.")]
    for sees in (True, False):
        with served(local, {"pictures": sees}) as (url, seen):
            writer_at(url, sees=sees).propose(story, count=1)
        content = seen[0][1]["messages"][-1]["content"]
        if sees:
            assert content[1]["image_url"]["url"].startswith("data:image/png;base64,")
            assert "(picture 1)" in content[0]["text"] and len(content) == 2
        else:
            assert isinstance(content, str) and "picture" not in content


def test_a_busy_server_is_asked_again_after_the_time_that_it_names(local, monkeypatch):
    waited = []
    monkeypatch.setattr(endpoint.time, "sleep", waited.append)
    busy = {"status": 429, "headers": {"Retry-After": "7"}}
    with served(local, busy, {"status": 503}) as (url, seen):
        assert writer_at(url).propose(STORY, count=1)
    assert len(seen) == 3 and waited == [7.0, 0.02]


def test_nobody_waits_longer_than_is_set(local):
    with (
        served(local, {"status": 429, "headers": {"Retry-After": "3600"}}) as (url, seen),
        pytest.raises(BadInput, match="asks to wait 3600 s"),
    ):
        writer_at(url).propose(STORY, count=1)
    assert len(seen) == 1


def test_a_refused_key_is_said_at_once_and_never_shown(local):
    refusal = {"status": 401, "says": f"bad key {SECRET}"}
    with (
        served(local, refusal) as (url, seen),
        pytest.raises(BadInput, match=f"refused the key .401.: set {KEY}") as no,
    ):
        writer_at(url).propose(STORY, count=1)
    assert len(seen) == 1 and SECRET not in str(no.value)
    with served(local, {"status": 401}) as (url, _), pytest.raises(BadInput, match=f"wants a key .401.: set {KEY}"):
        writer_at(url, environment={}).propose(STORY, count=1)
    with served(local, {"status": 422, "says": f"{SECRET}?"}) as (url, _), pytest.raises(BadInput) as no:
        writer_at(url).propose(STORY, count=1)
    assert SECRET not in str(no.value) and "422" in str(no.value)


def test_a_redirect_is_not_followed_with_the_key(local):
    away = {"status": 307, "headers": {"Location": "http://127.0.0.1:9/v1/chat/completions"}}
    with served(local, away) as (url, seen), pytest.raises(BadInput, match="sends on to another address"):
        writer_at(url).propose(STORY, count=1)
    assert len(seen) == 1


@pytest.mark.parametrize(
    "bad",
    [{"cut": True}, {"text": "Here you are: [1, 2]"}, {"text": '{"proposals": [{"caption": "Mia smiles."}]}'}],
    ids=["cut", "no object", "fields missing"],
)
def test_an_answer_that_cannot_be_used_is_asked_for_again_with_what_was_wrong(local, bad):
    with served(local, bad) as (url, seen):
        assert writer_at(url).propose(STORY, count=1)
    assert len(seen) == 2
    assert "could not be used" in seen[1][1]["messages"][-1]["content"]
    assert "could not be used" not in seen[0][1]["messages"][-1]["content"]


def test_a_model_that_never_answers_well_is_given_up_with_the_reason(local):
    with (
        served(local, *[{"text": "no"}] * 3) as (url, seen),
        pytest.raises(BadInput, match=r"no usable answer in 3 tries \(.*JSON"),
    ):
        writer_at(url).propose(STORY, count=1)
    assert len(seen) == 3


def test_a_server_that_is_down_slow_or_something_else_is_named(local):
    with pytest.raises(BadInput, match=r"at http://127.0.0.1:9/v1: it cannot be reached .ConnectError., 2 times"):
        writer_at("http://127.0.0.1:9/v1", tries=2).propose(STORY, count=1)
    with served(local, {"hangs": True}) as (url, _), pytest.raises(BadInput, match=r"did not answer in 0.2 s, 1 times"):
        writer_at(url, tries=1, answer_seconds=0.2).propose(STORY, count=1)
    with served(local, {"raw": "<html>"}) as (url, _), pytest.raises(BadInput, match="is no chat completion"):
        writer_at(url).propose(STORY, count=1)
    with served(local, {"status": 404}) as (url, _), pytest.raises(BadInput, match="no such address or model"):
        writer_at(url).propose(STORY, count=1)


def test_an_older_server_is_asked_without_the_schema(local):
    old = {"status": 400, "says": "response_format is not supported"}
    with served(local, old) as (url, seen):
        assert writer_at(url).propose(STORY, count=1)
    assert "response_format" in seen[0][1] and "response_format" not in seen[1][1]


def test_the_token_budget_ends_what_would_go_on(local):
    with served(local) as (url, seen):
        writer = writer_at(url, Limits(tokens=100))
        writer.propose(STORY, count=1)
        assert writer.tokens_used > 100
        with pytest.raises(BadInput, match=r"has used .* tokens of the 100 it may"):
            writer.propose(STORY, count=1)
    assert len(seen) == 1


def test_what_was_told_and_what_is_in_another_language_is_no_answer():
    def answered(*captions):
        fields = {"phase": "turn", "tags": [], "why": "", "sureness": 0.5}
        return json.dumps({"proposals": [{"caption": caption, **fields} for caption in captions]})

    request = Request(STORY, "", "en", 3, 0)
    found = read("```json\n" + answered("Mia walks in!", "Mia smiles.", "mia smiles") + "\n```", request)
    assert [idea.caption for idea in found] == ["Mia smiles."]
    with pytest.raises(Unusable, match="told already"):
        read(answered("mia walks  in"), request)
    with pytest.raises(Unusable, match="is not English"):
        read(answered("Мия улыбается."), request)
    with pytest.raises(Unusable, match="is not Russian"):
        read(answered("Mia smiles."), Request(STORY, "", "ru", 3, 0))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("endpoint:gpt", "does not say where it is"),
        ("endpoint:@http://127.0.0.1/v1", "does not say which model"),
        ("endpoint:gpt@ftp://host", "no address of an endpoint"),
        ("endpoint:gpt@https://user:word@host/v1", "must not hold a password"),
        ("endpoint:gpt@http://models.example/v1", "would go unencrypted"),
        ("transformers:/nowhere/at/all", "cannot be opened as a language model"),
        ("nobody", "There is no writer 'nobody'"),
    ],
)
def test_a_writer_that_cannot_be_opened_is_refused_by_name(name, said):
    with pytest.raises(BadInput, match=said) as refused:
        open_writer(name, environment={KEY: SECRET})
    assert SECRET not in str(refused.value)


def test_an_unknown_language_is_refused_before_anybody_is_asked(local):
    with served(local) as (url, seen), pytest.raises(BadInput, match="knows en and ru, and not 'fr'"):
        writer_at(url).propose(STORY, language="fr")
    assert not seen
