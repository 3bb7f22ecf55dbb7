"""What is stored as markup or as an address is looked at again where it is shown, whatever door it came in by."""

from __future__ import annotations

import re

from bs4.element import NavigableString
from django import template
from django.utils.safestring import SafeString, mark_safe
from wagtail.whitelist import Whitelister, allow_without_attributes, attribute_rule, check_url

register = template.Library()

PLAIN_TAGS = ("[document]", "b", "br", "code", "em", "h2", "h3", "i", "li", "p", "strong", "ul")
WEB_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


class _Cleaner(Whitelister):
    """The tags of our rich text (`blocks.TEXT_FEATURES`) and nothing else."""

    element_rules = dict.fromkeys(PLAIN_TAGS, allow_without_attributes) | {
        "a": attribute_rule({"href": check_url}),
        "ol": attribute_rule({"start": True}),
    }

    def clean_string_node(self, doc: object, node: NavigableString) -> None:
        """Comments, declarations and CDATA would be written as they are, and a browser ends them elsewhere."""
        if node.PREFIX:
            node.extract()


@register.filter
def cleaned(html: str) -> SafeString:
    """Rich text with the tags that authors may use; of any other element only its text stays."""
    shown: str = _Cleaner().clean(html)
    return mark_safe(shown)  # noqa: S308  only the tags above, without attributes, are left


@register.filter
def web_address(value: str | None) -> str:
    """The address if it leads into the web, else nothing: no link that runs a script."""
    return value if value and WEB_ADDRESS.match(value) else ""
