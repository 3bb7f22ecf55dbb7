"""What attackers write into the fields of an academy, each text with a number by which a page that runs it is told.

A text that runs calls `__xss(number)`. One too short to call anything leaves an attribute `xss` behind. Both are also
found in the elements of a page by `REMAINS`, whether or not a content security policy kept them from running.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from itertools import cycle

CALL = "__xss(NUMBER)"
SHORT = ("<b xss>", "'\"><i xss>", "\"' xss='\"", "<q xss=1>")
MARKUP = (
    # scripts
    f"<script>{CALL}</script>",
    f"<ScRiPt >{CALL}</sCrIpT >",
    f"</script><script>{CALL}</script>",
    f"</title><script>{CALL}</script>",
    f"</textarea><script>{CALL}</script>",
    f"</style><script>{CALL}</script>",
    f"</noscript><script>{CALL}</script>",
    f"--><script>{CALL}</script><!--",
    f"]]><script>{CALL}</script>",
    f"<script/x>{CALL}</script/x>",
    f"<script type=module>{CALL}</script>",
    f"<script src=data:text/javascript,{CALL}></script>",
    f"<<script>{CALL};//<</script>",
    f"<script>/*\u2028*/{CALL}</script>",
    # event handlers
    f"<img src=x onerror={CALL}>",
    f"<img/src='x'/onerror='{CALL}'>",
    f'<IMG SRC=x OnErRoR="{CALL}">',
    f"<img src=x\tonerror\n=\n{CALL}>",
    "<img src=x onerror=&#95;_xss(NUMBER)>",
    f"<body onload={CALL}>",
    f"<input autofocus onfocus={CALL}>",
    f"<select autofocus onfocus={CALL}></select>",
    f"<details open ontoggle={CALL}>",
    f"<video><source onerror={CALL}></video>",
    f"<audio src=x onerror={CALL}></audio>",
    f"<div style='animation-name:x' onanimationstart={CALL}>",
    f"<marquee onstart={CALL}>",
    f"<p tabindex=1 onpointerenter={CALL}>",
    f"<div popover id=p onbeforetoggle={CALL}>",
    # out of an attribute
    f'"><script>{CALL}</script>',
    f"'><script>{CALL}</script>",
    f'" autofocus onfocus="{CALL}" x="',
    f"' autofocus onfocus='{CALL}' x='",
    f'" onmouseover={CALL} style="position:fixed;inset:0',
    f"` onfocus={CALL} autofocus x=`",
    # out of a string in a script
    f"';{CALL};'",
    f'";{CALL};"',
    f"\\';{CALL};//",
    f'\\";{CALL};//',
    f"`;{CALL};`${{{CALL}}}",
    f'"}}]}}</script><img src=x onerror={CALL}>',
    f"\u2028{CALL}//<script>{CALL}</script>",
    # SVG and MathML
    f"<svg onload={CALL}>",
    f"<svg><script>{CALL}</script></svg>",
    f"<svg><script href=data:,{CALL} /></svg>",
    f"<svg><animate onbegin={CALL} attributeName=x dur=1s>",
    f"<svg><a xlink:href=javascript:{CALL}><text>x</text></a></svg>",
    f"<svg><foreignObject><img src=x onerror={CALL}></foreignObject></svg>",
    f"<svg><set attributeName=href to=javascript:{CALL}></svg>",
    f"<math><mtext><img src=x onerror={CALL}></mtext></math>",
    f"<math href=javascript:{CALL}>x</math>",
    # what a sanitizer turns into something else
    f"<noscript><p title='</noscript><img src=x onerror={CALL}>'>",
    f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror={CALL}&gt;'>",
    f"<svg></p><style><a id='</style><img src=x onerror={CALL}>'>",
    f"<form><math><mtext></form><form><mglyph><style></math><img src=x onerror={CALL}>",
    f"<xmp><p title='</xmp><img src=x onerror={CALL}>'>",
    f"<!--><img src=x onerror={CALL}>-->",
    f"<![CDATA[x><img src=x onerror={CALL}>]]>",
    f"<?x ><img src=x onerror={CALL}>?>",
    f"<!x ><img src=x onerror={CALL}>",
    f"<a title='--!><img src=x onerror={CALL}>'><!--",
    f"<img src=x onerror={CALL}//",
    # whole documents, other places and forms
    f"<iframe srcdoc='<script>parent.{CALL}</script>'></iframe>",
    f"<iframe src=javascript:parent.{CALL}></iframe>",
    f"<object data=javascript:{CALL}></object>",
    f"<embed src=javascript:{CALL}>",
    f"<meta http-equiv=refresh content='0;url=javascript:{CALL}'>",
    f"<base href=javascript:{CALL}//>",
    f"<form action=javascript:{CALL}><button>x</button></form>",
    f"<button form=x formaction=javascript:{CALL}>x</button>",
    f"<link rel=stylesheet href=data:text/css,*{{}}/*{CALL}*/ onload={CALL}>",
    f"<style onload={CALL}></style>",
    f"<style>@import 'javascript:{CALL}';*{{x:expression({CALL})}}</style>",
    f"<p style='x:expression({CALL});background:url(javascript:{CALL})'>",
    f"<table background=javascript:{CALL}><td class='\" onfocus={CALL}'>x</table>",
    # names that take the place of the page's own
    "<form id=clobbered><input name=clobbered></form>",
    "<a id=clobbered name=attributes href=//evil.test>x</a>",
    "<img name=clobbered><img name=getElementById>",
    # languages that a program of ours might read: templates, Markdown, tables, what Wagtail stores
    f"{{{{7*7}}}}{{% debug %}}<img src=x onerror={CALL}>",
    f"{{{{constructor.constructor('{CALL}')()}}}}<script>{CALL}</script>",
    f"[x](javascript:{CALL})<a href=javascript:{CALL}>x</a>",
    f'![x](x"onerror="{CALL})<img src="x"onerror="{CALL}">',
    f'=HYPERLINK("javascript:{CALL}")<img src=x onerror={CALL}>',
    f"<embed embedtype='media' url='javascript:{CALL}'/><img src=x onerror={CALL}>",
    f"<a linktype='page' id='1' onclick='{CALL}'>x</a>",
    f"<a linktype='\" onfocus={CALL} autofocus'>x</a><b xss>",
    f"%(x)s %s {{0}} \\u003cscript\\u003e{CALL}\\u003c/script\\u003e<b xss>",
    # writing direction, invisible and wide characters
    f"\u202e<script>{CALL}</script>\u202c",
    f"\ufeff<\u200bscript><img src=x onerror={CALL}>",
    f"\uff1cscript\uff1e{CALL}\uff1c/script\uff1e<b xss>",
    f"&lt;script&gt;{CALL}&lt;/script&gt;&#60;img src=x onerror={CALL}&#62;<b xss>",
)
_DOCUMENT = base64.b64encode(b"<script>top.__xss(0)</script>").decode()
ADDRESSES = (
    f"javascript:{CALL}",
    f"JaVaScRiPt:{CALL}",
    f" \x01javascript:{CALL}",
    f"java\tscript:{CALL}",
    f"java\nscript:{CALL}",
    f"javascript&colon;{CALL}",
    f"&#106;avascript:{CALL}",
    f"javascript://https://example.go.id/%0a{CALL}",
    f"javascript:/*https://*/{CALL}",
    f"vbscript:{CALL}",
    f"data:text/html,<script>{CALL}</script>",
    f"data:text/html;base64,{_DOCUMENT}",
    f"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='{CALL}'/>",
    f'https://x.test/" onfocus={CALL} autofocus x="',
    f"https://x.test/'><script>{CALL}</script>",
)


@dataclass(frozen=True)
class Payload:
    number: int
    text: str


def _numbered(first: int, texts: tuple[str, ...]) -> tuple[Payload, ...]:
    return tuple(Payload(n, text.replace("NUMBER", str(n))) for n, text in enumerate(texts, start=first))


SHORTS, MARKUPS = _numbered(1, SHORT), _numbered(11, MARKUP)
LINKS = _numbered(201, ADDRESSES)
CORPUS = (*SHORTS, *MARKUPS, *LINKS)


class Planter:
    """Hands out texts of the corpus in turn, so that each begins some field, and keeps which were handed out."""

    def __init__(self) -> None:
        self.planted: set[int] = set()
        self._markup, self._links, self._short = cycle(MARKUPS), cycle(LINKS), cycle(SHORTS)

    def text(self, most: int = 360) -> str:
        """As many texts as fit in `most` characters; what is too short for any gets a mark."""
        found = ""
        for _turn in MARKUPS:
            payload = next(self._markup)
            if len(found) + len(payload.text) <= most:
                found += payload.text
                self.planted.add(payload.number)
                if most > len(found) > most / 2:
                    break
        return found or self.mark(most)

    def mark(self, most: int) -> str:
        return next((each.text for each in (next(self._short) for _turn in SHORTS) if len(each.text) <= most), "")

    def address(self) -> str:
        payload = next(self._links)
        self.planted.add(payload.number)
        return payload.text

    def rich(self) -> str:
        """Rich text as somebody would store it who gets past the editor."""
        return f'<p>{self.text()}</p><p><a href="{self.address()}">x</a></p><h2>{self.text(120)}</h2>'


# What of a page's elements came out of a text of the corpus.
REMAINS = """() => {
  const found = [], live = /^(javascript|vbscript|data):/i;
  const places = ["href", "src", "action", "formaction", "xlink:href", "data", "poster", "background", "to", "content"];
  for (const e of document.querySelectorAll("*")) {
    let bad = ["clobbered", "attributes", "getElementById"].some(name => e.id === name || e.getAttribute("name") === name);
    for (const {name, value} of e.attributes) {
      const ours = value.includes("__xss");
      if (name === "xss" || (ours && (/^on/i.test(name) || name === "style" || name === "srcdoc"))) bad = true;
      if (places.includes(name) && live.test(value.replace(/[\\u0000-\\u0020]/g, "").replace(/^0;url=/, ""))
          && (ours || (name === "href" && e.localName === "a"))) bad = true;
    }
    const text = e.localName === "script" || e.localName === "style" ? e.textContent.trim() : "";
    if (text.startsWith("__xss") || text.startsWith("parent.__xss") || text.startsWith("/*\\u2028*/__xss")
        || (e.localName === "style" && text.includes("__xss"))) bad = true;
    if (bad) found.push(e.outerHTML.slice(0, 200));
  }
  return found;
}"""


# The whole corpus as a few things to search for.
QUERIES = ["".join(payload.text for payload in CORPUS[first::8]) for first in range(8)]
