"""Which Indian cities are large: classes X and Y of the government's house-rent allowance.

Source: Ministry of Finance, O.M. 2/5/2017-E.II(B) of 7 July 2017.
"""

from __future__ import annotations

# Cities of class X and Y: name, class, and the pincode of the city's central post office.
LARGE_CITIES: tuple[tuple[str, int, int], ...] = (
    ("ahmedabad", 1, 380001), ("bengaluru", 1, 560001), ("chennai", 1, 600001),
    ("delhi", 1, 110001), ("hyderabad", 1, 500001), ("kolkata", 1, 700001),
    ("mumbai", 1, 400001), ("pune", 1, 411001),
    ("agra", 2, 282001), ("ajmer", 2, 305001), ("aligarh", 2, 202001), ("prayagraj", 2, 211001),
    ("amravati", 2, 444601), ("amritsar", 2, 143001), ("asansol", 2, 713301),
    ("aurangabad", 2, 431001), ("bareilly", 2, 243001), ("belagavi", 2, 590001),
    ("bhavnagar", 2, 364001), ("bhiwandi", 2, 421302), ("bhopal", 2, 462001),
    ("bhubaneswar", 2, 751001), ("bikaner", 2, 334001), ("bokaro", 2, 827001),
    ("chandigarh", 2, 160017), ("coimbatore", 2, 641001), ("cuttack", 2, 753001),
    ("dehradun", 2, 248001), ("dhanbad", 2, 826001), ("durg", 2, 491001),
    ("durgapur", 2, 713201), ("erode", 2, 638001), ("faridabad", 2, 121001),
    ("firozabad", 2, 283203), ("ghaziabad", 2, 201001), ("gorakhpur", 2, 273001),
    ("guntur", 2, 522002), ("gurugram", 2, 122001), ("guwahati", 2, 781001),
    ("gwalior", 2, 474001), ("hubballi", 2, 580020), ("indore", 2, 452001),
    ("jabalpur", 2, 482001), ("jaipur", 2, 302001), ("jalandhar", 2, 144001),
    ("jammu", 2, 180001), ("jamnagar", 2, 361001), ("jamshedpur", 2, 831001),
    ("jhansi", 2, 284001), ("jodhpur", 2, 342001), ("kalaburagi", 2, 585101),
    ("kannur", 2, 670001), ("kanpur", 2, 208001), ("kochi", 2, 682001), ("kolhapur", 2, 416001),
    ("kollam", 2, 691001), ("kota", 2, 324001), ("kozhikode", 2, 673001), ("lucknow", 2, 226001),
    ("ludhiana", 2, 141001), ("madurai", 2, 625001), ("malappuram", 2, 676505),
    ("malegaon", 2, 423203), ("mangaluru", 2, 575001), ("meerut", 2, 250001),
    ("moradabad", 2, 244001), ("mysuru", 2, 570001), ("nagpur", 2, 440001), ("nanded", 2, 431601),
    ("nashik", 2, 422001), ("nellore", 2, 524001), ("noida", 2, 201301), ("patna", 2, 800001),
    ("puducherry", 2, 605001), ("raipur", 2, 492001), ("rajkot", 2, 360001),
    ("ranchi", 2, 834001), ("rourkela", 2, 769001), ("saharanpur", 2, 247001),
    ("salem", 2, 636001), ("sangli", 2, 416416), ("siliguri", 2, 734001), ("solapur", 2, 413001),
    ("srinagar", 2, 190001), ("surat", 2, 395003), ("thiruvananthapuram", 2, 695001),
    ("thrissur", 2, 680001), ("tiruchirappalli", 2, 620001), ("tiruppur", 2, 641601),
    ("ujjain", 2, 456001), ("vadodara", 2, 390001), ("varanasi", 2, 221001),
    ("vasai virar", 2, 401202), ("vijayawada", 2, 520001), ("visakhapatnam", 2, 530001),
    ("warangal", 2, 506002),
)  # fmt: skip
