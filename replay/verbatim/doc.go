// Package verbatim is the source of sessions that repeats a recording as it was: the
// same requests, with the same overlap and the same pauses.
//
//	src, err := verbatim.New(verbatim.Flows{session}, plan.Origins("https://shop.example"), nil, 1)
//	err = replay.Run(context.Background(), replay.Options{
//		Plan: plan, Source: src, Arrivals: arrivals,
//		OnInterval: func(iv *stats.Interval) { timeline.Add(iv) },
//	})
//
// A [Recording] gives the flows of a session one after the other. So a session of
// any length takes a bounded part of the memory. A WebSocket becomes several acts:
// it opens, sends, waits for messages and closes.
//
// Requests are sent as recorded. The engine changes only where they go, the places
// that Referer and Origin name, and cookies that the target has set. Other values that
// the target issues anew are not put in: see replay/modelled.
package verbatim
