// Package verbatim is the source of sessions that repeats a recording as it was:
// the same requests, with the overlap and the pauses of the recording.
//
//	src, err := verbatim.New(verbatim.Flows{session}, plan.Origins("https://shop.example"))
//	err = replay.Run(context.Background(), replay.Options{
//		Plan: plan, Source: src, Arrivals: arrivals,
//		OnInterval: func(iv *stats.Interval) { timeline.Add(iv) },
//	})
//
// A [Recording] gives the flows of a session one after the other, so that one of
// any length takes a bounded part of the memory. A WebSocket becomes several acts:
// it opens, sends, waits for messages and closes.
//
// The package changes nothing of what is sent but the places that Referer and
// Origin name. Values that the target issues anew are not put in; see
// replay/modelled.
package verbatim
