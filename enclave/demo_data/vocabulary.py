"""Common words made-up people are made of: names, towns, schools, sectors. Facts, not people.

Sources:
    Names: U.S. Census Bureau, Frequently Occurring Surnames and First Names, 1990 Census (public
    domain), the most common ones; a few with an accent, a hyphen or an apostrophe were added.
    Towns: U.S. Census Bureau, 2020 Census, Connecticut county subdivisions of more than 20,000
    people, with their population.
    Sectors: North American Industry Classification System, 2022, two digits.
"""

from typing import Final

SURNAMES: Final = (  # noqa: SIM905  a quoted list is unreadable
    "Smith Johnson Williams Jones Brown Davis Miller Wilson Moore Taylor Anderson Thomas "
    "Jackson White Harris Martin Thompson Garcia Martinez Robinson Clark Rodriguez Lewis Lee "
    "Walker Hall Allen Young Hernandez King Wright Lopez Hill Scott Green Adams Baker Gonzalez "
    "Nelson Carter Mitchell Perez Roberts Turner Phillips Campbell Parker Evans Edwards Collins "
    "Stewart Sanchez Morris Rogers Reed Cook Morgan Bell Murphy Bailey Rivera Cooper Richardson "
    "Cox Howard Ward Torres Peterson Gray Ramirez James Watson Brooks Kelly Sanders Price "
    "Bennett Wood Barnes Ross Henderson Coleman Jenkins Perry Powell Long Patterson Hughes "
    "Flores Washington Butler Simmons Foster Bryant Alexander Russell Griffin Diaz Hayes Myers "
    "Ford Hamilton Graham Sullivan O\u2019Brien O'Connor D'Angelo Núñez Peña Müller Smith-Jones "
    "Rivera-Cruz Kowalski Nguyen Patel"
).split()

FEMALE_NAMES: Final = (  # noqa: SIM905  a quoted list is unreadable
    "Mary Patricia Linda Barbara Elizabeth Jennifer Maria Susan Margaret Dorothy Lisa Nancy "
    "Karen Betty Helen Sandra Donna Carol Ruth Sharon Michelle Laura Sarah Kimberly Deborah "
    "Jessica Shirley Cynthia Angela Melissa Brenda Amy Anna Rebecca Virginia Kathleen Pamela "
    "Martha Amanda Stephanie Carolyn Christine Janet Catherine Frances Ann Joyce Diane Alice "
    "Julie Heather Teresa Gloria Evelyn Jean Cheryl José-Marie Anaïs Zoë"
).split()

MALE_NAMES: Final = (  # noqa: SIM905  a quoted list is unreadable
    "James John Robert Michael William David Richard Charles Joseph Thomas Christopher Daniel "
    "Paul Mark Donald George Kenneth Steven Edward Brian Ronald Anthony Kevin Jason Matthew "
    "Gary Timothy Jose Larry Jeffrey Frank Scott Eric Stephen Andrew Raymond Gregory Joshua "
    "Jerry Dennis Walter Patrick Peter Harold Douglas Henry Carl Arthur Ryan Roger Juan Jack "
    "Albert Jonathan Justin Terry Gerald Keith Samuel José André"
).split()

TOWNS: Final = {
    "Bridgeport": 148654, "Stamford": 135470, "New Haven": 134023, "Hartford": 121054,
    "Waterbury": 114403, "Norwalk": 91184, "Danbury": 86518, "New Britain": 74135,
    "West Hartford": 64083, "Greenwich": 63518, "Fairfield": 61512, "Hamden": 61169,
    "Meriden": 60850, "Bristol": 60833, "Manchester": 59713, "West Haven": 55584,
    "Stratford": 52355, "Milford": 52044, "East Hartford": 51045, "Middletown": 47717,
    "Wallingford": 44396, "Southington": 43485, "Enfield": 42141, "Shelton": 40869,
    "Norwich": 40125, "Groton": 38419, "Trumbull": 36827, "Torrington": 35515,
    "Glastonbury": 35159, "Naugatuck": 31519, "Newington": 30536, "Vernon": 30215,
    "Windsor": 29492, "Cheshire": 28733, "Branford": 28273, "New Milford": 28115,
    "East Haven": 27911, "New London": 27367, "Wethersfield": 27298, "Newtown": 27173,
    "Westport": 27141, "South Windsor": 26918, "Farmington": 26712, "Mansfield": 25892,
    "Ridgefield": 25033, "Simsbury": 24517, "Windham": 24425, "North Haven": 24253,
    "Watertown": 22105, "Guilford": 22073, "Bloomfield": 21535, "Darien": 21499,
    "Rocky Hill": 20845, "New Canaan": 20622, "Bethel": 20358, "Berlin": 20175,
}  # fmt: skip
"""Town and its people."""

RACES: Final = {
    "White": 0.48, "Hispanic/Latino of any race": 0.29, "Black or African American": 0.12,
    "Asian": 0.053, "Two or More Races": 0.045,
    "American Indian or Alaska Native": 0.007, "Native Hawaiian or Other Pacific Islander": 0.005,
}  # fmt: skip
"""Federal reporting group and a plausible share."""

SECTORS: Final = {
    "62": 0.19, "44-45": 0.12, "31-33": 0.10, "61": 0.09, "72": 0.09, "52": 0.07, "54": 0.07,
    "56": 0.06, "23": 0.05, "92": 0.04, "81": 0.03, "48-49": 0.03, "42": 0.02, "51": 0.02,
    "71": 0.01, "53": 0.01,
}  # fmt: skip
"""Sector and a plausible share of jobs."""

PAY_LEVEL: Final = {
    "52": 1.9,
    "54": 1.5,
    "51": 1.5,
    "31-33": 1.3,
    "92": 1.2,
    "72": 0.45,
    "44-45": 0.6,
}
"""Pay against the median, where it differs much from it."""

LANGUAGES: Final = {
    "English": 0.77, "Spanish": 0.16, "Portuguese": 0.02, "Polish": 0.01, "Arabic": 0.01,
    "Mandarin": 0.01, "Haitian Creole": 0.01, "Albanian": 0.01,
}  # fmt: skip
