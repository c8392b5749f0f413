"""Which sentences the code can say when data are wrong: read from the source text, for the catalogues of messages.

A message is written where the fault is found, as text or f-string: ``problems.add(file, wrong, remedy, row=…)``,
``refuse(wrong, remedy)``, a raised exception, what a command prints. Its template is the text with numbered places:
``source {0} has no {1}``. Names are followed to what is assigned to them, parameters to what callers give, calls to
what functions return; what cannot be followed is a place.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter

from analysis.ground.files import languages
from analysis.ground.messages import CODE, COUNTED, FRAME, ORIGINAL, catalogue_file, read_catalogue

ROOMS = ("src/analysis", "pipelines")
MOST = 64  # wordings of one message; more than that are not written out one by one
DEEPEST = 12  # steps from a message to its words
FOLLOWED = {"entry", "guide", "doubled", "required"}  # attributes that hold words of messages
GIVEN = {  # parameters
    "wrong",
    "remedy",
    "evidence",
    "rule",
    "short",
    "positive",
    "what",
    "of",
    "doubled",
    "fault",
    "of_entity",
}
SPOKEN = {"wrong", "remedy", "evidence"}  # parameters of functions whose arguments are messages
WORDS = {"what", "of", "of_entity", "place"}  # parameters that hold single words of messages
VALUES = {
    "name",
    "row",
    "column",
    "file",
    "path",
    "code",
    "key",
    "value",
    "number",
    "found",
}  # names that hold no words, though words pass by
UNSAID = {"shown", "_short", "repr", "sorted", "len", "type"}  # functions that write values
PLACES = {"row", "column"}  # words of these: "line 3"
OUTSIDE = {  # say it in each language themselves, or only pass on what is said
    f"analysis/{name}"
    for name in (
        "ground/errors",
        "ground/messages",
        "ground/templates",
        "collect/words",
        "collect/package",
        "collect/read",
    )
}  # say it in each language themselves
BUILT_IN = {"ValueError", "KeyError", "TypeError", "RuntimeError", "FileNotFoundError", "AssertionError", "SystemExit"}
SETTINGS = ("should be one of {0}",)  # `params` puts it together
DOOR = ("{0}, argument {1}: {2}", "a function, argument {0}: {1}")  # `BadArgument`
# what libraries say inside our messages: YAML, JSON, CSV, Python, the system
_AT = 'in "<unicode string>", line {{{}}}, column {{{}}}'
LIBRARIES = (
    "one of {0}",
    "a {0}",
    f"{{0}} {_AT.format(1, 2)} {{3}} {_AT.format(4, 5)}",
    f"{{0}} {_AT.format(1, 2)}",
    "while parsing a block mapping",
    "while parsing a block collection",
    "while parsing a flow mapping",
    "while parsing a flow sequence",
    "while parsing a flow node",
    "while parsing a node",
    "while scanning a simple key",
    "while scanning a quoted scalar",
    "while scanning a block scalar",
    "while scanning a plain scalar",
    "while scanning an anchor",
    "while scanning an alias",
    "while scanning a tag",
    "while scanning a directive",
    "while scanning for the next token",
    "while parsing a quoted scalar",
    "did not find expected key",
    "did not find expected '-' indicator",
    "did not find expected ',' or ']'",
    "did not find expected ',' or '}}'",
    "did not find expected node content",
    "did not find expected <document start>",
    "did not find expected alphabetic or numeric character",
    "did not find expected whitespace or line break",
    "could not find expected ':'",
    "mapping values are not allowed in this context",
    "block sequence entries are not allowed in this context",
    "found character that cannot start any token",
    "found a tab character that violates indentation",
    "found a tab character where an indentation space is expected",
    "found unexpected end of stream",
    "found unexpected document indicator",
    "found unexpected ':'",
    "found unknown escape character",
    "found undefined tag handle",
    "control characters are not allowed",
    "Expecting value: line {0} column {1} (char {2})",
    "Expecting ',' delimiter: line {0} column {1} (char {2})",
    "Expecting ':' delimiter: line {0} column {1} (char {2})",
    "Expecting property name enclosed in double quotes: line {0} column {1} (char {2})",
    "Illegal trailing comma before end of object: line {0} column {1} (char {2})",
    "Illegal trailing comma before end of array: line {0} column {1} (char {2})",
    "Unterminated string starting at: line {0} column {1} (char {2})",
    "Invalid control character at: line {0} column {1} (char {2})",
    "Invalid \\escape: line {0} column {1} (char {2})",
    "Extra data: line {0} column {1} (char {2})",
    "unexpected end of data",
    "line contains NUL",
    "field larger than field limit ({0})",
    "',' expected after '\"'",
    "new-line character seen in unquoted field - do you need to open the file with newline=''?",
    "invalid syntax",
    "invalid syntax ({0})",
    "invalid syntax. Perhaps you forgot a comma?",
    "'{0}' was never closed",
    "unmatched '{0}'",
    "unterminated string literal (detected at line {0})",
    "unexpected indent",
    "unexpected EOF while parsing",
    "No such file or directory",
    "Permission denied",
    "Is a directory",
    "No space left on device",
    "Disk quota exceeded",
    "File too large",
    "Read-only file system",
    "Operation not permitted",
    "expected '}}' before end of string",
    "Single '}}' encountered in format string",
    "Single '{{' encountered in format string",
)
NESTED: dict[str, tuple[int, ...]] = {  # places of these that hold messages
    LIBRARIES[2]: (0, 3),
    LIBRARIES[3]: (0,),
    DOOR[0]: (2,),
    DOOR[1]: (1,),
}


@dataclass(frozen=True)
class Hole:
    """A place of a template; `said` if it may hold a message itself."""

    said: bool = False


Parts = tuple["str | Hole", ...]


@dataclass
class Template:
    """A message with numbered places, where it is said, and which of its places hold messages."""

    id: str
    nested: frozenset[int] = frozenset()
    kind: str = ""  # part: stands in other messages only; frame: put together by `messages`
    where: set[str] = field(default_factory=set)


@dataclass
class Module:
    path: str
    tree: ast.Module
    nodes: list[ast.AST]
    parents: dict[ast.AST, ast.AST]


@dataclass(frozen=True)
class Given:
    """An expression in the module in which it stands."""

    node: ast.AST
    module: Module = field(compare=False, hash=False)


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _words(parts: Iterable[str | Hole]) -> str:
    return "".join(part for part in parts if isinstance(part, str))


def template_of(parts: Parts) -> tuple[str, frozenset[int]]:
    """The id of a message and which of its places hold messages."""
    said, nested, number = "", set(), 0
    for part in parts:
        if isinstance(part, str):
            said += _literal(part)
        else:
            said += f"{{{number}}}"
            nested |= {number} if part.said else set()
            number += 1
    return said, frozenset(nested)


def places_of(text: str) -> list[int]:
    """Numbers of the places of a template or its translation, in order.

    Examples
    --------
    >>> places_of("{1} of {0}, not {{x}}")
    [1, 0]
    """
    return [int(name) for _, name, _, _ in Formatter().parse(text) if name is not None]


class Code:
    """The source text of the rooms, with what is called, assigned and returned where."""

    def __init__(self, root: Path):
        self.modules: list[Module] = []
        self.functions: dict[str, list[Given]] = defaultdict(list)
        self.calls: dict[str, list[Given]] = defaultdict(list)
        self.attributes: dict[str, list[Given]] = defaultdict(list)
        self.names: dict[str, list[Given]] = defaultdict(list)  # of modules
        self.exceptions: set[str] = set(BUILT_IN)
        self._speaking: dict[str, set[int]] = defaultdict(set)  # functions that take what is wrong and the way out
        self._known: dict[ast.AST, list[Parts]] = {}
        self._within: dict[ast.AST, dict[str, list[ast.expr]]] = {}
        for room in ROOMS:
            for path in sorted((root / room).rglob("*.py")):
                tree = ast.parse(path.read_text(encoding="utf-8"))
                nodes: list[ast.AST] = [tree]
                parents: dict[ast.AST, ast.AST] = {}
                for node in nodes:
                    children = list(ast.iter_child_nodes(node))
                    nodes += children
                    parents |= dict.fromkeys(children, node)
                self._enter(Module(path.relative_to(root).as_posix(), tree, nodes, parents))

    def _enter(self, module: Module) -> None:
        self.modules.append(module)
        for statement in module.tree.body:
            for name, value in _assigned(statement):
                self.names[name].append(Given(value, module))
        for node in module.nodes:
            if isinstance(node, ast.FunctionDef):
                self.functions[node.name].append(Given(node, module))
                names = [one.arg for one in node.args.args if one.arg != "self"]
                if SPOKEN & set(names):
                    self._speaking[node.name] |= {i for i, one in enumerate(names) if one in SPOKEN}
            elif isinstance(node, ast.Call):
                self.calls[_called(node)].append(Given(node, module))
                for keyword in node.keywords:
                    if keyword.arg in FOLLOWED:
                        self.attributes[keyword.arg].append(Given(keyword.value, module))
            elif isinstance(node, ast.ClassDef):
                if any(
                    isinstance(base, ast.Name) and base.id in {*self.exceptions, "Exception"} for base in node.bases
                ):
                    self.exceptions.add(node.name)
                for one in node.body:
                    for name, value in _assigned(one):
                        if name in FOLLOWED:
                            self.attributes[name].append(Given(value, module))

    # --- from an expression to what it may say

    def said(self, given: Given, depth: int = 0, seen: frozenset[ast.AST] = frozenset()) -> list[Parts]:
        """Everything that an expression may say, each once; nothing where it cannot be followed."""
        if depth > DEEPEST or given.node in seen:
            return []
        if given.node not in self._known:
            self._known[given.node] = list(dict.fromkeys(self._said(given, depth, seen | {given.node})))
        return self._known[given.node]

    def _said(self, given: Given, depth: int, seen: frozenset[ast.AST]) -> list[Parts]:
        node, module = given.node, given.module

        def also(other: ast.AST, where: Module = module) -> list[Parts]:
            return self.said(Given(other, where), depth + 1, seen)

        match node:
            case ast.Constant(value=str(text)):
                return [(text,)] if text else [()]
            case ast.JoinedStr(values=values):
                return self._joined(values, given, depth, seen)
            case ast.IfExp(body=body, orelse=orelse):
                return [*also(body), *also(orelse)]
            case ast.BoolOp(op=operator, values=values):
                return [
                    one for value in (values if isinstance(operator, ast.Or) else values[-1:]) for one in also(value)
                ]
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return [*also(left), *also(right)]
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _product([also(left) or [(Hole(),)], also(right) or [(Hole(),)]])
            case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
                return [one for element in elements for one in also(element)]
            case ast.Dict(values=values):
                return [one for value in values for one in also(value)]
            case (
                ast.Starred(value=value)
                | ast.NamedExpr(value=value)
                | ast.Lambda(body=value)
                | ast.Yield(value=ast.expr() as value)
            ):
                return also(value)
            case (
                ast.DictComp(value=element)
                | ast.ListComp(elt=element)
                | ast.GeneratorExp(elt=element)
                | ast.SetComp(elt=element)
            ):
                return also(element)
            case ast.Subscript(value=value):
                return also(value)
            case ast.Attribute(attr=name) if name in FOLLOWED:
                return [one for value in self.attributes[name] for one in also(value.node, value.module)]
            case ast.Name(id=name):
                return [one for value in self._values(name, given) for one in also(value.node, value.module)]
            case ast.Call():
                return self._call(node, given, depth, seen)
        return []

    def _joined(self, values: list[ast.expr], given: Given, depth: int, seen: frozenset[ast.AST]) -> list[Parts]:
        """An f-string: words that are chosen between two are written out, other messages in it stay places."""
        plain = re.search("[A-Za-z]", "".join(str(v.value) for v in values if isinstance(v, ast.Constant)))
        pieces: list[list[Parts]] = []
        for value in values:
            if isinstance(value, ast.Constant):
                pieces.append([(str(value.value),)])
                continue
            assert isinstance(value, ast.FormattedValue)
            inner = value.value
            if value.format_spec is not None or value.conversion == ord("r"):
                pieces.append([(Hole(),)])
            elif isinstance(inner, ast.IfExp):
                branches = []
                for branch in (inner.body, inner.orelse):
                    branches += self.said(Given(branch, given.module), depth + 1, seen) or [(Hole(),)]
                pieces.append(branches)
            else:
                found = self._phrases(inner, given, depth, seen)
                if found and not plain and not _separator(inner) and len(found) <= MOST:
                    pieces.append(found)
                else:
                    pieces.append([(Hole(bool(found) or self._is_exception(inner, given)),)])
        return _product(pieces)

    def _phrases(self, node: ast.expr, given: Given, depth: int, seen: frozenset[ast.AST]) -> list[Parts]:
        """What a part of an f-string may say, if it is words and no value."""
        if isinstance(node, ast.Name) and node.id in VALUES:
            return []
        if separator := _separator(node):
            return [(Hole(True), separator, Hole(True))]
        found = self.said(Given(node, given.module), depth + 1, seen)
        words = [one for one in found if re.search("[A-Za-z]{2}", _words(one))]
        single = (isinstance(node, ast.Name) and node.id in WORDS) or (
            isinstance(node, ast.Attribute) and node.attr in FOLLOWED
        )
        looked_up = isinstance(node, ast.Subscript) or (
            isinstance(node, ast.Call) and _called(node) in {"get", "_kind"}
        )
        if single or looked_up or any(" " in _words(one).strip() for one in words):
            return found if words else []
        return []

    def _call(self, node: ast.Call, given: Given, depth: int, seen: frozenset[ast.AST]) -> list[Parts]:
        name = _called(node)
        if name in UNSAID:
            return []

        def also(other: ast.AST, where: Module = given.module) -> list[Parts]:
            return self.said(Given(other, where), depth + 1, seen)

        if isinstance(node.func, ast.Attribute):
            inner = node.func.value
            if name == "format":
                return [_with_holes(one) for one in also(inner)]
            if _separator(node):
                return [(Hole(True),)]
            if name == "join" and node.args:
                return [one for one in also(node.args[0]) if " " in _words(one).strip()]
            if name == "partition" or name in {"removesuffix", "removeprefix", "strip", "replace"}:
                return [part for one in also(inner) for part in (_sentences(one) if name == "partition" else [one])]
            if name == "get":
                return also(inner)
        if name in {"str", "redacted", "said", "next", "filter", "print", "exit"} and node.args:
            return also(node.args[-1 if name == "filter" else 0])
        if name in self.exceptions:
            return []
        found = []
        for function in self.functions.get(name, []):
            if function.module.path.endswith("ground/keys.py"):
                continue
            for inside in _own(function.node):
                if isinstance(inside, ast.Return | ast.Yield) and inside.value is not None:
                    found += also(inside.value, function.module)
        return found

    def _values(self, name: str, given: Given) -> list[Given]:
        """What a name is given where an expression stands: in its function, as its parameter, or in the module."""
        node: ast.AST | None = given.node
        while node is not None:
            node = given.module.parents.get(node)
            if isinstance(node, ast.FunctionDef | ast.Lambda):
                if node not in self._within:
                    within = self._within[node] = defaultdict(list)
                    for inside in ast.walk(node):
                        for target, value in _assigned(inside):
                            within[target].append(value)
                found = [Given(value, given.module) for value in self._within[node].get(name, [])]
                parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                if name in GIVEN and name in {one.arg for one in parameters}:
                    found += self._arguments(node, name, given.module)
                if found:
                    return found
            if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp):
                found = [
                    Given(v, given.module) for c in node.generators for t, v in _unpacked(c.target, c.iter) if t == name
                ]
                if found:
                    return found
        own = [value for value in self.names.get(name, []) if value.module is given.module]
        return own or self.names.get(name, [])

    def _arguments(self, function: ast.FunctionDef | ast.Lambda, name: str, module: Module) -> list[Given]:
        """What callers give for a parameter, and its default."""
        arguments = function.args
        found = []
        plain = [*arguments.posonlyargs, *arguments.args]
        for one, default in [
            *zip(reversed(plain), reversed(arguments.defaults)),
            *zip(arguments.kwonlyargs, arguments.kw_defaults),
        ]:
            if one.arg == name and default is not None:
                found.append(Given(default, module))
        if isinstance(function, ast.Lambda):
            return found
        names = [one.arg for one in plain]
        method = bool(names) and names[0] in {"self", "cls"}
        position = names.index(name) - method if name in names else None
        for call in self.calls.get(function.name, []):
            assert isinstance(call.node, ast.Call)
            if call.module is not module and function.name.startswith("_"):
                continue
            for keyword in call.node.keywords:
                if keyword.arg == name:
                    found.append(Given(keyword.value, call.module))
            given = call.node.args
            starred = next((i for i, one in enumerate(given) if isinstance(one, ast.Starred)), None)
            if position is not None and starred is not None and starred <= position:
                found.append(Given(given[starred], call.module))
            elif position is not None and position < len(given):
                found.append(Given(given[position], call.module))
        return found

    def _is_exception(self, node: ast.expr, given: Given) -> bool:
        """Whether a part is what a caught exception says."""
        if isinstance(node, ast.Attribute) and node.attr in {"strerror", "msg"}:
            return True  # of an exception that is handed on
        names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        if "message" in names:
            return True
        above: ast.AST | None = given.node
        while above is not None:
            if isinstance(above, ast.ExceptHandler) and above.name in names:
                return True
            above = given.module.parents.get(above)
        return False

    # --- where something is said

    def sinks(self) -> Iterator[tuple[Given, str]]:
        """Every expression that is a message, with the place where it stands."""
        for module in self.modules:
            if module.path.removeprefix("src/").removesuffix(".py") in OUTSIDE:
                continue
            for node in module.nodes:
                if isinstance(node, ast.Call):
                    for value in self._messages_of(node):
                        yield Given(value, module), f"{module.path}:{value.lineno}"
                elif isinstance(node, ast.Assign) and _names_of(node.targets) & {"wrong", "remedy"}:
                    yield Given(node.value, module), f"{module.path}:{node.lineno}"

    def _messages_of(self, node: ast.Call) -> list[ast.expr]:
        name, given = _called(node), node.args
        named = [k.value for k in node.keywords if k.arg in {"wrong", "remedy"}]
        if name in self.exceptions:
            return [] if name == "DataFault" else [*(given[1:2] if len(given) > 1 else given), *named]
        if name != "add" and (positions := self._speaking.get(name)):
            return [*(one for i, one in enumerate(given) if i in positions), *named]
        if (
            name == "add"
            and isinstance(node.func, ast.Attribute)
            and (len(given) >= 3 or any(isinstance(a, ast.Starred) for a in given))
        ):
            return [*given[1:], *named]
        if name in {"print", "Column"} or (name == "exit" and isinstance(node.func, ast.Attribute)):
            return [*given, *named]
        if (
            name in {"append", "extend"}
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in {"found", "faults"}
        ):
            texts = ast.JoinedStr | ast.Constant | ast.BinOp | ast.GeneratorExp
            return [one for one in given if isinstance(one, texts)]
        return named if name == "replace" else []

    def places(self) -> Iterator[tuple[Given, str]]:
        """Names of rows and columns that are words: ``line 3``."""
        for module in self.modules:
            for node in module.nodes:
                if isinstance(node, ast.Call):
                    values = [k.value for k in node.keywords if k.arg in PLACES]
                elif isinstance(node, ast.Dict):
                    values = [
                        v for k, v in zip(node.keys, node.values) if isinstance(k, ast.Constant) and k.value in PLACES
                    ]
                else:
                    continue
                for value in values:
                    yield Given(value, module), f"{module.path}:{value.lineno}"


def _called(node: ast.Call) -> str:
    return (
        node.func.attr
        if isinstance(node.func, ast.Attribute)
        else node.func.id
        if isinstance(node.func, ast.Name)
        else ""
    )


def _separator(node: ast.AST) -> str:
    """The word between the entries of a list that is written out: ``' and '.join(…)``."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=" and " | " or " as word), attr="join")):
            return word
    return ""


def _names_of(targets: Iterable[ast.expr]) -> set[str]:
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def _assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names and what this statement gives them."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _unpacked(target, value, whole=True)
        case (
            ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            | ast.NamedExpr(target=ast.Name(id=name), value=value)
            | ast.AugAssign(target=ast.Name(id=name), value=value)
        ):
            yield name, value
        case ast.For(target=target, iter=values) | ast.comprehension(target=target, iter=values):
            yield from _unpacked(target, values)


def _unpacked(target: ast.expr, value: ast.expr, whole: bool = False) -> Iterator[tuple[str, ast.expr]]:
    """Names of a target with the parts of a value that reach them; of a loop the parts of each entry."""
    if isinstance(target, ast.Name):
        yield target.id, value
        return
    if not isinstance(target, ast.Tuple):
        return
    rows = [value] if whole else value.elts if isinstance(value, ast.Tuple | ast.List) else []
    for row in rows:
        if isinstance(row, ast.Tuple | ast.List) and len(row.elts) == len(target.elts):
            for one, part in zip(target.elts, row.elts):
                yield from _unpacked(one, part, whole=True)
        elif isinstance(row, ast.IfExp):
            yield from _unpacked(target, row.body, whole)
            yield from _unpacked(target, row.orelse, whole)


def _own(function: ast.AST) -> Iterator[ast.AST]:
    """Nodes of a function without those of the functions in it."""
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)


def _product(pieces: list[list[Parts]]) -> list[Parts]:
    """All ways to choose one wording of each piece."""
    number = 1
    for piece in pieces:
        number *= max(1, len(piece))
    if number > MOST:
        pieces = [piece if len(piece) == 1 else [(Hole(True),)] for piece in pieces]
    return [tuple(itertools.chain.from_iterable(choice)) for choice in itertools.product(*pieces)]


def _with_holes(parts: Parts) -> Parts:
    """Named places of a text that is filled by `str.format` as holes."""
    made: list[str | Hole] = []
    for part in parts:
        if isinstance(part, Hole):
            made.append(part)
            continue
        for text, name, _, _ in Formatter().parse(part):
            made += [text] if text else []
            made += [Hole()] if name is not None else []
    return tuple(made)


def _sentences(parts: Parts) -> list[Parts]:
    """What is wrong and the way out, where a text holds both."""
    for number, part in enumerate(parts):
        if isinstance(part, str) and ". " in part:
            first, _, rest = part.partition(". ")
            return [(*parts[:number], first), (rest, *parts[number + 1 :])]
    return [parts]


def templates(root: Path) -> dict[str, Template]:
    """Every message of the code by its id, in the order of the code."""
    code = Code(root)
    found: dict[str, Template] = {}

    def enter(parts: Parts, where: str, alone: bool = True) -> None:
        name, nested = template_of(_merged(parts))
        words = _words(parts)
        if (
            not re.search("[A-Za-z]{2}", words)
            or "{cell" in words
            or (alone and parts == (words,) and " " not in words.strip())
        ):
            return
        one = found.setdefault(name, Template(name, kind="" if alone else "part"))
        one.nested |= nested
        one.where.add(where)

    for given, where in code.sinks():
        for parts in code.said(given):
            enter(parts, where)
    for given, where in code.places():
        for parts in code.said(given):
            if re.search(r"\bline |\bmore$|^\(", _words(parts)):
                enter(parts, where, alone=False)
    # what places of messages may hold, and places of those
    before = -1
    while len(found) > before:
        before = len(found)
        for module in code.modules:
            if module.path.removeprefix("src/").removesuffix(".py") in OUTSIDE:
                continue
            for node in module.nodes:
                if isinstance(node, ast.JoinedStr):
                    for parts in _nested(code, node, module, found):
                        enter(parts, f"{module.path}:{node.lineno}", alone=False)
    for name, kind in (
        *((one, "frame") for one in FRAME),
        *((one, "") for one in (*COUNTED, *SETTINGS, *DOOR)),
        *(
            (one, "" if one.endswith(_AT.format(1, 2)) or one.endswith(_AT.format(4, 5)) else "part")
            for one in LIBRARIES
        ),
    ):
        found.setdefault(name, Template(name, frozenset(NESTED.get(name, ())), kind))
    return found


def _nested(code: Code, node: ast.JoinedStr, module: Module, found: dict[str, Template]) -> list[Parts]:
    """Messages in the places of an f-string that is a message."""
    own = code.said(Given(node, module))
    if not any(template_of(_merged(parts))[0] in found for parts in own):
        return []
    given, made = Given(node, module), []
    for value in node.values:
        if isinstance(value, ast.FormattedValue) and value.format_spec is None and value.conversion != ord("r"):
            made += code._phrases(value.value, given, 0, frozenset())
    return made


def _merged(parts: Parts) -> Parts:
    """Neighbouring texts as one."""
    made: list[str | Hole] = []
    for part in parts:
        if isinstance(part, str) and made and isinstance(made[-1], str):
            made[-1] += part
        elif part != "":
            made.append(part)
    return tuple(made)


# --- catalogues -------------------------------------------------------------------------------------------------------


def comments_of(template: Template) -> list[str]:
    """What a catalogue notes beside a message: whether it stands in others only, which of its places hold messages."""
    nested = " ".join(f"{{{place}}}" for place in sorted(template.nested))
    return [*([template.kind] if template.kind else []), *([f"messages in {nested}"] if nested else [])]


def faults(code: str, root: Path = CODE) -> list[str]:
    """What is not right in the catalogue of a language, one line each."""
    known, wanted = read_catalogue(catalogue_file(code, root)), templates(root)
    found = [f"not in the catalogue: {one!r}" for one in wanted if one not in known]
    found += [f"no longer said: {one!r}" for one in known if one not in wanted]
    for one in wanted.keys() & known.keys():
        string, comments = known[one]
        if not string:
            found.append(f"not translated: {one!r}")
            continue
        try:
            same = sorted(places_of(string)) == sorted(places_of(one))
        except ValueError:
            same = False
        if not same:
            found.append(f"other places than the original: {one!r}")
        if comments != comments_of(wanted[one]):
            found.append(f"notes are out of date: {one!r}")
    return sorted(found)


def update(code: str, root: Path = CODE) -> None:
    """Write a catalogue anew: messages in the order of the code, translations kept, new ones empty."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import write_po

    path = catalogue_file(code, root)
    known = read_catalogue(path)
    made = Catalog(locale=code)
    for name, template in templates(root).items():
        made.add(name, known.get(name, ("", []))[0], auto_comments=comments_of(template))
    for message in made:
        message.flags.clear()  # a per-cent sign is no format
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, made, width=0, omit_header=True, sort_output=False)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m analysis.ground.messages", description="Bring the catalogues of messages up to date."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; name every message that is not translated")
    arguments = parser.parse_args(argv)
    wrong = []
    for code in languages():
        if code == ORIGINAL:
            continue
        if not arguments.check:
            update(code)
        wrong += [f"{catalogue_file(code).relative_to(CODE)}: {fault}" for fault in faults(code)]
    if wrong and arguments.check:
        wrong.append("Run python -m analysis.ground.messages and fill in the msgstr")
    print("\n".join(wrong) or "every message is translated")
    return bool(wrong)
