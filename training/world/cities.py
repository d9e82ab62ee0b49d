"""Where India orders online: cities and states with rough weights, for sampling places.

Urban populations in millions are rounded from the Census of India 2011 with growth since; the
affinity to order online and the languages are judgement. They shape an invented world and are
no input of any model.
"""

from __future__ import annotations

from typing import NamedTuple


class City(NamedTuple):
    """A city as people write it, its people in millions and its tier."""

    name: str
    millions: float
    tier: int


# (state, district) in lower case, as the directory names them.
CITIES: dict[tuple[str, str], City] = {
    ("delhi", "central delhi"): City("Delhi", 1.2, 1),
    ("delhi", "east delhi"): City("Delhi", 2.2, 1),
    ("delhi", "new delhi"): City("New Delhi", 1.2, 1),
    ("delhi", "north delhi"): City("Delhi", 1.8, 1),
    ("delhi", "north east delhi"): City("Delhi", 2.2, 1),
    ("delhi", "north west delhi"): City("New Delhi", 3.2, 1),
    ("delhi", "shahdara"): City("Delhi", 1.5, 1),
    ("delhi", "south delhi"): City("New Delhi", 2.6, 1),
    ("delhi", "south west delhi"): City("New Delhi", 2.4, 1),
    ("delhi", "south east delhi"): City("New Delhi", 1.6, 1),
    ("delhi", "west delhi"): City("New Delhi", 2.6, 1),
    ("maharashtra", "mumbai"): City("Mumbai", 4.0, 1),
    ("maharashtra", "mumbai suburban"): City("Mumbai", 9.5, 1),
    ("maharashtra", "thane"): City("Thane", 6.5, 1),
    ("maharashtra", "palghar"): City("Palghar", 1.6, 2),
    ("maharashtra", "raigad"): City("Navi Mumbai", 1.8, 1),
    ("maharashtra", "pune"): City("Pune", 7.0, 1),
    ("maharashtra", "nagpur"): City("Nagpur", 2.9, 2),
    ("maharashtra", "nashik"): City("Nashik", 2.0, 2),
    ("maharashtra", "aurangabad"): City("Aurangabad", 1.5, 2),
    ("maharashtra", "kolhapur"): City("Kolhapur", 0.8, 2),
    ("maharashtra", "solapur"): City("Solapur", 1.0, 2),
    ("karnataka", "bengaluru urban"): City("Bengaluru", 12.5, 1),
    ("karnataka", "mysuru"): City("Mysuru", 1.2, 2),
    ("karnataka", "dakshina kannada"): City("Mangaluru", 0.8, 2),
    ("karnataka", "dharwad"): City("Hubballi", 1.1, 2),
    ("karnataka", "belagavi"): City("Belagavi", 0.7, 2),
    ("telangana", "hyderabad"): City("Hyderabad", 5.5, 1),
    ("telangana", "medchal malkajgiri"): City("Hyderabad", 2.8, 1),
    ("telangana", "ranga reddy"): City("Hyderabad", 2.4, 1),
    ("telangana", "hanumakonda"): City("Warangal", 0.8, 2),
    ("tamil nadu", "chennai"): City("Chennai", 8.0, 1),
    ("tamil nadu", "chengalpattu"): City("Chennai", 2.0, 1),
    ("tamil nadu", "thiruvallur"): City("Chennai", 1.6, 1),
    ("tamil nadu", "coimbatore"): City("Coimbatore", 2.6, 2),
    ("tamil nadu", "madurai"): City("Madurai", 1.6, 2),
    ("tamil nadu", "salem"): City("Salem", 1.0, 2),
    ("tamil nadu", "tiruchirappalli"): City("Tiruchirappalli", 1.1, 2),
    ("tamil nadu", "tiruppur"): City("Tiruppur", 1.2, 2),
    ("west bengal", "kolkata"): City("Kolkata", 5.5, 1),
    ("west bengal", "north 24 parganas"): City("Kolkata", 4.5, 1),
    ("west bengal", "south 24 parganas"): City("Kolkata", 1.5, 2),
    ("west bengal", "howrah"): City("Howrah", 2.0, 2),
    ("west bengal", "paschim bardhaman"): City("Durgapur", 1.4, 2),
    ("west bengal", "darjeeling"): City("Siliguri", 0.9, 2),
    ("gujarat", "ahmadabad"): City("Ahmedabad", 7.2, 1),
    ("gujarat", "surat"): City("Surat", 6.0, 1),
    ("gujarat", "vadodara"): City("Vadodara", 2.2, 2),
    ("gujarat", "rajkot"): City("Rajkot", 1.8, 2),
    ("gujarat", "gandhinagar"): City("Gandhinagar", 0.6, 2),
    ("rajasthan", "jaipur"): City("Jaipur", 4.0, 2),
    ("rajasthan", "jodhpur"): City("Jodhpur", 1.4, 2),
    ("rajasthan", "kota"): City("Kota", 1.3, 2),
    ("rajasthan", "udaipur"): City("Udaipur", 0.7, 2),
    ("rajasthan", "ajmer"): City("Ajmer", 0.7, 2),
    ("uttar pradesh", "lucknow"): City("Lucknow", 3.6, 2),
    ("uttar pradesh", "kanpur nagar"): City("Kanpur", 3.1, 2),
    ("uttar pradesh", "ghaziabad"): City("Ghaziabad", 2.8, 1),
    ("uttar pradesh", "gautam buddha nagar"): City("Noida", 2.0, 1),
    ("uttar pradesh", "agra"): City("Agra", 2.0, 2),
    ("uttar pradesh", "varanasi"): City("Varanasi", 1.7, 2),
    ("uttar pradesh", "prayagraj"): City("Prayagraj", 1.4, 2),
    ("uttar pradesh", "meerut"): City("Meerut", 1.7, 2),
    ("uttar pradesh", "bareilly"): City("Bareilly", 1.2, 2),
    ("uttar pradesh", "gorakhpur"): City("Gorakhpur", 0.9, 2),
    ("uttar pradesh", "aligarh"): City("Aligarh", 1.1, 2),
    ("uttar pradesh", "moradabad"): City("Moradabad", 1.1, 2),
    ("haryana", "gurugram"): City("Gurugram", 2.2, 1),
    ("haryana", "faridabad"): City("Faridabad", 1.9, 1),
    ("haryana", "panipat"): City("Panipat", 0.6, 2),
    ("haryana", "panchkula"): City("Panchkula", 0.4, 2),
    ("chandigarh", "chandigarh"): City("Chandigarh", 1.2, 2),
    ("punjab", "ludhiana"): City("Ludhiana", 1.9, 2),
    ("punjab", "amritsar"): City("Amritsar", 1.3, 2),
    ("punjab", "jalandhar"): City("Jalandhar", 1.0, 2),
    ("punjab", "sahibzada ajit singh nagar"): City("Mohali", 0.7, 2),
    ("madhya pradesh", "indore"): City("Indore", 3.0, 2),
    ("madhya pradesh", "bhopal"): City("Bhopal", 2.4, 2),
    ("madhya pradesh", "jabalpur"): City("Jabalpur", 1.4, 2),
    ("madhya pradesh", "gwalior"): City("Gwalior", 1.3, 2),
    ("chhattisgarh", "raipur"): City("Raipur", 1.5, 2),
    ("chhattisgarh", "durg"): City("Bhilai", 1.1, 2),
    ("bihar", "patna"): City("Patna", 2.5, 2),
    ("bihar", "gaya"): City("Gaya", 0.6, 3),
    ("bihar", "muzaffarpur"): City("Muzaffarpur", 0.6, 3),
    ("jharkhand", "ranchi"): City("Ranchi", 1.4, 2),
    ("jharkhand", "east singhbum"): City("Jamshedpur", 1.5, 2),
    ("jharkhand", "dhanbad"): City("Dhanbad", 1.3, 2),
    ("odisha", "khordha"): City("Bhubaneswar", 1.3, 2),
    ("odisha", "cuttack"): City("Cuttack", 0.8, 2),
    ("assam", "kamrup metro"): City("Guwahati", 1.2, 2),
    ("andhra pradesh", "visakhapatnam"): City("Visakhapatnam", 2.2, 2),
    ("andhra pradesh", "ntr vijayawada"): City("Vijayawada", 1.8, 2),
    ("andhra pradesh", "guntur"): City("Guntur", 0.9, 2),
    ("andhra pradesh", "nellore"): City("Nellore", 0.7, 3),
    ("kerala", "ernakulam"): City("Kochi", 2.4, 2),
    ("kerala", "thiruvananthapuram"): City("Thiruvananthapuram", 1.9, 2),
    ("kerala", "kozhikode"): City("Kozhikode", 2.2, 2),
    ("kerala", "thrissur"): City("Thrissur", 1.9, 2),
    ("uttarakhand", "dehradun"): City("Dehradun", 0.9, 2),
    ("uttarakhand", "haridwar"): City("Haridwar", 0.5, 3),
    ("jammu and kashmir", "jammu"): City("Jammu", 0.7, 3),
    ("jammu and kashmir", "srinagar"): City("Srinagar", 1.4, 3),
    ("goa", "north goa"): City("Panaji", 0.5, 2),
    ("goa", "south goa"): City("Margao", 0.4, 2),
    ("puducherry", "pondicherry"): City("Puducherry", 0.7, 2),
    ("himachal pradesh", "shimla"): City("Shimla", 0.2, 3),
}


class State(NamedTuple):
    """People in millions, how readily they order online, and the main written language."""

    millions: float
    online: float
    language: str


STATES: dict[str, State] = {
    "andhra pradesh": State(53, 0.9, "te"),
    "arunachal pradesh": State(1.6, 1.0, "en"),
    "assam": State(35, 0.8, "as"),
    "bihar": State(126, 0.55, "hi"),
    "chandigarh": State(1.2, 1.4, "hi"),
    "chhattisgarh": State(30, 0.6, "hi"),
    "delhi": State(20, 1.6, "hi"),
    "goa": State(1.6, 1.5, "en"),
    "gujarat": State(71, 1.0, "gu"),
    "haryana": State(30, 1.2, "hi"),
    "himachal pradesh": State(7.4, 1.1, "hi"),
    "jammu and kashmir": State(13.6, 0.9, "ur"),
    "jharkhand": State(39, 0.6, "hi"),
    "karnataka": State(67, 1.2, "kn"),
    "kerala": State(35, 1.2, "ml"),
    "ladakh": State(0.3, 0.8, "en"),
    "madhya pradesh": State(86, 0.7, "hi"),
    "maharashtra": State(125, 1.1, "mr"),
    "manipur": State(3.2, 1.0, "en"),
    "meghalaya": State(3.3, 0.9, "en"),
    "mizoram": State(1.2, 1.0, "en"),
    "nagaland": State(2.2, 1.0, "en"),
    "odisha": State(46, 0.7, "or"),
    "puducherry": State(1.6, 1.2, "ta"),
    "punjab": State(30, 1.1, "pa"),
    "rajasthan": State(81, 0.85, "hi"),
    "sikkim": State(0.7, 1.1, "en"),
    "tamil nadu": State(77, 1.1, "ta"),
    "telangana": State(38, 1.2, "te"),
    "tripura": State(4.1, 0.8, "bn"),
    "uttar pradesh": State(235, 0.65, "hi"),
    "uttarakhand": State(11.6, 1.0, "hi"),
    "west bengal": State(99, 0.8, "bn"),
}

# What customers write for a state besides its name.
STATE_SPELLINGS: dict[str, tuple[str, ...]] = {
    "andhra pradesh": ("AP", "Andhra"),
    "bihar": ("BR", "BIHAR"),
    "delhi": ("New Delhi", "DL", "NCT of Delhi"),
    "gujarat": ("GJ", "Gujrat"),
    "haryana": ("HR", "Hariyana"),
    "karnataka": ("KA", "karnatka"),
    "kerala": ("KL", "Keralam"),
    "madhya pradesh": ("MP", "M.P."),
    "maharashtra": ("MH", "Maharastra"),
    "odisha": ("Orissa", "OD"),
    "punjab": ("PB", "Panjab"),
    "rajasthan": ("RJ", "Rajsthan"),
    "tamil nadu": ("TN", "Tamilnadu"),
    "telangana": ("TS", "TG"),
    "uttar pradesh": ("UP", "U.P."),
    "uttarakhand": ("UK", "Uttaranchal"),
    "west bengal": ("WB", "Bengal"),
}

# Older or other names of cities, still written every day.
CITY_SPELLINGS: dict[str, tuple[str, ...]] = {
    "Bengaluru": ("Bangalore", "Banglore", "bengaluru"),
    "Mumbai": ("Bombay", "MUMBAI"),
    "Kolkata": ("Calcutta", "kolkatta"),
    "Chennai": ("Madras", "chennai"),
    "Gurugram": ("Gurgaon", "Gurgoan"),
    "Prayagraj": ("Allahabad",),
    "Mysuru": ("Mysore",),
    "Vadodara": ("Baroda",),
    "Mangaluru": ("Mangalore",),
    "Kochi": ("Cochin", "Ernakulam"),
    "Thiruvananthapuram": ("Trivandrum",),
    "Ahmedabad": ("Ahmadabad", "Amdavad"),
    "Visakhapatnam": ("Vizag",),
    "Puducherry": ("Pondicherry",),
    "Noida": ("Greater Noida", "NOIDA"),
    "Lucknow": ("Lakhnau", "lucknow"),
}

# The day of the festival in each year (public calendars).
DIWALI = (
    "2019-10-27", "2020-11-14", "2021-11-04", "2022-10-24", "2023-11-12", "2024-11-01",
    "2025-10-20", "2026-11-08", "2027-10-29", "2028-10-17", "2029-11-05", "2030-10-26",
)  # fmt: skip
