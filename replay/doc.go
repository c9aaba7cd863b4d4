// Package replay is the engine: it plays the sessions of a source on the
// schedule of a plan against one target, and counts what comes of it.
//
// A Source says what users do: walk a model (Modelled), repeat a recording
// (Verbatim), or send one request in a loop (Single). The Plan says when they
// come. Run marries the two:
//
//	src, err := replay.Single(target.URL+"/cart", plan)
//	err = replay.Run(context.Background(), replay.Options{
//		Plan: plan, Source: src, Arrivals: arrivals,
//		OnInterval: func(iv *stats.Interval) { timeline.Add(iv) },
//	})
//
// A user that thinks is an entry in a heap of due times; it becomes a goroutine
// only for the length of an exchange. Every draw of session i, step k comes
// from a source keyed (seed, i, k), so the sessions do not depend on timing, on
// other users, or on how many replayers share the plan.
//
// The package knows no cluster, no terminal and no files but the model's and
// the recording's.
//
// It is one package because the engine and its sources speak in acts: the rule of
// what waits for what, the values and the cookies of a session belong to both
// sides.
package replay
