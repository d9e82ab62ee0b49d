# syntax=docker/dockerfile:1
# The service: API, pages and worker. Training is no part of it; bundles come in as a volume.

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/rto
COPY requirements-serve.lock .
RUN /opt/rto/bin/pip install --no-cache-dir --require-virtualenv -r requirements-serve.lock
COPY pyproject.toml README.md LICENSE rto.py ./
COPY features features
COPY models models
COPY training training
COPY serving serving
RUN /opt/rto/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/rto --create-home rto \
 && install --directory --owner rto /opt/compiled
COPY --from=build /opt/rto /opt/rto
ENV PATH=/opt/rto/bin:$PATH \
    PYTHONUTF8=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/opt/compiled \
    RTO_HOME=/var/lib/rto \
    RTO_MODELS_DIR=/var/lib/rto/models
USER rto
# The check scores an order, and so leaves the machine code in the image: a start need not compile.
RUN RTO_HOME=/tmp/check rto doctor && rm -r /tmp/check
VOLUME /var/lib/rto
WORKDIR /var/lib/rto
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
ENTRYPOINT ["rto"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
