# Two stages: the environment is built from uv.lock by hash, and only it and the system packages are shipped.
# Pin the base by digest where you build for production (docs/deployment.md, "Building").
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
ENV UV_SYSTEM_CERTS=true UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_NO_CACHE=true \
    UV_PROJECT_ENVIRONMENT=/app/.venv UV_COMPILE_BYTECODE=true
WORKDIR /app
COPY scripts/uv.txt scripts/uv.txt
RUN python3 -m venv /opt/uv \
 && /opt/uv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --only-binary :all: \
    --require-hashes -r scripts/uv.txt
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN /opt/uv/bin/uv sync --quiet --frozen --no-dev --no-install-project --python "$(command -v python3)"
COPY defacewatch defacewatch
RUN /opt/uv/bin/uv sync --quiet --frozen --no-dev --no-editable

FROM ${PYTHON}
LABEL org.opencontainers.image.title="defacewatch" \
      org.opencontainers.image.description="Watches web portals for defacement and tells the officer on duty, with proof." \
      org.opencontainers.image.licenses="Apache-2.0"
# chromium-headless-shell: a third of the full browser's CPU time. fonts-noto-core: Vietnamese and most other scripts.
# libatomic1: Playwright's driver links with it. tini: reaps what a killed browser leaves, and passes SIGTERM on.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates chromium-headless-shell fonts-noto-core libatomic1 tini \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 10001 defacewatch \
 && useradd --system --uid 10001 --gid 10001 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin defacewatch \
 && install -d -o 10001 -g 10001 -m 0750 /app/baselines /app/data
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY config config
# HOME: Chromium keeps its crash and font caches there; the root is read-only. No bytecode: it is compiled already.
ENV PATH=/app/.venv/bin:$PATH HOME=/tmp LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    DEFACEWATCH_CONFIG=/app/config
USER 10001:10001
VOLUME ["/app/baselines", "/app/data"]
EXPOSE 8080
# Not the port alone: the daemon's loops turn, the store answers, and a browser of its own draws a page.
HEALTHCHECK --interval=120s --timeout=30s --start-period=60s --start-interval=3s --retries=3 \
    CMD ["defacewatch", "doctor", "--container"]
ENTRYPOINT ["tini", "--", "defacewatch"]
CMD ["run", "--listen", "0.0.0.0:8080"]
