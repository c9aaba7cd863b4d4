// Package modelled is the source of sessions that plays a model: its recorded
// sessions made live, or walks along the graphs of its behaviors.
//
//	src, err := modelled.New(m, plan)
//	err = replay.Run(context.Background(), replay.Options{
//		Plan: plan, Source: src, Arrivals: arrivals,
//		OnInterval: func(iv *stats.Interval) { timeline.Add(iv) },
//	})
//
// Both kinds fill the holes of requests with what the target has issued to this
// session, with rows of data files, with recorded values and with new ones. Every
// draw of session i, step k comes from a random source keyed (seed, i, k), so that
// the sessions do not depend on timing, on other users, or on how many replayers
// share the plan.
//
// The package learns nothing from recordings (see model/learn) and sends nothing
// (see replay).
package modelled
