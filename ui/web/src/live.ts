import { useEffect, useState } from "preact/hooks";
import { api, type Live, type Point } from "./api";

/** How the page is connected to the run; "ended": Starling went away after the run was over. */
export type Connection = "connecting" | "open" | "lost" | "absent" | "ended";

export interface LiveFeed {
  live: Live | null;
  connection: Connection;
  problem: string;
}

/** splice puts newer points in the place of the old ones from the same instant on. */
export function splice(old: Point[], from: number, newer: Point[]): Point[] {
  let keep = old.length;
  while (keep > 0 && old[keep - 1]!.t_s >= from) keep--;
  return keep === 0 ? newer : [...old.slice(0, keep), ...newer];
}

/**
 * useLive follows the live run over server-sent events. The browser reconnects
 * by itself; the first event of every connection is a full snapshot, so nothing
 * has to be remembered over a gap.
 */
export function useLive(): LiveFeed {
  const [feed, setFeed] = useState<LiveFeed>({ live: null, connection: "connecting", problem: "" });

  useEffect(() => {
    let source: EventSource | null = null;
    let over = false; // the run; the command may go on to another one, or end
    let retry: ReturnType<typeof setTimeout> | undefined;
    const gone = new AbortController();

    const take = (event: MessageEvent<string>): void => {
      const next = JSON.parse(event.data) as Live;
      setFeed((f) => {
        const points = next.from_s > 0 && f.live ? splice(f.live.points, next.from_s, next.points) : next.points;
        return { live: { ...next, points }, connection: "open", problem: "" };
      });
      over = next.state === "done";
    };

    const open = (): void => {
      source = new EventSource("./api/live/events");
      source.addEventListener("snapshot", take);
      source.addEventListener("update", take);
      source.onerror = () => {
        setFeed((f) => ({ ...f, connection: over ? "ended" : "lost" }));
        // A refused connection is final for the browser: ask why, and try again later.
        if (over || source?.readyState === EventSource.CLOSED) {
          source?.close();
          start(over ? 10_000 : 3000);
        }
      };
    };

    const start = (delay: number): void => {
      clearTimeout(retry);
      retry = setTimeout(() => {
        source?.close();
        api
          .status(gone.signal)
          .then(({ live }) => {
            if (live) return open();
            setFeed({ live: null, connection: "absent", problem: "" });
            start(5000);
          })
          .catch((cause: unknown) => {
            if (gone.signal.aborted) return;
            const problem = cause instanceof Error ? cause.message : String(cause);
            setFeed((f) => ({ ...f, connection: over ? "ended" : "lost", problem }));
            start(over ? 10_000 : 3000);
          });
      }, delay);
    };

    start(0);
    return () => {
      gone.abort();
      clearTimeout(retry);
      source?.close();
    };
  }, []);

  return feed;
}
