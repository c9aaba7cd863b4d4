// Package model is the workload model: how the users of a service behave, what
// they send, and what their answers must look like.
//
// The central type is [Model]; model/folder reads and writes it. A [Graph] walks
// behaviors as a pure function of the state and a random source; it sends
// nothing and knows no time:
//
//	g, err := model.NewGraph(m)
//	s := g.Start(dist.Keyed(seed, session, 0))
//	for s.Step() != model.Ended {
//		at := m.Behaviors[s.Behavior()].Steps[s.Step()].ID
//		next, think := g.Next(s, dist.Keyed(seed, session, uint64(s.Steps())))
//		fmt.Println(at, "then", think)
//		s = next
//	}
//
// A [Check] judges one answer. The package does not learn models (see
// model/learn) and does not fill the holes of requests (see replay).
//
// It is one package because a model is one tree of types: validation, the walk and
// the check each read most of it, and no part is valid without the others.
package model
