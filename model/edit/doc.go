// Package edit changes a model as people ask for: other think times, endpoints that are
// skipped or repeated, headers, checks, values, steps written by hand, types that are
// merged.
//
//	err := edit.Apply(m, []edit.Edit{
//		edit.Skip{Endpoints: []string{"GET /ads"}},
//		edit.Pace{Factor: 0.5},
//	})
//
// An edit holds for the recorded sessions and for the behaviors alike, so that a replay
// obeys it however it plays the model. What does not fit the model is an error with the
// number of the edit as its place.
package edit
