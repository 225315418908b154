/** The part of the WebAssembly JavaScript interface in use here; Node's types leave it out. */
// biome-ignore lint/style/noNamespace: the JavaScript interface itself is one.
declare namespace WebAssembly {
  type Exports = { readonly [name: string]: unknown };
  class Module {
    private constructor();
  }
  class Instance {
    private constructor();
    readonly exports: Exports;
  }
  class Memory {
    private constructor();
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class RuntimeError extends Error {}
  interface MemoryDescriptor {
    readonly initial: number;
    readonly maximum?: number;
  }
  interface WebAssemblyInstantiatedSource {
    readonly module: Module;
    readonly instance: Instance;
  }
  function compile(bytes: Uint8Array<ArrayBuffer>): Promise<Module>;
}
