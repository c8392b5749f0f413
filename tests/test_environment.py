"""pyproject.toml, requirements.lock and environment.yml hold together; nothing names a registry."""

import re
import subprocess
import tomllib

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import PROJECT

LOCK = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
PROJECT_FILE = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


def locked() -> dict[str, str]:
    return {
        canonicalize_name(name): version for name, version in re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", LOCK, re.M)
    }


def test_the_lock_satisfies_every_direct_dependency():
    declared = [
        *PROJECT_FILE["project"]["dependencies"],
        *(r for extra in PROJECT_FILE["project"]["optional-dependencies"].values() for r in extra),
    ]
    versions = locked()
    for requirement in map(Requirement, declared):
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)], prereleases=True), (
            requirement
        )
    for named in ("jupyterlab", "papermill", "pandas", "seaborn", "statsmodels", "nbval", "dvc"):
        assert named in versions


def test_every_direct_dependency_says_why():
    section = (
        (PROJECT / "pyproject.toml")
        .read_text(encoding="utf-8")
        .split("dependencies = [", 1)[1]
        .split("[tool.flit", 1)[0]
    )
    for line in section.splitlines():
        if re.match(r'\s+"[a-z]', line):
            assert "#" in line or any(name in line for name in ("numpy", "pandas", "matplotlib", "pytest")), line


def test_the_lock_carries_hashes_and_no_addresses():
    assert "://" not in LOCK
    assert LOCK.count("--hash=sha256:") >= len(locked())
    for block in re.split(r"\n(?=[A-Za-z])", LOCK):
        assert "==" not in block or "--hash=sha256:" in block, block[:60]


def test_conda_installs_the_same_lock():
    environment = yaml.safe_load((PROJECT / "environment.yml").read_text(encoding="utf-8"))
    [pip] = [d["pip"] for d in environment["dependencies"] if isinstance(d, dict)]
    assert pip == ["-r requirements.lock"]
    text = (PROJECT / "environment.yml").read_text(encoding="utf-8")
    assert f"conda run -n {environment['name']} pip install --no-deps --no-build-isolation -e ." in text
    assert "python=3.11" in environment["dependencies"] and PROJECT_FILE["project"]["requires-python"] == ">=3.11"


def test_nothing_names_a_registry_or_a_machine():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.split()
    pattern = re.compile(
        "|".join(
            ["py" + "pi[.]org", "python" + "hosted", "anaconda" + "[.]org", "npm" + "js", "/ro" + "ot/", "/ho" + "me/"]
        )
    )
    for name in tracked:
        if name.endswith((".png", ".docx", ".pdf", ".parquet")) or not (PROJECT / name).exists():
            continue
        assert not pattern.search((PROJECT / name).read_text(encoding="utf-8")), name
