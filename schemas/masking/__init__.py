"""Personal data and secrets, found and replaced. Begin with `masking.py`."""

from schemas.masking.masking import MASK, Masker
from schemas.masking.personal_data import digits_of, luhn, mod97
from schemas.masking.settings import MaskingSettings

__all__ = [
    "MASK",
    "Masker",
    "MaskingSettings",
    "digits_of",
    "luhn",
    "mod97",
]
