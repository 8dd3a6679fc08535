"""The wheels of a complete package: which are taken, what is left of them, what is refused."""

import base64
import csv
import hashlib
import io
import json
import re
import subprocess
import sys
import tomllib
import zipfile

import pytest
from keyfill_extension import build_addon

from requirements.packages import wheels as rules
from requirements.packages.targets import PLATFORMS, PYTHONS, BuildError, Target, this_machine

TORCH = "torch-2.13.0-{0}-{0}-{1}.whl"


@pytest.fixture(scope="module")
def opened(complete_zip):
    with zipfile.ZipFile(complete_zip) as archive:
        yield archive


@pytest.fixture(scope="module")
def packed_wheels(opened):
    """Each wheel of the package, opened, by its file's name."""
    names = [name for name in opened.namelist() if name.endswith(".whl")]
    return {name.rpartition("/")[2]: zipfile.ZipFile(opened.open(name)) for name in names}


def test_the_package_holds_what_a_take_needs_and_no_numpy(packed_wheels):
    names = sorted(name.partition("-")[0] for name in packed_wheels)
    assert names == sorted(rules.NEEDED)
    assert not any("numpy" in name for name in names)


def test_the_manifest_names_the_wheels_the_system_and_the_blenders(opened, packed_wheels):
    told = tomllib.loads(opened.read("blender_manifest.toml").decode())
    assert told["wheels"] == sorted(f"./wheels/{name}" for name in packed_wheels)
    assert told["platforms"] == [this_machine().platform]
    assert (told["blender_version_min"], told["blender_version_max"]) == ("4.2.0", "5.1.0")
    assert set(told["permissions"]) == {"files"}


def test_the_package_is_small_enough_and_valid(complete_zip):
    assert complete_zip.stat().st_size <= 260e6
    build_addon.validate(complete_zip, build_addon.find_validator())


def test_no_path_in_a_wheel_is_too_long_for_windows(packed_wheels):
    lengths = {len(path) for wheel in packed_wheels.values() for path in wheel.namelist()}
    assert max(lengths) <= rules.LONGEST_PATH


def test_every_file_is_as_its_record_says(packed_wheels):
    for wheel in packed_wheels.values():
        record = next(name for name in wheel.namelist() if name.endswith("/RECORD"))
        rows = {row[0]: row for row in csv.reader(io.StringIO(wheel.read(record).decode()))}
        assert set(rows) == set(wheel.namelist())
        for name, digest, size in rows.values():
            if name != record and wheel.getinfo(name).file_size < 10e6:
                content = wheel.read(name)
                found = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode()
                assert (digest, int(size)) == (f"sha256={found.rstrip('=')}", len(content))


def test_tests_headers_and_helper_programs_are_gone_and_licences_gathered(packed_wheels):
    torch = next(wheel for name, wheel in packed_wheels.items() if name.startswith("torch"))
    names = torch.namelist()
    assert not [x for x in names if re.match(r"torch/(test|include|share)/", x)]
    assert [x for x in names if x.startswith("torch/bin/")] == ["torch/bin/torch_shm_manager"]
    gathered = torch.read(next(x for x in names if x.endswith(rules.GATHERED))).decode()
    assert gathered.count("==== third_party/") > 90
    metadata = torch.read(next(x for x in names if x.endswith("/METADATA"))).decode()
    told = re.findall(r"^License-File: (.*)$", metadata.partition("\n\n")[0], re.MULTILINE)
    assert told == ["LICENSE", "THIRD_PARTY.txt"]
    assert len(names) < 3000


def test_the_licence_list_names_every_binary_and_every_credit(opened, packed_wheels, repository):
    text = opened.read("LICENCES.md").decode()
    binaries = [
        name
        for wheel in packed_wheels.values()
        for name in wheel.namelist()
        if rules.BINARY.search(name)
    ]
    assert len(binaries) >= 10
    assert [name for name in binaries if f"`{name}`" not in text] == []
    card = (repository / "weights" / "README.md").read_text(encoding="utf-8")
    credits = [line for line in card.splitlines() if line.startswith("| ") and "CC BY" in line]
    assert credits and all(line in text for line in credits)
    assert "all-MiniLM-L6-v2" in text and "Apache-2.0" in text


def test_code_that_fetches_packages_is_not_in_the_complete_package(opened):
    assert not [name for name in opened.namelist() if name.startswith(str(build_addon.INSTALLING))]


@pytest.fixture
def wheel(tmp_path):
    """A small wheel called torch, with files that go and a licence with a long path."""
    path = tmp_path / "torch-1.0-py3-none-any.whl"
    long = "torch-1.0.dist-info/licenses/third_party/" + "deep/" * 20 + "LICENSE"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("torch/__init__.py", "torch/test/test_x.py", "torch/bin/torch_shm_manager"):
            archive.writestr(name, name * 100)
        archive.writestr(long, "Do as you like.")
        archive.writestr(
            "torch-1.0.dist-info/METADATA",
            "Name: torch\nLicense-File: third_party/" + "deep/" * 20 + "LICENSE\n\nText.\n",
        )
        names = [*archive.namelist(), "torch-1.0.dist-info/RECORD"]
        archive.writestr(names[-1], "".join(f"{name},,\n" for name in names))
    return path


def test_a_trimmed_wheel_is_a_whole_zip_with_the_same_contents(wheel, tmp_path):
    rules.trim_wheel(wheel, tmp_path / "trimmed.whl")
    with zipfile.ZipFile(tmp_path / "trimmed.whl") as trimmed:
        assert trimmed.testzip() is None
        assert trimmed.read("torch/__init__.py") == b"torch/__init__.py" * 100
        assert "torch/test/test_x.py" not in trimmed.namelist()
        assert trimmed.getinfo("torch/bin/torch_shm_manager").external_attr >> 16 == 0o755
    again = tmp_path / "again.whl"
    rules.trim_wheel(wheel, again)
    assert again.read_bytes() == (tmp_path / "trimmed.whl").read_bytes()


def test_a_wheel_with_a_path_too_long_is_refused(tmp_path):
    path = tmp_path / "x-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/" + "y" * 119, "")
        archive.writestr("x-1.dist-info/RECORD", "")
    with pytest.raises(BuildError, match="too long for Windows"):
        rules.trim_wheel(path, tmp_path / "out.whl")


@pytest.mark.parametrize(
    ("target", "wheel", "is_taken"),
    [
        (("linux-x64", "3.11"), TORCH.format("cp311", "manylinux_2_28_x86_64"), True),
        (("linux-x64", "3.11"), TORCH.format("cp313", "manylinux_2_28_x86_64"), False),
        (("windows-x64", "3.11"), TORCH.format("cp311", "win_amd64"), True),
        (("windows-x64", "3.13"), TORCH.format("cp313", "win_amd64"), True),
        (("windows-x64", "3.13"), TORCH.format("cp313", "win_arm64"), False),
        (("macos-arm64", "3.13"), TORCH.format("cp313", "macosx_14_0_arm64"), True),
        (("macos-arm64", "3.13"), TORCH.format("cp313", "macosx_15_0_arm64"), False),
        (("macos-arm64", "3.11"), "tokenizers-1-cp310-abi3-macosx_11_0_arm64.whl", True),
        (("windows-x64", "3.11"), "safetensors-1-cp312-abi3-win_amd64.whl", False),
        (("linux-x64", "3.13"), "typing_extensions-4-py3-none-any.whl", True),
        (("linux-x64", "3.11"), "s-1-cp310-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
         True),
    ],
)  # fmt: skip
def test_wheels_are_told_by_their_tags(target, wheel, is_taken):
    assert Target(*target).takes(wheel) is is_taken


def test_macos_before_14_is_told():
    assert "macOS 14" in Target("macos-arm64", "3.13").note


def test_every_python_has_its_range_of_blenders():
    text = '[a]\nblender_version_min = "4.2.0"\n\n[permissions]\nfiles = "x"\n'
    for python in PYTHONS:
        for system in PLATFORMS:
            written = build_addon.write_manifest(text, Target(system, python), ["x.whl"])
            told = tomllib.loads(written)["a"]
            if python == "3.11":
                assert (told["blender_version_min"], told["blender_version_max"]) == (
                    "4.2.0", "5.1.0"
                )  # fmt: skip
            else:
                assert told["blender_version_min"] == "5.1.0" and "blender_version_max" not in told


def test_a_torch_with_cuda_is_refused_in_one_sentence():
    report = {"install": [{"metadata": {"version": "2.13.0", "requires_dist": ["nvidia-x==1"]}}]}
    with pytest.raises(BuildError, match="only a torch with CUDA.*--wheels"):
        rules._refuse_cuda(Target("linux-x64", "3.13"), json.dumps(report))
    rules._refuse_cuda(Target("windows-x64", "3.13"), json.dumps(report))
    report["install"][0]["metadata"]["version"] = "2.13.0+cpu"
    rules._refuse_cuda(Target("linux-x64", "3.11"), json.dumps(report))


def test_a_folder_without_the_wheels_is_refused(repository, tmp_path):
    words = ["--out", str(tmp_path / "out"), "--wheels", str(tmp_path), "--platform", "windows-x64"]
    answer = subprocess.run(
        [sys.executable, "build_addon.py", *words],
        env={"PATH": "", "PIP_CONFIG_FILE": "/dev/null"},
        cwd=repository, capture_output=True, text=True,
    )  # fmt: skip
    assert answer.returncode == 1
    assert "holds no wheel of torch==" in answer.stderr and "--wheels" in answer.stderr
    assert not list((tmp_path / "out").glob("*"))
