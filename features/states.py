"""The states and union territories of India, and the many ways in which people write them."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz import fuzz, process

from features.latin import plain
from features.spelling import consonants, skeleton

# Canonical name: codes (ISO 3166-2:IN, vehicle plates, GST), old names, names in the state's own
# script, frequent abbreviations. Sources: ISO 3166-2:IN; the Government of India's renaming acts
# (Odisha 2011, Uttarakhand 2006, Puducherry 2006, Telangana 2014, Ladakh 2019, DNHDD 2020).
STATES: dict[str, tuple[str, ...]] = {
    "andaman and nicobar islands": ("an", "andaman and nicobar", "andaman nicobar", "andaman"),
    "andhra pradesh": ("ap", "ad", "andhra", "andra pradesh", "ఆంధ్రప్రదేశ్", "आंध्र प्रदेश"),
    "arunachal pradesh": ("ar", "arunachal", "अरुणाचल प्रदेश"),
    "assam": ("as", "asom", "অসম", "आसाम"),
    "bihar": ("br", "बिहार"),
    "chandigarh": ("ch", "chd", "chandigarh ut", "चंडीगढ़", "ਚੰਡੀਗੜ੍ਹ"),
    "chhattisgarh": ("cg", "ct", "chattisgarh", "chatisgarh", "छत्तीसगढ़", "छत्तीसगढ"),
    "dadra and nagar haveli and daman and diu": (
        "dn", "dd", "dh", "dnhdd", "dnh", "dadra and nagar haveli", "dadra and nagar",
        "dadar and nagar haveli", "daman and diu", "daman", "diu", "silvassa",
    ),
    "delhi": (
        "dl", "new delhi", "nct of delhi", "nct delhi", "delhi ncr", "delhi nct", "ncr",
        "national capital territory of delhi", "दिल्ली", "नई दिल्ली",
    ),
    "goa": ("ga", "गोवा", "गोंय"),
    "gujarat": ("gj", "guj", "gujrat", "ગુજરાત", "गुजरात"),
    "haryana": ("hr", "hariyana", "हरियाणा"),
    "himachal pradesh": ("hp", "himachal", "हिमाचल प्रदेश", "हि.प्र."),
    "jammu and kashmir": (
        "jk", "j and k", "jammu kashmir", "jammu", "kashmir", "जम्मू और कश्मीर", "جموں و کشمیر",
    ),
    "jharkhand": ("jh", "झारखंड"),
    "karnataka": ("ka", "karnatka", "ಕರ್ನಾಟಕ", "कर्नाटक"),
    "kerala": ("kl", "keralam", "കേരളം", "केरल"),
    "ladakh": ("la", "लद्दाख"),
    "lakshadweep": ("ld", "laccadive islands"),
    "madhya pradesh": ("mp", "madhyapradesh", "मध्य प्रदेश", "म.प्र."),
    "maharashtra": ("mh", "maharastra", "महाराष्ट्र", "महा.", "மகாராஷ்டிரா"),
    "manipur": ("mn", "মণিপুর", "मणिपुर"),
    "meghalaya": ("ml", "मेघालय"),
    "mizoram": ("mz", "मिज़ोरम"),
    "nagaland": ("nl", "नागालैंड"),
    "odisha": ("od", "or", "orissa", "ଓଡ଼ିଶା", "ओडिशा", "उड़ीसा"),
    "puducherry": ("py", "pondicherry", "pondy", "பாண்டிச்சேரி", "புதுச்சேரி"),
    "punjab": ("pb", "panjab", "ਪੰਜਾਬ", "पंजाब"),
    "rajasthan": ("rj", "rajsthan", "राजस्थान", "राज."),
    "sikkim": ("sk", "सिक्किम"),
    "tamil nadu": ("tn", "tamilnadu", "tamil nad", "madras", "தமிழ்நாடு", "तमिलनाडु",
        "তামিলনাড়ু",
    ),
    "telangana": ("tg", "ts", "telengana", "తెలంగాణ", "तेलंगाना"),
    "tripura": ("tr", "ত্রিপুরা", "त्रिपुरा"),
    "uttar pradesh": ("up", "u p", "uttarpradesh", "उत्तर प्रदेश", "उ.प्र."),
    "uttarakhand": ("uk", "ua", "uttaranchal", "उत्तराखंड"),
    "west bengal": ("wb", "w bengal", "paschim banga", "bengal", "পশ্চিমবঙ্গ", "पश्चिम बंगाल"),
}  # fmt: skip

# Two states that were one, or whose border cities people credit to the neighbour: a pincode of one
# with the name of the other is no evidence of a wrong address.
ONCE_ONE_STATE: frozenset[frozenset[str]] = frozenset(
    frozenset(pair)
    for pair in (
        ("andhra pradesh", "telangana"),
        ("jammu and kashmir", "ladakh"),
        ("bihar", "jharkhand"),
        ("madhya pradesh", "chhattisgarh"),
        ("uttar pradesh", "uttarakhand"),
        ("punjab", "chandigarh"),
        ("haryana", "chandigarh"),
        ("tamil nadu", "puducherry"),
        ("kerala", "puducherry"),
        ("andhra pradesh", "puducherry"),
        ("gujarat", "dadra and nagar haveli and daman and diu"),
    )
)

_LONGEST_NAME = 80
_PARTS = re.compile(r"[/,;|()\[\]\n-]+")
_PADDING = re.compile(r"\b(?:state|of|india|pin|pincode|ut|\d+)\b")


def _by_sound() -> dict[str, str]:
    names: dict[str, str] = {}
    for state, others in STATES.items():
        for name in (state, *others):
            words = plain(name)
            names[words if len(words) < 4 else skeleton(words)] = state
    return names


_BY_SOUND = _by_sound()
_LONG_NAMES = tuple(name for name in _BY_SOUND if len(name) >= 5)
_BY_CONSONANTS = {consonants(name): state for name, state in _BY_SOUND.items() if len(name) >= 5}
_BY_CONSONANTS |= {consonants(skeleton(state)): state for state in STATES}


@lru_cache(maxsize=1024)
def state_name(text: str | None) -> str | None:
    """The canonical lower-case name of a state, however it was written; None when it is none.

    Reads codes, old names, Indic scripts, spelling slips, and lists such as ``PUNJAB/MOHALI``, of
    which the first part that is a state counts.

    >>> state_name("Orissa"), state_name("RJ"), state_name("PUNJAB/MOHALI/ZIRAKPUR")
    ('odisha', 'rajasthan', 'punjab')
    >>> state_name("உத்தர"), state_name("State Bank Of India")
    (None, None)
    """
    if not text:
        return None
    text = text[:_LONGEST_NAME].replace("&", " and ")
    whole = _one_state(text)
    if whole is not None:
        return whole
    parts = _PARTS.split(text)
    return next((state for part in parts if (state := _one_state(part))), None)


def _one_state(text: str) -> str | None:
    words = _PADDING.sub(" ", plain(text)).strip()
    if len(words) < 2:
        return None
    sound = words if len(words) < 4 else skeleton(words)
    if sound in _BY_SOUND:
        return _BY_SOUND[sound]
    if not text.isascii():
        return _BY_CONSONANTS.get(consonants(sound))
    cutoff = 80.0 if len(sound) >= 9 else 86.0
    found = process.extractOne(sound, _LONG_NAMES, scorer=fuzz.ratio, score_cutoff=cutoff)
    return _BY_SOUND[found[0]] if found else None
