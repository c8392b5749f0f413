"""pyproject.toml, requirements.lock and environment.yml hold together; nothing names a registry."""

import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
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


OUTSIDE = {
    "number": "import analysis; analysis.trace('placement_rate_city_2023')",
    "table": "from analysis.clean import load; load.observations()",
    "level": "from analysis.clean import load; load.specialties()",
    "crosswalk": "from analysis.clean import load; load.crosswalk('group_to_sector')",
    "name": "from analysis.ground.dictionary import indicators; indicators()",
    "settings": "from analysis.ground.params import load_params; load_params()",
    "output": "from analysis.ground import paths; paths.out(paths.RESULTS / 'x.csv')",
}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The package as a wheel installs it, no repository around it, and how Python is started beside it."""
    folder = tmp_path_factory.mktemp("alone")
    shutil.copytree(PROJECT / "src" / "analysis", folder / "lib" / "site-packages" / "analysis")
    (folder / "elsewhere").mkdir()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANALYSIS_")}

    def start(*arguments: str) -> subprocess.CompletedProcess:
        environment = {**clean, "PYTHONPATH": str(folder / "lib" / "site-packages")}
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=folder / "elsewhere", env=environment, capture_output=True, text=True)

    return folder, start


@pytest.mark.parametrize("what", OUTSIDE)
def test_without_a_repository_the_package_names_the_way_out(alone, what):
    folder, start = alone
    done = start("-c", OUTSIDE[what])
    said = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 1 and said.startswith("analysis.ground.files.NoWorkspace: ") and str(folder) in said, (
        done.stderr
    )
    assert "ANALYSIS_ROOT=/path/to/clone" in said
    assert sorted(path.name for path in folder.rglob("*") if "site-packages" not in str(path)) == ["elsewhere", "lib"]


def test_without_a_repository_commands_say_so_in_one_line_and_mathematics_works(alone):
    folder, start = alone
    done = start("-m", "analysis.collect", "template", "--year", "2024", "--out", "forms")
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "ANALYSIS_ROOT=/path/to/clone" in done.stderr
    assert start("-m", "analysis.collect", "--help").returncode == 0
    (folder / "report.txt").write_text("表1-1 学生\n\n\t学校\n\t人数\n\n\t甲校\n\t3\n", encoding="utf-8")
    done = start("-m", "analysis.intake", str(folder / "report.txt"), "--year", "2024", "--place", "x")
    assert done.returncode == 1 and "ANALYSIS_ROOT=/path/to/clone" in done.stderr and "Traceback" not in done.stderr
    done = start("-c", "from analysis.fit.structure import cosine_similarity; print(cosine_similarity([0, 1], [0, 1]))")
    assert done.stdout.strip() == "1.0", done.stderr
