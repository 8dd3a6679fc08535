"""Published checkpoints: equal to the reference, selectable, and refused in one sentence."""

from __future__ import annotations

import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from keyfill_extension.engine.__main__ import main
from keyfill_extension.engine.api import load_engine
from keyfill_extension.engine.models.catalogue import model_folder
from keyfill_extension.engine.models.description import ModelError
from keyfill_extension.engine.motion.files.humanml3d import features_to_joints
from keyfill_extension.engine.motion.request import MotionRequest
from keyfill_extension.engine.systems.momask.import_published import import_momask
from keyfill_extension.engine.systems.momask.published_files import ImportRefused
from keyfill_extension.engine.systems.momask.system import MoMask, load_momask, plain_scoring
from keyfill_extension.engine.text_encoder import FakeTextEncoder

from .tiny_clip import write_tiny_clip


@pytest.fixture(scope="module")
def published(shared: Path) -> Path:
    return shared / "checkpoints" / "momask_tiny"


@pytest.fixture(scope="module")
def imported(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "tiny"
    import_momask(published, out)
    return out


@pytest.fixture(scope="module")
def system(imported: Path) -> MoMask:
    loaded = load_momask(imported, "cpu", FakeTextEncoder(512))
    return replace(loaded, scoring=plain_scoring(loaded.networks))


@pytest.fixture(scope="module")
def expected(published: Path) -> dict[str, torch.Tensor]:
    with np.load(published / "expected.npz") as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays}


def assert_near(found: torch.Tensor, wanted: torch.Tensor) -> None:
    torch.testing.assert_close(found, wanted, rtol=0.0, atol=1e-4)


def test_encoder_codes_are_the_references(system, expected):
    codes = system.networks.tokenizer.encode_normalised(expected["features"])
    assert torch.equal(codes[:, :, 0], expected["codes"])


def test_decoded_features_and_joints_are_the_references(system, expected):
    tokenizer = system.networks.tokenizer
    codes = expected["codes"][:, :, None]
    assert_near(tokenizer.decode_normalised(codes), expected["decoded"])
    features = tokenizer.decode(codes).numpy()
    joints = np.stack([features_to_joints(clip) for clip in features])
    np.testing.assert_allclose(joints, expected["joints"].numpy(), rtol=0, atol=1e-4)


@torch.no_grad()
def test_masked_logits_are_the_references_with_and_without_text(system, expected):
    is_step, text = ~expected["padding"], expected["text_embedding"]
    logits = system.networks.masked(expected["masked_ids"], is_step, text)
    assert_near(logits.transpose(1, 2), expected["masked_logits"])
    logits = system.networks.masked(expected["masked_ids"], is_step, torch.zeros_like(text))
    assert_near(logits.transpose(1, 2), expected["masked_logits_uncond"])


@torch.no_grad()
def test_residual_and_length_logits_are_the_references(system, expected):
    is_step, text = ~expected["padding"], expected["text_embedding"]
    logits = system.networks.residual(
        expected["residual_input"], is_step, text, expected["residual_stage"]
    )
    assert_near(logits.transpose(1, 2), expected["residual_logits"])
    assert_near(system.networks.length(text), expected["length_logits"])


def test_greedy_codes_are_the_references(system, expected):
    is_step, text = ~expected["padding"], expected["text_embedding"]
    padding = system.networks.residual.padding_code
    codes = expected["greedy_codes"][..., :1]
    for _ in range(2):
        likeliest = system.detail_scores(codes, text, is_step).argmax(-1)
        codes = torch.cat([codes, likeliest.where(is_step, padding)[..., None]], -1)
    assert torch.equal(codes, expected["greedy_codes"])


def test_a_code_that_adds_nothing_is_no_code_of_its_stage(system):
    tokenizer = system.networks.tokenizer
    codes = torch.tensor([[[[3, 5, tokenizer.silent_code]], [[7, 1, tokenizer.silent_code]]]])
    assert_near(tokenizer.decode(codes), tokenizer.decode(codes[..., :2]))


@torch.no_grad()
def test_unshared_weights_are_read_as_the_published_code_uses_them(published, tmp_path, expected):
    folder = shutil.copytree(published, tmp_path / "published")
    place = folder / "t2m" / "tres_tiny"
    stored = torch.load(place / "model" / "net_best_fid.tar", weights_only=True)
    state = stored["res_transformer"]
    generator = torch.Generator().manual_seed(5)
    read, read_out = (state.pop(n) for n in ("token_embed_weight_", "output_proj_weight_"))
    between = state.pop("embed_proj_shared_weight")
    state["token_embed_weight"] = torch.cat([read, between])
    state["output_proj_weight"] = torch.cat([between, read_out])
    state["output_proj_bias"] = torch.randn(3, 33, generator=generator)
    torch.save(stored, place / "model" / "net_best_fid.tar")
    options = (place / "opt.txt").read_text().replace("share_weight: True", "share_weight: False")
    (place / "opt.txt").write_text(options)
    import_momask(folder, tmp_path / "out")
    residual = load_momask(tmp_path / "out", "cpu", FakeTextEncoder(512)).networks.residual
    found = residual(
        expected["residual_input"], ~expected["padding"], expected["text_embedding"],
        expected["residual_stage"],
    )  # fmt: skip
    # The published code adds the product to itself before it adds the bias.
    bias = state["output_proj_bias"][expected["residual_stage"] - 1]
    wanted = 2.0 * expected["residual_logits"] + bias[..., None]
    assert_near(found.transpose(1, 2), wanted)


def test_the_folder_itself_may_be_t2m(published, tmp_path):
    import_momask(published / "t2m", tmp_path / "out")
    assert (tmp_path / "out" / "manifest.json").is_file()


def test_networks_of_the_evaluation_beside_are_left_out(published, tmp_path):
    folder = shutil.copytree(published, tmp_path / "published")
    other = folder / "t2m" / "Comp_v6_KLD005"
    (other / "model").mkdir(parents=True)
    (other / "opt.txt").write_text("name: Comp_v6_KLD005\ndataset_name: t2m\n")
    torch.save({"movement_encoder": {"w": torch.zeros(2)}}, other / "model" / "finest.tar")
    import_momask(folder, tmp_path / "out")
    assert (tmp_path / "out" / "masked.safetensors").is_file()


def test_with_clip_the_imported_model_generates(imported, tmp_path, capsys):
    folder = shutil.copytree(imported, tmp_path / "model")
    (folder / "clip").mkdir()
    write_tiny_clip(folder / "clip", width=512)
    words = ["--prompt", "wave", "--seconds", "1", "--model", str(folder), "--device", "cpu"]
    assert main(["generate", *words, "--out", str(tmp_path / "a.npz")]) == 0
    with np.load(tmp_path / "a.npz") as arrays:
        assert arrays["rot"].shape == (30, 22, 4) and np.isfinite(arrays["rot"]).all()


def test_without_clip_it_says_what_is_missing(imported, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "empty"))
    words = ["--prompt", "wave", "--model", str(imported), "--out", str(tmp_path / "a.npz")]
    assert main(["generate", *words]) == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1 and "openai/clip-vit-base-patch32" in told[0]
    assert not (tmp_path / "a.npz").exists()


def test_a_name_finds_a_model_beside_the_shipped_one(tmp_path):
    (tmp_path / "momask").mkdir()
    (tmp_path / "momask" / "manifest.json").write_text("{}")
    assert model_folder(Path("momask"), tmp_path) == tmp_path / "momask"
    assert model_folder(Path("grid"), tmp_path) == tmp_path
    assert model_folder(tmp_path / "momask", tmp_path) == tmp_path / "momask"
    with pytest.raises(ModelError, match="grid, momask"):
        model_folder(Path("nothing"), tmp_path)


def test_an_unknown_system_is_refused(imported, tmp_path):
    folder = shutil.copytree(imported, tmp_path / "model")
    (folder / "system.json").write_text('{"system": "telepathy", "text_encoder": "minilm"}')
    with pytest.raises(ModelError, match="telepathy"):
        load_engine(folder, "cpu")


class Harm:
    """A pickle that would make a folder when it is opened."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return Path.mkdir, (self.trace,)


def drop_options(folder, _):
    (folder / "t2m" / "rvq_tiny" / "opt.txt").unlink()


def empty_options(folder, _):
    (folder / "t2m" / "t2m_tiny" / "opt.txt").write_text("name: t2m_tiny\n")


def truncate(folder, _):
    with (folder / "t2m" / "t2m_tiny" / "model" / "latest.tar").open("r+b") as file:
        file.truncate(60_000)


def truncate_old_format(folder, _):
    path = folder / "t2m" / "t2m_tiny" / "model" / "latest.tar"
    torch.save(torch.load(path, weights_only=True), path, _use_new_zipfile_serialization=False)
    with path.open("r+b") as file:
        file.truncate(60_000)


def other_features(folder, _):
    change_encoder(folder, 100)


def kit_features(folder, _):
    change_encoder(folder, 251)


def change_encoder(folder, features):
    path = folder / "t2m" / "rvq_tiny" / "model" / "net_best_fid.tar"
    stored = torch.load(path, weights_only=True)
    stored["vq_model"]["encoder.model.0.weight"] = torch.zeros(24, features, 3)
    torch.save(stored, path)


def kit_options(folder, _):
    path = folder / "t2m" / "rvq_tiny" / "opt.txt"
    path.write_text(path.read_text().replace("dataset_name: t2m", "dataset_name: kit"))


def only_kit(folder, _):
    (folder / "t2m").rename(folder / "kit")


def harm(folder, trace):
    path = folder / "t2m" / "t2m_tiny" / "model" / "latest.tar"
    torch.save({"t2m_transformer": Harm(trace)}, path)


def harm_plainly(folder, trace):
    path = folder / "t2m" / "length_estimator" / "model" / "finest.tar"
    path.write_bytes(pickle.dumps({"estimator": Harm(trace)}))


def drop_estimator(folder, _):
    shutil.rmtree(folder / "t2m" / "length_estimator")


def drop_mean(folder, _):
    (folder / "t2m" / "rvq_tiny" / "meta" / "mean.npy").unlink()


def short_mean(folder, _):
    np.save(folder / "t2m" / "rvq_tiny" / "meta" / "mean.npy", np.zeros(7, np.float32))


def drop_a_tensor(folder, _):
    change_masked(folder, lambda state: state.pop("cond_emb.bias"))


def add_a_tensor(folder, _):
    change_masked(folder, lambda state: state.update(more=torch.zeros(1)))


def spoil_a_number(folder, _):
    change_masked(folder, lambda state: state["cond_emb.bias"].fill_(float("nan")))


def change_masked(folder, change):
    path = folder / "t2m" / "t2m_tiny" / "model" / "latest.tar"
    stored = torch.load(path, weights_only=True)
    change(stored["t2m_transformer"])
    torch.save(stored, path)


def two_tokenizers(folder, _):
    shutil.copytree(folder / "t2m" / "rvq_tiny", folder / "t2m" / "rvq_other")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (drop_options, "no opt.txt"),
        (empty_options, "does not say n_heads"),
        (truncate, "cut short"),
        (truncate_old_format, "cut short"),
        (other_features, "100 numbers a frame"),
        (kit_features, "KIT checkpoint"),
        (kit_options, "KIT checkpoint"),
        (only_kit, "KIT checkpoint"),
        (harm, "was not opened"),
        (harm_plainly, "was not opened"),
        (drop_estimator, "no length estimator"),
        (drop_mean, "is missing"),
        (short_mean, "does not hold 263"),
        (drop_a_tensor, "do not fit"),
        (add_a_tensor, "do not fit"),
        (spoil_a_number, "not finite"),
        (two_tokenizers, "both hold"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_sentence_and_nothing_is_written(
    published, tmp_path, capsys, spoil, told
):
    folder, trace = tmp_path / "published", tmp_path / "harmed"
    shutil.copytree(published, folder)
    spoil(folder, trace)
    before = sorted(tmp_path.iterdir())
    assert main(["import-momask", str(folder), "--out", str(tmp_path / "out")]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and told in lines[0]
    assert not trace.exists()
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("folder", ["nothing", "empty"])
def test_a_folder_without_checkpoints_is_told(tmp_path, folder):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImportRefused, match="Name the folder"):
        import_momask(tmp_path / folder, tmp_path / "out")


def test_a_taken_folder_is_not_overwritten(published, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(ImportRefused, match="already there"):
        import_momask(published, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_the_imported_model_takes_requests(system):
    from keyfill_extension.engine.api import SystemEngine

    task = SystemEngine(system).run(MotionRequest("a person waves", 1.5, seed=2))
    with pytest.raises(StopIteration) as stop:
        while True:
            next(task)
    assert stop.value.value.clips[0].frames == 45
