"""Install Engine without Blender: a folder of wheels, and an index that breaks off."""

import sys

import pytest
from keyfill_extension.blender_addon.core.errors import UserError
from keyfill_extension.blender_addon.core.link.blenders_python import missing_packages
from keyfill_extension.blender_addon.core.link.jobs import Job, JobCancelled
from keyfill_extension.blender_addon.installing import package_sources
from keyfill_extension.blender_addon.installing.fetching import (
    Places,
    Wheel,
    fetch,
    look_up,
    told_size,
)
from keyfill_extension.blender_addon.installing.package_sources import PackageSource

from .wheel_index import Index, write_wheel

PACKAGES = [requirement.split("==") for requirement in package_sources.REQUIRED]


@pytest.fixture
def wheels(tmp_path):
    """A folder with small wheels of the needed names and versions; torch asks for one more."""
    for name, version in PACKAGES:
        content = "x = 1\n" * (200_000 if name == "torch" else 1)
        write_wheel(tmp_path / "wheels", name, version, content, ["cudalib"] * (name == "torch"))
    write_wheel(tmp_path / "wheels", "cudalib", "1.0")
    return tmp_path / "wheels"


@pytest.fixture(autouse=True)
def no_settings_of_pip(monkeypatch):
    """The settings of whoever runs the tests must not lead pip elsewhere."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_INDEX_URL", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def index(wheels):
    with Index(wheels) as running:
        yield running


@pytest.fixture
def places(tmp_path):
    user = tmp_path / "user"
    return Places(user / "python3.11", user / "downloads", user / "install.log")


def run(task, on_progress=lambda progress: None):
    return Job(task).run_blocking(on_progress)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir() if "." not in path.name)


def test_a_folder_of_wheels_becomes_the_folder_of_packages(wheels, places):
    next(wheels.glob("cudalib-*")).unlink()  # what torch asks for is not needed on the CPU
    found = run(look_up(PackageSource("cpu", folder=str(wheels)), places))
    assert sorted(wheel.name for wheel in found) == sorted(
        f"{name}-{version}-py3-none-any.whl" for name, version in PACKAGES
    )
    size = sum((wheels / wheel.name).stat().st_size for wheel in found)
    assert told_size(found) == f"4 files, {size / 1e6:,.0f} MB"
    labels = []
    folder = run(fetch(found, places), lambda progress: labels.append(progress.label))
    assert names_in(folder) == sorted(name for name, _ in PACKAGES)
    assert missing_packages(str(folder)) == []
    assert any(label.startswith("Fetching torch") for label in labels)
    assert not list(folder.rglob("*.pyc"))
    assert not places.downloads.exists() and "pip install" in places.log.read_text()


def test_cuda_on_linux_brings_the_libraries_that_torch_asks_for(index, places, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    found = run(look_up(PackageSource("cuda", index.address), places))
    assert "cudalib-1.0-py3-none-any.whl" in [wheel.name for wheel in found]
    assert all(wheel.size and wheel.sha256 for wheel in found)


def test_an_index_that_breaks_off_is_told_and_nothing_is_fetched_twice(index, places):
    found = run(look_up(PackageSource("cpu", index.address), places))
    index.cut = "torch"
    order = sorted(found, key=lambda wheel: wheel.name.startswith("torch"))
    with pytest.raises(UserError, match="torch-2.13.0.* broke off") as refused:
        run(fetch(tuple(order), places))
    assert "not fetched again" in refused.value.remedy
    assert not places.packages.exists()
    assert not list(places.downloads.glob("*.part"))
    index.cut, index.asked[:] = "", []
    folder = run(fetch(tuple(order), places))
    assert index.asked == ["torch-2.13.0-py3-none-any.whl"]
    assert missing_packages(str(folder)) == []


def test_a_cancel_leaves_the_old_packages_and_no_piece(index, places):
    places.packages.mkdir(parents=True)
    (places.packages / "old").mkdir()
    found = run(look_up(PackageSource("cpu", index.address), places))
    job = Job(fetch(found, places))

    def cancel(progress):
        if progress.label.startswith("Fetching torch"):
            job.cancel()

    with pytest.raises(JobCancelled):
        job.run_blocking(cancel)
    assert names_in(places.packages) == ["old"]
    assert not list(places.downloads.glob("torch*"))


def test_new_packages_replace_the_old_ones_in_one_step(index, places):
    (places.packages / "old").mkdir(parents=True)
    found = run(look_up(PackageSource("cpu", index.address), places))
    assert "old" not in names_in(run(fetch(found, places)))
    assert not places.packages.with_name("python3.11.new").exists()


def test_an_index_without_the_packages_is_told_in_pips_words(index, places, wheels):
    next(wheels.glob("tokenizers-*")).unlink()
    with pytest.raises(UserError, match="could not be had.*tokenizers") as refused:
        run(look_up(PackageSource("cpu", index.address), places))
    assert "package index" in refused.value.remedy and str(places.log) in refused.value.remedy


def test_a_file_that_is_not_what_the_index_said_is_refused(index, places, wheels):
    found = run(look_up(PackageSource("cpu", index.address), places))
    write_wheel(wheels, "safetensors", "0.8.0", "import os\n")
    with pytest.raises(UserError, match="which are not the file"):
        run(fetch(found, places))


def test_a_full_disk_is_told_before_anything_is_fetched(index, places, monkeypatch):
    found = (Wheel(f"{index.address}x-1-py3-none-any.whl", "", 10**15),)
    with pytest.raises(UserError, match="GB free"):
        run(fetch(found, places))
    assert index.asked == []


@pytest.mark.parametrize(
    ("device", "system", "beside"),
    [("cpu", "linux", "/cpu"), ("cuda", "win32", "/cu130"), ("cuda", "linux", ""),
     ("cpu", "win32", ""), ("mps", "darwin", "")],
)  # fmt: skip
def test_torchs_own_index_is_asked_where_pips_has_the_other_kind(device, system, beside):
    options = PackageSource(device).options(system)
    assert ("".join(options[1:]).endswith(beside) and options[:1] == ["--extra-index-url"]
            if beside else options == [])  # fmt: skip
    assert PackageSource(device, "http://mine/").options(system) == ["--index-url", "http://mine/"]
    assert PackageSource(device, "x", "/wheels").options(system) == [
        "--no-index", "--find-links", "/wheels"
    ]  # fmt: skip


def test_the_versions_are_those_of_the_tests(repository):
    text = "".join(
        (repository / "requirements" / name).read_text(encoding="utf-8")
        for name in ("engine.txt", "constraints.txt")
    )
    assert [one for one in package_sources.REQUIRED if f"{one}\n" not in text] == []
