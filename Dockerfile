FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
# The caches keep compiled dependencies between builds, so a change of the sources compiles only the sources.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --bin cadre-api \
    && cp target/release/cadre-api /usr/local/bin/cadre-api

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin cadre
COPY --from=build /usr/local/bin/cadre-api /usr/local/bin/cadre-api
USER 10001
# Without CADRE_DATABASE_URL, the embedded database is /data/cadre.db.
WORKDIR /data
VOLUME /data
ENV CADRE_LISTEN=0.0.0.0:8080
EXPOSE 8080
# Checks that the process is running, not that its database is available (/readyz), because a restart would not help the database.
# The image has no curl, so bash sends the request.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [[ $status == 200 ]]"]
ENTRYPOINT ["cadre-api"]
CMD ["serve"]
