// Package model is the workload model: how the users of a service behave, what
// they send, and what their answers must look like.
//
// The central type is [Model]. It is read from and written to a folder whose
// model.yaml people review and edit:
//
//	m, err := model.Read("shop.model")
//	g, err := model.NewGraph(m)
//	for s := g.Start(dist.Keyed(seed, i, 0)); s.Endpoint() != model.Ended; {
//		endpoint := &m.Endpoints[s.Endpoint()]
//		s, think = g.Next(s, dist.Keyed(seed, i, uint64(s.Steps())))
//	}
//
// A [Graph] walks behaviors as a pure function of the state and a random
// source; it sends nothing and knows no time. A [Check] judges one answer.
//
// The package does not learn models (see model/learn) and does not fill the
// holes of requests (see replay). FORMAT.md beside the code documents the
// folder, [Schema] is the JSON Schema of model.yaml.
package model
