FROM python:3.11-slim-bookworm AS build
RUN python -m venv /opt/journey
WORKDIR /build
COPY pyproject.toml constraints.txt README.md ./
COPY src src
COPY migrations migrations
RUN /opt/journey/bin/pip install --no-cache-dir --disable-pip-version-check --constraint constraints.txt .

FROM python:3.11-slim-bookworm
COPY --from=build /opt/journey /opt/journey
# The number, not a name, so that an orchestrator can see that it is not root.
RUN install --directory --owner=10001 --group=10001 --mode=0700 /data /keys
ENV PATH=/opt/journey/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
VOLUME /data /keys
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
ENTRYPOINT ["journey"]
CMD ["serve", "--data", "/data", "--key-directory", "/keys", "--host", "0.0.0.0"]
