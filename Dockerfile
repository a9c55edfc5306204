FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
# The caches hold compiled dependencies between builds; a change to the sources compiles the sources.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --bin cadre-api \
    && cp target/release/cadre-api /usr/local/bin/cadre-api

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin cadre
COPY --from=build /usr/local/bin/cadre-api /usr/local/bin/cadre-api
USER 10001
# The embedded database, unless CADRE_DATABASE_URL names another, is /data/cadre.db.
WORKDIR /data
VOLUME /data
ENV CADRE_LISTEN=0.0.0.0:8080
EXPOSE 8080
# That the process lives, not that its database does (/readyz): a restart would not help a database. The image has no curl; bash can ask too.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [[ $status == 200 ]]"]
ENTRYPOINT ["cadre-api"]
CMD ["serve"]
