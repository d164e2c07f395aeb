"""What the daemon shows over HTTP: health, metrics, a read-only JSON API, and the console."""

from defacewatch.web.app import make_app

__all__ = ["make_app"]
