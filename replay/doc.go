// Package replay is the engine: it plays the sessions of a source on the
// schedule of a plan against one target, and counts what comes of it.
//
// A [Source] says what users do: repeat a recording (replay/verbatim), play a model
// (replay/modelled), or send one request in a loop ([Single]). The [Plan] says when
// they come. [Run] marries the two:
//
//	src, err := replay.Single(target.URL+"/cart", plan)
//	err = replay.Run(context.Background(), replay.Options{
//		Plan: plan, Source: src, Arrivals: arrivals,
//		OnInterval: func(iv *stats.Interval) { timeline.Add(iv) },
//	})
//
// What a user does is a [Session]: a machine that tells which acts have become
// ready each time that one is over. The engine makes them, side by side where they
// are, and counts their results. A user that thinks is an entry in a heap of due
// times; it becomes a goroutine only for the length of an exchange.
//
// The package knows no cluster, no terminal and no files.
package replay
