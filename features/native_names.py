"""The larger cities as India's own scripts write them.

Transliteration alone does not find them all: Indic scripts leave the inherent vowel out, and Tamil
tells no b from p. Written down by hand for the cities most orders go to, not taken from a list.
"""

from __future__ import annotations

from features.latin import plain

_CITIES = """
agra: आगरा ఆగ్రా ಆಗ್ರಾ
ahmedabad: अहमदाबाद અમદાવાદ
ajmer: अजमेर
aligarh: अलीगढ़
allahabad: इलाहाबाद
amritsar: अमृतसर ਅੰਮ੍ਰਿਤਸਰ
asansol: আসানসোল
aurangabad: औरंगाबाद
bareilly: बरेली
belagavi: ಬೆಳಗಾವಿ
bengaluru: बेंगलुरु बंगलुरु बैंगलोर ಬೆಂಗಳೂರು பெங்களூரு బెంగళూరు ബെംഗളൂരു বেঙ্গালুরু
bhagalpur: भागलपुर
bhilai: भिलाई
bhopal: भोपाल
bhubaneswar: भुवनेश्वर ଭୁବନେଶ୍ୱର
bikaner: बीकानेर
bilaspur: बिलासपुर
chandigarh: चंडीगढ़ ਚੰਡੀਗੜ੍ਹ
chennai: चेन्नई சென்னை చెన్నై ಚೆನ್ನೈ ചെന്നൈ
coimbatore: कोयंबटूर கோயம்புத்தூர் கோவை
cuttack: कटक କଟକ
dehradun: देहरादून
delhi: दिल्ली ਦਿੱਲੀ દિલ્હી দিল্লি ఢిల్లీ டெல்லி دہلی
dhanbad: धनबाद
durgapur: দুর্গাপুর
erode: ஈரோடு
faridabad: फरीदाबाद फ़रीदाबाद
gaya: गया
ghaziabad: गाजियाबाद गाज़ियाबाद
gorakhpur: गोरखपुर
guntur: గుంటూరు
gurgaon: गुड़गांव गुड़गाँव
gurugram: गुरुग्राम
guwahati: गुवाहाटी গুৱাহাটী গুয়াহাটি
gwalior: ग्वालियर
howrah: हावड़ा হাওড়া
hubballi: ಹುಬ್ಬಳ್ಳಿ
hyderabad: हैदराबाद హైదరాబాద్ ಹೈದರಾಬಾದ್ حیدرآباد
indore: इंदौर इन्दौर
jabalpur: जबलपुर
jaipur: जयपुर ജയ്പൂർ
jalandhar: जालंधर ਜਲੰਧਰ
jammu: जम्मू
jamshedpur: जमशेदपुर
jodhpur: जोधपुर
kanpur: कानपुर
kochi: कोच्चि കൊച്ചി
kolkata: कोलकाता কলকাতা
kollam: കൊല്ലം
kota: कोटा
kozhikode: കോഴിക്കോട്
lucknow: लखनऊ لکھنؤ
ludhiana: लुधियाना ਲੁਧਿਆਣਾ
madurai: மதுரை
mangaluru: ಮಂಗಳೂರು
mathura: मथुरा
meerut: मेरठ
moradabad: मुरादाबाद
mumbai: मुंबई मुम्बई મુંબઈ ಮುಂಬೈ மும்பை ముంబై মুম্বাই
muzaffarpur: मुजफ्फरपुर मुज़फ़्फ़रपुर
mysuru: मैसूर ಮೈಸೂರು
nagaon: নগাঁও নাগাঁও
nagpur: नागपुर
nashik: नासिक नाशिक
navi mumbai: नवी_मुंबई
nellore: నెల్లూరు
new delhi: नई_दिल्ली नयी_दिल्ली
noida: नोएडा
patiala: ਪਟਿਆਲਾ
patna: पटना پٹنہ
prayagraj: प्रयागराज
pune: पुणे
puri: ପୁରୀ
raipur: रायपुर
rajkot: राजकोट રાજકોટ
ranchi: रांची राँची
saharanpur: सहारनपुर
salem: सेलम சேலம்
shimla: शिमला
siliguri: শিলিগুড়ি
solapur: सोलापुर
srinagar: श्रीनगर سرینگر سری_نگر
surat: सूरत સુરત
thane: ठाणे
thiruvananthapuram: തിരുവനന്തപുരം
thoothukudi: தூத்துக்குடி
thrissur: തൃശ്ശൂർ തൃശൂർ
tiruchirappalli: திருச்சிராப்பள்ளி திருச்சி
tirunelveli: திருநெல்வேலி
tirupati: తిరుపతి
tiruppur: திருப்பூர்
udaipur: उदयपुर
ujjain: उज्जैन
vadodara: वडोदरा बड़ौदा વડોદરા
varanasi: वाराणसी
vellore: வேலூர்
vijayawada: విజయవాడ
visakhapatnam: विशाखापत्तनम విశాఖపట్నం
warangal: వరంగల్
"""


def _latin_names() -> dict[str, str]:
    lines = (line.split(": ") for line in _CITIES.strip().splitlines())
    return {
        plain(native.replace("_", " ")): latin
        for latin, natives in lines
        for native in natives.split()
    }


_LATIN = _latin_names()


def latin_name(transliterated: str) -> str:
    """A city's usual Latin name for what ``features.latin.plain`` makes of its own one.

    >>> latin_name(plain("कटक")), latin_name(plain("कोई और"))
    ('cuttack', 'koi aur')
    """
    return _LATIN.get(transliterated, transliterated)
