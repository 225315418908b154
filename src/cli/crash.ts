import { writeSync } from "node:fs";
import { describeCrash, writeBreadcrumb } from "../audit/run-marker.ts";
import type { Config } from "../config/config.ts";
import { EXIT } from "./exit-codes.ts";

const STDERR = 2;

/**
 * From now on a fault that nobody catches ends the process with a breadcrumb: its kind and the
 * places in our source, never its message, which may quote what a peer sent. It goes to standard
 * error, and beside a log file, where the next start reads it.
 */
export function leaveBreadcrumbs({ audit }: Config): void {
  const leave = (error: unknown): never => {
    const breadcrumb = describeCrash(error, Date.now());
    try {
      if (audit.file !== null) writeBreadcrumb(audit.file, breadcrumb);
      writeSync(STDERR, `${JSON.stringify({ level: 60, code: "crashed", ...breadcrumb })}\n`);
    } finally {
      process.exit(EXIT.failed);
    }
  };
  process.on("uncaughtException", leave);
  process.on("unhandledRejection", leave);
}
