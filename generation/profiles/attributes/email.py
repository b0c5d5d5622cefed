"""E-mail address: a handle that owes nothing to the name, in a domain reserved for examples."""

from __future__ import annotations

from generation.profiles.attribute import Phrase
from generation.profiles.vocabulary import words


class Email(Phrase):
    """For example "quiet.heron47@example.org". Domains of RFC 2606 / 6761: mail sent there reaches nobody."""

    name = "email"
    qa_category = "contact"
    identifying = True
    pattern = "{}.{}{}@{}"


ATTRIBUTE = Email(
    words("contact", "handle_adjectives"),
    words("contact", "handle_nouns"),
    [str(number) for number in range(10, 100)],
    words("contact", "email_domains"),
)
