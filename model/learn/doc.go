// Package learn makes a workload model from recorded sessions: endpoints, the
// values that travel between them, types of users with their transitions and
// think times, what answers look like, and what they show of earlier writes.
//
//	m, report, err := learn.Learn(sessions, learn.Options{})
//
// Read does the same with a recording that is too long for memory. Of a long recording
// a sample decides what endpoints there are, and where values come from; the other
// sessions say what they did there.
//
// It is one package because types of users, graphs of pages, browsers, accounts and
// expected answers are all derived from the same steps of the same sessions.
//
// The same sessions and options give the same model. What cannot be learned is
// left out, counted in the Report and named in Model.Notes.
package learn
