"""How much a crawl may take: of the sites' patience, of our time and of our memory."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Bounds that hold for every site and every answer, whatever it claims."""

    pages: int = 10_000
    """Pages fetched from one site."""
    depth: int = 8
    """Links followed from a start page or a sitemap."""
    sitemaps: int = 500
    """Sitemaps of one site, each with up to 50,000 addresses."""
    links_per_page: int = 1_000
    """Links taken from one page, in their order."""
    redirects: int = 5
    """Redirects from one address to where it leads."""
    body_bytes: int = 4_000_000
    """Bytes of one answer as they come over the network."""
    decoded_bytes: int = 8_000_000
    """Bytes of one answer after decompression."""
    pixels: int = 8_000_000
    """Width times height of a picture; it is known before anything is decoded."""
    connect_seconds: float = 10.0
    """Seconds to reach a server."""
    answer_seconds: float = 30.0
    """Seconds for one whole answer, so that a server that drips is left."""
    site_seconds: float = 3_600.0
    """Seconds for one site; what is left then is there for the next run."""
    longest_wait_seconds: float = 60.0
    """The longest pause that a site may ask for, in robots.txt or by Retry-After; a site that asks for more is left."""

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            lowest = 0 if name in ("depth", "redirects") else 1e-3
            if not getattr(self, name) >= lowest:
                raise ValueError(
                    f"{name} must be {'0 or more' if lowest == 0 else 'positive'}, got {getattr(self, name)}"
                )
