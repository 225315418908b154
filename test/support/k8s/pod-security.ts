import type { Manifest } from "./manifests.ts";

/** What a container or a pod does that `restricted` forbids. */
export interface Violation {
  readonly control: string;
  readonly at: string;
}

const HOST_FIELDS = ["hostNetwork", "hostPID", "hostIPC"];
const VOLUMES = new Set(
  ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral"].concat([
    "persistentVolumeClaim",
    "projected",
    "secret",
  ]),
);
const SYSCTLS =
  /^(kernel\.shm_rmid_forced|net\.ipv4\.(ip_local_port_range|ip_unprivileged_port_start|tcp_syncookies|ping_group_range|ip_local_reserved_ports|tcp_keepalive_(time|intvl|probes)|tcp_fin_timeout|tcp_rmem|tcp_wmem))$/;
const SELINUX_TYPES = new Set([
  "",
  "container_t",
  "container_init_t",
  "container_kvm_t",
  "container_engine_t",
]);

/**
 * What the Pod Security Standard `restricted`, v1.34, holds against a pod
 * (kubernetes.io/docs/concepts/security/pod-security-standards): its controls, those of `baseline`
 * among them, each by its name there. Empty: the API server admits the pod.
 */
export function violations(pod: Manifest["spec"]): readonly Violation[] {
  const found: Violation[] = [];
  const object = (isBroken: boolean, control: string, at: string): void => {
    if (isBroken) found.push({ control, at });
  };
  const own = pod.securityContext ?? {};
  for (const field of HOST_FIELDS) object(pod[field] === true, "Host Namespaces", field);
  for (const volume of pod.volumes ?? []) {
    const kinds = Object.keys(volume).filter((key) => key !== "name");
    object(
      kinds.some((kind) => !VOLUMES.has(kind)),
      "Volume Types",
      volume.name,
    );
  }
  for (const { name } of own.sysctls ?? []) object(!SYSCTLS.test(name), "Sysctls", name);
  checkContext(own, "pod", object);
  for (const container of containersOf(pod)) checkContainer(container, own, object);
  return found;
}

type Object = (isBroken: boolean, control: string, at: string) => void;

export function containersOf(pod: Manifest["spec"]): readonly Manifest["spec"][] {
  return [
    ...(pod.containers ?? []),
    ...(pod.initContainers ?? []),
    ...(pod.ephemeralContainers ?? []),
  ];
}

/** What may stand at the pod or at a container. */
function checkContext(context: Manifest["spec"], at: string, object: Object): void {
  const { seccompProfile, appArmorProfile, seLinuxOptions, windowsOptions } = context;
  object(seccompProfile?.type === "Unconfined", "Seccomp", at);
  object(appArmorProfile?.type === "Unconfined", "AppArmor", at);
  object(!SELINUX_TYPES.has(seLinuxOptions?.type ?? ""), "SELinux", at);
  object(seLinuxOptions?.user !== undefined, "SELinux", at);
  object(seLinuxOptions?.role !== undefined, "SELinux", at);
  object(windowsOptions?.hostProcess === true, "HostProcess", at);
  object(context.runAsUser === 0, "Running as Non-root user", at);
}

function checkContainer(container: Manifest["spec"], pod: Manifest["spec"], object: Object): void {
  const { name, ports = [] } = container;
  const own = container.securityContext ?? {};
  checkContext(own, name, object);
  object(own.privileged === true, "Privileged Containers", name);
  object(own.allowPrivilegeEscalation !== false, "Privilege Escalation", name);
  object((own.runAsNonRoot ?? pod.runAsNonRoot) !== true, "Running as Non-root", name);
  object((own.procMount ?? "Default") !== "Default", "/proc Mount Type", name);
  const seccomp = (own.seccompProfile ?? pod.seccompProfile)?.type;
  object(seccomp !== "RuntimeDefault" && seccomp !== "Localhost", "Seccomp", name);
  const { drop = [], add = [] } = own.capabilities ?? {};
  object(!drop.includes("ALL"), "Capabilities", name);
  object(
    add.some((each: string) => each !== "NET_BIND_SERVICE"),
    "Capabilities",
    name,
  );
  for (const { hostPort } of ports) object((hostPort ?? 0) !== 0, "Host Ports", name);
  const handlers = [container.livenessProbe, container.readinessProbe, container.startupProbe]
    .concat([container.lifecycle?.preStop, container.lifecycle?.postStart])
    .filter((handler) => handler !== undefined);
  const hasHost = handlers.some(
    ({ httpGet, tcpSocket }) => httpGet?.host !== undefined || tcpSocket?.host !== undefined,
  );
  object(hasHost, "Host Probes / Lifecycle Hooks", name);
}
