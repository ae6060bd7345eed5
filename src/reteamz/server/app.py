"""Puts the server together."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from litestar import Litestar, Router
from litestar.datastructures import CacheControlHeader
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig

from reteamz import __version__
from reteamz.server import errors, security
from reteamz.server.accounts import routes as accounts
from reteamz.server.alerts import routes as alerts
from reteamz.server.audit import routes as audit
from reteamz.server.blobs import routes as blobs
from reteamz.server.config import Config
from reteamz.server.devices import routes as devices
from reteamz.server.dictionary import routes as dictionary
from reteamz.server.history import routes as history
from reteamz.server.ingest import routes as ingest
from reteamz.server.journal import routes as journal
from reteamz.server.looks import routes as looks
from reteamz.server.mailings import routes as mailings
from reteamz.server.members import routes as members
from reteamz.server.notices import routes as notices
from reteamz.server.operation import routes as operation
from reteamz.server.operation.metrics import MetricsMiddleware
from reteamz.server.pages import routes as pages
from reteamz.server.pages.engine import template_engine
from reteamz.server.people import routes as people
from reteamz.server.policies import routes as policies
from reteamz.server.rating import routes as rating
from reteamz.server.records import routes as records
from reteamz.server.reports import routes as reports
from reteamz.server.roster import routes as roster
from reteamz.server.rules import routes as rules
from reteamz.server.schedules import routes as schedules
from reteamz.server.secret import derived, load_secret
from reteamz.server.services import Services, wall_clock
from reteamz.server.types import Now
from reteamz.server.verdicts import routes as verdicts

HERE: Final = Path(__file__).parent
BODY_BYTES: Final = 8 * 1024 * 1024
"""Largest body of a request that sets no limit of its own: a roster with its bundle and grants."""
CONCEPTS: Final = (
    accounts,
    roster,
    devices,
    members,
    people,
    schedules,
    ingest,
    dictionary,
    history,
    journal,
    rating,
    rules,
    verdicts,
    policies,
    reports,
    blobs,
    records,
    alerts,
    mailings,
    audit,
    looks,
    notices,
    operation,
    pages,
)


def create_app(config: Config, now: Now = wall_clock) -> Litestar:
    """Open the stores and return the application, which closes them when it stops.

    Raises:
        ReteamzError: ``folder_unusable``, ``key_corrupt``, ``state_corrupt``, ``input_invalid``.
    """
    secret = load_secret(config.data)
    services = Services(config, secret, now)
    services.open()
    static = HERE / "static"
    files: list[Router] = []
    if static.is_dir():
        files.append(
            create_static_files_router(
                path="/static",
                directories=[static],
                cache_control=CacheControlHeader(no_cache=True),
                opt={"public": True},
            )
        )
    return Litestar(
        route_handlers=[*(handler for concept in CONCEPTS for handler in concept.handlers), *files],
        dependencies=services.dependencies(),
        lifespan=[services.running],
        exception_handlers=errors.HANDLERS,
        csrf_config=security.csrf(config, derived(secret, "csrf").hex()),
        before_request=security.refuse_other_sites,
        before_send=[security.add_headers],
        middleware=[MetricsMiddleware(services.metrics)],
        request_max_body_size=BODY_BYTES,
        template_config=TemplateConfig(instance=template_engine()),
        openapi_config=OpenAPIConfig(
            title="Reteamz",
            version=__version__,
            path="/schema",
            use_handler_docstrings=True,
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
        logging_config=None,
    )
