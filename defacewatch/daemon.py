"""The composition root: builds the adapters, runs the loops, reloads the configuration, stops in order."""

import asyncio
import contextlib
import os
import secrets as random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from aiohttp import web as aiohttp_web

from defacewatch import config, metrics
from defacewatch.alerts import AlertKind, Channel, Draft
from defacewatch.bot import Bot
from defacewatch.captures import Tier
from defacewatch.check import Checker
from defacewatch.errors import ConfigError, DefacewatchError
from defacewatch.fetch.browser import Browser
from defacewatch.fetch.canaries import Canaries
from defacewatch.fetch.chromium import find_chromium
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import HttpFetcher
from defacewatch.fetch.looks import Fetcher
from defacewatch.fetch.proxy import FilteringProxy
from defacewatch.notify.email import EmailChannel
from defacewatch.notify.telegram import TelegramChannel
from defacewatch.notify.webhook import WebhookChannel
from defacewatch.outbox import Outbox
from defacewatch.portals import Urgency
from defacewatch.roster import on_duty, raised
from defacewatch.schedule import Intervals, Schedule, intervals
from defacewatch.store import Store
from defacewatch.watchdog import Watchdog
from defacewatch.web import make_app
