"""Tables of higher levels (made up here): what is accepted, what is refused,
and what the notebook says with and without them."""

import numpy as np
import pandas as pd
import pytest

from analysis.clean import load
from analysis.clean.cells import COUNTS, is_industry
from analysis.clean.source import clean_source
from analysis.describe import actions, chain, codes, industry, ladder, profile
from analysis.fit import alignment, specification
from analysis.ground.dictionary import label
from analysis.ground.errors import DataFault
from tests.conftest import PROJECT
from tests.workspace import process, run

# invented: two specialties of one field, one of another, at the made-up town's schools
SPECIALTIES = """school,specialty_code,specialty,year,intake,students,graduates,placed,further_study,not_placed,unknown
college_a,460701,甲专业,2030,60,180,50,48,10,2,0
college_a,460702,乙专业,2030,40,120,30,29,3,1,0
college_b,460701,甲专业,2030,50,150,40,36,6,4,0
college_b,530701,丙专业,2030,,,,,,,
school_c,730701,丁专业,2030,30,90,25,20,12,5,0
"""
DESTINATIONS = """school,specialty_code,specialty,industry,region,year,graduates
,460701,甲专业,C,town,2030,60
,460701,甲专业,G,town,2030,5
,460702,乙专业,C,town,2030,15
,460702,乙专业,O,town,2030,10
,530701,丙专业,F,town,2030,30
,530701,丙专业,C,town,2030,6
"""


@pytest.fixture
def with_levels(town):
    folder = town / "data/raw/town-2030"
    (folder / "specialties.csv").write_text(SPECIALTIES, encoding="utf-8")
    (folder / "destinations.csv").write_text(DESTINATIONS, encoding="utf-8")
    return folder


def test_tables_are_read_and_joined(town, with_levels):
    process(town)
    rows, cells = load.specialties(), load.destinations()
    assert (
        len(rows) == 5
        and rows["specialty_code"].tolist()[0] == "460701"
        and rows["students"].sum() == 540
        and rows["students"].isna().sum() == 1
    )
    assert len(cells) == 6 and cells["graduates"].sum() == 126


def test_without_tables_the_levels_are_empty(town):
    process(town)
    assert load.specialties().empty and load.destinations().empty
    assert (
        profile.crowding(load.specialties(), 2030).empty
        and profile.linkage_profile(load.destinations(), load.crosswalk("category_to_section"), 2030).empty
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "specialties.csv",
            "college_a,460702",
            "colege_a,460702",
            "'colege_a': is no school.*nearest known: 'college_a'",
        ),
        ("specialties.csv", "460702", "46070", "printed '46070': is no specialty code of the catalogue of 2021"),
        ("specialties.csv", ",2030,40", ",30,40", "is no year"),
        ("specialties.csv", "college_a,460702", "college_a,400702", "is no specialty code"),
        ("destinations.csv", ",C,town,2030,60", ",C,town,2030,", "no count"),
        (
            "destinations.csv",
            ",460701,甲专业,C",
            "college_a,460701,甲专业,C",
            "rows of schools and rows of the whole city",
        ),
        ("specialties.csv", "120,30", "12O,30", "row line 3, column students, printed '12O': not a number"),
        ("specialties.csv", "120,30", "-5,30", "is no count"),
        ("specialties.csv", "college_b,460701", "college_a,460701", "stand in line 2 already"),
        ("specialties.csv", "college_b,530701", ",530701", "no school"),
        ("specialties.csv", "intake,", "entrants,", "columns missing: \\['intake'\\]; not known: \\['entrants'\\]"),
        ("destinations.csv", ",O,", ",98,", "is no section"),
        ("destinations.csv", ",O,", ",81,", "mixes sections and divisions"),
        ("destinations.csv", "460701,甲专业,G", "460701,甲专业,C", "the same cell stands in line 2 already"),
    ],
)
def test_faults_of_tables(with_levels, file, old, new, message):
    path = with_levels / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataFault, match=message):
        clean_source("town-2030")


def test_figures_that_contradict_each_other_are_kept_and_named(with_levels, town):
    path = with_levels / "specialties.csv"
    path.write_text(
        path.read_text(encoding="utf-8")
        .replace("30,29,3,1,0", "30,31,32,1,0")
        .replace("college_b,530701", "乙职业学院,530701"),
        encoding="utf-8",
    )
    process(town)
    rows = load.specialties()
    found = rows[rows["contradiction"] != ""]
    assert (
        found["placed"].tolist() == [31.0]
        and "placed > graduates (31 > 30)" in found["contradiction"].iloc[0]
        and "further_study > placed (32 > 31)" in found["contradiction"].iloc[0]
        and "≠ graduates (32 ≠ 30)" in found["contradiction"].iloc[0]
    )
    assert rows["school"].tolist().count("college_b") == 2  # a Chinese name leads to the same code


def test_industry_codes():
    assert [code for code in ("A", "T", "U", "AB", "01", "97", "98", "00", "1", "") if is_industry(code)] == [
        "A",
        "T",
        "01",
        "97",
    ]
    for code in ("00", "98", "Z", "AB"):
        with pytest.raises(KeyError, match="is no"):
            codes.section_of(code)
    assert [codes.section_of(d) for d in ("01", "05", "06", "13", "43", "44", "51", "81", "97", "C")] == [
        "A",
        "A",
        "B",
        "C",
        "C",
        "D",
        "F",
        "O",
        "T",
        "C",
    ]


@pytest.mark.slow
def test_the_parts_of_the_notebook_appear(with_levels, tmp_path):
    import nbformat

    from tests.workspace import prepare_processed

    folder = with_levels.parents[2]
    prepare_processed(folder)
    run(folder, "pipelines.run_notebook", "fit")
    shown = {
        cell.source: "".join(o.get("data", {}).get("text/html", "") for o in cell.outputs)
        for cell in nbformat.read(folder / "results/fit/03_fit.ipynb", 4).cells
        if cell.cell_type == "code"
    }
    [crowding] = [html for source, html in shown.items() if "profile.crowding" in source]
    [linked] = [html for source, html in shown.items() if "profile.linkage_profile" in source]
    assert "duplication_null" in crowding and "morisita_horn" in crowding and "mismatch_strict" in linked


def test_crowding_of_made_up_schools():
    rows = pd.DataFrame(
        [
            {"school": s, "specialty_code": c, "year": 2030, **dict.fromkeys(COUNTS, 0.0), "students": n}
            for s, c, n in (
                ("a", "460701", 100),
                ("a", "530701", 100),
                ("b", "460701", 100),
                ("b", "530701", 100),
                ("c", "500211", 200),
            )
        ]
    )
    found = profile.crowding(rows, 2030, draws=99).set_index("measure")
    assert found.at["duplication", "value"] == pytest.approx(5 / 3) and found.at["hill_q1", "value"] == pytest.approx(3)
    assert found.at["morisita_horn", "value"] == pytest.approx(1 / 3) and found.at["beta", "value"] == pytest.approx(
        np.exp(np.log(3) - 2 / 3 * np.log(2))
    )
    assert found.at["multigroup_d", "p"] == 0.01
    assert profile.crowding(rows, 2031).empty and len(profile.crowding(rows)) == len(
        found
    )  # the last year if none is named
    unknown = rows.assign(students=rows["students"].mask(rows["school"] == "c"))
    assert "note_left_out" in profile.crowding(unknown, 2030, draws=9).set_index("measure").at["hill_q1", "note"]
    with pytest.raises(ValueError, match="sources r30, r31 all have rows of 2030"):
        profile.crowding(pd.concat([rows.assign(source_id="r30"), rows.assign(source_id="r31")]), 2030)
    assert codes.category_similarity(["460701", "660701", "530701"])[0].tolist() == [1, 0.25, 0]


def test_mismatch_by_crosswalk():
    cells = pd.DataFrame(
        [
            {"specialty_code": c, "industry": i, "year": 2030, "graduates": n}
            for c, i, n in (
                ("460701", "36", 60.0),
                ("460701", "81", 20.0),
                ("460701", "51", 20.0),
                ("760701", "36", 100.0),
            )
        ]
    )
    crosswalk = pd.DataFrame(
        [("06", "C", 1, 1), ("06", "O", 0, 1), ("16", "R", 1, 1)], columns=["category", "section", "strict", "loose"]
    )
    found = profile.linkage_profile(cells, crosswalk, 2030, draws=49).set_index("measure")["value"]
    by_school = profile.linkage_profile(
        pd.concat([cells.assign(school="a"), cells.assign(school="b")]), crosswalk, 2030, draws=49
    ).set_index("measure")
    assert by_school.at["linkage_m_by_school", "value"] == pytest.approx(
        by_school.at["linkage_m", "value"]
    ) and by_school.at["linkage_m_by_school", "lower"] == pytest.approx(
        by_school.at["linkage_m", "value"]
    )  # equal schools do not vary
    local = profile.local_profile(cells).set_index("specialty_code")
    assert np.average(local["local_linkage"], weights=local["graduates"]) == pytest.approx(
        found["linkage_m"]
    ) and local.at["760701", "effective_industries"] == pytest.approx(1)
    assert found["mismatch_strict"] == pytest.approx(140 / 200) and found["mismatch_loose"] == pytest.approx(120 / 200)
    with pytest.raises(KeyError, match="categories 16 are not in"):
        profile.linkage_profile(cells, crosswalk[crosswalk["category"] == "06"], 2030)


def test_the_crosswalk_of_categories_is_whole():
    crosswalk = pd.read_csv(PROJECT / "data/crosswalks/category_to_section.csv", dtype={"category": str})
    assert sorted(crosswalk["category"].unique()) == [f"{i:02d}" for i in range(1, 20)]
    assert (
        (crosswalk["strict"] <= crosswalk["loose"]).all()
        and not crosswalk.duplicated(["category", "section"]).any()
        and (crosswalk["basis"] != "").all()
    )
    assert crosswalk.groupby("category")["strict"].max().eq(1).all()


def test_the_crosswalk_by_section_agrees_with_that_by_sector():
    folder = PROJECT / "data/crosswalks"
    sections, sectors, of = (
        pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("group_to_section", "group_to_sector", "section_to_sector")
    )
    sector_of = of.set_index("section")["sector"]
    reach = {(g, sector_of[s]) for g, s in sections[["group", "section"]].itertuples(index=False)}
    assert reach == set(sectors.loc[sectors["upper"] != "0", ["group", "sector"]].itertuples(index=False, name=None))
    bounds = sectors[["lower", "upper", "loose_lower", "loose_upper"]].astype(float)
    assert (bounds["loose_lower"] <= bounds["lower"]).all() and (bounds["upper"] <= bounds["loose_upper"]).all()
    for row in sections.itertuples():
        for division in row.divisions.replace("-", ";").split(";"):
            assert not division or codes.section_of(division) == row.section, row


def test_a_measure_above_its_level_says_what_is_missing():
    some, none = pd.DataFrame({"x": [1]}), pd.DataFrame()
    levels = ladder.reached(groups=some, schools=some, specialties=none, destinations=none, demand=some, vacancies=none)
    assert levels.set_index("level")["reached"].to_dict() == {
        "L0": True,
        "L1": True,
        "L2": False,
        "cities": False,
        "L3": False,
        "demand": True,
        "vacancies": False,
    }
    assert (levels["missing"] != "").tolist() == (~levels["reached"]).tolist() and "学校×专业×年份" in label(
        "missing_L2", "zh"
    )
    ladder.require("cosine_similarity", levels)
    with pytest.raises(ladder.LevelNotReached, match=r"linkage needs a table of specialty × industry × year \(L3"):
        ladder.require("linkage", levels)
    with pytest.raises(KeyError, match="no level lists the measure 'magic'"):
        ladder.require("magic", levels)


def test_every_measure_of_the_ladder_exists():
    from analysis.fit import composite, homogeneity, linkage, matching, relatedness, structure

    known = {
        name for module in (composite, homogeneity, linkage, matching, relatedness, structure) for name in vars(module)
    }
    assert [m for measures in ladder.MEASURES.values() for m in measures if m not in known] == []


def test_actions_need_a_sign_that_holds_everywhere():
    shares = pd.DataFrame({"group": ["farm", "plant", "mixed"], "lower": [0.1, 0.3, 0.2], "upper": [0.1, 0.4, 0.3]})
    count = pd.DataFrame({"group": ["farm", "plant", "mixed"], "value": [3, 9, 5]})
    changes = pd.DataFrame({"group": ["farm", "plant"], "sign": ["+", "?"]})
    crosswalk = pd.DataFrame(
        {
            "group": ["farm", "plant", "mixed", "mixed", "plant"],
            "sector": ["primary", "secondary", "secondary", "tertiary", "tertiary"],
            "upper": [1, 1, 1, 1, 0],
        }
    )
    aligned = pd.DataFrame(
        {
            "sector": ["primary", "primary", "secondary", "secondary", "tertiary", "tertiary"],
            "sign": ["-", "-", "+", "+", "+", "?"],
        }
    )
    growing = pd.DataFrame({"sector": ["primary", "secondary", "tertiary"], "sign": ["+", "-", "+"]})
    found = actions.group_actions(shares, count, changes, aligned, crosswalk, growing).set_index("item")
    assert found["action"].to_dict() == {"farm": "supplement", "plant": "withdraw", "mixed": "not_decidable"}
    assert found["evidence"].to_dict() == {"farm": "B", "plant": "B", "mixed": ""}
    shrinking = actions.group_actions(
        shares, count, changes, aligned, crosswalk, growing.assign(sign=["-", "+", "+"])
    ).set_index("item")
    assert set(shrinking["action"]) == {"not_decidable"}  # too little supply for an industry that shrinks is no gap
    gaps = actions.specialty_actions(pd.DataFrame({"specialty": ["x", "y"], "schools": [0, 1], "students": [None, 30]}))
    assert gaps["action"].tolist() == ["build", "strengthen"] and set(gaps["evidence"]) == {"C"}


def test_specification_curve():
    supply = pd.DataFrame({"group": ["g", "h"], "measure": "students", "year": 2030, "value": [40.0, 60.0]})
    sides = {
        "work": pd.DataFrame({"sector": ["s", "t"], "share": [0.5, 0.5]}),
        "value": pd.DataFrame({"sector": ["s", "t"], "share": [0.4, 0.6]}),
    }
    lower, upper = np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 1.0]])
    curve = specification.specification_curve(
        supply, sides, ["g", "h"], ["s", "t"], lower, upper, [("students", 2030)], (0.0, 1.0)
    )
    assert len(curve) == 4 and curve["d"].is_monotonic_increasing
    # by hand: λ=1 gives (.4, .6), λ=0 gives (1, 0)
    assert curve.set_index(["industry", "lambda"])["d"].to_dict() == pytest.approx(
        {("value", 1.0): 0, ("work", 1.0): 0.1, ("work", 0.0): 0.5, ("value", 0.0): 0.6}, abs=1e-12
    )


def test_shift_share_of_sections():
    rows = [
        ("here", 2010, "A", 60),
        ("here", 2010, "C", 40),
        ("here", 2020, "A", 40),
        ("here", 2020, "C", 60),
        ("there", 2010, "A", 50),
        ("there", 2010, "C", 50),
        ("there", 2020, "A", 45),
        ("there", 2020, "C", 55),
    ]
    demand = pd.DataFrame(
        [
            {"indicator": "employed_sample_by_section", "place": p, "year": y, "group": g, "value": v}
            for p, y, g, v in rows
        ]
    )
    found = industry.shift_share_by_section(demand, "here", "there", 2010, 2020).set_index("section")
    assert found["change"].to_dict() == pytest.approx({"A": -20, "C": 20})
    expected = np.array([60 * 45 / 50, 40 * 55 / 50])
    assert found["mix"].to_numpy() == pytest.approx(100 * expected / expected.sum() - [60, 40], abs=1e-6)
    assert found[["mix", "local"]].sum().tolist() == pytest.approx([0, 0], abs=1e-6)
    vanished = pd.concat(
        [
            demand,
            pd.DataFrame(
                [
                    {"indicator": "employed_sample_by_section", "place": p, "year": 2010, "group": "B", "value": 10}
                    for p in ("here", "there")
                ]
            ),
        ]
    )
    assert (
        "B" in industry.shift_share_by_section(vanished, "here", "there", 2010, 2020)["section"].tolist()
    )  # there before, gone after: its loss is shown
    assert (found["mix"] + found["local"]).to_dict() == pytest.approx(found["change"].to_dict())


def test_directions_over_box_and_lambda():
    # by hand: the straddling group grows from 40 to 60 of 100, the farm group stays 10, plants fall from 50 to 30
    rows = [
        (g, "intake", y, float(v), float(v), float(v))
        for y, values in ((2028, (10, 50, 40)), (2030, (10, 30, 60)))
        for g, v in zip(("farm", "plant", "mixed"), values)
    ]
    supply = pd.DataFrame(rows, columns=["group", "measure", "year", "value", "lower", "upper"])
    lower, upper = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 0]]), np.array([[1.0, 0, 0], [0, 1, 0], [0, 1, 1]])
    found = alignment.sector_changes(
        supply, ["farm", "plant", "mixed"], ["a", "b", "c"], lower, upper, "intake", 2028, 2030
    ).set_index("sector")
    assert found["lower"].tolist() == pytest.approx([0, -0.2, 0], abs=1e-12) and found[
        "upper"
    ].tolist() == pytest.approx([0, 0, 0.2], abs=1e-12)
    assert found["sign"].tolist() == ["?", "?", "?"]
    wider = supply.assign(lower=supply["value"] - 1, upper=supply["value"] + 1)
    boxed = alignment.sector_changes(
        wider, ["farm", "plant", "mixed"], ["a", "b", "c"], lower, upper, "intake", 2028, 2030
    ).set_index("sector")
    assert (boxed["lower"] < found["lower"]).tolist() == [True, True, False] and (
        boxed["upper"] > found["upper"]
    ).all()  # without a part of the mixed group services stay at zero
    before, after = (
        pd.DataFrame({"sector": ["a", "b", "c"], "lower": v, "upper": v})
        for v in ([0.2, 0.4, 0.4], [0.1, 0.4004, 0.4996])
    )
    beside = alignment.directions(
        pd.DataFrame(
            {"sector": ["a", "b", "c"], "lower": [-0.1, 0.1, -0.1], "upper": [-0.05, 0.2, 0.1], "sign": ["-", "+", "?"]}
        ),
        {"work": (before, after)},
    )
    work = beside[beside["side"] == "work"].set_index("sector")
    assert work["sign"].to_dict() == {"a": "-", "b": "?", "c": "+"}  # 0.04 points are not a direction
    assert work["agreement"].to_dict() == {"a": "same", "b": "?", "c": "?"}


def test_what_sources_say_of_the_catalogue():
    catalogue = pd.DataFrame(
        [
            ("x", "car", "C", "36"),
            ("x", "car", "O", "81"),
            ("y", "car", "C", "36"),
            ("z", "car", "O", "81"),
            ("v", "cell", "C", "38"),
            ("w", "cell", "C", "38"),
            ("u", "cell", "C", "38"),
        ],
        columns=["specialty", "chain", "section", "divisions"],
    )
    stated = pd.DataFrame({"specialty": ["y", "v", "x"], "schools": [0, 0, 2], "students": [None, None, 30]})
    adjusted = pd.DataFrame(
        {"school": ["s", "t", "s"], "specialty_added": ["v", "—", "—"], "specialty_withdrawn": ["—", "w", "z"]}
    )
    found = chain.chain_coverage(catalogue, pd.Series(["z", "other"]), stated, adjusted).set_index("specialty")
    assert found["status"].to_dict() == {
        "x": "taught",
        "y": "stated_missing",
        "z": "taught_withdrawn",
        "v": "contradictory",
        "w": "withdrawn",
        "u": "not_named",
    }
    assert (
        found.at["x", "industries"] == "C 36；O 81"
        and found.at["x", "students_in_it"] == 30
        and found.at["v", "added_by"] == ["s"]
    )
    tiles = chain.chain_tiles(
        pd.Series({"car": 3, "up": 2}),
        pd.DataFrame({"kind": ["car", "up", "up"], "item": ["z", "p", "q"]}),
        found.reset_index(),
    )
    assert tiles[tiles["kind"] == "car"]["text"].tolist() == ["z", "+ 2"] and tiles[tiles["kind"] == "up"][
        "status"
    ].tolist() == ["taught", "taught"]
    assert tiles[tiles["kind"] == "catalogue"]["text"].tolist() == ["x", "y", "z", "v", "w", "u"]


def test_the_crosswalk_of_programmes():
    programmes = pd.read_csv(PROJECT / "data/crosswalks/specialty_to_division.csv", dtype=str, keep_default_na=False)
    assert not programmes.duplicated(["specialty", "section"]).any() and (programmes["basis"] != "").all()
    for row in programmes.itertuples():
        ends = row.divisions.replace("-", ";").split(";")
        assert all(codes.section_of(d) == row.section for d in ends), row
    for _, entries in programmes.groupby("specialty"):  # shares that add to one must be possible
        assert entries["lower"].astype(float).sum() <= 1 <= entries["upper"].astype(float).sum(), entries
    facts = pd.read_csv(PROJECT / "data/raw/liuzhou-2023/facts.csv", dtype=str, keep_default_na=False)
    named = set(
        facts.loc[
            facts["indicator"].isin(["nev_specialty_named", "group_specialty_named", "specialty_schools_offering"]),
            "item",
        ]
    )
    assert named <= set(programmes["specialty"]), named - set(programmes["specialty"])
