import { useEffect, useState } from "preact/hooks";

export type Route =
  | { page: "live" }
  | { page: "runs" }
  | { page: "run"; name: string }
  | { page: "compare"; base: string; cand: string }
  | { page: "unknown" };

/** parseRoute reads the part of the address after the number sign. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?", 2);
  const params = new URLSearchParams(query);
  if (path === "" || path === "/") return { page: "live" };
  if (path === "/runs") return { page: "runs" };
  if (path.startsWith("/runs/")) {
    try {
      return { page: "run", name: decodeURIComponent(path.slice("/runs/".length)) };
    } catch {
      return { page: "unknown" };
    }
  }
  if (path === "/compare") return { page: "compare", base: params.get("base") ?? "", cand: params.get("cand") ?? "" };
  return { page: "unknown" };
}

export const toRun = (name: string): string => `#/runs/${encodeURIComponent(name)}`;

export const toCompare = (base: string, cand: string): string =>
  `#/compare?base=${encodeURIComponent(base)}&cand=${encodeURIComponent(cand)}`;

export function useRoute(): Route {
  const [route, setRoute] = useState<Route>(() => parseRoute(location.hash));
  useEffect(() => {
    const update = (): void => {
      setRoute(parseRoute(location.hash));
      scrollTo(0, 0);
    };
    addEventListener("hashchange", update);
    return () => removeEventListener("hashchange", update);
  }, []);
  return route;
}
