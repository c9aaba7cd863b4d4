// Package learn makes a workload model from recorded sessions: endpoints, the
// values that travel between them, types of users with their transitions and
// think times, what answers look like, and what must have happened before a request.
//
//	m, report, err := learn.Learn(sessions, learn.Options{})
//
// The same sessions and options give the same model. What cannot be learned is
// left out, counted in the Report and named in Model.Notes.
package learn
