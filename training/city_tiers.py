"""India's city tiers X, Y and the rest, as the government classes them for house rent allowance.

Source: Ministry of Finance, Department of Expenditure, O.M. 2/5/2017-E.II(B) of 7 July 2017,
annexure (8 cities X, 97 urban agglomerations Y); common other spellings added.
"""

from __future__ import annotations

_TIER_1 = frozenset(
    {
        "ahmedabad", "bangalore", "bengaluru", "bombay", "calcutta", "chennai", "delhi",
        "greater mumbai", "hyderabad", "kolkata", "madras", "mumbai", "navi mumbai", "new delhi",
        "pune", "secunderabad", "thane",
    }
)  # fmt: skip
_TIER_2 = frozenset(
    {
        "agra", "ajmer", "aligarh", "allahabad", "amravati", "amritsar", "asansol", "aurangabad",
        "bareilly", "belagavi", "belgaum", "bengaluru rural", "bhavnagar", "bhilai", "bhiwandi",
        "bhopal", "bhubaneshwar", "bhubaneswar", "bikaner", "bokaro", "calicut", "chandigarh",
        "cochin", "coimbatore", "cuttack", "dehradun", "dhanbad", "dharwad", "durg", "durgapur",
        "erode", "ernakulam", "faridabad", "firozabad", "ghaziabad", "gorakhpur",
        "greater noida", "gulbarga", "guntur", "gurgaon", "gurugram", "guwahati", "gwalior",
        "howrah", "hubballi", "hubli", "indore", "jabalpur", "jaipur", "jalandhar", "jammu",
        "jamnagar", "jamshedpur", "jhansi", "jodhpur", "kalaburagi", "kannur", "kanpur", "kochi",
        "kolhapur", "kollam", "kota", "kozhikode", "lucknow", "ludhiana", "madurai",
        "malappuram", "malegaon", "mangalore", "mangaluru", "meerut", "moradabad", "mysore",
        "mysuru", "nagpur", "nanded", "nashik", "nasik", "nellore", "noida", "patna",
        "pondicherry", "prayagraj", "puducherry", "raipur", "rajkot", "ranchi", "rourkela",
        "saharanpur", "salem", "sangli", "siliguri", "solapur", "srinagar", "surat",
        "thiruvananthapuram", "thrissur", "tiruchirappalli", "tiruppur", "trichy", "trivandrum",
        "ujjain", "vadodara", "varanasi", "vasai", "vijayawada", "virar", "visakhapatnam",
        "vizag", "warangal",
    }
)  # fmt: skip


def city_tier(city: str | None) -> str:
    """The tier of a city's name as typed.

    >>> city_tier("BENGALURU"), city_tier(" Nagpur"), city_tier("Dindori"), city_tier(None)
    ('tier 1', 'tier 2', 'tier 3', 'unknown')
    """
    name = " ".join(city.casefold().split()) if city else ""
    if not name:
        return "unknown"
    if name in _TIER_1:
        return "tier 1"
    return "tier 2" if name in _TIER_2 else "tier 3"
