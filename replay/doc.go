// Package replay is the engine: it plays the sessions of a source on the
// schedule of a plan against one target, and counts what comes of it.
//
// A [Source] says what users do: repeat a recording (replay/verbatim), play a model
// (replay/modelled), or send one request in a loop ([Single]). The [Plan] says when
// they come. [Run] brings the two together:
//
//	src, err := replay.Single(target.URL+"/cart", plan)
//	err = replay.Run(context.Background(), replay.Options{
//		Plan: plan, Source: src, Arrivals: arrivals,
//		OnInterval: func(iv *stats.Interval) { timeline.Add(iv) },
//	})
//
// What a user does is a [Session]: a machine. Each time an act is over, it tells
// which acts have become ready by that. The engine makes them, several at once
// where several are due, and counts their results. A user that thinks is an entry
// in a heap of due times; it has a goroutine only while an act is under way.
//
// The package knows no cluster, no terminal and no files.
//
// It is one package because the acts of a user share its lock: what it holds, what it may
// do next and what it counts change together when an act is over.
package replay
