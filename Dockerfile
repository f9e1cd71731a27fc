# docker build -t perch-runner .
# docker run -v /data:/data perch-runner generate /data/audio.wav /data/output
FROM swift:6.3-bookworm AS builder
RUN apt-get update \
  && apt-get install --yes --no-install-recommends libhdf5-dev libsndfile1-dev libsqlite3-dev pkg-config \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
RUN swift build -c release --product perch-runner --static-swift-stdlib \
  && install -D --strip "$(swift build -c release --static-swift-stdlib --show-bin-path)/perch-runner" /app/perch-runner

FROM debian:12-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends libhdf5-103-1 libsndfile1 libsqlite3-0 tzdata \
  && rm -rf /var/lib/apt/lists/*
COPY --from=builder /app/perch-runner /app/perch-runner
# Weights mounted or copied here are found without an option.
RUN mkdir /app/weights
USER 1000:1000
ENTRYPOINT ["/app/perch-runner"]
