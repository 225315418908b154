import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Manifest } from "./manifests.ts";

/** Files by name, as a Secret or a ConfigMap holds them. */
export interface Files {
  readonly [name: string]: string;
}

/** A container's surroundings, in a folder in the place of the root. */
export interface LaidOut {
  readonly args: readonly string[];
  readonly environment: { readonly [name: string]: string };
}

export interface Sources {
  /** The folder that stands for the root. */
  readonly place: string;
  /** ConfigMaps and Secrets by name; one that is missing is an error, as for the kubelet. */
  readonly secrets: ReadonlyMap<string, Files>;
  readonly configMaps: ReadonlyMap<string, Files>;
}

type Shape = Manifest["spec"];

/**
 * Writes what a container's volumes hold where they are mounted, and turns its arguments and
 * variables, and the configuration, towards that place. Nothing else of them changes.
 */
export function layOut(pod: Shape, container: Shape, sources: Sources): LaidOut {
  const { place } = sources;
  const mounts: readonly Shape[] = container.volumeMounts;
  // In one pass: the place itself may lie below one of them.
  const roots = mounts.map(({ mountPath }) => mountPath).join("|");
  const pattern = new RegExp(`(?<![\\w/.-])(?:${roots})(?=/|\\s|$)`, "gm");
  const moved = (text: string): string => text.replace(pattern, (root) => join(place, root));
  for (const { name, mountPath } of mounts) {
    mkdirSync(join(place, mountPath), { recursive: true });
    const volume = pod.volumes.find((each: Shape) => each.name === name);
    for (const [file, content] of Object.entries(filesOf(volume, sources))) {
      const path = join(place, mountPath, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, volume.configMap === undefined ? content : moved(content));
    }
  }
  const variables: readonly Shape[] = container.env ?? [];
  return {
    args: (container.args as readonly string[]).map(moved),
    environment: Object.fromEntries(variables.map(({ name, value }) => [name, moved(value)])),
  };
}

function filesOf(volume: Shape, sources: Sources): Files {
  if (volume.configMap) return named(sources.configMaps, volume.configMap.name);
  if (volume.secret) {
    return picked(named(sources.secrets, volume.secret.secretName), volume.secret.items);
  }
  const parts: readonly Shape[] = volume.projected?.sources ?? [];
  return Object.assign(
    {},
    ...parts.map(({ secret }) => picked(named(sources.secrets, secret.name), secret.items)),
  );
}

function picked(files: Files, items: readonly Shape[] | undefined): Files {
  if (items === undefined) return files;
  const entries = items.map(({ key, path }) => {
    const content = files[key];
    if (content === undefined) throw new Error(`there is no key ${key}`);
    return [path, content];
  });
  return Object.fromEntries(entries);
}

function named(all: ReadonlyMap<string, Files>, name: string): Files {
  const files = all.get(name);
  if (files === undefined) throw new Error(`nothing is called ${name}`);
  return files;
}
