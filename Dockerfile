# syntax=docker/dockerfile:1
#
# The filter service, and nothing else: no shell, no package manager, no compiler.
#
#   docker build -t impedance:dev .
#
# DECIDE: pin the two bases by digest. `docker buildx imagetools inspect IMAGE` prints it; write
# IMAGE@sha256:… in its place. The tag stays behind a comment, for people and for Renovate.
ARG BUILD_IMAGE=docker.io/library/node:24.21.0-bookworm-slim
ARG OPA_IMAGE=docker.io/openpolicyagent/opa:1.22.0-static
ARG RUN_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${OPA_IMAGE} AS opa

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY --from=opa /opa /usr/local/bin/opa
# The lock file holds the hash of every package; none of them runs a script.
COPY package.json package-lock.json .npmrc LICENSE ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY proto proto
COPY schemas schemas
COPY policies policies
COPY envoy envoy
COPY rego rego
COPY src src
# JavaScript, and the default policy compiled to WebAssembly; then only what is needed to run stays,
# without the Node that is for machines with an older one.
RUN npm run build && npm prune --ignore-scripts --omit=dev --omit=optional

FROM ${RUN_IMAGE}
LABEL org.opencontainers.image.title="Impedance" \
      org.opencontainers.image.description="A data firewall for the Model Context Protocol, behind Envoy" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY --from=build /build/package.json /build/LICENSE ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/proto proto
COPY --from=build /build/schemas schemas
COPY --from=build /build/policies policies
COPY --from=build /build/envoy envoy
COPY --from=build /build/dist dist
ENV NODE_ENV=production
# By number: Kubernetes checks runAsNonRoot without asking the image for names.
USER 65532:65532
EXPOSE 9191
# gRPC health, as Kubernetes asks for it; for engines that have no probe of their own.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["/nodejs/bin/node", "/app/dist/main.js", "health"]
ENTRYPOINT ["/nodejs/bin/node", "/app/dist/main.js"]
# The admin port stays on loopback: beyond it, it takes a token and TLS (docs/transport.md).
CMD ["serve", "--grpc", "0.0.0.0:9191"]
