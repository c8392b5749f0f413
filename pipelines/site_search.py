"""Search that finds Chinese words: text and query are cut into pairs of characters,
which need no dictionary of words."""

from __future__ import annotations

import re

from sphinx.search import SearchLanguage

HAN = "\u3400-\u4dbf\u4e00-\u9fff"


class ChinesePairs(SearchLanguage):
    """Index terms: every two neighbouring Chinese characters, and Latin words as they are."""

    lang = "zh"
    language_name = "Chinese"
    # the same cut in the reader's browser
    js_splitter_code = """
function splitQuery(query) {
  const terms = []
  for (const run of query.match(/[\\u3400-\\u4dbf\\u4e00-\\u9fff]+|[A-Za-z0-9_]+/g) || []) {
    if (!/[\\u3400-\\u9fff]/.test(run) || run.length < 2) { terms.push(run); continue }
    for (let i = 0; i + 1 < run.length; i++) terms.push(run.slice(i, i + 2))
  }
  return terms
}
"""

    def split(self, input: str) -> list[str]:
        """Terms of a text.

        Examples
        --------
        >>> ChinesePairs({}).split("新能源 GB 2023")
        ['新能', '能源', 'GB', '2023']
        """
        terms: list[str] = []
        for run in re.findall(f"[{HAN}]+|[A-Za-z0-9_]+", input):
            cut = re.match(f"[{HAN}]{{2,}}", run)
            terms += [run[i : i + 2] for i in range(len(run) - 1)] if cut else [run]
        return terms

    def stem(self, word: str) -> str:
        return word.lower()

    def word_filter(self, word: str) -> bool:
        return not word.isdigit()
