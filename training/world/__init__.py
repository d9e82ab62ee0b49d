"""An invented year of orders: people, merchants and couriers behave, and outcomes follow.

The way through it is ``year.invent_year``. Real pincodes get their people (``geography``,
``customers``), shops their goods, coupons and couriers (``merchants``, ``goods``, ``promotions``,
``couriers``). Persons order at their moments (``moments``, ``baskets``), mean it more or less
(``intent``) and fill in the form with more or less care (``papers``); a courier carries the parcel
(``parcels``). ``odds`` and ``door`` say what can then happen and how probably, ``actions`` what
each of ship, verify, prepaid, hold and block would have changed, under one and the same luck.
``legacy`` is what the shops did at the time. ``course``, ``reports`` and ``timeline`` make events
of it, ``people_text``, ``devices`` and ``address_writing`` the text, ``tables`` the files.

No outcome is computed from a feature: text and outcome are two consequences of the same person.
"""
