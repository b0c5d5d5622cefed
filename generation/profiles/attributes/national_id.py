"""National identity number whose check digit is always wrong."""

from __future__ import annotations

from generation.profiles.attribute import Attribute, Context, luhn_digit

_BODIES = 10**9


class NationalId(Attribute):
    """For example "ZN 4821 9370 52": nine digits and a check digit that never passes the Luhn test.

    No country issues numbers that begin with ZN (not an ISO 3166-1 code).
    """

    name = "national_id"
    qa_category = "documents"
    identifying = True

    def space(self, context: Context) -> int:
        """10⁹ bodies × 9 wrong check digits."""
        return _BODIES * 9

    def decode(self, number: int, context: Context) -> str:
        """The body in nine digits, then the right check digit moved on by 1 to 9."""
        number, shift = divmod(number, 9)
        body = f"{number:09d}"
        digits = body + str((luhn_digit(body) + 1 + shift) % 10)
        return f"ZN {digits[:4]} {digits[4:8]} {digits[8:]}"


ATTRIBUTE = NationalId()
