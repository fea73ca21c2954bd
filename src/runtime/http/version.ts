/**
 * Which version of a file a server sends: its `ETag`, and the time of its last change. Two answers belong together only
 * if they are of one version (RFC 9110, 8.8).
 */
export interface Version {
  readonly etag?: string;
  readonly lastModified?: string;
}

export function versionOf(headers: Headers): Version {
  const [etag, lastModified] = [headers.get("ETag"), headers.get("Last-Modified")];
  return { ...(etag === null ? {} : { etag }), ...(lastModified === null ? {} : { lastModified }) };
}

/** Whether two answers are certainly of different versions. */
export function differs(a: Version, b: Version): boolean {
  if (a.etag !== undefined && b.etag !== undefined) return opaque(a.etag) !== opaque(b.etag);
  return a.lastModified !== undefined && b.lastModified !== undefined && a.lastModified !== b.lastModified;
}

/** The same tag is weak in an answer that might have been compressed. */
function opaque(etag: string): string {
  return etag.replace(/^W\//, "");
}

/** A file that was changed within the last minute may be changed again within the same second (RFC 9110, 8.8.2.2). */
const SETTLED_MS = 60_000;

/**
 * What names the version among all of this file, past and future: a strong tag, or a time of change that is long past.
 * Undefined where the server gives neither. `now` in ms since 1970.
 */
export function strongName({ etag, lastModified }: Version, now: number): string | undefined {
  if (etag?.startsWith('"') === true) return etag;
  return lastModified !== undefined && Date.parse(lastModified) + SETTLED_MS < now ? lastModified : undefined;
}

/** The version that `strongName` has named so. */
export function versionNamed(name: string): Version {
  return name.startsWith('"') ? { etag: name } : { lastModified: name };
}
