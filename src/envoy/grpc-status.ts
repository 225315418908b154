/** Status codes of gRPC ("Status codes and their use in gRPC"), as far as they are said here. */
export const GRPC = {
  OK: 0,
  CANCELLED: 1,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const;

export type GrpcStatus = (typeof GRPC)[keyof typeof GRPC];
