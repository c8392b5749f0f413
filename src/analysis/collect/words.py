"""What is said about a form, in the language of the schools and in English: what is wrong, and the way out."""

from __future__ import annotations

from dataclasses import dataclass, field

from analysis.ground.outgoing import TAKEN_OUT, personal, redacted, said

# refuse: the file is not read further; fault: must be mended; ask: a comment beside the figure, or a waiver with a
# reason, settles it
WORDS: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "no_workbook": (
        "refuse",
        {
            "zh": ("不是 .xlsx 工作簿：{reason}", "用下发的表格填写，另存为 .xlsx"),
            "en": ("is no .xlsx workbook: {reason}", "Fill in the form that was sent out and save it as .xlsx"),
        },
    ),
    "bomb": (
        "refuse",
        {
            "zh": ("解压后过大（{reason}），不予打开", "用下发的表格重新填写，不要粘贴图片或整列格式"),
            "en": (
                "is too large when unpacked ({reason}) and was not opened",
                "Fill in a fresh form; paste no pictures and no formats of whole columns",
            ),
        },
    ),
    "encrypted": (
        "refuse",
        {
            "zh": ("有密码，或是旧的 .xls 格式，无法读取", "去掉密码，另存为 .xlsx"),
            "en": ("is protected by a password, or of the old format .xls", "Remove the password and save it as .xlsx"),
        },
    ),
    "too_slow": (
        "refuse",
        {
            "zh": ("读取超过 {limit} 仍未完成，已停止", "用下发的表格重新填写"),
            "en": ("was not read within {limit}; reading was stopped", "Fill in a fresh form"),
        },
    ),
    "active": (
        "refuse",
        {
            "zh": ("含有宏、外部链接或嵌入对象：{reason}", "去掉它们，只在表格中填数字和文字"),
            "en": (
                "holds macros, external links or embedded objects: {reason}",
                "Remove them; a form holds figures and text only",
            ),
        },
    ),
    "entity": (
        "refuse",
        {
            "zh": ("XML 中有文档类型或实体声明（{reason}），不予打开", "用下发的表格重新填写"),
            "en": (
                "declares a document type or entity in its XML ({reason}) and was not opened",
                "Fill in a fresh form",
            ),
        },
    ),
    "hidden": (
        "refuse",
        {
            "zh": ("有隐藏的工作表：{reason}", "取消隐藏，或删除不属于表格的工作表"),
            "en": ("has hidden sheets: {reason}", "Show them, or delete sheets that are not part of the form"),
        },
    ),
    "sheets": (
        "refuse",
        {
            "zh": ("工作表与表格不符，缺少：{missing}；多出：{extra}", "用下发的表格填写，不改工作表名称"),
            "en": (
                "its sheets are not those of the form; missing: {missing}; extra: {extra}",
                "Fill in the form that was sent out and keep the names of its sheets",
            ),
        },
    ),
    "unknown_school": (
        "refuse",
        {
            "zh": ("学校代码不在名单中", "填写下发给本校的表格，不改封面上的代码"),
            "en": (
                "the code of the school is not on the list",
                "Fill in the form of your own school and keep the code on its cover",
            ),
        },
    ),
    "version": (
        "refuse",
        {
            "zh": ("表格版本不符，应为 {expected}", "重新下载 {year} 年的表格"),
            "en": ("is another version of the form; it should be {expected}", "Fetch the form of {year} again"),
        },
    ),
    "twice": (
        "refuse",
        {
            "zh": ("{school} 交了不止一份：{files}", "只保留一份"),
            "en": ("{school} has handed in more than one: {files}", "Keep one"),
        },
    ),
    "other_school": (
        "fault",
        {
            "zh": ("这张表属于另一所学校或另一年，应为“{expected}”", "换回本校的表"),
            "en": (
                "this sheet belongs to another school or year; it should be '{expected}'",
                "Put the school's own sheet back",
            ),
        },
    ),
    "moved": (
        "fault",
        {
            "zh": ("此处应为“{expected}”，行列被移动或改写", "恢复表格原样，不插入、删除行列"),
            "en": (
                "should read '{expected}'; rows or columns were moved or rewritten",
                "Restore the form; insert and delete no rows or columns",
            ),
        },
    ),
    "too_long": (
        "fault",
        {"zh": ("超过 {longest} 个字", "缩短"), "en": ("has more than {longest} characters", "Shorten it")},
    ),
    "outside": (
        "fault",
        {
            "zh": ("填在了表格以外", "移到填写区内，或写入“说明”栏"),
            "en": ("stands outside the form", "Move it into the form, or into the comment"),
        },
    ),
    "formula": (
        "fault",
        {
            "zh": ("是公式，不予计算", "填写数字本身"),
            "en": ("is a formula and is not computed", "Enter the figure itself"),
        },
    ),
    "text_like_formula": (
        "fault",
        {
            "zh": ("文字以 = + - @ 开头，会被当作公式", "改写开头"),
            "en": ("text that begins with = + - @ would be taken for a formula", "Begin it differently"),
        },
    ),
    "not_repeated": (
        "ask",
        {
            "zh": ("像是电话号码或证件号，没有抄入本表", "属实的重新填写"),
            "en": ("looks like a telephone or identity number and was not copied", "Enter it again if it is right"),
        },
    ),
    "personal": (
        "fault",
        {
            "zh": ("像是电话号码、证件号或邮箱", "删去个人信息，只写单位"),
            "en": (
                "looks like a telephone number, an identity number or an e-mail address",
                "Remove it; name organisations only",
            ),
        },
    ),
    "empty": (
        "fault",
        {
            "zh": ("没有填", "填数字；没有发生填 0；无法提供填“/”并在说明栏写明原因"),
            "en": ("is empty", "Enter the figure; 0 for none; '/' with a comment if it cannot be given"),
        },
    ),
    "unexplained": (
        "ask",
        {
            "zh": ("填了“无法提供”而没有说明", "在说明栏写明原因"),
            "en": ("is marked as not available without a comment", "Say why in the comment"),
        },
    ),
    "not_a_number": (
        "fault",
        {
            "zh": ("不是数字", "只填数字，不写单位"),
            "en": ("is not a number ({reason})", "Enter the figure alone, without unit"),
        },
    ),
    "percent_format": (
        "fault",
        {
            "zh": ("单元格是百分比格式（实际存的是 {value}）", "改为常规格式，填 {percent}"),
            "en": (
                "the cell is formatted as per cent (it holds {value})",
                "Use the general format and enter {percent}",
            ),
        },
    ),
    "not_whole": (
        "fault",
        {"zh": ("应为整数", "填写整数"), "en": ("should be a whole number", "Enter a whole number")},
    ),
    "range": (
        "fault",
        {
            "zh": ("超出范围 {low} 至 {high}", "核对数字和单位（{unit}）"),
            "en": ("outside the range {low} to {high}", "Check figure and unit ({unit})"),
        },
    ),
    "choice": (
        "fault",
        {
            "zh": ("不在下拉选项中（相近：{near}）", "从下拉选项中选择"),
            "en": ("is not one of the choices (nearest: {near})", "Choose from the list"),
        },
    ),
    "required": (
        "fault",
        {
            "zh": ("这一行缺“{column}”", "补齐，或清空整行"),
            "en": ("the row lacks '{column}'", "Fill it in, or clear the row"),
        },
    ),
    "code": (
        "fault",
        {
            "zh": ("不是2021年专业目录的六位代码", "核对专业目录"),
            "en": ("is no six-digit code of the catalogue of 2021", "Look it up in the catalogue"),
        },
    ),
    "year": (
        "fault",
        {
            "zh": ("不是年份或年月", "填 YYYY 或 YYYY-MM，不晚于 {year} 年"),
            "en": ("is no year or month", "Enter YYYY or YYYY-MM, not after {year}"),
        },
    ),
    "doubled": ("fault", {"zh": ("与第 {row} 行重复", "合并为一行"), "en": ("repeats row {row}", "Keep one row")}),
    "unlisted": (
        "fault",
        {
            "zh": ("“{sheet}”表中没有这个专业", "在该表补上，或更正代码"),
            "en": ("is not on the sheet '{sheet}'", "Add it there, or correct the code"),
        },
    ),
    "row_sum": (
        "fault",
        {
            "zh": ("{part}（{a:g}）大于{whole}（{b:g}）", "核对这一行"),
            "en": ("{part} ({a:g}) exceeds {whole} ({b:g})", "Check the row"),
        },
    ),
    "parts": (
        "fault",
        {
            "zh": ("落实、未落实与去向不明合计 {a:g}，与毕业生数 {b:g} 不等", "核对这一行"),
            "en": ("placed, not placed and unknown add up to {a:g}, not to the {b:g} graduates", "Check the row"),
        },
    ),
    "in_work": (
        "fault",
        {
            "zh": ("就业去向合计 {a:g}，多于该专业已就业毕业生 {b:g}", "核对“专业”表的落实与升学"),
            "en": (
                "destinations add up to {a:g}, more than the {b:g} graduates of the specialty in work",
                "Check placed and further study on the sheet of specialties",
            ),
        },
    ),
    "total": (
        "fault",
        {
            "zh": ("“{sheet}”表各行合计 {a:g}，与此处 {b:g} 不等", "核对两处"),
            "en": ("the rows of '{sheet}' add up to {a:g}, here stands {b:g}", "Check both"),
        },
    ),
    "relation": (
        "fault",
        {
            "zh": ("不成立：{what}（{arithmetic}）", "核对相关数字"),
            "en": ("does not hold: {what} ({arithmetic})", "Check the figures"),
        },
    ),
    "relation_unusual": (
        "ask",
        {
            "zh": ("通常应成立：{what}（{arithmetic}）；{why}", "核对；属实的在说明栏写明原因"),
            "en": (
                "should usually hold: {what} ({arithmetic}); {why}",
                "Check it; if it is right, say why in the comment",
            ),
        },
    ),
    "ratio": (
        "fault",
        {
            "zh": ("由其他数字算得 {value}（{arithmetic}）", "核对"),
            "en": ("follows from other figures as {value} ({arithmetic})", "Check it"),
        },
    ),
    "ratio_unusual": (
        "ask",
        {
            "zh": ("由其他数字算得 {value}（{arithmetic}）；{why}", "核对；口径不同的在说明栏写明"),
            "en": (
                "follows from other figures as {value} ({arithmetic}); {why}",
                "Check it; if it is defined otherwise, say so in the comment",
            ),
        },
    ),
    "jump": (
        "ask",
        {
            "zh": ("上年为 {before}，变动 {change}，超过界限 {bound}", "核对；属实的在说明栏写明原因"),
            "en": (
                "was {before} last year, a change of {change}, beyond the bound {bound}",
                "Check it; if it is right, say why in the comment",
            ),
        },
    ),
    "department": (
        "fault",
        {
            "zh": ("没有填写填报部门", "填部门名称，不写个人姓名"),
            "en": ("the responsible department is missing", "Name the department, no person"),
        },
    ),
    "date": ("fault", {"zh": ("不是日期", "填 YYYY-MM-DD"), "en": ("is no date", "Enter YYYY-MM-DD")}),
    "late": (
        "ask",
        {
            "zh": ("填报日期晚于截止日期 {deadline}", "由收表单位豁免并写明原因"),
            "en": ("filled in after the deadline {deadline}", "The office may waive it with a reason"),
        },
    ),
    "missing": (
        "ask",
        {
            "zh": ("没有交表，截止日期 {deadline} 已过 {days} 天", "催交，或由收表单位豁免并写明原因"),
            "en": (
                "has handed in no form; the deadline {deadline} passed {days} days ago",
                "Ask for it, or waive it with a reason",
            ),
        },
    ),
    "due": (
        "ask",
        {
            "zh": ("还没有交表，截止日期为 {deadline}", "在截止日期前交表"),
            "en": ("has not yet handed in its form; the deadline is {deadline}", "Hand it in before the deadline"),
        },
    ),
    "idle_waiver": (
        "fault",
        {
            "zh": ("这条豁免没有对应的问题", "删去或更正 waivers.yaml 中的这一条"),
            "en": ("this waiver meets no fault", "Drop or correct it in waivers.yaml"),
        },
    ),
    "bad_waiver": (
        "fault",
        {
            "zh": ("豁免缺少 {missing}，或问题不可豁免", "写明 school、check、reason；文件被拒、格式错误不可豁免"),
            "en": (
                "the waiver lacks {missing}, or the fault cannot be waived",
                "Give school, check and reason; refused files and unreadable cells cannot be waived",
            ),
        },
    ),
}
# what an office may let pass with a reason, beside everything that only asks
WAIVABLE = {"empty", "relation", "ratio", "total", "in_work", "parts", "row_sum"}
SHOWN = {"zh": ("工作表", "单元格", "填写", "；"), "en": ("sheet", "cell", "entered", "; ")}


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one form: where, what is entered there, what is wrong, and the way out."""

    file: str
    code: str
    school: str = ""
    sheet: str = ""
    cell: str = ""
    about: str = ""  # indicator or column, for waivers
    entered: str | None = None
    values: dict = field(default_factory=dict, compare=False)

    def __post_init__(self):
        # what must not be in a form is not repeated in a list of faults either
        if self.entered is not None:
            object.__setattr__(self, "entered", TAKEN_OUT if personal(self.entered) else said(self.entered, 80))
        for name in ("file", "about"):
            object.__setattr__(self, name, redacted(getattr(self, name)))

    @property
    def level(self) -> str:
        return WORDS[self.code][0]

    @property
    def check(self) -> str:
        """How a waiver names it: ``jump:students``."""
        return f"{self.code}:{self.about}" if self.about else self.code

    @property
    def waivable(self) -> bool:
        return self.level == "ask" or self.code in WAIVABLE

    def wrong(self, language: str) -> str:
        return said(WORDS[self.code][1][language][0].format(**self.values), 1_000)

    def remedy(self, language: str) -> str:
        return said(WORDS[self.code][1][language][1].format(**self.values), 1_000)

    def text(self, language: str) -> str:
        """One line, as `check` prints it."""
        sheet, cell, entered, _ = SHOWN[language]
        comma, colon, stop = ("，", "：", "。") if language == "zh" else (", ", ": ", ". ")
        place = [
            self.file,
            *([f"{sheet} {self.sheet}"] if self.sheet else []),
            *([f"{cell} {self.cell}"] if self.cell else []),
            *([] if self.entered is None else [f"{entered} {self.entered!r}"]),
        ]
        return f"{comma.join(place)}{colon}{self.wrong(language)}{stop}{self.remedy(language)}{stop.strip()}"
