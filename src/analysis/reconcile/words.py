"""What checks say, in Chinese and English."""

from __future__ import annotations

from analysis.dictionary import section_name

WORDS = {
    "table": ("表{table}，{name}", "table {table}, {name}"),
    "before": ("上年{name}", "{name} a year before"),
    "truncated": ("截尾", "truncated"),
    "apart": ("末位相差一", "last digit one apart"),
    "bound": ("所印为界限", "the figure printed is a bound"),
    "within_rounding": ("在所用取整数字的范围内", "within the rounding of the figures used"),
    "unweighted": ("{n} 校简单平均，未加权；按{weight}加权为 {value}", "simple mean of {n} schools, not weighted; weighted by {weight} it is {value}"),
    "unweighted_plain": ("{n} 行简单平均，未加权", "simple mean of {n} rows, not weighted"),
    "is_mean": ("印刷值是 {n} 校的简单平均（{value}），不是全体的比率", "printed is the simple mean of {n} schools ({value}), not the rate of all persons"),
    "sum_of_ratios": ("人均数之和，作为合计没有意义", "a sum of per-head figures; it has no meaning as a total"),
    "difference": ("印刷值减复算值 {difference}", "printed minus recomputed {difference}"),
    "tolerance": ("容差 {tolerance}%，相差 {difference}%", "tolerance {tolerance} %, difference {difference} %"),
    "no_parts": ("组成部分未印", "its parts are not printed"),
    "no_formula": ("没有声明复算公式", "no formula is declared for it"),
    "coarse": ("所用数字取整太粗", "the figures used are too coarsely rounded"),
    "in_words": ("以文字表述，相差 {difference} 在容差内", "printed in words; the difference {difference} is within the tolerance"),
    "two_owners": ("同一数字在{section}属于{name}一家", "{section} gives the same figure for {name} alone"),
    "padded": ("取到一位小数再补零", "rounded to fewer digits and filled with a zero"),
    "no_data": ("所需数字未印（{reason}）", "a figure it needs is not printed ({reason})"),
    "unreadable_total": ("单元格不是数字", "the cell is no number"),
    "repeats": ("{section} 所印", "printed in {section}"),
    "exact_repeat": ("同一数字另见{section}", "the same figure is printed in {section}"),
    "left_out": ("略去{name}一行", "the row of {name} left out"),
    "unreadable": ("不是数字的单元格未计入", "cells that are no plain number counted as absent"),
    "uncorrected": ("以印刷值代替更正值", "printed figures in place of corrected ones"),
    "printed_totals": ("以印刷合计代替逐校之和", "printed totals in place of sums of rows"),
    "simple_mean": ("以各校简单平均代替合计", "simple means of schools in place of sums"),
    "weighted": ("按{weight}加权", "weighted by {weight}"),
    "other_year": ("用 {year} 年的数字", "figures of {year}"),
    "other_entity": ("用{name}的数字", "figures of {name}"),
    "denominator": ("以{name}为分母", "{name} as denominator"),
    "exchanged": ("两位数字互换（{other}）", "two digits exchanged ({other})"),
    "elsewhere": ("同一数字印于{place}", "the same figure is printed in {place}"),
}


def say(code: str, language: str, **values: object) -> str:
    """A phrase in a language, filled."""
    return WORDS[code][0 if language == "zh" else 1].format(**values)


def place(figure, name, language: str) -> str:
    """Where a figure is printed, and of what."""
    comma = "，" if language == "zh" else ", "
    where = f"{'表' if language == 'zh' else 'table '}{figure.table_id}" if hasattr(figure, "table_id") else section_name(figure.section, language)
    return f"{where}（{name(figure.entity)}{comma}{name(figure.indicator)} {figure.year}）" if language == "zh" else f"{where} ({name(figure.entity)}{comma}{name(figure.indicator)} {figure.year})"
