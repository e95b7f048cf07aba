# One image that runs `torchkata serve`: the pages, and a worker beside them. docs/deploy.md explains it and the flags it needs.
#
#   docker build -t torchkata .
#
# --build-arg TORCH_INDEX_URL=...   the package index to take torch from: the one that pytorch.org names for CPU builds makes
#                                   a small image, the one for your CUDA version a CUDA build; empty takes the ordinary index
# --build-arg PIP_INDEX_URL=...     another index for all other Python packages
# --build-arg NPM_REGISTRY=...      another registry for the front end's packages
# --build-arg PYTHON_IMAGE, NODE_IMAGE   other images to start from
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS frontend
ARG NPM_REGISTRY=
WORKDIR /build/frontend
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
# No script of a package is run: esbuild's program lies in its package.
RUN npm ci --ignore-scripts --no-audit --no-fund ${NPM_REGISTRY:+--registry="$NPM_REGISTRY"}
COPY frontend/ ./
RUN npm run build

FROM ${PYTHON_IMAGE} AS packages
ARG PIP_INDEX_URL=
ARG TORCH_INDEX_URL=
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY pyproject.toml constraints.txt ./
RUN python -m venv /opt/torchkata && python -m venv /opt/builder \
    && /opt/builder/bin/pip install -c constraints.txt hatchling
# Torch first: it is large, and changes least. What it needs comes with the rest, from the other index.
RUN /opt/torchkata/bin/pip install -c constraints.txt ${TORCH_INDEX_URL:+--index-url "$TORCH_INDEX_URL" --no-deps} torch
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
        >requirements.txt \
    && /opt/torchkata/bin/pip install -c constraints.txt -r requirements.txt
COPY README.md LICENSE ./
COPY reference/ reference/
COPY katas/ katas/
COPY graders/ graders/
COPY app/ app/
COPY templates/ templates/
COPY --from=frontend /build/app/static/dist/ app/static/dist/
RUN /opt/builder/bin/python -m hatchling build -t wheel \
    && /opt/torchkata/bin/pip install --no-deps --no-index dist/*.whl

FROM ${PYTHON_IMAGE}
RUN apt-get update && apt-get install -y --no-install-recommends libseccomp2 && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 torchkata \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin torchkata \
    && install -d -m 700 -o torchkata -g torchkata /data
COPY --from=packages /opt/torchkata /opt/torchkata
COPY deploy/entrypoint /usr/local/bin/torchkata-entrypoint
ENV PATH=/opt/torchkata/bin:$PATH HOME=/data LANG=C.UTF-8 PYTHONUNBUFFERED=1 \
    TORCHKATA_DATA=/data TORCHKATA_HOST=0.0.0.0
VOLUME /data
EXPOSE 8000
USER torchkata
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as ask; ask.urlopen('http://127.0.0.1:' + (os.environ.get('TORCHKATA_PORT') or '8000') + '/api/health', timeout=4)"]
ENTRYPOINT ["torchkata-entrypoint"]
CMD ["torchkata", "serve"]
