"""The words by which an Indian address is known: what a building, a street, a landmark is called.

The last few of each list are Hindi words as transliteration leaves them, without inherent vowels.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BUILDING = _words(
    """
    apartment apartments apts apt appartment appartments arcade bhavan bhawan bhavanam building
    bldg bungalow bungalows castle centre center chambers chs chsl chawl classic complex
    condominium cottage court dham enclave estate farmhouse farms flats floor ground haveli
    heights hospital hostel hotel house illam kothi kunj kutir mahal mall mandir manor manzil
    mansion mess mill niketan nilaya nilayam nivas niwas niwasam office palace palazzo park pg
    plaza quarter quarters qtr qtrs residence residences residency sadan school shop shopping
    showroom society soc store tower towers veedu villa villas villament warehouse wing block
    hall college university temple church masjid gurudwara bank factory godown shed institute
    clinic restaurant bhvn apartmemt tavr mmdir skul dukan blak
    """
)
NUMBERED = _words(
    """
    flat flt plot door dno house hno h hn room rm shop qtr qtrs quarter khasra kh survey sy no
    number num site sr sno gat ward block bldg building sector sec phase makan gali gala wz rz
    bunglow bungalow villa unit office cabin stall mkan nmbr nm vard gli phlait nm nem mne
    """
)
STREET = _words(
    """
    road rd street st lane ln marg path nagar colony col cly layout lyt extension extn cross
    main avenue ave sector sec phase chowk circle bazar bazaar bazzar market mkt gali gully
    galli mohalla mohala mohallah ward pet peth pura puram puri pur bagh vihar enclave garden
    gardens township village vill vpo post po gram panchayat teh tehsil taluk taluka tal mandal
    dist district basti para tola tole toli patti palli pally palya halli wadi vadi wada area
    block highway nh bypass junction jn ghat gunj ganj cantt camp salai theru veedhi veethi pada
    padi stage feet ft rasta khurd kalan nagara nagaram gli mohlla ngr rod koloni kaloni gamv
    thsil jila bajar chauk chwk vard town taun teru
    """
)
LANDMARK = _words(
    """
    near nr nearby opp opposite opposit behind bh bhd beside besides adjacent adj above below
    next front samne pass paas pas peeche piche bagal infront facing backside landmark lm ke
    njdik nikt
    """
)
DUMMY = _words(
    """
    test testing tests tester demo dummy fake sample asdf asdfg asdfgh asdfghjkl qwerty qwert
    zxcv zxcvb lorem ipsum xyz abc abcd abcde abcdef aaa aaaa xxx xxxx none nil null na unknown
    nothing address addr same as above sameasabove customer home random anything blah hello hi
    ok
    """
)
TELLING_DUMMY = _words(
    """
    test testing dummy fake asdf asdfgh asdfghjkl qwerty zxcv zxcvb lorem ipsum
    """
)
