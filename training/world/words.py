"""Words of addresses, in Latin and Devanagari side by side: (English, Hindi)."""

from __future__ import annotations

BUILDINGS = (
    ("Shanti Apartments", "शांति अपार्टमेंट"), ("Lotus Residency", "लोटस रेजीडेंसी"),
    ("Sai Krupa Society", "साई कृपा सोसायटी"), ("Green Valley Heights", "ग्रीन वैली हाइट्स"),
    ("Om Sai Building", "ओम साई बिल्डिंग"), ("Ganga Complex", "गंगा कॉम्प्लेक्स"),
    ("Royal Enclave", "रॉयल एन्क्लेव"), ("Krishna Kunj", "कृष्णा कुंज"),
    ("Laxmi Niwas", "लक्ष्मी निवास"),
    ("Silver Oak Towers", "सिल्वर ओक टावर्स"), ("Balaji Residency", "बालाजी रेजीडेंसी"),
    ("Sunrise Apartment", "सनराइज अपार्टमेंट"), ("Shree Ram Bhawan", "श्री राम भवन"),
    ("Palm Grove", "पाम ग्रोव"), ("Anand Vihar Flats", "आनंद विहार फ्लैट्स"),
    ("Ashirwad", "आशीर्वाद"),
    ("Gokul Dham", "गोकुल धाम"), ("Lake View Apts", "लेक व्यू अपार्टमेंट"),
    ("Parvati Sadan", "पार्वती सदन"),
    ("Golden Nest Phase 2", "गोल्डन नेस्ट फेज 2"), ("Prestige Court", "प्रेस्टीज कोर्ट"),
    ("Sharda PG for Girls", "शारदा पीजी"), ("New Boys Hostel", "न्यू बॉयज हॉस्टल"),
    ("Meenakshi Nilayam", "मीनाक्षी निलयम"), ("DDA Flats", "डीडीए फ्लैट्स"),
    ("Railway Quarters", "रेलवे क्वार्टर"),
    ("Vrindavan Garden", "वृंदावन गार्डन"), ("Sagar Darshan CHS", "सागर दर्शन"),
    ("Hill Top Villa", "हिल टॉप विला"),
    ("Patel House", "पटेल हाउस"),
)  # fmt: skip
STREETS = (
    ("Station Road", "स्टेशन रोड"), ("MG Road", "एमजी रोड"), ("Main Road", "मेन रोड"),
    ("Gandhi Nagar", "गांधी नगर"), ("Temple Street", "मंदिर गली"), ("Nehru Colony", "नेहरू कॉलोनी"),
    ("Shivaji Nagar", "शिवाजी नगर"), ("Subhash Marg", "सुभाष मार्ग"), ("Bypass Road", "बाईपास रोड"),
    ("Old Bus Stand Road", "पुराना बस स्टैंड रोड"), ("Civil Lines", "सिविल लाइन्स"),
    ("Azad Nagar", "आजाद नगर"), ("Ram Nagar", "राम नगर"), ("Indira Colony", "इंदिरा कॉलोनी"),
    ("Market Road", "बाजार रोड"), ("2nd Cross", "दूसरा क्रॉस"), ("5th Main", "पांचवां मेन"),
    ("80 Feet Road", "80 फीट रोड"), ("College Road", "कॉलेज रोड"), ("Sector 4", "सेक्टर 4"),
    ("Sector 15", "सेक्टर 15"), ("Block C", "ब्लॉक सी"), ("Gali No 3", "गली नं 3"),
    ("Gali No 7", "गली नं 7"),
    ("Ring Road", "रिंग रोड"), ("Canal Road", "नहर रोड"), ("Church Street", "चर्च स्ट्रीट"),
    ("Masjid Lane", "मस्जिद गली"), ("Ambedkar Chowk", "अंबेडकर चौक"),
    ("Vivekananda Street", "विवेकानंद मार्ग"),
)  # fmt: skip
LANDMARKS = (
    ("Near SBI Bank", "एसबीआई बैंक के पास"), ("Opp. Hanuman Mandir", "हनुमान मंदिर के सामने"),
    ("Behind Govt School", "सरकारी स्कूल के पीछे"), ("Near Bus Stand", "बस स्टैंड के पास"),
    ("Near Railway Station", "रेलवे स्टेशन के पास"),
    ("Near HP Petrol Pump", "एचपी पेट्रोल पंप के पास"),
    ("Opp. Post Office", "डाकघर के सामने"), ("Near Water Tank", "पानी की टंकी के पास"),
    ("Beside Apollo Pharmacy", "अपोलो फार्मेसी के बगल में"),
    ("Near Jama Masjid", "जामा मस्जिद के पास"),
    ("Near Shiv Mandir", "शिव मंदिर के पास"), ("Near Big Bazaar", "बिग बाजार के पास"),
    ("Near Primary School", "प्राथमिक विद्यालय के पास"),
    ("Opp. City Hospital", "सिटी अस्पताल के सामने"),
    ("Near Gurudwara", "गुरुद्वारे के पास"), ("Near Panchayat Office", "पंचायत भवन के पास"),
    ("Near Police Station", "थाने के पास"), ("Near Durga Mandir", "दुर्गा मंदिर के पास"),
    ("Behind Vishal Mega Mart", "विशाल मेगा मार्ट के पीछे"),
    ("Near Sharma Kirana Store", "शर्मा किराना स्टोर के पास"),
    ("Near Community Hall", "सामुदायिक भवन के पास"), ("Near Mobile Tower", "मोबाइल टावर के पास"),
    ("Opp. LIC Office", "एलआईसी ऑफिस के सामने"), ("Near Ganesh Temple", "गणेश मंदिर के पास"),
    ("Near Milk Dairy", "दूध डेयरी के पास"),
)  # fmt: skip
# Romanised Hindi, as many type it.
LANDMARKS_MIXED = (
    "SBI bank ke paas", "hanuman mandir ke samne", "sarkari school ke piche", "bus stand ke pass",
    "railway station ke paas", "petrol pump ke bagal me", "dakghar ke samne",
    "pani ki tanki ke paas",
    "apollo medical ke bagal", "jama masjid ke paas", "shiv mandir ke pas", "big bazar ke paas",
    "primary school ke paas", "city hospital ke samne", "gurudwara ke paas",
    "panchayat bhawan ke pas",
    "thane ke paas", "durga mandir wali gali", "mega mart ke piche", "sharma kirana ke pas",
    "samudayik bhawan ke paas", "mobile tower ke niche", "LIC office ke samne",
    "ganesh mandir ke paas",
    "doodh dairy ke paas",
)  # fmt: skip
# How a house is numbered: before the first number, between, after the second ("" ends early).
HOUSES = (
    ("Flat No ", "", "", "फ्लैट नं "), ("H.No. ", "/", "", "मकान नं "), ("", "/", "A", "मकान "),
    ("Plot No ", "", "", "प्लॉट नं "), ("House No ", "", "", "मकान नंबर "), ("B-", "/", "", "बी-"),
    ("D.No ", "-", "-2", "दरवाजा नं "), ("#", "", "", "मकान #"),
    ("Qtr No ", "", "", "क्वार्टर नं "),
    ("Ward No ", ", H.No ", "", "वार्ड नं "), ("Shop No ", "", "", "दुकान नं "),
    ("Room No ", "", "", "कमरा नं "),
)  # fmt: skip
MASHED = (
    "asdfgh", "qwerty", "hjkl hjkl", "xyz", "abc abc abc", "aaaaaa", "test address",
    "fghfgh dfgdfg",
    "sdfsdf", "kuch bhi", "no address", "123 abc street", "zxcv bnm", "mnbvcxz", "lkjhgf dsa",
    "....",
    "home", "address address", "jjjjj", "dfghjk rtyui", "ghar", "call me", "wertyuiop",
    "asd asd asd",
)  # fmt: skip
