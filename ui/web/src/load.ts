import { useEffect, useState } from "preact/hooks";

export interface Loaded<T> {
  data: T | null;
  error: string;
}

/** useLoad fetches once for each key; an answer that comes after the key changed is dropped. */
export function useLoad<T>(key: string, fetcher: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<Loaded<T> & { key: string }>({ key, data: null, error: "" });
  useEffect(() => {
    const gone = new AbortController();
    fetcher(gone.signal).then(
      (data) => setState({ key, data, error: "" }),
      (cause: unknown) => {
        if (!gone.signal.aborted) setState({ key, data: null, error: cause instanceof Error ? cause.message : String(cause) });
      },
    );
    return () => gone.abort();
  }, [key]);
  return state.key === key ? state : { data: null, error: "" };
}
