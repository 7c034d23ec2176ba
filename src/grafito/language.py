"""The language of what a user reads: English, or another that has a catalogue under `locale/`.

A text is written in English where it is used, inside `translate`; or inside `message`, where it is
only named and translated later. Errors are raised in English and told in the language being spoken:
`retell` finds their sentences. Names and files stay English. `python -m translations` updates the
catalogues.

Python speaks English unless GRAFITO_LANG or `set_language` says otherwise; the command line also
asks the locale.
"""

from __future__ import annotations

import codecs
import contextlib
import functools
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from grafito.errors import unknown_name

PLAINER = "grafito.plainer"  # a way to handle errors of `str.encode`
# Signs of numbers and formulas on an output that has only a keyboard's: −0.5 must not be ?0.5.
_SIGNS = {"−": "-", "×": "x", "·": "*", "÷": "/", "→": "->", "≤": "<=", "≥": ">=", "±": "+-"}
_SIGNS |= {"⁻": "-", "–": "-", "“": '"', "”": '"', "«": '"', "»": '"', "’": "'", "█": "#"}

__all__ = [
    "LANGUAGES",
    "choose",
    "current",
    "in_words",
    "known_names",
    "localised",
    "message",
    "namer",
    "numeral",
    "own_namer",
    "retell",
    "say",
    "set_language",
    "translate",
    "translator",
    "use",
]

LANGUAGES = ("en", "es")

_SYMBOLS = {"r2": "R²"}  # for names of numbers, in every language

LONGEST = 1000  # characters of a sentence; longer texts are values, such as a whole array

_BETWEEN = re.compile("(, |: )")  # the parts of a name
_JOINS = re.compile(r"\{\} \w{1,3} \{\}")  # a text that does no more than join two values
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}")
_PROSE = re.compile(r"[^\W\d_]+(?: [^\W\d_]{2,})+")
_PLAIN_WORDS = re.compile(r"[^\W\d_]+( [^\W\d_]+)*")  # what a user may have typed as it stands

# Numbers in an English text: 12,345 or 12,345.6 or 0.5, but not 1.2.3, x1.5 or name=0.5.
# Nor are versions of licences and numbers of arXiv: CC BY-SA 3.0, arXiv:1708.07747.
_NUMBERS = re.compile(
    r"(?<![\w.,=])[1-9]\d{0,2}(,\d{3})+(\.\d+)?(?!\w|[.,]\w)"
    r"|(?<![\w.,=:])(?<!BY )(?<!SA )(?<!v )\d+\.\d+(?!\w|\.\w)"
)

_current: ContextVar[str | None] = ContextVar("language", default=None)
_names_known: ContextVar[bool] = ContextVar("names_known", default=False)
_program: str | None = None  # of all threads, as `set_language` says


def choose(lang: str | None = None) -> str:
    """The language to use: as asked for, else as GRAFITO_LANG says, else that of the locale.

    Args:
        lang: "en" or "es"; forms such as "es_AR" will do.

    Raises:
        UnknownNameError: for another language that was asked for.

    Example:
        >>> choose("es_AR.UTF-8")
        'es'
    """
    asked = lang or os.environ.get("GRAFITO_LANG")
    if asked:
        return _known(asked)
    settings = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    short = _short(next(filter(None, settings), ""))
    return short if short in LANGUAGES else "en"


def set_language(lang: str | None) -> None:
    """Speak a language from now on: training logs, summaries, figures, errors.

    Args:
        lang: "en" or "es"; forms such as "es_AR" will do. None goes back to what GRAFITO_LANG says,
            and to English where it says nothing.

    Raises:
        UnknownNameError: for another language.

    Example:
        >>> import grafito
        >>> grafito.set_language("es")
        >>> grafito.language.translate("loss")
        'pérdida'
        >>> grafito.set_language(None)
    """
    global _program
    _program = None if lang is None else _known(lang)


@contextlib.contextmanager
def use(lang: str | None) -> Iterator[str]:
    """Speak a language inside a `with` block; None leaves the one being spoken.

    Example:
        >>> with use("es"):
        ...     translate("loss")
        'pérdida'
    """
    token = _current.set(_known(str(lang)) if _asked(lang) else current())
    try:
        yield current()
    finally:
        _current.reset(token)


def current() -> str:
    """The language being spoken.

    That of `use`, else of `set_language`, else of GRAFITO_LANG where it names one, else English.

    Example:
        >>> current()
        'en'
    """
    lang = _current.get() or _program
    if lang is None:
        lang = _short(os.environ.get("GRAFITO_LANG", ""))
    return lang if lang in LANGUAGES else "en"


def _plainer(error: UnicodeError) -> tuple[str, int]:
    """What stands for letters that an output cannot show: a sign of the keyboard, or "?"."""
    assert isinstance(error, UnicodeEncodeError)
    plain = []
    for at in range(error.start, error.end):
        letter, before = error.object[at], error.object[max(at - 1, 0)]
        if _is_raised(letter) and not (at and _is_raised(before)):
            plain.append("^")  # 10⁻⁵ is 10^-5
        ascii_part = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
        plain.append(_SIGNS.get(letter) or ascii_part or "?")
    return "".join(plain), error.end


def _is_raised(letter: str) -> bool:
    return unicodedata.decomposition(letter).startswith("<super>")


codecs.register_error(PLAINER, _plainer)


def say(text: object) -> None:
    """Print a text; letters that the output cannot show are written as plainer ones.

    Example:
        >>> say("Época 1")
        Época 1
    """
    try:
        print(text, flush=True)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding
        print(str(text).encode(encoding, PLAINER).decode(encoding), flush=True)


def translate(text: str) -> str:
    """A text in the language being spoken; without a translation it stays as it is.

    Example:
        >>> translate("loss")
        'loss'
    """
    return translator()(text)


def translator(lang: str | None = None) -> Callable[[str], str]:
    """What `translate` is in a language; by default the one being spoken.

    Raises:
        UnknownNameError: for a language that grafito does not speak.

    Example:
        >>> translator("es")("loss")
        'pérdida'
    """
    lang = lang if _asked(lang) else current()
    if str(lang) not in LANGUAGES:
        raise unknown_name("language", lang, LANGUAGES)
    texts = _catalogue(str(lang))
    return lambda text: texts.get(text) or text


@contextlib.contextmanager
def known_names(known: bool = True) -> Iterator[None]:
    """Inside a `with` block the names that figures are given are grafito's own, not a user's.

    Example:
        >>> with use("es"), known_names():
        ...     own_namer()("wide")
        'ancha'
    """
    token = _names_known.set(known)
    try:
        yield
    finally:
        _names_known.reset(token)


def own_namer(lang: str | None = None) -> Callable[[Any], str]:
    """What names that somebody chose are called: as they stand, but for those of `known_names`.

    Example:
        >>> own_namer("es")("wide")
        'wide'
    """
    return namer(lang) if _names_known.get() else str


def namer(lang: str | None = None) -> Callable[[Any], str]:
    """What names of things are called in a language: those that its catalogue knows.

    A name may have several parts, with commas or a colon between them.

    Example:
        >>> namer("es")("hidden units: 5"), namer("es")("my own")
        ('unidades ocultas: 5', 'my own')
    """
    say = translator(lang)

    def name(text: Any) -> str:
        whole = str(text)
        found = say(whole)
        return "".join(map(say, _BETWEEN.split(whole))) if found == whole else found

    return name


def retell(text: str) -> str:
    """A sentence in the language being spoken, also one into which values were put.

    The catalogue has such sentences with {} for each value; the one that fits with the most words
    of its own is taken. The values stay as they are, but for sentences among them. A text that is
    mostly somebody else's words is no sentence of ours.

    Example:
        >>> with use("es"):
        ...     retell("The setting 'bits' is given twice.")
        "El ajuste 'bits' se da dos veces."
    """
    lang = current()
    found = _catalogue(lang).get(text)
    if found:
        return found
    for template in _templates(lang) if len(text) <= LONGEST else ():
        if text.endswith(".") and not template.translation.endswith("."):
            continue  # parts of values do not fit whole sentences
        values = template.pattern.fullmatch(text)
        if not values or (template.joins and all(map(_PLAIN_WORDS.fullmatch, values.groups()))):
            continue
        told = [retell(v) if " " in v else v for v in values.groups()]
        same = [v for v, given in zip(told, values.groups(), strict=True) if v == given]
        if sum(map(_words_of_others, same)) <= template.letters:
            return template.translation.format(*told)
    return text


def _words_of_others(value: str) -> int:
    """The letters of words that follow one another, outside quotation marks and brackets."""
    return sum(map(len, _PROSE.findall(_QUOTED.sub("", value))))


def numeral(text: str, lang: str | None = None) -> str:
    r"""A number as Python writes it in English, with the marks of a language and a true minus.

    Spanish puts a comma before the decimals, and narrow spaces into whole parts of five digits.

    Example:
        >>> numeral("-266,610.5"), numeral("4,810", "es"), numeral("-266,610.5", "es")
        ('−266,610.5', '4810', '−266\u202f610,5')
    """
    text = text.replace("-", "−")
    if (lang or current()) == "en":
        return text
    before, dot, behind = text.partition(".")
    digits = before.lstrip("−").replace(",", "")
    before = before.replace(",", "\u202f" if len(digits) > 4 else "")
    return f"{before}{',' if dot else ''}{behind}"


def localised(text: str, lang: str | None = None) -> str:
    r"""A text in which English numbers are written as in a language.

    Settings as one types them stay, as in learning_rate=0.1.

    Example:
        >>> localised("12,345 (18.8 KiB)", "es")
        '12\u202f345 (18,8 KiB)'
        >>> localised("from 0.25 to 4,727, rate=0.5.", "es")
        'from 0,25 to 4727, rate=0.5.'
    """
    if (lang or current()) == "en":
        return text
    return _NUMBERS.sub(lambda found: numeral(found[0], lang), text)


def in_words(name: str) -> str:
    """The name of a setting or a number in words of the language being spoken.

    Where the whole has no translation, its end may have one; what stands before says of what it is.

    Example:
        >>> with use("es"):
        ...     in_words("learning_rate"), in_words("wide slope")
        ('tasa de aprendizaje', 'pendiente (ancha)')
    """
    words = name.replace("_", " ").split(" ")
    for first in range(len(words)):
        whose, end = " ".join(words[:first]), " ".join(words[first:])
        told = _SYMBOLS.get(end) or translate(end)
        if told != end and whose:
            return f"{whose} {told}" if current() == "en" else f"{told} ({retell(whose)})"
        if told != end:
            return told
    return retell(" ".join(words))


@functools.cache
def _catalogue(lang: str) -> Mapping[str, str]:
    """Translations by text; none for English."""
    if lang == "en":
        return {}
    import gettext

    translations = gettext.translation("grafito", Path(__file__).parent / "locale", [lang])
    texts = translations._catalog  # type: ignore[attr-defined]  # gettext cannot be asked for all
    return {text: translation for text, translation in texts.items() if text}


@functools.cache
def _templates(lang: str) -> list[_Template]:
    """The texts with {} in the catalogue, those with most words first."""
    texts = [text for text in _catalogue(lang) if "{}" in text]
    texts.sort(key=lambda text: -len(text.replace("{}", "")))
    return [_Template(text, _catalogue(lang)[text]) for text in texts]


class _Template:
    """A text with {} for values.

    Attributes:
        pattern: what it looks like with values in it.
        translation: of the text.
        letters: how many it has of its own.
        joins: it joins two values and does nothing more, as "{} and {}".
    """

    def __init__(self, text: str, translation: str):
        self.pattern = _pattern(text)
        self.translation = translation
        self.letters = sum(map(str.isalpha, text))
        self.joins = _JOINS.fullmatch(text) is not None


def _pattern(text: str) -> re.Pattern[str]:
    parts = (part.replace("{{", "{").replace("}}", "}") for part in text.split("{}"))
    return re.compile("(.*?)".join(map(re.escape, parts)), re.DOTALL)


def message(text: str) -> str:
    """The same text, marked for the catalogues; it is translated where it is shown.

    Example:
        >>> message("loss")
        'loss'
    """
    return text


def _asked(lang: Any) -> bool:
    """Whether a language was asked for; the command line says "" for none."""
    return lang is not None and not (isinstance(lang, str) and not lang)


def _known(lang: str) -> str:
    short = _short(str(lang))
    if short not in LANGUAGES:
        raise unknown_name("language", lang, LANGUAGES)
    return short


def _short(name: str) -> str:
    return name.replace("-", "_").replace(".", "_").partition("_")[0].lower()


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
