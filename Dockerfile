# imagebot as a small image: a virtual environment with hashed requirements, a user without rights, one writable folder.
#   docker build -t imagebot .
#   docker run --env-file .env -v imagebot-data:/data -v ./policy.yml:/etc/imagebot/policy.yml:ro imagebot
ARG PYTHON=3.11.14-slim-bookworm

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_INPUT=1
WORKDIR /src
COPY requirements/build.txt requirements/run.txt requirements/
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --quiet --require-hashes -r requirements/build.txt
# pip comes with a library that offers it to people; here nothing shall be installed into the running bot.
RUN python -m venv --without-pip /opt/imagebot \
 && /opt/build/bin/pip --python /opt/imagebot/bin/python install --quiet --no-compile --require-hashes -r requirements/run.txt \
 && /opt/build/bin/pip --python /opt/imagebot/bin/python uninstall --quiet --yes pip
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
RUN /opt/build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /opt/wheels . \
 && /opt/build/bin/pip --python /opt/imagebot/bin/python install --quiet --no-compile --no-deps --no-index /opt/wheels/*.whl
# Compiled here, because the running bot may write nowhere but /data.
RUN /opt/imagebot/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/imagebot/lib
# Owned by the bot's user; a named volume mounted over it takes the ownership on.
RUN mkdir /opt/data

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="imagebot" \
      org.opencontainers.image.description="Share Huawei Cloud images from Slack, with approvals" \
      org.opencontainers.image.licenses="MIT"
ENV PATH=/opt/imagebot/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TMPDIR=/data \
    IMAGEBOT_DATABASE=sqlite:////data/imagebot.db \
    IMAGEBOT_LISTEN=0.0.0.0:3000 \
    IMAGEBOT_POLICY=/etc/imagebot/policy.yml
COPY --from=build /opt/imagebot /opt/imagebot
COPY --from=build --chown=10001:10001 /opt/data /data
WORKDIR /data
USER 10001:10001
VOLUME ["/data"]
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import http.client, os, sys; host, _, port = os.environ['IMAGEBOT_LISTEN'].rpartition(':'); call = http.client.HTTPConnection({'0.0.0.0': '127.0.0.1', '[::]': '[::1]'}.get(host, host), int(port), timeout=4); call.request('GET', '/healthz'); sys.exit(call.getresponse().status != 200)"]
ENTRYPOINT ["imagebot"]
CMD ["serve"]
