"""What the editor of rich text makes of links that are stored already."""

from __future__ import annotations

from wagtail import hooks
from wagtail.admin.rich_text.converters.contentstate import link_entity
from wagtail.admin.rich_text.converters.html_to_contentstate import (
    ExternalLinkElementHandler,
    PageLinkElementHandler,
)
from wagtail.rich_text.feature_registry import FeatureRegistry
from wagtail.whitelist import check_url


class _SafeLinkHandler(ExternalLinkElementHandler):
    """Wagtail looks at an address when it is saved; the editor links to it before that."""

    def get_attribute_data(self, attrs: dict[str, str]) -> dict[str, str]:
        return {"url": check_url(attrs["href"]) or ""}


def register_safe_links(features: FeatureRegistry) -> None:
    handlers = {"a[href]": _SafeLinkHandler("LINK"), 'a[linktype="page"]': PageLinkElementHandler("LINK")}
    rule = {"from_database_format": handlers, "to_database_format": {"entity_decorators": {"LINK": link_entity}}}
    features.register_converter_rule("contentstate", "link", rule)


hooks.register("register_rich_text_features", register_safe_links, order=1)  # after Wagtail's own
