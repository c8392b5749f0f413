"""The words by which a report's tables are recognised: captions, units, notes, stubs, closing rows, years."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from analysis.ground.dictionary import entities
from analysis.ground.numerals import NotANumber, fold, parse_number
from analysis.ground.units import says_unit

_NUMBER = r"[0-9]{1,2}(?:\s*[-－—–.．]\s*[0-9]{1,3}){0,2}|[一二三四五六七八九十]{1,3}"
CAPTION = re.compile(rf"^\s*(?P<continued>续\s*)?(?P<annex>附\s*)?表\s*(?P<number>{_NUMBER})?(?P<rest>.*)$", re.DOTALL)
REPEATED_CAPTION = re.compile(
    rf"^\s*(?:续\s*(?:附\s*)?表|(?:附\s*)?表\s*(?:{_NUMBER})\s*[（(]?\s*续\s*[)）]?\s*$|[（(]续[)）])"
)
PAGE_MARK = re.compile(
    r"[-—–·\s]*(?:第\s*)?[0-9]{1,4}(?:\s*[/／]\s*[0-9]{1,4})?(?:\s*页)?(?:\s*[,，]?\s*共\s*[0-9]{1,4}\s*页)?[-—–·\s]*"
)
NOTE = re.compile(r"^\s*[（(]?\s*(注|备注|说明|数据来源|资料来源|来源|统计口径|口径)\s*[0-9①-⑳]{0,2}\s*[:：、.．\s]")
HEADING = re.compile(
    r"^\s*(第?[0-9一二三四五六七八九十]{1,3}[、.．章节)）]|[（(][0-9一二三四五六七八九十]{1,3}[)）]|[0-9]{1,2}(\.[0-9]{1,2})*\s*[一-龥]|案例|【|图)"
)
UNIT_LINE = re.compile(r"(?:计量)?单位\s*[:：]\s*((?:[^（）()\n]|[（(][^（）()\n]*[)）]){1,60})")
RELATIVE = {"本年": 0, "本年度": 0, "当年": 0, "今年": 0, "上年": -1, "上年度": -1, "上一年": -1, "去年": -1}  # heads
CLOSING = {
    "合计",
    "总计",
    "合计数",
    "总数",
    "总合计",
    "全市合计",
    "全市",
    "全校",
    "总体",
    "共计",
    "累计",
    "平均",
    "平均值",
    "平均数",
    "均值",
    "全市平均",
    "总平均",
}
SUBTOTAL = re.compile("小计$|分计$")
MEANS = {"平均", "平均值", "平均数", "均值", "全市平均", "总平均"}
STUBS = {  # what the rows of a table are
    "school": {
        "学校",
        "学校名称",
        "院校",
        "院校名称",
        "所在院校",
        "职业院校",
        "学校(全称)",
        "单位名称",
        "办学单位",
        "职业院校名称",
        "各院校",
        "学校全称",
        "参赛学校",
        "所在学校",
    },
    "specialty": {"专业", "专业名称", "专业(类)", "专业大类", "专业类", "专业群", "专业群名称"},
    "department": {"院系", "系部", "二级学院", "系别", "所在院系", "教学单位", "院(系)", "学院"},
    "place": {"地区", "区域", "省份", "就业地区", "就业区域", "省市", "城市", "区县", "县区", "市(县)", "省(区、市)"},
    "destination": {
        "就业去向",
        "毕业去向",
        "去向",
        "去向类别",
        "单位性质",
        "就业单位性质",
        "毕业去向类别",
        "就业类型",
        "行业",
        "就业行业",
        "单位行业",
        "产业",
        "类别",
        "项目类别",
    },
}
YEARS = {"年份", "年度", "年", "学年", "时间"}
# tables of the national template, which every vocational college prints each year: their captions by stable name
NATIONAL = {
    "student_outcomes": ("计分卡", "学生发展指标", "学生发展"),
    "satisfaction": ("满意度调查表", "满意度调查", "满意度"),
    "teaching_resources": ("教学资源表", "教学资源"),
    "service": ("服务贡献表", "服务贡献"),
    "international": ("国际影响表", "国际影响"),
    "policy": ("落实政策表", "落实政策"),
}
ORDER = {"序号", "编号", "No.", "No", "NO", "NO.", "序", "排序"}
INDICATOR = {"指标", "指标名称", "项目", "内容", "指标内容", "统计指标"}
UNIT_COLUMN = {"单位", "计量单位"}
_LATIN_O = str.maketrans({"O": "〇", "o": "〇", "Ｏ": "〇", "○": "〇", "零": "〇", "０": "〇"})
_CHINESE = {character: str(value) for value, character in enumerate("〇一二三四五六七八九")}
_CHINESE_YEAR = re.compile(
    r"[二一][〇一二三四五六七八九OoＯ○零０]{3}(?=\s*(?:年|届|学年))|[二一][〇一二三四五六七八九OoＯ○零０]{3}$"
)
YEAR = re.compile(
    r"(?<![0-9.])((?:19|20)[0-9]{2})(?=\s*(?:[-—–~～至/]\s*(?:19|20)?[0-9]{2,4}\s*)?(?:年|届|学年|度|$|[^0-9.%])|$)"
)
_SPAN = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})\s*[-—–~～至/]\s*((?:19|20)[0-9]{2})")
_YEAR_WORDS = re.compile(
    r"(?:(?:19|20)[0-9]{2}\s*[-—–~～至/]\s*)?(?:19|20)[0-9]{2}\s*(?:学年度|学年|年度|年末|年底|年|届)?(?!级)(?:\((?:末|底)\))?"
)
BRACKETS = re.compile(r"[(（【\[]([^()（）【】\[\]]*)[)）】\]]")


def years_said(text: str) -> list[int]:
    """Years that a text names, in Arabic or Chinese figures, a span by both its ends.

    Examples
    --------
    >>> years_said("二〇二四年"), years_said("二O二四年毕业生"), years_said("2022-2023年"), years_said("202\\n2届")
    ([2024], [2024], [2022, 2023], [2022])
    """
    plain = arabic_years(re.sub(r"\s+", "", text))  # a narrow column breaks a year anywhere
    found: list[int] = []
    for first, last in _SPAN.findall(plain):
        found += [int(first), int(last)]
    rest = _SPAN.sub(" ", plain)
    found += [int(year) for year in YEAR.findall(rest)]
    return list(dict.fromkeys(found))


def arabic_years(text: str) -> str:
    """Text with years in Chinese figures written in Arabic ones."""
    return _CHINESE_YEAR.sub(lambda m: "".join(_CHINESE.get(c, c) for c in m[0].translate(_LATIN_O)), text)


def relative_year(path: Iterable[str]) -> int | None:
    """How far the year of a head lies from the report's (``上年``: -1), None where it says nothing of the kind."""
    return next((RELATIVE[plain] for part in path if (plain := fold(part)) in RELATIVE), None)


def timeless(text: str) -> str:
    """A head for comparison: folded, without years, marks of footnotes and the unit in brackets."""
    return fold(_YEAR_WORDS.sub("", arabic_years(_unbroken(text))))


def dated(text: str) -> str:
    """A head for comparison that keeps the place of a year but not the year."""
    return fold(_YEAR_WORDS.sub("#", arabic_years(_unbroken(text))))


def _unbroken(text: str) -> str:
    return re.sub(r"\s+", "", without_marks(text))


def bare(text: str) -> str:
    """A head for comparison with names of indicators: folded, without years, brackets, `其中` and punctuation."""
    plain = "" if relative_year([text]) is not None else timeless(text)
    units = BRACKETS.findall(plain)
    for inside in units:  # a qualifier, as in 招生人数(计划), stays
        said = "" if says_unit(inside) else inside
        plain = plain.replace(f"({inside})", said).replace(f"[{inside}]", said)
    return re.sub(r"^其中[:：]?|[:：,，、。.;；*]+|总?个?数$", "", plain) if len(plain) > 2 else plain


def without_marks(text: str) -> str:
    """Text without raised and circled figures and stars at the end of its lines: marks of footnotes."""
    return re.sub(r"[\u00b9\u00b2\u00b3\u2070-\u2079\u2460-\u2473*＊†]+(?=\s|$|[(（])", "", text)


def is_closing(text: str) -> bool:
    """Whether a label stands for all rows."""
    return fold(text).rstrip(":") in CLOSING


def closing_label(texts: Iterable[str]) -> str:
    """The label of a closing row among its cells: an order may stand before it."""
    filled = [text for text in texts if text.strip()]
    return next((text for text in filled if is_closing(text)), filled[0])


def is_subtotal(text: str) -> bool:
    """Whether a label stands for the rows of a group."""
    return SUBTOTAL.search(fold(text)) is not None


def number(text: str) -> float | None:
    """The figure of a cell, None where it holds none."""
    try:
        return parse_number(text, "%")
    except NotANumber:
        return None


def is_figure(text: str) -> bool:
    """Whether a cell holds a figure that is no year."""
    plain = fold(text)
    year = plain.isdecimal() and len(plain) == 4 and 1990 <= int(plain) <= 2100
    return not year and number(text) is not None


@lru_cache
def tier_names() -> str:
    """A pattern of the names of tiers, as heads and captions put them before 院校 and 学校."""
    names = {one.tier for one in entities().values() if one.kind == "tier" and one.tier}
    return "|".join(sorted(map(re.escape, names))) or "(?!)"


def national_table(title: str) -> str:
    """Stable name of a table of the national template, by its caption; empty for another.

    Examples
    --------
    >>> national_table("计分卡"), national_table("2024年满意度调查表"), national_table("教学资源库")
    ('student_outcomes', 'satisfaction', '')
    """
    plain = re.sub(r"\s+", "", timeless(arabic_years(title)))
    return next((name for name, captions in NATIONAL.items() if plain in captions), "")


def stub(text: str) -> str:
    """What kind of rows a head announces (order, a key of `STUBS`, indicator), empty if it announces none."""
    plain = re.sub(rf"^(?:{tier_names()})(?=院校$|学校$)", "", re.sub(r"\s+", "", fold(without_marks(text))))
    if plain in {fold(word) for word in ORDER}:
        return "order"
    if plain in INDICATOR:
        return "indicator"
    return next((kind for kind, words in STUBS.items() if plain in words), "")


@dataclass(frozen=True)
class Caption:
    """A caption taken apart."""

    number: str
    title: str
    continued: bool


def read_caption(text: str) -> Caption | None:
    """Number and title of a caption line, or None where a line is none.

    Examples
    --------
    >>> read_caption("表1-132022届毕业生去向")
    Caption(number='1-13', title='2022届毕业生去向', continued=False)
    >>> read_caption("附表1 专业一览表").number, read_caption("表 3.7 情况").number
    ('附1', '3.7')
    >>> read_caption("表明学生满意") is None, read_caption("续表8-1").continued
    (True, True)
    """
    match = CAPTION.match(text.strip())
    if match is None or len(text) > 200:
        return None
    number, rest = match["number"] or "", match["rest"]
    if not number and not (match["annex"] or match["continued"]) and not re.match(r"\s*[:：]", rest):
        return None
    number = re.sub(r"\s+", "", fold(number)).replace("—", "-").replace("–", "-")
    if re.fullmatch("[0-9]", rest[:1] or " "):  # the year runs into the number: 表1-132022届
        digits = re.match("[0-9]*", rest)
        joined = number + (digits[0] if digits else "")
        cut = re.fullmatch(r"(.*?[-.]?[0-9]{1,2}?)((?:19|20)[0-9]{2})", joined)
        if cut is None or not re.search("[0-9]$", cut[1]):
            return None
        number, rest = cut[1], cut[2] + rest[len(digits[0]) if digits else 0 :]
    elif (run := re.fullmatch(r"(.*[-.])([0-9])((?:19|20)?[0-9]{0,2})", number)) and run[3] and re.match("[0-9]", rest):
        return None
    if re.match(
        r"\s*(?:中(?=[可的看所能我,，、])|所示|所列|可[见知以]|显示|表明|为[^主]|的|和|与)", rest
    ) or rest.rstrip().endswith("。"):
        return None  # prose that speaks of a table
    title = re.sub(r"^\s*[:：.．、]?\s*", "", rest)
    continued = bool(match["continued"]) or re.search(r"[（(]\s*续\s*[)）]", title) is not None
    return Caption(("附" if match["annex"] else "") + number, " ".join(title.split()), continued)
