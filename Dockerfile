# docker build --tag perch-runner .
# docker run --rm --network none --read-only --volume /data:/data perch-runner generate /data/audio.wav /data/output
#
# --build-arg WEIGHTS=perch_v2 puts the trained weights into the image (README.md, Container).
# tools/image/prove runs these stages without Docker.
ARG WEIGHTS=none

# The program, with the Swift libraries inside it.
FROM swift:6.3-bookworm AS builder
RUN apt-get update \
  && apt-get install --yes --no-install-recommends libhdf5-dev libsndfile1-dev libsqlite3-dev pkg-config \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
RUN swift build -c release --product perch-runner --static-swift-stdlib \
  && built=$(swift build -c release --static-swift-stdlib --show-bin-path) \
  && install -D --strip "$built/perch-runner" /app/perch-runner

# The files that the program needs of Debian, gathered in /runtime: Debian itself has four times as many bytes.
FROM debian:12-slim AS runtime
RUN apt-get update \
  && apt-get install --yes --no-install-recommends libhdf5-103-1 libsndfile1 libsqlite3-0 tzdata \
  && rm -rf /var/lib/apt/lists/*
COPY --from=builder /app/perch-runner /app/perch-runner
COPY tools/image/batch.py /app/src/batch.py
COPY LICENSE /app/LICENSE
COPY tools/image/gather /usr/local/bin/gather
# dash: the shell that batch.py, and a look around the container, need.
RUN mkdir /app/weights && gather /runtime /app /bin/dash /usr/share/zoneinfo

FROM runtime AS weights-none
RUN mkdir /weights

# The trained network: fetched, checked against the digest of the published file, exported, verified.
FROM runtime AS weights-perch_v2
ARG PERCH_V2=https://huggingface.co/justinchuby/Perch-onnx/resolve/main/perch_v2.onnx
ARG PERCH_V2_SHA256=bf0c8467a924cb074663970ca4a0ab1e143602121930209657d0dff5d5cefa1f
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates curl \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /fetched
RUN curl --fail --silent --show-error --location --output perch_v2.onnx "$PERCH_V2" \
  && echo "$PERCH_V2_SHA256  perch_v2.onnx" | sha256sum --check
# The label file that was published beside the network, made from the program's own list: the same bytes.
RUN { echo inat2024_fsd50k; /app/perch-runner labels --model perch_v2; } | sed 's/$/\r/' > labels.csv \
  && echo "e4d5c0397d8fb08bf90c6b13a34810af53504faad927e472fcc567793c9de057  labels.csv" | sha256sum --check
RUN mkdir /weights \
  && /app/perch-runner weights export perch_v2.onnx --output /weights/perch_v2.h5 \
  && /app/perch-runner weights verify /weights/perch_v2.h5

FROM weights-${WEIGHTS} AS weights

FROM scratch
LABEL org.opencontainers.image.title="perch-runner" \
  org.opencontainers.image.description="Sound recordings to embeddings and labels of Google's Perch models" \
  org.opencontainers.image.version="0.1.0" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.base.name="docker.io/library/debian:12-slim"
COPY --from=runtime /runtime /
# Weights mounted or copied here are found without an option.
COPY --from=weights /weights /app/weights
USER 1000:1000
ENTRYPOINT ["/app/perch-runner"]
