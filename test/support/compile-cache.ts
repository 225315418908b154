/** For programs of ours that get no environment but their own: what one compiles the next one has. */
export const COMPILE_CACHE: { readonly NODE_COMPILE_CACHE?: string } =
  process.env.NODE_COMPILE_CACHE === undefined
    ? {}
    : { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE };
