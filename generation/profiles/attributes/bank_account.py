"""Bank account number in the shape of an IBAN, whose check digits are always wrong."""

from __future__ import annotations

from generation.profiles.attribute import Attribute, Context

#: "XZ" is user-assigned in ISO 3166-1: no country will ever have it.
COUNTRY = "XZ"

_BODIES = 10**12
_COUNTRY_DIGITS = "".join(str(ord(letter) - 55) for letter in COUNTRY)


class BankAccount(Attribute):
    """For example "XZ47 0482 1937 0552": 12 digits; the mod-97 test of ISO 13616 never gives 1."""

    name = "bank_account"
    qa_category = "finance"
    identifying = True

    def space(self, context: Context) -> int:
        """10¹² bodies × 96 wrong pairs of check digits."""
        return _BODIES * 96

    def decode(self, number: int, context: Context) -> str:
        """The body in twelve digits, behind check digits 02–98 that are not the right ones."""
        number, shift = divmod(number, 96)
        body = f"{number:012d}"
        right = 98 - int(f"{body}{_COUNTRY_DIGITS}00") % 97  # 2 … 98
        check = 2 + (right - 2 + 1 + shift) % 97
        return f"{COUNTRY}{check:02d} {body[:4]} {body[4:8]} {body[8:]}"


ATTRIBUTE = BankAccount()
