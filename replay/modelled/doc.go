// Package modelled is the source of sessions that plays a model: its recorded
// sessions with live values, or walks along the graphs of its behaviors.
//
//	src, err := modelled.New(m, plan)
//	err = replay.Run(context.Background(), replay.Options{
//		Plan: plan, Source: src, Arrivals: arrivals,
//		OnInterval: func(iv *stats.Interval) { timeline.Add(iv) },
//	})
//
// Both kinds fill the holes of requests: with what the target has issued to this
// session, with rows of data files, with recorded values and with new ones. The
// random numbers of a session are keyed by the seed, the number of the session and
// the step or act that they are for. So they do not depend on other users, or on how
// many replayers share the plan.
//
// The package learns nothing from recordings (see model/learn) and sends nothing
// (see replay).
//
// It is one package because all ways of playing share the visitor: what it has been
// given, has made and remembers decides what the next request of any of them holds.
package modelled
