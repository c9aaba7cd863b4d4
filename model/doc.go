// Package model is the workload model: how the users of a service behave, what
// they send, and what their answers must look like.
//
// The central type is [Model]; model/folder reads and writes it. A [Graph] walks
// behaviors as a pure function of the state and a random source; it sends
// nothing and knows no time:
//
//	g, err := model.NewGraph(m)
//	for s := g.Start(dist.Keyed(seed, i, 0)); s.Step() != model.Ended; {
//		step := &m.Behaviors[s.Behavior()].Steps[s.Step()]
//		s, think = g.Next(s, dist.Keyed(seed, i, uint64(s.Steps())))
//	}
//
// A [Check] judges one answer. The package does not learn models (see
// model/learn) and does not fill the holes of requests (see replay).
package model
